"""What patients name: medicines, illnesses, devices, sports, food, payers (``data/things/``), and what is said of it.

The longest name wins, so that "low blood pressure" is never taken for high, nor "factor V Leiden" for a factor that is
missing. A thing that the person does not have is not found; one that is only compared with ("like a tattoo") is marked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from knowledge.conditions import Conditions
from knowledge.placeholders import check_placeholders
from knowledge.problems import Problem
from knowledge.yaml import Section, read

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
NEAR = 3  # words before a thing in which a comparison or a denial counts
SENTENCE = re.compile(r"[.!?](?:\s|$)")
MOST_SENTENCES = 2
GUARDS = "guards.yml"
LIKE = re.compile(r" or (?:a similar|another) .+$")  # a name that stands for a kind: "Xanax or a similar pill"
NO_NAME = re.compile(r"(?:for|such|with|the|a|an) ")  # in brackets after a name, what is no other name of it
IN_BRACKETS = re.compile(r" \([^)]*\)")


@dataclass(frozen=True)
class Thing:
    """A thing that patients name. ``topics`` is what is said of it in an answer of that topic, ``general`` elsewhere.

    ``kind`` is the file that it stands in, ``home`` the topic that answers its name alone, ``extends`` the condition
    of the lexicon whose words it shares, ``direction`` what it must not be taken for.
    """

    id: str
    kind: str
    name: str
    words: tuple[str, ...]
    about: str
    topics: Mapping[str, str]
    general: str
    sources: tuple[str, ...]
    extends: str = ""
    direction: str = ""

    @property
    def home(self) -> str:
        """The topic that a question which names nothing else is about; empty where no topic speaks of it."""
        return next(iter(self.topics), "")

    def says(self, topic: str) -> str:
        """What is said of it in an answer of this topic."""
        return self.topics.get(topic, self.general)


@dataclass(frozen=True)
class Guards:
    """What keeps a line from being said where it would mislead; see ``data/things/guards.yml``."""

    compares: frozenset[tuple[str, ...]] = frozenset()
    denies: frozenset[tuple[str, ...]] = frozenset()
    comparing: frozenset[str] = frozenset()
    first: frozenset[str] = frozenset()
    beside_conditions: frozenset[str] = frozenset()
    health: frozenset[str] = frozenset()
    general: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    but: frozenset[str] = frozenset()
    sound_alike: frozenset[str] = frozenset()
    slip_from: int = 99
    takes: tuple[tuple[str, ...], ...] = ()
    own: tuple[tuple[str, ...], ...] = ()
    helps: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Found:
    """A thing in a text, the words that named it, and whether it is only compared with ("like a tattoo")."""

    thing: Thing
    typed: str
    compared: bool
    at: int = field(compare=False)

    def says(self, topic: str) -> str:
        """What is said of it in an answer of this topic, so that whoever typed its other name knows it again."""
        line = self.thing.says(topic)
        return line if holds(words_of(line), words_of(self.typed)) else _known_by(line, self.thing.name, self.typed)


class Things:
    """All things, and how they are found in what somebody typed."""

    def __init__(self, things: Iterable[Thing], guards: Guards, conditions: Conditions, known: Collection[str]) -> None:
        self.things: Mapping[str, Thing] = MappingProxyType({thing.id: thing for thing in things})
        self.guards = guards
        self._known = known
        self._phrases: dict[tuple[str, ...], str] = {}
        for thing in self.things.values():
            condition = conditions.conditions.get(thing.extends)
            for phrase in (thing.name, *thing.words, *((condition.name, *condition.words) if condition else ())):
                self._phrases.setdefault(words_of(phrase), thing.id)
        self._longest = max(map(len, self._phrases), default=0)
        self._slips = self._slips_of(guards)

    def find(self, text: str) -> list[Found]:
        """The things that a text is about, in its order, each once."""
        words = words_of(text)
        found: dict[str, Found] = {}
        position = 0
        while position < len(words):
            length, thing = self._at(words, position)
            near = tuple(words[max(0, position - NEAR) : position])
            if thing and not self._denied(near):
                typed = " ".join(words[position : position + length])
                found.setdefault(thing.id, Found(thing, typed, self._compared(near), position))
            position += length
        return list(found.values())

    def unknown(self, text: str, cues: Sequence[tuple[str, ...]]) -> str | None:
        """What somebody names after one of the cues ("i take X"), where no word that we know stands there."""
        words = words_of(text)
        for at in range(1, len(words)):
            if any(words[max(0, at - len(cue)) : at] == cue for cue in cues):
                word = words[at]
                if len(word) >= 5 and word.isalpha() and word not in self._known and self._at(words, at)[1] is None:
                    return word
        return None

    # parts

    def _at(self, words: Sequence[str], position: int) -> tuple[int, Thing | None]:
        for length in range(min(self._longest, len(words) - position), 0, -1):
            phrase = tuple(words[position : position + length])
            for form in (phrase, (*phrase[:-1], phrase[-1].removesuffix("s"))):
                if form in self._phrases:
                    return length, self.things[self._phrases[form]]
        word = words[position]
        if len(word) >= self.guards.slip_from and word not in self._known and not self._sounds_alike(word):
            near = {self._slips[form] for form in (word, *_shorter(word)) if form in self._slips}
            if len(near) == 1 and _one_slip(word, target := near.pop()):
                return 1, self.things[self._phrases[(target,)]]
        return 1, None

    def _sounds_alike(self, word: str) -> bool:
        return any(_one_slip(word, other) for other in self.guards.sound_alike)

    def _compared(self, near: tuple[str, ...]) -> bool:
        return not {near[at:] for at in range(len(near))}.isdisjoint(self.guards.compares)

    def _denied(self, near: tuple[str, ...]) -> bool:
        inside = {near[a:b] for a in range(len(near)) for b in range(a + 1, len(near) + 1)}
        return not inside.isdisjoint(self.guards.denies)

    def _slips_of(self, guards: Guards) -> dict[str, str]:
        """Long single names by what is left of them without one letter; none that sounds like another."""
        slips: dict[str, str] = {}
        for phrase in self._phrases:
            word = phrase[0]
            if len(phrase) == 1 and len(word) >= guards.slip_from:
                for form in (word, *_shorter(word)):
                    slips.setdefault(form, word)
        return slips


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text as they are compared: small, without hyphens and apostrophes."""
    return tuple(re.sub("['’]", "", word) for word in WORD.findall(text.lower()))


