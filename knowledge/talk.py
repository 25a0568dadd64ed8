"""How a conversation is held (``data/talk.yml``): short answers to what was offered, whom a chat is about, which of the
things that people tell matter for which answers, and the questions that check whether an answer was understood.

A fact that was told may have specific answers of its own topic for questions of other topics: who is pregnant and asks
about acupuncture gets what is known of that. Of several candidates the first that there is counts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from knowledge.examples import normalise
from knowledge.placeholders import check_placeholders
from knowledge.problems import Problem
from knowledge.yaml import Section, read

ME = "me"
CLAUSE = re.compile(r"[,.;:!]|\b(?:and|but|so|then)\b")
LATER = ("facts", "doctor_first", "checks")
SUBJECT = 3  # words at the beginning of a statement among which its subject is


@dataclass(frozen=True)
class Person:
    """Somebody whom a chat can be about: how they are called to the patient, and the patient's words for them."""

    id: str
    name: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """One sentence that stands before the answers of these topics, because of what was told."""

    topics: tuple[str, ...]
    text: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Fact:
    """Something that a patient may tell: the safety question that it answers, and what follows from it elsewhere."""

    id: str
    question: str
    words: tuple[str, ...]
    me: str
    other: str
    topic: str
    first: Mapping[str, tuple[str, ...]]
    line: Line | None
    asked_by: tuple[str, ...] = ()  # how words begin, one of which stands in each question that is about it
    denied: str = ""  # the fact that is told where this one is denied
    denies: str = ""  # the safety question that is answered with no by it

    def is_asked(self, text: str) -> bool:
        """Whether a message has a word of this fact; True where no words are known."""
        words = normalise(text).split()
        return not self.asked_by or any(word.startswith(self.asked_by) for word in words)

    def clause(self, who: str) -> str:
        """The fact as a clause: you are pregnant, or your wife is pregnant."""
        return self.other.replace("{who}", who) if who else self.me


@dataclass(frozen=True)
class Telling:
    """What is said to who only tells something with one of these words."""

    words: tuple[str, ...]
    text: str

    def fits(self, text: str) -> bool:
        """Whether a message has one of the words."""
        return _has(text, self.words)


@dataclass(frozen=True)
class AfterNeedling:
    """Topics about what follows needling, and the words without which a message is not about that, but about the pain
    for which people come: the topic `instead`.
    """

    topics: tuple[str, ...]
    words: tuple[str, ...]
    pain: tuple[str, ...]
    instead: str

    def is_meant(self, text: str) -> bool:
        """Whether a message speaks of what follows needling."""
        return _has(text, self.words)

    def hurts(self, text: str) -> bool:
        """Whether a message speaks of pain at all."""
        return _has(text, self.pain)


@dataclass(frozen=True)
class DoctorFirst:
    """What is a matter for a doctor first because of what was told before: a sore calf of somebody who had a clot.

    A message names it with one of `words`, and one of `also` where there are any. It is answered with a specific answer
    (`topic.id`), or with a text that rests on `sources`, in the place of every answer but those of the topics `beside`.
    """

    told: tuple[str, ...]
    words: tuple[str, ...]
    also: tuple[str, ...]
    answer: str
    text: str
    sources: tuple[str, ...]

    def is_named(self, text: str) -> bool:
        """Whether a message names it."""
        return _has(text, self.words) and (not self.also or _has(text, self.also))


@dataclass(frozen=True)
class Check:
    """A question that shows whether an answer on risk or consent was understood; the first choice is the right one."""

    topic: str
    question: str
    choices: tuple[str, ...]
    right: str
    wrong: str


