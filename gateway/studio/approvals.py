"""Four eyes for rules that decide about danger: who changed them puts the change forward, somebody else approves it.

Both are signed in, and the approval holds for exactly what the files said then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from gateway.staff.accounts import Person
from gateway.studio.changes import write_whole
from gateway.studio.errors import StudioError

FILE = "approvals.json"
APPROVER = "clinical_reviewer"
# What tells of a danger, asks about one, or answers for a condition. Paths in data/.
RULES = (
    *(f"lexicon/{name}.yml" for name in ("red_flags", "red_flag_words", "red_flag_spelling", "red_flag_context")),
    "lexicon/danger_examples.yml",
    "lexicon/conditions.yml",
    "screening.yml",
    "wording.yml",
)


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
    """The rule files that are not what they were."""
    return [name for name in RULES if _text(before / name) != _text(now / name)]


def change_id(before: Path, now: Path) -> str:
    """By what a change of the rules is known: all that they said and say."""
    digest = hashlib.sha256()
    for name in changed_rules(before, now):
        digest.update(f"{name}\0".encode() + _text(before / name) + b"\0" + _text(now / name) + b"\0")
    return digest.hexdigest()[:16]


class Approvals:
    """Keeps what was put forward and approved; `folder` is the studio's own in `var/`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def of(self, change: str) -> Approval | None:
        """What is known about a change of this id."""
        kept = self._all().get(change)
        return Approval(**kept) if kept else None

    def put_forward(self, change: str, person: Person, at: datetime) -> Approval:
        """Somebody says that the change is theirs. An approval of before is void."""
        return self._keep(change, Approval(person.login, person.name, at.isoformat(timespec="seconds")))

    def approve(self, change: str, person: Person, at: datetime) -> Approval:
        """Somebody else approves the change; StudioError if they may not."""
        found = self.of(change)
        if found is None:
            raise StudioError("Nobody has put this change forward. What to do: its author does that first.")
        if not person.may([APPROVER]):
            raise StudioError("Only a clinical reviewer approves a change of the rules. What to do: ask one.")
        if person.login == found.author:
            raise StudioError("You put this change forward yourself. What to do: ask another clinical reviewer.")
        when = at.isoformat(timespec="seconds")
        approved = {"approver": person.login, "approver_name": person.name, "approved_at": when}
        return self._keep(change, Approval(**{**asdict(found), **approved}))

    def _keep(self, change: str, approval: Approval) -> Approval:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_whole(self._file, json.dumps({**self._all(), change: asdict(approval)}, indent=1))
        except OSError as error:
            raise StudioError(
                f"It could not be noted ({error.strerror}). What to do: make room on the disk."
            ) from error
        return approval

    def _all(self) -> Mapping[str, dict[str, str]]:
        try:
            return dict(json.loads(self._file.read_text("utf-8")))
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError) as error:
            raise StudioError(
                f"{self._file} is damaged. What to do: remove it, and have the change approved."
            ) from error


def _text(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""
