"""Publishing the clinic's own facts alone: hours, fees, phone and logo reach patients while topics are still worked
on.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

from gateway.studio.errors import StudioError
from gateway.studio.publishing import partly
from gateway.studio.publishing.clearance import Clearance
from gateway.studio.publishing.publishing import Job, Publishing
from knowledge.logo import FILES

FACTS = ("clinic.yml", *FILES)


def look(publishing: Publishing) -> Clearance:
    """What is new about the facts, and what stands in the way."""
    return partly.look(publishing, _facts(publishing.settings.data))


def publish_facts(publishing: Publishing, by: str) -> Job:
    """Publish them; how that ended."""
    return partly.publish(publishing, _facts(publishing.settings.data), by)


def _facts(data: Path) -> partly.Take:
    def take(staged: Path) -> None:
        for name in FACTS:
            if (data / name).is_file():
                shutil.copyfile(data / name, staged / name)
            else:
                (staged / name).unlink(missing_ok=True)

    return take


class FactsNow:
    """What is new about the facts, looked at again only when something has changed on which that depends."""

    def __init__(self, publishing: Publishing, today: Callable[[], date]) -> None:
        self._publishing = publishing
        self._today = today
        self._known: tuple[object, Path | str, Clearance] | None = None
        self._one = threading.Lock()

    def published(self) -> Path:
        """The data that patients get now; StudioError if that is not known."""
        before = self._looked()[1]
        if isinstance(before, str):
            raise StudioError(before)
        return before

    def look(self) -> Clearance:
        """As `look` says it."""
        return self._looked()[2]

    def _looked(self) -> tuple[object, Path | str, Clearance]:
        with self._one:
            stamp = self._stamp()
            if self._known is None or self._known[0] != stamp:
                self._known = (stamp, *self._look())
            return self._known

    def _look(self) -> tuple[Path | str, Clearance]:
        data = self._publishing.settings.data
        try:
            manifest, before = self._publishing.clearances.published()
        except StudioError as error:
            return str(error), Clearance(None, (), (), "", None, 0, (str(error),))
        if all(_bytes(data / name) == _bytes(before / name) for name in FACTS):
            return before, Clearance(manifest, (), (), "", None, 0, ())
        return before, look(self._publishing)

    def _stamp(self) -> object:
        """What it depends on: the model in use, the facts, the approvals, the day."""
        clearances, models = self._publishing.clearances, self._publishing.models
        facts = [_bytes(self._publishing.settings.data / name) for name in FACTS]
        return models, models.stamp(), facts, _bytes(clearances.approvals.file), self._today()


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