@dataclass(frozen=True)
class Talk:
    """All of it."""

    words: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    signs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    files: tuple[str, ...] = ()
    ordinals: tuple[frozenset[str], ...] = ()
    people: tuple[Person, ...] = ()
    person_leads: tuple[str, ...] = ()
    person_verbs: tuple[str, ...] = ()
    pronouns: tuple[str, ...] = ()
    third_person: tuple[str, ...] = ()
    tells: frozenset[str] = frozenset()
    tells_not: tuple[str, ...] = ()
    asks: frozenset[str] = frozenset()  # words with which a clause that asks begins
    tellings: tuple[Telling, ...] = ()
    after_needling: AfterNeedling | None = None
    facts: Mapping[str, Fact] = field(default_factory=lambda: MappingProxyType({}))
    doctor_first: tuple[DoctorFirst, ...] = ()
    doctor_beside: frozenset[str] = frozenset()  # topics whose answers stand below it
    checks: Mapping[str, Check] = field(default_factory=lambda: MappingProxyType({}))

    def person(self, id: str) -> Person | None:
        """The person of this id."""
        return next((person for person in self.people if person.id == id), None)

    def is_one_of(self, text: str, kind: str) -> bool:
        """Whether a whole message is one of the words of this kind, such as yes or no."""
        return normalise(text) in self.words.get(kind, frozenset())

    def without_words(self, text: str) -> str | None:
        """What a message of signs alone means, such as a thumb; None where it has words, or no sign that is known."""
        if normalise(text):
            return None
        return next((self.signs[sign] for sign in text if sign in self.signs), None)

    def is_statement(self, text: str) -> bool:
        """Whether a message only tells something, such as "i am left handed", and asks nothing."""
        line = f"{normalise(text)} "
        if "?" in text or any(line.startswith(f"{words} ") for words in self.tells_not):
            return False
        if any(normalise(clause).partition(" ")[0] in self.asks for clause in CLAUSE.split(text.lower())):
            return False
        return not self.tells.isdisjoint(line.split()[:SUBJECT]) or any(letter.isdigit() for letter in line)

    def names_file(self, text: str) -> bool:
        """Whether a message holds the name of a picture or document, as if one had been sent."""
        ends = tuple(f".{end}" for end in self.files)
        return any(word.lower().rstrip(")]}.,!?\"'").endswith(ends) for word in text.split())


def read_talk(
    path: Path, topics: Collection[str], questions: Collection[str], sources: Collection[str], problems: list[Problem]
) -> Talk:
    """What the file says; without a file nothing is known of conversations."""
    if not path.exists():
        return Talk()
    file = read(path, problems)
    if file is None:
        return Talk()
    file.only(
        "short_answers", "signs", "files", "ordinals", "statements", "tellings", "after_needling", "people", *LATER
    )
    words = file.section("short_answers")
    people = file.section("people")
    people.only("who", "leads", "verbs", "pronouns", "third_person")
    tells = file.section("statements") if "statements" in file else None
    signs = file.section("signs") if "signs" in file else None
    facts = {fact.id: fact for fact in _facts(file, topics, questions, sources)}
    first = file.section("doctor_first") if "doctor_first" in file else None
    if first:
        first.only("beside", "of")
        _known(first, first.texts("beside"), topics, "beside")
    return Talk(
        signs=MappingProxyType({sign: kind for kind in signs.values for sign in signs.texts(kind)} if signs else {}),
        files=tuple(file.texts("files")),
        words=MappingProxyType({kind: _plain(words.texts(kind)) for kind in words.values}),
        ordinals=tuple(_plain(entry.texts("words")) for entry in file.sections("ordinals")),
        people=tuple(_people(people)),
        person_leads=tuple(map(normalise, people.texts("leads"))),
        person_verbs=tuple(map(normalise, people.texts("verbs"))),
        pronouns=tuple(people.texts("pronouns")),
        third_person=tuple(map(normalise, people.texts("third_person"))),
        tells=_plain(tells.texts("words")) if tells else frozenset(),
        tells_not=tuple(map(normalise, tells.texts("not"))) if tells else (),
        asks=_plain(tells.texts("asks")) if tells else frozenset(),
        tellings=tuple(_tellings(file)),
        after_needling=_after_needling(file, topics),
        facts=MappingProxyType(facts),
        doctor_first=tuple(_doctor_first(first, facts, topics, sources)) if first else (),
        doctor_beside=frozenset(first.texts("beside")) if first else frozenset(),
        checks=MappingProxyType({check.topic: check for check in _checks(file, topics)}),
    )


def _has(text: str, words: Collection[str]) -> bool:
    line = f" {normalise(text)} "
    return any(f" {word} " in line for word in words)


def _plain(texts: Collection[str]) -> frozenset[str]:
    return frozenset(normalise(text) for text in texts)


def _tellings(file: Section) -> Iterator[Telling]:
    for entry in file.sections("tellings") if "tellings" in file else ():
        entry.only("words", "text")
        check_placeholders(entry, entry.text("text"), entry.line_of("text"))
        yield Telling(tuple(map(normalise, entry.texts("words"))), entry.text("text"))


