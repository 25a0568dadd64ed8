"""What there is many of, each with a page of its own: conditions, things, safety questions, words of danger.

The files stay the truth. A list is read for its names alone; an entry is found again by its id when it is saved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from gateway.desk.search import folded
from gateway.office.kinds import SAID, Kind, Lines, WordList
from gateway.office.parts import Page, Part
from gateway.studio.differences import values
from gateway.studio.errors import StudioError

Titles = Mapping[str, str]  # of the topics, by name
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

    def _all(self, data: Path) -> Iterator[Entry]:
        for path in sorted(data.glob(self.files)):
            about = path.stat()
            held = _held(path, about.st_mtime_ns, about.st_size)
            file = path.relative_to(data).as_posix()
            listed = held.get(self.key) if isinstance(held, dict) else None
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
               "lexicon/conditions.yml", "conditions", "name", "note", _condition),
        Listed("things", "Medicines, devices, sports and other things",
               f"What the assistant says about things that patients name along with their question. {FACTS}",
               "things/*.yml", "things", "name", "is", _thing),
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
