"""Publishing the clinic's own facts alone: hours, fees and phone reach patients while topics are still worked on."""

from __future__ import annotations

import shutil
from pathlib import Path

from gateway.studio.publishing import partly
from gateway.studio.publishing.clearance import Clearance
from gateway.studio.publishing.publishing import Job, Publishing

FACTS = "clinic.yml"


def look(publishing: Publishing) -> Clearance:
    """What is new about the facts, and what stands in the way."""
    return partly.look(publishing, _facts(publishing.settings.data))


def publish_facts(publishing: Publishing, by: str) -> Job:
    """Publish them; how that ended."""
    return partly.publish(publishing, _facts(publishing.settings.data), by)


def _facts(data: Path) -> partly.Take:
    def take(staged: Path) -> None:
        shutil.copyfile(data / FACTS, staged / FACTS)

    return take
