"""A small data/ folder, and the studio on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.studio.topics.topics import Topics
from tests.knowledge.conftest import Data

__all__ = ["data"]


@pytest.fixture
def data(tmp_path: Path) -> Data:
    """A good data/ folder with two topics."""
    return Data(tmp_path / "data")


@pytest.fixture
def topics(data: Data) -> Topics:
    return Topics.opened(data.folder, data.folder.parent / "var", "Kim")