def holds(words: tuple[str, ...], said: tuple[str, ...]) -> bool:
    """Whether these words stand in others, one after the other."""
    return any(words[at : at + len(said)] == said for at in range(len(words) - len(said) + 1))


def _known_by(line: str, name: str, typed: str) -> str:
    """The line with both names of a thing ("Eliquis (apixaban)"), or with what was typed as one of a kind."""
    short, _, other = name.partition(" (")
    like = LIKE.search(name)
    written: tuple[str, ...] = (short,)
    if like:
        short = short.removesuffix(like[0])
        written, shown = (name, short.replace(", ", " or ")), f"{short}{like[0]} ({typed})"
    elif other and not NO_NAME.match(other):
        shown = f"{short} ({other}"
    elif short.startswith("your ") and " " not in typed and typed.removesuffix("s") not in name:
        shown = f"{short} ({typed})"
    else:
        return line
    for each in written:
        if (at := line.lower().find(each.lower())) >= 0:
            end = at + len(each)
            end += len(known[0]) if (known := IN_BRACKETS.match(line, end)) else 0
            return f"{line[:at]}{shown[0].upper() if line[at].isupper() else shown[0]}{shown[1:]}{line[end:]}"
    return line


def _shorter(word: str) -> list[str]:
    return [word[:at] + word[at + 1 :] for at in range(1, len(word))]


def _one_slip(word: str, target: str) -> bool:
    """Whether a letter is missing, added or wrong, or two neighbours are swapped; the first letter has to be right."""
    if abs(len(word) - len(target)) > 1 or word[0] != target[0]:
        return False
    if len(word) != len(target):
        long, short = (word, target) if len(word) > len(target) else (target, word)
        return short in _shorter(long)
    differ = [at for at, (one, other) in enumerate(zip(word, target, strict=True)) if one != other]
    swapped = len(differ) == 2 and differ[1] == differ[0] + 1 and sorted(word) == sorted(target)
    return len(differ) == 1 or swapped


