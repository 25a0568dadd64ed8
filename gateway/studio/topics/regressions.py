"""Messages that were once misunderstood, and what they are about: each stays understood (`data/regressions/*.yml`).

A case is never silently removed. Whoever takes one out says why; it then stands under `retired` in the same file, and
publishing refuses when a case is gone without that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from gateway.studio.errors import StudioError
from gateway.studio.topics.changes import Change, Edit, text_on_disk
from gateway.studio.topics.round_trip import edited
from gateway.studio.topics.topic_file import checked_name
from gateway.studio.understanding import Understood
from knowledge import KnowledgeError, normalise, regressions
from knowledge.regressions import FOLDER, Case
from knowledge.yaml import read

LONGEST = 500  # characters of a message
Entries = list[dict[str, str]]
EMPTY = """\
# Messages that were once misunderstood, without personal details. Each stays understood; see docs/trainers.md.
topic: {topic}
cases: []
retired: []
"""


@dataclass(frozen=True)
class CaseOutcome:
    """A case, how the message is understood now, and whether that is right."""

    case: Case
    now: Understood

    @property
    def right(self) -> bool:
        return self.case.topic in self.now.topics or (not self.now.topics and self.now.intent == self.case.topic)


def read_cases(data: Path) -> tuple[list[Case], list[Case]]:
    """The cases of a data folder that count, and the retired ones; StudioError with all that is wrong."""
    try:
        return regressions.read_cases(data)
    except KnowledgeError as error:
        raise StudioError(str(error)) from error


def live_cases(data: Path) -> list[Case]:
    """The cases that count and whose topic is no draft any more; StudioError with all that is wrong."""
    try:
        return regressions.live_cases(data)
    except KnowledgeError as error:
        raise StudioError(str(error)) from error


def missing(before: Path, now: Path) -> list[Case]:
    """The cases that counted before and are neither there nor retired now."""
    active, retired = read_cases(now)
    known = {case.key for case in [*active, *retired]}
    return [case for case in read_cases(before)[0] if case.key not in known]


def outcomes(cases: Sequence[Case], now: Sequence[Understood]) -> list[CaseOutcome]:
    """The cases with how they are understood."""
    return [CaseOutcome(case, understood) for case, understood in zip(cases, now, strict=True)]


def new_cases(data: Path, messages: Sequence[str]) -> tuple[str, ...]:
    """Those of the messages that are no case yet, each once and as a case holds it."""
    known = {case.key for case in read_cases(data)[0]}
    new: dict[str, str] = {}
    for message in messages:
        text = " ".join(message.split())[:LONGEST]
        if normalise(text) and normalise(text) not in known:
            new.setdefault(normalise(text), text)
    return tuple(new.values())


def with_cases(data: Path, topic: str, messages: Sequence[str], by: str, today: date) -> Change:
    """What makes messages, which hold no personal details any more, cases of a topic; nothing for those that are."""
    new = new_cases(data, messages)
    entries = [{"message": text, "since": today.isoformat(), "by": by} for text in new]
    return _change(data, topic, lambda cases, retired: cases.extend(entries)) if entries else {}


def without_cases(data: Path, topic: str, messages: Sequence[str]) -> Change:
    """What takes cases of a topic out again that were made by mistake. A file that then holds none goes."""
    wrong = {normalise(message) for message in messages}

    def take(cases: Entries, gone: Entries) -> None:
        cases[:] = [entry for entry in cases if normalise(str(entry["message"])) not in wrong]

    own = {case.key for case in read_cases(data)[0] if case.topic == topic}
    change = _change(data, topic, take) if wrong & own else {}
    left = own - wrong or any(case.topic == topic for case in read_cases(data)[1])
    return change if left else {path: Edit(edit.old, None) for path, edit in change.items()}


def retired(data: Path, message: str, why: str, by: str, today: date) -> Change:
    """The change that retires a case and keeps it with the reason.

    Raises StudioError without a reason, or if there is no such case.
    """
    if not why.strip():
        raise StudioError("A case is not retired without a reason.", "say why.")
    wanted = normalise(message)
    case = next((case for case in read_cases(data)[0] if case.key == wanted), None)
    if case is None:
        raise StudioError("There is no such case.", "'./ims regressions list' shows all.")

    def move(cases: Entries, gone: Entries) -> None:
        for entry in [entry for entry in cases if normalise(str(entry["message"])) == wanted]:
            cases.remove(entry)
            gone.append({**entry, "why": f"{' '.join(why.split())} ({by}, {today.isoformat()})"})

    return _change(data, case.topic, move)


def followed(data: Path, old: str, new: str | None, note: str) -> Change:
    """What has the cases of a topic follow it to its new name, or retires them where it has none."""

    def on(document: Any) -> None:
        if new:
            document["topic"] = new
            return
        gone = [{**dict(entry), "why": note} for entry in document.get("cases") or []]
        document["retired"] = [*(document.get("retired") or []), *gone]
        document["cases"] = []

    change = {}
    for path in files_of(data, old):
        before = text_on_disk(path) or ""
        change[path] = Edit(before, edited(before, on))
    return change


def _change(data: Path, topic: str, change: Callable[[Entries, Entries], None]) -> Change:
    path = next(iter(files_of(data, topic)), data / FOLDER / f"{checked_name(topic)}.yml")
    before = text_on_disk(path)
    text = EMPTY.format(topic=topic) if before is None else before

    def on(document: Any) -> None:
        cases, gone = ([dict(entry) for entry in document.get(part) or []] for part in ("cases", "retired"))
        change(cases, gone)
        document["cases"], document["retired"] = cases, gone

    return {path: Edit(before, edited(text, on))}


def files_of(data: Path, topic: str) -> list[Path]:
    """The files in which cases of a topic stand."""
    found = []
    for path in sorted((data / FOLDER).glob("*.yml")):
        file = read(path, [])
        if file is not None and file.text("topic") == topic:
            found.append(path)
    return found
