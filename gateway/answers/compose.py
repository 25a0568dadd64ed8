"""What is said of the things that a question names: in place of the topic's text, before it, or after a sure answer.

A line is left out where the answer says it already, where something graver is named beside it, and where the clinic's
own fact is the answer.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from knowledge import Knowledge, SpecificAnswer
from knowledge.things import Found, Guards, holds, words_of

MOST = 2  # things that are named back
BARE = 3  # words of a message that may be nothing but a name


@dataclass(frozen=True)
class Composed:
    """A reply's text, the names of the things in it, and the sources of what is said of them."""

    text: str
    things: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def compose(
    knowledge: Knowledge,
    asked: str,
    topic: str,
    text: str,
    answer: SpecificAnswer | None = None,
    *,
    keep: bool = False,
    told: Collection[str] = (),
) -> Composed:
    """The text of an answer with what is known of the things that were named.

    `keep` keeps the topic's own text too: it speaks of the conditions that were named. The things that are `told` of in
    a reply before it are not spoken of once more.
    """
    spoken_of = _spoken_of(knowledge, asked, topic, answer, conditions=keep)
    found = [one for one in spoken_of if one.thing.name not in told]
    things = [one.thing for one in found]
    if not things:
        name = None if spoken_of else _unknown(knowledge, asked, topic)
        return Composed(f"{knowledge.wording('thing_unknown', name=name)}\n\n{text}" if name else text)
    lines = _lines(knowledge, found, topic)
    if answer or keep:
        lines.insert(0, text)  # it answers the question; what else is known of the thing comes after
    elif not all(topic in thing.topics for thing in things):
        lines.append(text)
    sources = dict.fromkeys(source for thing in things for source in thing.sources)
    return Composed("\n\n".join(lines), tuple(thing.name for thing in things), tuple(sources))


def home_of(knowledge: Knowledge, asked: str, offered: tuple[str, ...]) -> str | None:
    """The topic to answer with where nothing but the name of a thing was understood ("eliquis?", "i have lupus").

    A question about it that names neither oneself nor the treatment ("do you rent crutches") is not ours.
    """
    guards = knowledge.things.guards
    words = words_of(asked)
    bare = len(words) <= BARE
    if not bare and not any(holds(words, own) for own in guards.own):
        return None
    for found in knowledge.things.find(asked):
        thing = found.thing
        if found.compared:
            continue
        if thing.kind in guards.health or bare:
            topics = [topic for topic in (*offered, thing.home) if topic in thing.topics and topic not in guards.never]
            if topics and topics[0] in knowledge.topics:
                return topics[0]
    return None


def unknown_problem(knowledge: Knowledge, asked: str) -> str | None:
    """What somebody wants help with, where it is no word that we know."""
    return knowledge.things.unknown(asked, knowledge.things.guards.helps)


def _lines(knowledge: Knowledge, found: list[Found], topic: str) -> list[str]:
    """What is said of each thing; of one that the same is said of, that it is so."""
    lines: list[str] = []
    said: dict[str, int] = {}
    for one in found:
        short = one.thing.name.partition(" (")[0]
        line = one.thing.says(topic)
        nameless = line.lower().replace(short.lower(), "")
        if (place := said.setdefault(nameless, len(lines))) < len(lines):
            lines[place] += f" {knowledge.wording('thing_same', name=short)}"
        else:
            lines.append(knowledge.fill(one.says(topic)))
    return lines


def _spoken_of(
    knowledge: Knowledge, asked: str, topic: str, answer: SpecificAnswer | None, *, conditions: bool
) -> list[Found]:
    """The things of a question that something is said of, each once.

    Where the text speaks of the conditions that were named, only what comes before all else is said besides.
    """
    guards = knowledge.things.guards
    if answer and answer.name in knowledge.clinic_answers.answers:
        return []
    found = knowledge.things.find(asked)
    grave = topic in guards.first or _grave(knowledge, asked, found)
    may = [
        one
        for one in found
        if _may(guards, one, topic)
        and (one.thing.kind in guards.health or not grave)
        and not _named(answer, one)
        and not (conditions and (one.thing.home not in guards.beside_conditions or _a_condition(knowledge, one)))
    ]
    if answer:  # what is no matter of health is named once beside it
        others = [one for one in may if one.thing.kind not in guards.health]
        may = [one for one in may if one not in others[1:]]
    return may[:MOST]


def _a_condition(knowledge: Knowledge, found: Found) -> bool:
    """Whether it is a condition of the lexicon under another name."""
    return any(mention.kind == "condition" for mention in knowledge.conditions.find(found.typed))


def _may(guards: Guards, found: Found, topic: str) -> bool:
    thing = found.thing
    if found.compared:
        return topic in thing.topics and topic in guards.comparing
    if topic in thing.topics:
        return topic not in guards.never or thing.kind in guards.but
    return thing.kind in guards.general and topic not in guards.never


def _grave(knowledge: Knowledge, asked: str, found: list[Found]) -> bool:
    """Whether something is named that comes before all else: pregnancy, a blood thinner, an implant, a child."""
    guards = knowledge.things.guards
    if any(one.thing.kind in guards.health and one.thing.home in guards.first for one in found):
        return True
    line = f" {' '.join(words_of(asked))} "
    return any(words in line for words in knowledge.safety_lines)


def _named(answer: SpecificAnswer | None, found: Found) -> bool:
    """Whether the answer is about this thing itself."""
    if answer is None:
        return False
    line = f" {' '.join(words_of(f'{answer.title} {answer.text}'))} "
    return any(f" {' '.join(words_of(name))} " in line for name in (found.typed, found.thing.name))


def _unknown(knowledge: Knowledge, asked: str, topic: str) -> str | None:
    """What somebody takes that no source and no word of ours knows."""
    guards = knowledge.things.guards
    return None if topic in guards.never else knowledge.things.unknown(asked, guards.takes)