def _after_needling(file: Section, topics: Collection[str]) -> AfterNeedling | None:
    if "after_needling" not in file:
        return None
    section = file.section("after_needling")
    section.only("topics", "words", "pain", "instead")
    _known(section, section.texts("topics"), topics, "topics")
    _known(section, [section.text("instead")], topics, "instead")
    return AfterNeedling(
        tuple(section.texts("topics")),
        tuple(map(normalise, section.texts("words"))),
        tuple(map(normalise, section.texts("pain"))),
        section.text("instead"),
    )


def _people(section: Section) -> Iterator[Person]:
    for entry in section.sections("who"):
        entry.only("id", "name", "words")
        yield Person(entry.text("id"), entry.text("name"), tuple(map(normalise, entry.texts("words"))))


def _facts(
    file: Section, topics: Collection[str], questions: Collection[str], sources: Collection[str]
) -> Iterator[Fact]:
    for entry in file.sections("facts"):
        entry.only("id", "question", "words", "me", "other", "topic", "first", "line", "asked_by", "denied", "denies")
        question, topic = entry.optional_text("question") or "", entry.optional_text("topic") or ""
        if question and question not in questions:
            entry.report(f"the safety question '{question}' is unknown", "use an id of screening.yml", "question")
        _known(entry, [topic] if topic else [], topics, "topic")
        first: dict[str, tuple[str, ...]] = {}
        if "first" in entry:
            given = entry.section("first")
            _known(given, list(given.values), topics, None)
            first = {name: tuple(given.texts(name)) for name in given.values}
        yield Fact(
            id=entry.text("id"),
            question=question,
            words=tuple(map(normalise, entry.texts("words"))),
            me=entry.text("me"),
            other=entry.text("other"),
            topic=topic,
            first=MappingProxyType(first),
            line=_line(entry.section("line"), topics, sources) if "line" in entry else None,
            asked_by=tuple(map(normalise, entry.texts("asked_by"))),
            denied=entry.optional_text("denied") or "",
            denies=entry.optional_text("denies") or "",
        )


def _doctor_first(
    section: Section, facts: Collection[str], topics: Collection[str], sources: Collection[str]
) -> Iterator[DoctorFirst]:
    for entry in section.sections("of"):
        entry.only("told", "words", "also", "answer", "text", "sources")
        for fact in entry.texts("told"):
            if fact not in facts:
                entry.report(f"the fact '{fact}' is unknown", "use an id of `facts`", "told")
        answer, text = entry.optional_text("answer") or "", entry.optional_text("text") or ""
        if bool(answer) == bool(text):
            entry.report("it has either an answer or a text", "write one of `answer` and `text`", "told")
        if answer:
            _known(entry, [answer.partition(".")[0]], topics, "answer")
        else:
            check_placeholders(entry, text, entry.line_of("text"))
            _sourced(entry, entry.texts("sources"), sources)
        yield DoctorFirst(
            tuple(entry.texts("told")),
            tuple(map(normalise, entry.texts("words"))),
            tuple(map(normalise, entry.texts("also"))),
            answer,
            text,
            tuple(entry.texts("sources")),
        )


def _line(section: Section, topics: Collection[str], sources: Collection[str]) -> Line:
    section.only("topics", "text", "sources")
    names, text, rests_on = section.texts("topics"), section.text("text"), section.texts("sources")
    _known(section, names, topics, "topics")
    check_placeholders(section, text, section.line_of("text"))
    _sourced(section, rests_on, sources)
    return Line(tuple(names), text, tuple(rests_on))


def _sourced(section: Section, rests_on: Collection[str], sources: Collection[str]) -> None:
    if not rests_on:
        section.report("the text names no source", "write sources: [...]", "text")
    for source in rests_on:
        if source not in sources:
            section.report(f"the source '{source}' is unknown", "add it to data/sources.yml", "sources")


def _checks(file: Section, topics: Collection[str]) -> Iterator[Check]:
    for entry in file.sections("checks"):
        entry.only("topic", "question", "choices", "right", "wrong")
        check = Check(
            entry.text("topic"),
            entry.text("question"),
            tuple(entry.texts("choices")),
            entry.text("right"),
            entry.text("wrong"),
        )
        _known(entry, [check.topic], topics, "topic")
        if not 2 <= len(check.choices) <= 3:
            entry.report("a check has two or three choices, the right one first", "write two or three", "choices")
        for key in ("question", "right", "wrong"):
            check_placeholders(entry, entry.text(key), entry.line_of(key))
        yield check


def _known(section: Section, names: Collection[str], topics: Collection[str], key: str | None) -> None:
    for name in names:
        if name not in topics:
            section.report(f"the topic '{name}' is unknown", "use the name of a file in data/answers", key or name)