# loading


def read_things(
    folder: Path,
    sources: Collection[str],
    topics: Collection[str],
    conditions: Conditions,
    known: Collection[str],
    problems: list[Problem],
) -> Things:
    """All files of the folder; none where an assistant has no such folder."""
    things: dict[str, Thing] = {}
    owners: dict[tuple[str, ...], str] = {}
    for path in sorted(folder.glob("*.yml")):
        file = read(path, problems) if path.name != GUARDS else None
        if file is None:
            continue
        file.only("things")
        for section in file.sections("things"):
            thing = _thing(section, path.stem, sources, topics, conditions, owners)
            if thing.id in things:
                section.report(f"the thing '{thing.id}' stands twice", "give one of the two another id", "id")
            things[thing.id] = thing
    return Things(things.values(), _guards(folder / GUARDS, problems), conditions, known)


def _thing(
    section: Section,
    kind: str,
    sources: Collection[str],
    topics: Collection[str],
    conditions: Conditions,
    owners: dict[tuple[str, ...], str],
) -> Thing:
    section.only("id", "extends", "name", "words", "is", "topics", "else", "sources", "direction")
    thing = Thing(
        id=section.text("id"),
        kind=kind,
        name=section.text("name"),
        words=tuple(_words(section, owners)),
        about=section.text("is"),
        topics=MappingProxyType(section.text_map("topics")),
        general=section.text("else"),
        sources=tuple(section.texts("sources")),
        extends=section.optional_text("extends") or "",
        direction=section.optional_text("direction") or "",
    )
    lines = section.section("topics") if "topics" in section else section
    for topic, text in thing.topics.items():
        if topic not in topics:
            lines.report(f"the topic '{topic}' is unknown", "use the name of a file in data/answers/", topic)
        _check(lines, topic, text)
    _check(section, "else", thing.general)
    for source in thing.sources:
        if source not in sources:
            section.report(f"the source '{source}' is unknown", "add it to data/sources.yml", "sources")
    if thing.extends and thing.extends not in conditions.conditions:
        section.report(
            f"the condition '{thing.extends}' is unknown", "use one of data/lexicon/conditions.yml", "extends"
        )
    return thing


def _check(section: Section, key: str, text: str) -> None:
    check_placeholders(section, text, section.line_of(key))
    if len(SENTENCE.findall(text)) > MOST_SENTENCES:
        section.report(f"'{key}' has more than {MOST_SENTENCES} sentences", "shorten it", key)


def _words(section: Section, owners: dict[tuple[str, ...], str]) -> Iterator[str]:
    owner = section.text("id")
    for phrase, line in section.texts_with_lines("words"):
        other = owners.setdefault(words_of(phrase), owner)
        if other != owner:
            section.report(f"'{phrase[:40]}' stands already with {other}", "keep one of the two", line)
        yield phrase


def _guards(path: Path, problems: list[Problem]) -> Guards:
    file = read(path, problems) if path.exists() else None
    if file is None:
        return Guards()
    file.only(
        *("compares", "denies", "comparing", "first", "beside_conditions", "health", "general", "never", "except"),
        *("sound_alike", "slip_from", "takes", "own", "helps"),
    )
    groups = [group.plain for group in file.items("sound_alike")]
    alike = [str(word.plain) for group in groups if isinstance(group, list) for word in group]
    return Guards(
        compares=frozenset(map(words_of, file.texts("compares"))),
        denies=frozenset(map(words_of, file.texts("denies"))),
        comparing=frozenset(file.texts("comparing")),
        first=frozenset(file.texts("first")),
        beside_conditions=frozenset(file.texts("beside_conditions")),
        health=frozenset(file.texts("health")),
        general=frozenset(file.texts("general")),
        never=frozenset(file.texts("never")),
        but=frozenset(file.texts("except")),
        sound_alike=frozenset(alike),
        slip_from=file.integer("slip_from"),
        takes=tuple(map(words_of, file.texts("takes"))),
        own=tuple(map(words_of, file.texts("own"))),
        helps=tuple(map(words_of, file.texts("helps"))),
    )
