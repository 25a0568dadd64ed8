"""Four eyes for what decides about danger or stands in no signed answer: who changed it puts the change forward, and
somebody else approves it.

Both are signed in, and the approval holds for exactly what the files said then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from gateway.errors import WRONG_SHAPE
from gateway.files import write_whole
from gateway.staff.accounts import Person
from gateway.studio.differences import values
from gateway.studio.errors import StudioError

FILE = "approvals.json"
APPROVER = "clinical_reviewer"
# Paths in data/ of what tells of a danger, asks about one, or is said to patients without a signature of its own.
RULES = (
    *(f"lexicon/{name}.yml" for name in ("red_flags", "red_flag_words", "red_flag_spelling", "red_flag_context")),
    *(f"lexicon/{name}.yml" for name in ("conditions", "calls_for_help", "after_alarm")),
    "screening.yml",
    "wording.yml",
    "clinic_answers.yml",
)
EXAMPLES = "lexicon/danger"  # of danger, and of what only looks like it: the learned half of the net
GUARDED = (EXAMPLES, "lexicon/languages", "things", "interface", "translations")  # folders of which all is
CLINIC, NUMBERS = "clinic.yml", ("region", "numbers", "phone")  # whom patients are told to call
DIALOGUE, LEARNED = "dialogue/", "nlu"  # all but the examples: they change what is understood, not what is said


@dataclass(frozen=True)
class Approval:
    """Who put a change of the rules forward, and who approved it; logins, and names for people to read."""

    author: str
    author_name: str
    put_forward_at: str
    approver: str = ""
    approver_name: str = ""
    approved_at: str = ""


def changed_rules(before: Path, now: Path) -> list[str]:
    """The files of which something that needs a second person is not what it was."""
    folders = [path.relative_to(data).as_posix() for data in (before, now) for path in _in_folders(data)]
    names = dict.fromkeys([CLINIC, *RULES, *sorted(folders)])
    touched = [name for name in names if _text(before / name) != _text(now / name)]  # the others need not be read
    return [name for name in touched if _guarded(before, name) != _guarded(now, name)]


def change_id(before: Path, now: Path) -> str:
    """By what a change of the rules is known: all that they said and say."""
    digest = hashlib.sha256()
    for name in changed_rules(before, now):
        digest.update(f"{name}\0".encode() + _guarded(before, name) + b"\0" + _guarded(now, name) + b"\0")
    return digest.hexdigest()[:16]


def _in_folders(data: Path) -> list[Path]:
    return [path for folder in (*GUARDED, DIALOGUE) for path in (data / folder).glob("*.*")]


def _guarded(data: Path, name: str) -> bytes:
    """What in a file needs a second person."""
    raw = _text(data / name)
    part = name == CLINIC or name.startswith(DIALOGUE)
    held = values(data / name) if part else None
    if not isinstance(held, dict):
        return raw
    if name == CLINIC:
        kept = {key: held.get(key) for key in NUMBERS}
    else:
        kept = {key: value for key, value in held.items() if key != LEARNED}
    return json.dumps(kept, sort_keys=True, default=str).encode()


class Approvals:
    """Keeps what was put forward and approved; `folder` is the studio's own in `var/`."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / FILE

    def of(self, change: str) -> Approval | None:
        """What is known about a change of this id."""
        kept = self._all().get(change)
        return Approval(**kept) if kept else None

    def put_forward(self, change: str, person: Person, at: datetime) -> Approval:
        """Somebody says that the change is theirs. Any earlier approval is void."""
        return self._keep(change, Approval(person.login, person.name, at.isoformat(timespec="seconds")))

    def approve(self, change: str, person: Person, at: datetime) -> Approval:
        """Somebody else approves the change; StudioError if they may not."""
        found = self.of(change)
        if found is None:
            raise StudioError("Nobody has put this change forward.", "its author does that first.")
        if not person.may([APPROVER]):
            raise StudioError("Only a clinical reviewer approves a change of the rules.", "ask one.")
        if person.login == found.author:
            raise StudioError("You put this change forward yourself.", "ask another clinical reviewer.")
        when = at.isoformat(timespec="seconds")
        approved = {"approver": person.login, "approver_name": person.name, "approved_at": when}
        return self._keep(change, Approval(**{**asdict(found), **approved}))

    def _keep(self, change: str, approval: Approval) -> Approval:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_whole(self.file, json.dumps({**self._all(), change: asdict(approval)}, indent=1))
        except OSError as error:
            raise StudioError(f"It could not be noted ({error.strerror}).", "make room on the disk.") from error
        return approval

    def _all(self) -> Mapping[str, dict[str, str]]:
        try:
            return dict(json.loads(self.file.read_text("utf-8")))
        except FileNotFoundError:
            return {}
        except WRONG_SHAPE as error:
            raise StudioError(f"{self.file} is damaged.", "remove it, and have the change approved.") from error


def _text(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""
