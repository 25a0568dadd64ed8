"""The topics as trainers work on them: live ones in data/answers/, drafts beside data/, and all that refers to a topic.

A draft is a file of the same shape that nobody answers from yet. It becomes a topic (`adopt`) when it is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from itertools import takewhile
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gateway.studio.errors import StudioError
from gateway.studio.topics import regressions
from gateway.studio.topics.changes import Change, Changes, Edit, text_on_disk
from gateway.studio.topics.history import TopicHistory, Version
from gateway.studio.topics.round_trip import edited
from gateway.studio.topics.topic_file import Added, TopicFile, checked_name
from knowledge import Knowledge
from knowledge.answers import normalise

DRAFTS = "drafts"
PICTURES = "pictures.yml"


@dataclass(frozen=True)
class Referrer:
    """A file that names topics, and where in it the lists of names stand."""

    file: str
    lists: Callable[[Any], Iterable[list[Any]]]


REFERRERS = (
    Referrer("groups.yml", lambda document: [group["topics"] for group in document.get("groups") or []]),
    Referrer("screening.yml", lambda document: [document.get("offered_by") or []]),
    Referrer(PICTURES, lambda document: [entry["topics"] for entry in document.get("pictures") or []]),
)


class Topics:
    """The topic files of an installation. `author` stands in the history of what is changed."""

    def __init__(self, data: Path, var: Path, author: str = "") -> None:
        self._data = data
        self._answers = data / "answers"
        self._drafts = data.resolve().parent / DRAFTS
        self.author = author
        self._changes = Changes(data, var / "studio")
        self.history = TopicHistory(var / "studio" / "versions", self._answers)

    @classmethod
    def opened(cls, data: Path, var: Path, author: str = "") -> Topics:
        """The topics, after a change that a power cut had interrupted is finished."""
        topics = cls(data, var, author)
        topics._changes.recover()
        return topics

    @property
    def names(self) -> list[str]:
        return sorted(path.stem for path in self._answers.glob("*.yml"))

    @property
    def drafts(self) -> list[str]:
        return sorted(path.stem for path in self._drafts.glob("*.yml"))

    def open(self, name: str) -> TopicFile:
        """A topic or a draft; StudioError if there is none, or its file is broken."""
        path = self._path(name)
        try:
            return TopicFile(name, path.read_bytes().decode("utf-8"))
        except UnicodeDecodeError:
            raise StudioError(f"{path} is not UTF-8 text.", "save it as UTF-8.") from None
        except StudioError as error:
            raise StudioError(f"{path}: {error}") from error

    def text(self, name: str) -> str:
        """What the file of a topic or draft says, also if it is broken."""
        return text_on_disk(self._path(name)) or ""

    def save(self, file: TopicFile, opened: str, done: str, also: Change = MappingProxyType({})) -> None:
        """Write a file that was edited since it held the text `opened`, and other files together with it."""
        change = {**also, self._path(file.name): Edit(opened, file.text)}
        self._make(change, {file.name: (done, opened, file.text)})

    def with_picture(self, name: str, picture: str) -> Change:
        """What gives a topic this picture instead of the one it has; an empty id takes it away."""

        def exchange(document: Any) -> None:
            for entry in document.get("pictures") or []:
                if entry["id"] == picture and name not in entry["topics"]:
                    entry["topics"].append(name)
                elif entry["id"] != picture and name in entry["topics"]:
                    entry["topics"].remove(name)

        path = self._data / PICTURES
        before = text_on_disk(path)
        return {} if before is None else {path: Edit(before, edited(before, exchange))}

    def edit(self, name: str, change: Callable[[TopicFile], Any], done: str) -> Any:
        """Open, change and save; what `change` returns."""
        file = self.open(name)
        opened = file.text
        result = change(file)
        if file.text != opened:
            self.save(file, opened, done)
        return result

    def teach(self, name: str, messages: Sequence[str]) -> tuple[Added, tuple[str, ...]]:
        """Make messages that were not understood examples of a topic, and each a case that stays understood.

        Returns what became of the examples, and the cases that are new.
        """
        file = self.open(name)
        opened = file.text
        added = file.add_examples(messages)
        cases = regressions.new_cases(self._data, messages)
        self.save(file, opened, "taught from the inbox", self._with_cases(name, cases))
        return added, cases

    def unteach(self, name: str, examples: Sequence[str], cases: Sequence[str]) -> None:
        """Take out what `teach` put in, as far as it is still there."""
        file = self.open(name)
        opened = file.text
        there = {normalise(example) for example in file.examples}
        for example in examples:
            if normalise(example) in there:
                file.remove_example(example)
        self.save(file, opened, "teaching undone", regressions.without_cases(self._data, name, cases))

    def new(self, name: str, examples: Sequence[str], title: str = "") -> TopicFile:
        """Begin a draft."""
        self._free(name)
        file = TopicFile.new(name, examples, title)
        self._make({self._draft(name): Edit(None, file.text)}, {name: ("new draft", None, file.text)})
        return file

    def begin(self, name: str, messages: Sequence[str], more: str = "") -> tuple[TopicFile, tuple[str, ...]]:
        """Begin a draft with messages that shall stay understood, and a longer answer to go on from.

        Returns the draft, and the cases that are new.
        """
        self._free(name)
        file = TopicFile.new(name, messages)
        file.set_more(more)
        cases = regressions.new_cases(self._data, messages)
        change = {**self._with_cases(name, cases), self._draft(name): Edit(None, file.text)}
        self._make(change, {name: ("new draft", None, file.text)})
        return file, cases

    def discard(self, name: str, digest: str, cases: Sequence[str]) -> None:
        """Remove a draft that is still as it was started, with its cases; does nothing if it is gone already.

        Raises StudioError if it has been edited since.
        """
        if name not in {*self.names, *self.drafts}:
            return
        file = self.open(name)
        if name not in self.drafts or file.digest != digest:
            raise StudioError(
                f"{name} has been edited since it was started, so it was left as it is.",
                "take single examples out in its editor.",
            )
        change = {**regressions.without_cases(self._data, name, cases), self._draft(name): Edit(file.text, None)}
        self._make(change, {name: ("undone", file.text, None)})

    def adopt(self, name: str) -> dict[str, list[str]]:
        """Make a draft a topic. Examples that other topics have move to it; returns them by topic.

        Raises StudioError if there is no such draft, or it is not complete.
        """
        if name not in self.drafts:
            raise StudioError(f"There is no draft '{name}'.", "'./ims topic list' shows the drafts.")
        file = self.open(name)
        wanted = {normalise(example) for example in file.examples}
        change: dict[Path, Edit] = {
            self._draft(name): Edit(file.text, None),
            self._live(name): Edit(None, file.text),
        }
        noted = {name: ("made a topic", file.text, file.text)}
        moved: dict[str, list[str]] = {}
        for other in self._all():
            shared = [example for example in other.examples if normalise(example) in wanted]
            if shared:
                before = other.text
                for example in shared:
                    other.remove_example(example)
                change[self._live(other.name)] = Edit(before, other.text)
                noted[other.name] = (f"examples went to {name}", before, other.text)
                moved[other.name] = shared
        self._make(change, noted)
        return moved

    def rename(self, old: str, new: str) -> None:
        """Give a topic another name, in every file that names it."""
        self._free(new)
        file = self.open(old)
        before = file.text
        path = self._path(old)
        file.rename(new)
        change: dict[Path, Edit] = {path: Edit(before, None), path.with_name(f"{new}.yml"): Edit(None, file.text)}
        noted: dict[str, tuple[str, str | None, str | None]] = {
            old: (f"renamed to {new}", before, None),
            new: (f"renamed from {old}", None, file.text),
        }
        self._replace_references(old, new, change, noted)
        self._make(change, noted)

    def merge(self, gone: str, into: str) -> int:
        """Add the examples of a topic to another one and retire it; returns how many were new there.

        Raises StudioError if a name is unknown, or both are the same.
        """
        if gone == into:
            raise StudioError("A topic cannot be merged with itself.", "name two topics.")
        left, kept = self.open(gone), self.open(into)
        before = kept.text
        added = kept.add_examples(left.examples)
        change: dict[Path, Edit] = {
            self._path(gone): Edit(left.text, None),
            self._path(into): Edit(before, kept.text),
        }
        noted: dict[str, tuple[str, str | None, str | None]] = {
            gone: (f"merged into {into}", left.text, None),
            into: (f"took the examples of {gone}", before, kept.text),
        }
        self._replace_references(gone, into, change, noted)
        self._make(change, noted)
        return len(added.taken)

    def split(self, name: str, new: str, containing: Sequence[str]) -> TopicFile:
        """Start a draft with the examples that contain one of these words; they move when it becomes a topic.

        Raises StudioError if no example does, or the name can't be used.
        """
        words = [normalise(word) for word in containing if normalise(word)]
        chosen = [
            example
            for example in self.open(name).examples
            if any(f" {word} " in f" {normalise(example)} " for word in words)
        ]
        if not chosen:
            raise StudioError(f"No example of {name} contains these words.", "choose words from its examples.")
        return self.new(new, chosen)

    def retire(self, name: str) -> None:
        """Take a topic or draft away, with all that refers to it. `revert` brings it back."""
        file = self.open(name)
        change: dict[Path, Edit] = {self._path(name): Edit(file.text, None)}
        noted: dict[str, tuple[str, str | None, str | None]] = {name: ("retired", file.text, None)}
        self._replace_references(name, None, change, noted)
        self._make(change, noted)

    def revert(self, name: str, id: str) -> Version:
        """Restore an earlier version of a topic. Raises StudioError if there is none, or it is the topic's removal."""
        version = self.history.version(name, id)
        if version.text is None:
            raise StudioError(f"Version {id} of {name} is its removal.", "name a version from before it.")
        exists = name in self.names or name in self.drafts
        now = self.text(name) if exists else None
        path = self._path(name) if exists else self._live(name)
        text = self._without_an_old_signature(name, version)
        self._make({path: Edit(now, text)}, {name: (f"version {version.id} again", now, text)})
        return version

    def _without_an_old_signature(self, name: str, version: Version) -> str:
        """The text of a version; unsigned, if somebody has signed other words since: those were meant to replace it."""
        file = TopicFile(name, version.text or "")
        later = takewhile(lambda other: other.id != version.id, self.history.of(name))
        signed = {words for other in later if (words := _signed_words(name, other))}
        if signed - {file.words}:
            file.unsign()
        return file.text

    def _with_cases(self, name: str, cases: Sequence[str]) -> Change:
        return regressions.with_cases(self._data, name, cases, self.author, date.today())

    def _replace_references(
        self,
        old: str,
        new: str | None,
        change: dict[Path, Edit],
        noted: dict[str, tuple[str, str | None, str | None]],
    ) -> None:
        """Name the new topic, or none, wherever the old one is named."""
        for other in self._all():
            path = self._live(other.name)
            if old not in other.see_also or (path in change and change[path].new is None):
                continue
            before = other.text
            if path in change and (text := change[path].new) is not None:
                other = TopicFile(other.name, text)
            names = [new if name == old else name for name in other.see_also]
            other.set_see_also([name for name in dict.fromkeys(names) if name and name != other.name])
            change[path] = Edit(before, other.text)
            noted[other.name] = (f"see also: {old} became {new or 'nothing'}", before, other.text)
        note = f"the topic {old} was retired ({self.author}, {date.today().isoformat()})"
        change.update(regressions.followed(self._data, old, new, note))
        for referrer in REFERRERS:
            path = self._data / referrer.file
            written = text_on_disk(path)
            if written is None:
                continue

            def exchange(document: Any, referrer: Referrer = referrer) -> None:
                for listed in referrer.lists(document):
                    if old in listed and new and new not in listed:
                        listed[listed.index(old)] = new
                    elif old in listed:
                        listed.remove(old)

            text = edited(written, exchange)
            if text != written:
                change[path] = Edit(written, text)

    def _make(self, change: Change, noted: Mapping[str, tuple[str, str | None, str | None]]) -> None:
        self._changes.make(change)
        try:
            for name, (done, old, new) in noted.items():
                self.history.note(name, self.author, done, old, new)
        except OSError as error:
            raise StudioError(
                f"The change is made, but it could not be written to the history ({error.strerror}).",
                "make room on the disk.",
            ) from error

    def _all(self) -> list[TopicFile]:
        return [self.open(name) for name in self.names]

    def _free(self, name: str) -> None:
        if checked_name(name) in self.names or name in self.drafts:
            raise StudioError(f"There is a topic '{name}' already.", "choose another name.")

    def _path(self, name: str) -> Path:
        for path in (self._live(name), self._draft(name)):
            if path.is_file():
                return path
        near = get_close_matches(name, [*self.names, *self.drafts], 1)
        meant = f"did you mean {near[0]}? " if near else ""
        raise StudioError(f"There is no topic '{name[:64]}'.", f"{meant}'./ims topic list' shows all names.")

    def _live(self, name: str) -> Path:
        return self._answers / f"{checked_name(name)}.yml"

    def _draft(self, name: str) -> Path:
        return self._drafts / f"{checked_name(name)}.yml"


def missing(file: TopicFile, knowledge: Knowledge) -> list[str]:
    """What a draft still lacks before it can be adopted."""
    lacks = []
    if (short := knowledge.standards.examples - len(file.examples)) > 0:
        lacks.append(f"{short} more examples")
    for part, text in (
        ("title", file.title),
        ("short", file.short),
        ("more", file.more),
        ("review-by", file.review[2]),
    ):
        if not text:
            lacks.append(part)
    if len(file.sources) < knowledge.standards.sources:
        lacks.append("sources")
    return lacks


def _signed_words(name: str, version: Version) -> str:
    """What a signature in this version stands for; nothing where there is none."""
    try:
        file = TopicFile(name, version.text or "")
    except (StudioError, TypeError, KeyError):
        return ""
    return file.words if file.review[0] else ""
