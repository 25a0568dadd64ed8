"""How a typed message is read while safety questions are open, or after them: by lists of words, never by guessing.

The words are data (`reading` and `mentions` in data/screening.yml). What a message says about somebody else, or only
asks, is no answer. A "no" to one medicine is no "no" to the whole question: such a question is asked again instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from actions.sheet import Sheet
from knowledge.answers import normalise
from knowledge.screening import Answer, Question, Screening

COMMANDS = ("stop", "skip", "back", "why", "one_by_one", "how_long")
OF_THE_SCREEN = ("skip", "back", "one_by_one")  # commands that mean what is on the screen
SENTENCE = re.compile(r"[^.!?;\n]+[.!?;\n]*")
PAUSE = re.compile(r"[,.!?;:\n]+")
TURN = re.compile(r"\b(?:but|however|although|though|except)\b")
LIST = re.compile(r",|\band\b")
EITHER = re.compile(r"\bn?or\b")
LONGEST = 2000  # an answer is short; of anything longer the beginning is read


@dataclass(frozen=True)
class Reading:
    """What a message says: a command, answers, questions to ask again; and whether it also asks something.

    `took_back` are answers that correct earlier ones. `unread` says that it answers what is not on the screen any more,
    `part` that it denies one thing of a question that names several.
    """

    command: str | None = None
    answers: Mapping[str, Answer] = field(default_factory=dict)
    again: tuple[str, ...] = ()
    took_back: tuple[str, ...] = ()
    asks: bool = False
    unread: bool = False
    part: bool = False


def read(text: str, screening: Screening, sheet: Sheet, *, on_screen: bool = True) -> Reading:
    """What a message says in answer to what the sheet has asked.

    A bare yes, no, number or "skip" counts only for what was on the screen when it was typed.
    """
    words = screening.words
    text = text[:LONGEST]
    plain = normalise(text)
    asks = any(_asks(part, screening) for part in _parts(text, screening))
    for command in COMMANDS:
        if plain in words[command]:
            return _on_screen(Reading(command=command), on_screen)
    if _without_yes(plain, screening) in words["go_on"]:
        return Reading(command="go_on")
    if _begins(plain, words["why_begins"]):
        return Reading(command="why")
    if plain in words["yes"] and len(sheet.asked(screening)) > 1:
        return _on_screen(Reading(command="one_by_one"), on_screen)  # yes to which of them?
    if corrected := corrections(text, screening, sheet):
        return Reading(answers=corrected, took_back=tuple(corrected), asks=asks)
    if has(plain, words["wrong"]):
        return Reading(command="undo")
    said = mentioned(text, screening)
    asked = {question.id for question in sheet.asked(screening)}
    # A slip takes back what was said before: the question that is open now was not answered by it.
    direct = {} if has(plain, words["slip"]) else _direct(text, screening, sheet)
    denied = {name for name, answer in said.items() if answer == "no"}
    if denied - asked and set(direct.values()) == {"no"}:
        direct = {}  # that "no" belongs to what it names
    whole: dict[str, Answer] = {name: "no" for name in denied if _denies_all_of(text, screening, name)}
    again = tuple(
        name for name in denied if name not in whole and name not in direct and sheet.answers.get(name, "no") != "no"
    )
    # the worse of two answers in one message counts: "no, but I take aspirin"
    named: dict[str, Answer] = {name: answer for name, answer in said.items() if answer != "no"}
    answers = {**(direct if on_screen else {}), **whole, **named}
    part = bool(denied) and not answers and not again
    return Reading(answers=answers, again=again, asks=asks, unread=bool(direct) and not on_screen, part=part)


def corrections(text: str, screening: Screening, sheet: Sheet) -> dict[str, Answer]:
    """What a slip takes back: "I meant no", "my sister is pregnant, not me"; only answers that were given."""
    words, plain = screening.words, normalise(text[:LONGEST])
    given = {name for name, answer in sheet.answers.items() if answer in ("yes", "not_sure")}
    slip = has(plain, words["slip"])
    if (slip or has(plain, words["not_me"])) and (others := _of_others(text, screening) & given):
        return dict.fromkeys(sorted(others), "no")
    if not slip or mentioned(text, screening):
        return {}
    meant = [" ".join(clause) for part in PAUSE.split(_after_slip(text, screening)) for clause in _clauses(part)]
    if any(clause in words["no"] or clause in words["none"] for clause in meant):
        return {name: "no" for name in sheet.last if name in given}
    if len(sheet.last) == 1 and any(clause in words["yes"] for clause in meant):
        return {sheet.last[0]: "yes"}
    return {}


def has(plain: str, phrases: Iterable[str]) -> bool:
    """Whether one of the phrases stands in the words."""
    line = f" {plain.strip()} "
    return any(f" {phrase} " in line for phrase in phrases)


def _on_screen(reading: Reading, on_screen: bool) -> Reading:
    return reading if on_screen or reading.command not in OF_THE_SCREEN else Reading(unread=True)


def _after_slip(text: str, screening: Screening) -> str:
    """What comes after "sorry, I meant": that is what counts."""
    lower = text.lower().replace("\u2019", "'")
    slips = re.compile(rf"\b(?:{'|'.join(map(re.escape, screening.words['slip']))})\b")
    ends = [found.end() for found in slips.finditer(lower)]
    return lower[ends[-1] :] if ends else lower


def _of_others(text: str, screening: Screening) -> set[str]:
    """The questions that a message speaks of in somebody else's case."""
    found: set[str] = set()
    for part in _parts(text[:LONGEST], screening):
        for clause in _clauses(part):
            line = f" {' '.join(clause)} "
            if any(f" {other} " in line for other in screening.words["others"]):
                found |= {q.id for q in screening.questions.values() if has(line, q.mentions)}
    return found


