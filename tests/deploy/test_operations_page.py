"""docs/operations.md explains all numbers that there are, and no others."""

from __future__ import annotations

import re
from pathlib import Path

from tests.deploy.test_monitoring import exported


def test_each_number_is_explained() -> None:
    families = {re.sub(r"_(bucket|count)$", "", name) for name in exported() if name.startswith("ims_")}
    explained = set(re.findall(r"`(ims_[a-z_]+)`", Path("docs/operations.md").read_text("utf-8")))
    assert {name for name in families if not name.endswith("_created")} == explained
