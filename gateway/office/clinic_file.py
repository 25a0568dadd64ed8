"""`data/clinic.yml` as several people change it: what was typed is saved whole, or told and kept.

A form carries a mark of each part as it was when the page was opened. So it shows on saving what its owner changed,
what somebody else changed meanwhile, and what both did.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap

from gateway.office.kinds import Typed, Wrong
from gateway.office.parts import CLINIC_FILE, Page, Part
from gateway.studio.errors import EditedMeanwhile, StudioError, WouldBreak
from gateway.studio.topics.changes import Changes, Edit, text_on_disk
from gateway.studio.topics.history import TopicHistory, Version
from gateway.studio.topics.round_trip import edited, load
from gateway.studio.topics.topic_file import digest
from knowledge import Clinic, Problem
from knowledge.clinic import read_clinic

FIELDS = "clinic_fields.yml"
TRIES = 3  # to save while others save at the same moment


@dataclass(frozen=True)
class Saved:
    """The parts that were changed, and those that somebody else had changed since the form was opened."""

    keys: tuple[str, ...]
    theirs: tuple[str, ...]


@dataclass(frozen=True)
class Clash:
    """Nothing was saved: both changed these parts. Holds both sides."""

    keys: tuple[str, ...]
    mine: Mapping[str, Typed]
    theirs: Mapping[str, Typed]


@dataclass(frozen=True)
class Mistaken:
    """Nothing was saved: what is wrong, by the name of the input, and what is wrong with the whole."""

    wrong: Wrong
    whole: tuple[str, ...] = ()


@dataclass(frozen=True)
class Written:
    """What the file would say after a form."""

    before: str
    after: str
    keys: tuple[str, ...]
    theirs: tuple[str, ...] = field(default=())


class ClinicFile:
    """The file (or another one of data/), for somebody whose name stands in its history."""

    def __init__(self, data: Path, var: Path, author: str = "", file: str = CLINIC_FILE) -> None:
        self.path = data / file
        self._author = author
        self._changes = Changes(data, var / "studio")
        self._changes.recover()
        self._name = file.removesuffix(".yml")
        self._history = TopicHistory(var / "office", data)

    @property
    def text(self) -> str:
        """What the file says now."""
        return text_on_disk(self.path) or ""

    def typed(self, page: Page) -> dict[str, Typed]:
        """What it says, as a page has it."""
        return page.typed(_loaded(self.text))

    def written(
        self, page: Page, sent: Mapping[str, Typed], marks: str, take: Sequence[str] = ()
    ) -> Written | Clash | Mistaken:
        """What the file would say after this form. Of the parts in `take`, what somebody else saved is wanted."""
        before = self.text
        there = page.typed(_loaded(before))
        wanted = {key: there[key] if key in take else typed for key, typed in sent.items()}
        mine, theirs = _changed(marks, wanted), _changed(marks, there)
        differs = [key for key in wanted if wanted[key] != there[key]]
        if clashes := tuple(key for key in differs if key in mine and key in theirs):
            return Clash(clashes, wanted, there)
        wrong: Wrong = {}
        parts = [part for part in page.parts if part.key in differs and part.key in mine]
        plain = {part.key: part.plain(wanted[part.key], wrong) for part in parts}
        if wrong:
            return Mistaken(wrong)

        after = _with(before, parts, wanted, plain)
        kept = tuple(key for key in differs if key not in mine)
        return Written(before, after, tuple(part.key for part in parts), kept)

    def save(
        self, page: Page, sent: Mapping[str, Typed], marks: str, take: Sequence[str] = ()
    ) -> Saved | Clash | Mistaken:
        """Write a form that was opened when the parts had these marks. Of the parts in `take`, theirs is wanted.

        Raises StudioError if somebody else keeps saving at the same time.
        """
        for _ in range(TRIES):
            new = self.written(page, sent, marks, take)
            if not isinstance(new, Written):
                return new
            try:
                if new.keys:
                    self._make(new.before, new.after, f"changed: {page.title}")
            except EditedMeanwhile:
                continue
            except WouldBreak as error:
                return told_at(page, new, error.problems)
            return Saved(new.keys, new.theirs)
        raise StudioError("Somebody else keeps saving this page. Nothing was saved.", "save again.")

    def versions(self) -> list[Version]:
        """What the file said before, newest first."""
        return self._history.of(self._name)

    def bring_back(self, id: str, page: Page | None = None) -> None:
        """Restore an earlier version: of the whole file, or only of what a page changes in it.

        Raises StudioError if there is no such version, or it no longer fits the rest.
        """
        found = [version for version in self.versions() if version.id == id and version.text is not None]
        if len(found) != 1:
            raise StudioError("There is no such version.", "choose one from the list.")
        before, earlier = self.text, str(found[0].text)
        after = _parts_as(page, before, earlier) if page else earlier
        try:
            self._make(before, after, "an earlier version again")
        except WouldBreak as error:
            raise StudioError("That version no longer fits the rest.", "change it by hand.") from error

    def _make(self, before: str, after: str, done: str) -> None:
        self._changes.make({self.path: Edit(before, after)})
        self._history.note(self._name, self._author, done, before, after)


def marks(typed: Mapping[str, Typed]) -> str:
    """A mark of each part, to be sent with the form."""
    return " ".join(f"{key}:{_mark(value)}" for key, value in typed.items())


def clinic_of(text: str, data: Path) -> tuple[Clinic | None, list[Problem]]:
    """The clinic that a text of the file describes, and what is wrong with it."""
    problems: list[Problem] = []
    with tempfile.TemporaryDirectory() as folder:
        (path := Path(folder) / CLINIC_FILE).write_text(text, "utf-8", newline="")
        if (fields := data / FIELDS).exists():
            shutil.copyfile(fields, path.with_name(FIELDS))
        return read_clinic(path, problems), problems


def told_at(page: Page, new: Written, problems: Sequence[Problem]) -> Mistaken:
    """What the check of the data found, at the parts that were changed, as far as it stands in their lines."""
    document = _loaded(new.after)
    places = {part.key: part.place(document) for part in page.parts if part.key in new.keys}
    begins = {key: line for key, place in places.items() if (line := _line(place, key)) is not None}
    wrong: Wrong = {}
    whole: list[str] = []
    for problem in problems:
        told = f"{problem.message[:1].upper()}{problem.message[1:]}. What to do: {problem.remedy}."
        above = [key for key, line in begins.items() if line <= problem.line]
        if problem.file.endswith(page.file) and above:
            wrong.setdefault(max(above, key=begins.__getitem__), told)
        else:
            whole.append(told)
    return Mistaken(wrong, tuple(whole))


def _with(before: str, parts: Sequence[Part], typed: Mapping[str, Typed], plain: Mapping[str, Any]) -> str:
    """The text of the file with these parts in it."""

    def change(document: Any) -> None:
        for part in parts:
            part.write(document, typed[part.key], plain[part.key])

    return edited(before, change) if parts else before


def _parts_as(page: Page, before: str, earlier: str) -> str:
    """The text of the file with a page's parts as they were."""
    was, there = (page.typed(_loaded(text)) for text in (earlier, before))
    parts = [part for part in page.parts if was[part.key] != there[part.key]]
    wrong: Wrong = {}
    plain = {part.key: part.plain(was[part.key], wrong) for part in parts}
    if wrong:
        raise StudioError("That version no longer fits the rest.", "change it by hand.")
    return _with(before, parts, was, plain)


def _loaded(text: str) -> Any:
    document = load(text.lstrip("\ufeff").replace("\r\n", "\n"))
    if not isinstance(document, dict):
        raise StudioError("The file does not contain what this page changes.", "'./ims check' says what is wrong.")
    return document


def _line(document: Any, key: str) -> int | None:
    """On which line a part begins, from 1."""
    line: int | None = None
    for level in key.split("."):
        if not isinstance(document, CommentedMap) or level not in document:
            break
        line = document.lc.key(level)[0] + 1
        document = document[level]
    return line


def _mark(typed: Typed) -> str:
    return digest(repr(typed))[:10]


def _changed(marks: str, typed: Mapping[str, Typed]) -> set[str]:
    """The parts that differ from those that were marked."""
    known = dict(mark.rsplit(":", 1) for mark in marks.split() if ":" in mark)
    return {key for key, value in typed.items() if known.get(key) != _mark(value)}