def _denies_all_of(text: str, screening: Screening, name: str) -> bool:
    """Whether what is denied is all that the question asks: "not pregnant", but not "no warfarin"."""
    return name in _aged(text, screening) or has(normalise(text), screening.questions[name].whole)


def mentioned(text: str, screening: Screening) -> dict[str, Answer]:
    """What a message says about the questions in the person's own words: "I'm on Xarelto" is a yes to one of them."""
    found: dict[str, Answer] = {}
    line = normalise(text[:LONGEST])
    named = [question for question in screening.questions.values() if has(line, question.mentions)]
    seen: set[tuple[str, ...]] = set()
    for part in _parts(text[:LONGEST], screening) if named else ():
        if _asks(part, screening):
            continue
        for clause in _clauses(part):
            if tuple(clause) in seen:  # the same words over and over say nothing new
                continue
            seen.add(tuple(clause))
            for name, answer in _mentions(clause, named, screening):
                if found.get(name) != "yes":
                    found[name] = answer
    return {**found, **_aged(text, screening)}


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


def _without_yes(plain: str, screening: Screening) -> str:
    """What is said after "yes": "yeah go ahead" lets the questions come, and answers none."""
    words = plain.split()
    while words and words[0] in screening.words["yes_begins"]:
        words = words[1:]
    return " ".join(words)


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
    inside = _one_of(tuple(screening.words["asked_inside"]))
    for sentence in SENTENCE.findall(text.lower()):
        cut = found.start() if (found := inside.search(sentence)) else len(sentence)
        yield from (part for part in (sentence[:cut], sentence[cut:]) if normalise(part))


@lru_cache
def _one_of(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, phrases))})\b")


def _clauses(sentence: str) -> Iterator[list[str]]:
    """The parts of a sentence in which one "no" reaches to the end: not over a "but", nor over most commas."""
    for part in TURN.split(sentence):
        pieces = [part] if EITHER.search(part) else LIST.split(part)
        for piece in pieces:
            if words := normalise(piece).split():
                yield words


def _asks(part: str, screening: Screening) -> bool:
    return part.rstrip().endswith("?") or _begins(normalise(part), screening.words["questions"])


def _mentions(words: list[str], questions: Iterable[Question], screening: Screening) -> Iterator[tuple[str, Answer]]:
    line = f" {' '.join(words)} "
    if has(line, screening.words["others"]):
        return
    over = has(line, screening.words["past"])
    for question in questions:
        if over and not question.ever:
            continue
        for phrase in question.mentions:
            position = line.find(f" {phrase} ")
            if position >= 0:
                yield question.id, _certainty(line[: position + 1], screening)
                break


def _aged(text: str, screening: Screening) -> dict[str, Answer]:
    """The question about age and its answer, where a message tells the age: "I am 45", not "I am 30 weeks"."""
    asked = next((question for question in screening.questions.values() if question.under), None)
    spoken = normalise(text[:LONGEST]).split()
    for position, word in enumerate(spoken):
        if asked is None or not (word.isascii() and word.isdigit() and len(word) <= 3):
            continue
        before, after = " ".join(spoken[max(0, position - 2) : position]), spoken[position + 1 : position + 2]
        if has(before, screening.words["age_begins"]) and (not after or after[0] in screening.words["age_ends"]):
            return {asked.id: "yes" if int(word) < asked.under else "no"}
    return {}


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
