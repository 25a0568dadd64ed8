"""Measures how long the office takes to open with all of the shipped data: `python -m benchmarks.office`.

Processor time of `/office`'s work, in a folder of its own with the shipped data published: with nothing new, the first
time after a change of the hours, and again. The model is a small file, whose hash costs nothing here.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gateway.clock import utc_now
from gateway.office.pages import OfficePages
from gateway.studio.workplace import Workplace
from knowledge import Knowledge
from tests.support.publishing_site import Site


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return round(time.process_time() - began, 2)


def measure(folder: Path) -> dict[str, float]:
    """Seconds of the processor for each time that it is opened."""
    data = folder / "data"
    shutil.copytree("data", data)
    site = Site(folder)
    site.models.train()
    anything: Any = SimpleNamespace()
    work = Workplace(site.settings, Knowledge.load(data), anything, anything, utc_now)
    work.publishing = site.publishing
    work.facts._publishing = site.publishing
    pages = OfficePages(work, anything, anything, anything)

    def opened() -> None:
        assert not work.facts.look().hinders
        pages._news()

    found = {"first": seconds(opened), "nothing new": seconds(opened)}
    clinic = data / "clinic.yml"
    clinic.write_text(clinic.read_text("utf-8").replace("08:00-", "08:30-", 1), "utf-8")
    return {**found, "first after a change": seconds(opened), "again": seconds(opened)}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder)), indent=1))


if __name__ == "__main__":
    main()
