"""How a typed message is read while safety questions are open, or after them: by lists of words, never by guessing.

The words are data (`reading` and `mentions` in data/screening.yml). What a message says about somebody else, or only
asks, is no answer. A "no" to one medicine is no "no" to the whole question: such a question is asked again instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from actions.sheet import Sheet
from knowledge.answers import normalise
from knowledge.screening import Answer, Screening

COMMANDS = ("stop", "skip", "back", "why", "one_by_one")
SENTENCE = re.compile(r"[^.!?;\n]+[.!?;\n]*")
PAUSE = re.compile(r"[,.!?;:\n]+")
TURN = re.compile(r"\b(?:but|however|although|though|except)\b")
LIST = re.compile(r",|\band\b")
EITHER = re.compile(r"\bn?or\b")
LONGEST = 2000  # an answer is short; of anything longer the beginning is read


@dataclass(frozen=True)
class Reading:
    """What a message says: a command, answers, questions to ask again; and whether it also asks something."""

    command: str | None = None
    answers: Mapping[str, Answer] = field(default_factory=dict)
    again: tuple[str, ...] = ()
    asks: bool = False


def read(text: str, screening: Screening, sheet: Sheet) -> Reading:
    """What a message says in answer to what the sheet has asked."""
    words = screening.words
    text = text[:LONGEST]
    plain = normalise(text)
    asks = any(_asks(part, screening) for part in _parts(text, screening))
    for command in COMMANDS:
        if plain in words[command]:
            return Reading(command=command)
    if _begins(plain, words["why_begins"]):
        return Reading(command="why")
    if plain in words["yes"] and len(sheet.asked(screening)) > 1:
        return Reading(command="one_by_one")  # yes to which of them?
    said = mentioned(text, screening)
    direct = _direct(text, screening, sheet)
    again = tuple(
        name for name, answer in said.items() if answer == "no" and name in sheet.answers and name not in direct
    )
    # the worse of two answers in one message counts: "no, but I take aspirin"
    answers = {**direct, **{name: answer for name, answer in said.items() if answer != "no"}}
    return Reading(answers=answers, again=again, asks=asks)


def mentioned(text: str, screening: Screening) -> dict[str, Answer]:
    """What a message says about the questions in the person's own words: "I'm on Xarelto" is a yes to one of them."""
    found: dict[str, Answer] = {}
    for part in _parts(text[:LONGEST], screening):
        if _asks(part, screening):
            continue
        for clause in _clauses(part):
            for name, answer in _mentions(clause, screening):
                if found.get(name) != "yes":
                    found[name] = answer
    return found


def _direct(text: str, screening: Screening, sheet: Sheet) -> dict[str, Answer]:
    """Yes, no, not sure, none, or numbers: what only makes sense as an answer to what was asked last."""
    words = screening.words
    asked = [question.id for question in sheet.asked(screening)]
    open_ones = [name for name in asked if name not in sheet.answers] or asked
    clauses = [" ".join(clause) for part in PAUSE.split(text.lower()) for clause in _clauses(part)]
    if len(asked) == 1 and (answer := _yes_or_no(clauses, screening)):
        return {asked[0]: answer}
    if any(clause in words["not_sure"] for clause in clauses):
        return dict.fromkeys(open_ones, "not_sure")
    if any(clause in words["none"] for clause in clauses):
        return dict.fromkeys(open_ones, "no")
    if sheet.at not in screening.questions and (chosen := _chosen(normalise(text), screening, sheet)):
        rest: dict[str, Answer] = dict.fromkeys(asked, "no")
        return {**rest, **dict.fromkeys(chosen, "yes")}
    return {}


def _yes_or_no(clauses: list[str], screening: Screening) -> Answer | None:
    """The answer to one question. A "no" has to stand by itself, unlike "I don't understand" or "I don't take aspirin".

    Of several answers in one message the one that calls for more care counts.
    """
    words = screening.words
    if any(clause in words["yes"] or _begins(clause, words["yes_begins"]) for clause in clauses):
        return "yes"
    if any(_begins(clause, words["not_sure"]) for clause in clauses):
        return "not_sure"
    if any(clause in words["no"] or clause in words["none"] for clause in clauses):
        return "no"
    return None


def _chosen(plain: str, screening: Screening, sheet: Sheet) -> list[str]:
    """The questions of a card that a message names by number ("1 and 3") or by the whole label."""
    items = [item for question in sheet.asked(screening) for item in question.items]
    words = [word for word in plain.split() if word not in ("and", "number", "the")]
    if words and all(word.isdecimal() and 1 <= int(word) <= len(items) for word in words):
        return [items[int(word) - 1][0].partition(".")[0] for word in words]
    return [name.partition(".")[0] for name, label in items if normalise(label) == plain]


def _begins(plain: str, phrases: Iterable[str]) -> bool:
    return any(f"{plain} ".startswith(f"{phrase} ") for phrase in phrases)


def _parts(text: str, screening: Screening) -> Iterator[str]:
    """The sentences, cut where a question begins inside one: "I take warfarin, | is that ok?"."""
    inside = re.compile(rf"\b(?:{'|'.join(map(re.escape, screening.words['asked_inside']))})\b")
    for sentence in SENTENCE.findall(text.lower()):
        cut = found.start() if (found := inside.search(sentence)) else len(sentence)
        yield from (part for part in (sentence[:cut], sentence[cut:]) if normalise(part))


def _clauses(sentence: str) -> Iterator[list[str]]:
    """The parts of a sentence in which one "no" reaches to the end: not over a "but", nor over most commas."""
    for part in TURN.split(sentence):
        pieces = [part] if EITHER.search(part) else LIST.split(part)
        for piece in pieces:
            if words := normalise(piece).split():
                yield words


def _asks(part: str, screening: Screening) -> bool:
    return part.rstrip().endswith("?") or _begins(normalise(part), screening.words["questions"])


def _mentions(words: list[str], screening: Screening) -> Iterator[tuple[str, Answer]]:
    line = f" {' '.join(words)} "
    if any(f" {other} " in line for kind in ("others", "past") for other in screening.words[kind]):
        return
    for question in screening.questions.values():
        for phrase in question.mentions:
            position = line.find(f" {phrase} ")
            if position >= 0:
                yield question.id, _certainty(line[: position + 1], screening)
                break


def _certainty(before: str, screening: Screening) -> Answer:
    """Whether what stands before a mention denies it, doubts it, or does neither."""
    if any(f" {doubt} " in before for doubt in screening.words["doubts"]):
        return "not_sure"
    # a new "I" begins a new statement: "I don't smoke I take warfarin"
    spoken = before.split()
    for position in range(len(spoken) - 1, 0, -1):
        if spoken[position] in screening.words["subjects"]:
            spoken = spoken[position:]
            break
    near = f" {' '.join(spoken)} "
    return "no" if any(f" {negation} " in near for negation in screening.words["negations"]) else "yes"
