"""What clinical reviewers ask to be changed in a text that waits for their signature, with their words to the author.

A request stands for the words that were read. Once they are changed it waits for the reviewer again, and a signature
ends it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from gateway.errors import WRONG_SHAPE
from gateway.files import write_whole
from gateway.studio.errors import StudioError
from gateway.studio.topics.topic_file import digest

FILE = "change-requests.json"
LONGEST = 1_000  # characters of a comment


@dataclass(frozen=True)
class ChangeRequest:
    """Who asks for what, and about which words (`mark`) of a topic or of its specific answer `id`."""

    topic: str
    id: str
    by: str
    at: datetime
    comment: str
    mark: str

    def about(self, words: Sequence[str]) -> bool:
        """Whether these are still the words that it is about."""
        return self.mark == _mark(words)


class ChangeRequests:
    """Keeps them, one a text; `folder` is the studio's own in `var/`."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._file = folder / FILE
        self._now = now
        self._alone = threading.Lock()

    def all(self) -> list[ChangeRequest]:
        """All that are open, newest first. Raises StudioError if the file is damaged."""
        try:
            kept = json.loads(self._file.read_text("utf-8"))
            found = [ChangeRequest(**{**each, "at": datetime.fromisoformat(each["at"])}) for each in kept]
        except FileNotFoundError:
            return []
        except WRONG_SHAPE as error:
            raise StudioError(f"{self._file} is damaged.", "remove it; requests for changes in it are lost.") from error
        return sorted(found, key=lambda request: request.at, reverse=True)

    def of(self, topic: str) -> dict[str, ChangeRequest]:
        """Those about a topic: its own text under "", specific answers by their ids."""
        return {each.id: each for each in self.all() if each.topic == topic}

    def ask(self, topic: str, id: str, words: Sequence[str], by: str, comment: str) -> None:
        """Ask for a change of these words, instead of what was asked before; StudioError without a comment."""
        comment = " ".join(comment.split())[:LONGEST]
        if not comment:
            raise StudioError("Nothing was asked for.", "write what should change.")
        with self._alone:
            new = ChangeRequest(topic, id, by, self._now(), comment, _mark(words))
            self._keep([new, *self._others(topic, id)])

    def end(self, topic: str, id: str) -> None:
        """The text was signed: nothing has to be changed any more."""
        with self._alone:
            if len(left := self._others(topic, id)) != len(self.all()):
                self._keep(left)

    def _others(self, topic: str, id: str) -> list[ChangeRequest]:
        return [each for each in self.all() if (each.topic, each.id) != (topic, id)]

    def _keep(self, requests: Sequence[ChangeRequest]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        kept = [{**asdict(each), "at": each.at.isoformat()} for each in requests]
        write_whole(self._file, json.dumps(kept, indent=1))


def _mark(words: Sequence[str]) -> str:
    return digest("\n".join(words))[:16]
