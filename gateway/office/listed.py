"""What there is many of, each with a page of its own: conditions, things, safety questions, words of danger.

The files stay the truth. A list is read for its names alone; an entry is found again by its id when it is saved.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from gateway.desk.search import folded
from gateway.office.kinds import SAID, SHORT, Kind, Lines, WordList, choice
from gateway.office.parts import Page, Part, add_entry
from gateway.studio.differences import values
from gateway.studio.errors import StudioError

Titles = Mapping[str, str]  # of the topics, by name
CONDITIONS = "lexicon/conditions.yml"
RED_FLAG_WORDS = "lexicon/red_flag_words.yml"
MOST_WORDS = 1000  # of danger, in one list
HINTED = 5  # words of a list that stand beside its name


@dataclass(frozen=True)
class InEntry(Part):
    """A part of one entry of the list that stands in the file under `listed`."""

    listed: str = ""
    id: str = ""

    def place(self, document: Any) -> Any:
        for entry in document.get(self.listed) or []:
            if str(entry.get("id")) == self.id:
                return entry
        raise StudioError("This is not in the list any more.", "open the list again.")


@dataclass(frozen=True)
class InNewEntry(InEntry):
    """The same of an entry that is not in the list yet: there, `begins` says what it holds besides what is typed."""

    begins: Mapping[str, Any] = field(default_factory=dict)

    def place(self, document: Any) -> Any:
        listed = document.get(self.listed)
        found = next((entry for entry in listed if str(entry.get("id")) == self.id), None)
        if found is None:
            found = CommentedMap({"id": self.id, **{key: copy(value) for key, value in self.begins.items()}})
            for each in found.values():
                if isinstance(each, CommentedSeq):
                    each.fa.set_flow_style()
            add_entry(listed, found)
        return found


@dataclass(frozen=True)
class Entry:
    """One line of a list: what it is called, what it is about, and the file in data/ that holds it."""

    id: str
    label: str
    about: str
    file: str
    plain: Any


@dataclass(frozen=True)
class Listed:
    """A list of the office. `parts` gives what can be changed of an entry, from what the entry holds now."""

    name: str
    title: str
    about: str
    files: str  # a pattern of paths in data/
    key: str  # of the list in each file
    label: str  # the key by which an entry is called
    hint: str  # the key that says what it is about
    parts: Callable[[Entry, Titles], Iterator[Part]]
    one: str = ""  # what an entry is, where one can be added
    new: Callable[[Path, Callable[..., InNewEntry]], Iterator[Part]] | None = None

    def new_in(self, data: Path) -> list[tuple[str, str]]:
        """Where an entry can be added: the stem of each file, and what is said of it."""
        if self.new is None:
            return []
        stems = [path.stem for path in sorted(data.glob(self.files)) if isinstance(self._listed(path), list)]
        return [(stem, f"Add {self.one}" + (f": {_words(stem)}" if len(stems) > 1 else "")) for stem in stems]

    def new_page(self, data: Path, stem: str, called: str = "") -> Page | None:
        """The page of an entry that is called so and not there yet; None if nothing can be added there."""
        if self.new is None or stem not in dict(self.new_in(data)):
            return None
        file = next(path for path in data.glob(self.files) if path.stem == stem).relative_to(data).as_posix()

        def part(key: str, question: str, kind: Kind = SAID, **more: Any) -> InNewEntry:
            begins = {"name": "", **BEGINS[self.name]}
            return InNewEntry(key, question, kind, listed=self.key, id=id_of(called), begins=begins, **more)

        back = f"/office/{self.name}", self.title[:1].lower() + self.title[1:]
        title = f"Add {self.one}"
        return Page(f"{self.name}/new/{stem}", title, self.about, tuple(self.new(data, part)), file=file, back=back)

    def entries(self, data: Path, search: str = "") -> list[Entry]:
        """Those that hold all words of the search, in the order of the files."""
        wanted = folded(search).split()
        return [entry for entry in self._all(data) if all(word in _words_of(entry) for word in wanted)]

    def page(self, data: Path, id: str, titles: Titles) -> Page | None:
        """The page of one entry; None if there is none of this id."""
        entry = next((entry for entry in self._all(data) if entry.id == id), None)
        if entry is None:
            return None
        back = f"/office/{self.name}", self.title[:1].lower() + self.title[1:]
        title = entry.label[:1].upper() + entry.label[1:]
        return Page(
            f"{self.name}/{id}", title, self.about, tuple(self.parts(entry, titles)), file=entry.file, back=back
        )

    def _listed(self, path: Path) -> Any:
        about = path.stat()
        held = _held(path, about.st_mtime_ns, about.st_size)
        return held.get(self.key) if isinstance(held, dict) else None

    def _all(self, data: Path) -> Iterator[Entry]:
        for path in sorted(data.glob(self.files)):
            listed = self._listed(path)
            file = path.relative_to(data).as_posix()
            if isinstance(listed, dict):
                for name, words in listed.items():
                    yield Entry(name, name.replace("_", " ").lower(), _some(str(words).split(",")), file, words)
            elif isinstance(listed, list):
                for each in listed:
                    yield Entry(str(each["id"]), str(each[self.label]), str(each.get(self.hint) or ""), file, each)


@lru_cache(maxsize=64)
def _held(path: Path, changed: int, size: int) -> Any:
    """What a file holds, read again when it was changed."""
    return values(path)


def id_of(called: str) -> str:
    """The id of what is called so: "a therapy ball" is therapy_ball."""
    words = re.findall(r"[a-z0-9]+", folded(called))
    return "_".join(words[1:] if words[:1] in (["a"], ["an"], ["the"]) and words[1:] else words)[:60]


def _words(stem: str) -> str:
    return stem.replace("_", " ")


def _words_of(entry: Entry) -> str:
    return folded(f"{entry.label} {entry.about} {entry.plain}")


def _some(words: Sequence[str]) -> str:
    return ", ".join(word.strip() for word in words[:HINTED]) + (" ..." if len(words) > HINTED else "")


# what can be changed of each


def _in(listed: str, entry: Entry, key: str, question: str, kind: Kind = SAID, **more: Any) -> InEntry:
    return InEntry(key, question, kind, listed=listed, id=entry.id, **more)


def _condition(entry: Entry, titles: Titles) -> Iterator[Part]:
    yield _in("conditions", entry, "note", "What is said to patients who ask if it may help", needed=True)
    yield _in("conditions", entry, "doctor_first", "Which signs need a doctor first?", hint="May stay empty.")
    yield _in("conditions", entry, "synonyms", "What patients call it", Lines(), hint="One a line, in small letters.")
    yield _in("conditions", entry, "misspellings", "How they misspell it", Lines(), hint="One a line.")


def _thing(entry: Entry, titles: Titles) -> Iterator[Part]:
    yield _in(
        "things", entry, "name", "What the assistant calls it", needed=True, hint="As it follows “with”: a pacemaker."
    )
    yield _in("things", entry, "words", "What patients call it", Lines(), needed=True,
              hint="One a line, in small letters, misspellings too.")  # fmt: skip
    for topic in entry.plain.get("topics") or {}:
        title = titles.get(topic, topic)
        yield _in("things", entry, f"topics.{topic}", f"What is said of it under “{title}”", needed=True,
                  hint="Two sentences at most.")  # fmt: skip
    yield _in("things", entry, "else", "What is said of it under everything else", needed=True,
              hint="Two sentences at most.")  # fmt: skip


# What a new entry holds besides what is typed. No source names it until somebody adds one to the file.
BEGINS: Mapping[str, Mapping[str, Any]] = {
    "conditions": {
        "documents": CommentedSeq(), "class": "not_named", "body_part": "", "synonyms": CommentedSeq(),
        "misspellings": CommentedSeq(), "note": "", "doctor_first": "", "sources": CommentedSeq(),
    },
    "things": {"words": CommentedSeq(), "is": "", "else": "", "sources": CommentedSeq()},
}  # fmt: skip


def _new_condition(data: Path, part: Callable[..., InNewEntry]) -> Iterator[Part]:
    places = {str(each["id"]): str(each["name"]) for each in (values(data / CONDITIONS) or {}).get("body_parts") or []}
    yield part("name", "What is it called?", SHORT, needed=True, hint="In small letters: golfer's elbow.")
    yield part("body_part", "Which part of the body is it about?", choice(places), hint="May stay empty.")
    yield part("note", "What is said to patients who ask if it may help", needed=True,
               hint="No source of yours names it yet, so promise nothing.")  # fmt: skip
    yield part("doctor_first", "Which signs need a doctor first?", hint="May stay empty.")
    yield part("synonyms", "What else do patients call it?", Lines(), hint="One a line, in small letters.")
    yield part("misspellings", "How do they misspell it?", Lines(), hint="One a line.")


def _new_thing(data: Path, part: Callable[..., InNewEntry]) -> Iterator[Part]:
    yield part("name", "What does the assistant call it?", SHORT, needed=True,
               hint="As it follows “with”: a pacemaker.")  # fmt: skip
    yield part(
        "is", "What kind of thing is it, in a few words?", SHORT, needed=True, hint="blood thinner, winter sport"
    )
    yield part("words", "What do patients call it?", Lines(), needed=True,
               hint="One a line, in small letters, misspellings too.")  # fmt: skip
    yield part("else", "What is said of it?", needed=True, hint="Two sentences at most.")


QUESTION = (
    ("question", "What patients are asked"),
    ("label", "The same as a line of the result"),
    ("help", "Help under the question"),
    ("why_asked", "Why it is asked"),
    ("advice", "What is said to a yes"),
    ("yes.reason", "What a yes means"),
    ("not_sure.reason", "What “not sure” means"),
    ("skipped.reason", "What is said to whoever skips it"),
    ("again", "How it is asked once more"),
)


def _question(entry: Entry, titles: Titles) -> Iterator[Part]:
    for key, question in QUESTION:
        first, _, then = key.partition(".")
        held = entry.plain.get(first)
        if held is not None and (not then or then in held):
            yield _in("questions", entry, key, question, needed=True)
    yield _in("questions", entry, "mentions", "Words in a message that answer it with yes", Lines(),
              hint="One a line, in small letters.")  # fmt: skip


def _outcome(entry: Entry, titles: Titles) -> Iterator[Part]:
    yield _in("outcomes", entry, "title", "Headline", needed=True)
    yield _in("outcomes", entry, "text", "What patients read", needed=True)


def _danger(entry: Entry, titles: Titles) -> Iterator[Part]:
    yield Part(f"words.{entry.id}", "Words and phrases", WordList(most=MOST_WORDS), needed=True,
               hint="One a line, small letters, without apostrophes. A name in capitals is another list.")  # fmt: skip


FACTS = "The clinic's facts are filled in: {clinic_phone}, {emergency}, {nurse_line} and others."
LISTS = {
    listed.name: listed
    for listed in (
        Listed("conditions", "Conditions", f"What the assistant says to each problem that patients have. {FACTS}",
               CONDITIONS, "conditions", "name", "note", _condition, "a condition", _new_condition),
        Listed("things", "Medicines, devices, sports and other things",
               f"What the assistant says about things that patients name along with their question. {FACTS}",
               "things/*.yml", "things", "name", "is", _thing, "something new", _new_thing),
        Listed("safety-questions", "Safety questions",
               f"What patients are asked before needles come out. {FACTS}",
               "screening.yml", "questions", "label", "question", _question),
        Listed("safety-results", "Results of the safety questions",
               f"What patients read at the end. {FACTS}", "screening.yml", "outcomes", "title", "text", _outcome),
        Listed("danger-words", "Words of danger",
               "Lists that the rules for danger are made of. Try a change before you save it.",
               RED_FLAG_WORDS, "words", "", "", _danger),
    )
}  # fmt: skip
