"""The last decisions about messages of the inbox, kept in `var/` so that a click on the wrong topic can be undone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gateway.errors import WRONG_SHAPE
from gateway.files import write_whole

FILE = "decisions.json"
KEPT = 50  # the newest
TAUGHT, DISMISSED = "taught", "dismissed"


@dataclass(frozen=True)
class TeachingDecision:
    """What became of messages. `examples` and `cases` are those that were new to the topic; `draft` is the digest of
    the draft that was begun with them, and empty where the topic was there before.
    """

    id: str
    by: str
    state: str
    messages: tuple[int, ...]
    topic: str = ""
    examples: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    draft: str = ""


class Decisions:
    """Keeps them; `folder` is the studio's own in `var/`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def all(self) -> list[TeachingDecision]:
        """Oldest first. A file that is damaged holds none."""
        try:
            return [_read(kept) for kept in json.loads(self._file.read_text("utf-8"))]
        except (OSError, *WRONG_SHAPE):
            return []

    def find(self, id: str) -> TeachingDecision | None:
        """The decision with this id, if it is kept."""
        return next((decision for decision in self.all() if decision.id == id), None)

    def note(self, decision: TeachingDecision) -> None:
        """Keep one more."""
        self._keep([*self.all(), decision][-KEPT:])

    def drop(self, id: str) -> None:
        """It was undone."""
        self._keep([decision for decision in self.all() if decision.id != id])

    def _keep(self, decisions: Sequence[TeachingDecision]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._file, json.dumps([asdict(decision) for decision in decisions]))


def _read(kept: dict[str, Any]) -> TeachingDecision:
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
    return TeachingDecision(**values)
