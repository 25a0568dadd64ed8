"""The safety questions (``data/screening.yml``): what is asked, what each answer leads to, and why.

The worst answer decides. "Not sure", skipped and open questions never lead to the best outcome, an outcome that ends
the questions stands alone, and every answer that counts is named as a reason, together with the person to talk to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from knowledge.placeholders import CLINIC, check_placeholders
from knowledge.problems import KnowledgeError, Problem
from knowledge.sources import read_sources
from knowledge.yaml import Section, read

Answer = Literal["yes", "no", "not_sure", "skipped"]
Answers = Mapping[str, Answer]

# The sentences that the dialogue says, and what it fills in besides the clinic's facts.
SENTENCES: Mapping[str, tuple[str, ...]] = {
    "start": ("kept", "cards", "minutes"),
    "kept": (),
    "card": ("number", "of", "title", "ask"),
    "card_how": (),
    "card_noted": ("labels",),
    "question": ("number", "of", "question"),
    "question_how": (),
    "one_by_one": (),
    "how_long": ("cards", "minutes"),
    "still_open": ("number", "of", "title"),
    "ticked": ("labels",),
    "noted_no": ("labels",),
    "took_back": ("labels", "answer"),
    "moved_on": (),
    "part_no": (),
    "already": ("labels",),
    "alarm_slip": (),
    "standing": ("title",),
    "sent_before": (),
    "why": ("why",),
    "skipped": (),
    "not_read": (),
    "noted": ("labels",),
    "first": (),
    "stopped": (),
    "nothing_open": (),
    "talk_to": ("person",),
    "reasons": (),
    "also": (),
    "alarmed": (),
    "result_end": ("kept",),
    "result_next": (),
    "renewed": (),
    "mentioned": ("reasons",),
    "change_which": (),
    "sent": (),
    "nothing_to_send": (),
    "sheet": (),
    "sheet_line": ("label", "answer"),
}
LABELS = (
    "start", "none", "not_sure", "skip", "done", "back", "stop", "why", "yes", "no", "skipped", "print", "send",
    "change", "again",
)  # fmt: skip
WORDS = (
    "yes", "yes_begins", "no", "none", "not_sure", "skip", "stop", "back", "why", "why_begins", "one_by_one",
    "go_on", "wrong", "slip", "not_me", "how_long", "age_begins", "age_ends",
    "negations", "doubts", "others", "past", "subjects", "questions", "asked_inside",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What the answers lead to. ``ends`` stops the questions; ``beside`` is shown next to a worse outcome too."""

    id: str
    title: str
    text: str
    ends: bool
    beside: bool


@dataclass(frozen=True)
class Consequence:
    """What one answer to one question leads to, the reason in words, and whom to talk to."""

    outcome: str
    reason: str
    talk_to: str


@dataclass(frozen=True)
class Question:
    """One safety question. On a card it stands as ``label``, or as its ``parts`` where it names several things."""

    id: str
    card: str
    question: str
    label: str
    parts: tuple[str, ...]
    help: str
    why_asked: str
    answers: Mapping[str, Consequence]
    mentions: tuple[str, ...]
    whole: tuple[str, ...]  # of the mentions: denying one of these answers the whole question with no
    ever: bool  # also what is long over counts
    again: str  # what is asked once more where an answer is not sure, instead of ending the questions
    advice: str  # what is said with any result; then a yes leads to no outcome
    under: int  # the age below which a yes is meant; 0: the question is not about age
    sources: tuple[str, ...]
    line: int = field(repr=False, compare=False)

    @property
    def items(self) -> tuple[tuple[str, str], ...]:
        """What can be ticked, as id and label: the question itself, or its parts as ``Q00.1``, ``Q00.2``."""
        if not self.parts:
            return ((self.id, self.label),)
        return tuple((f"{self.id}.{number}", part) for number, part in enumerate(self.parts, start=1))


@dataclass(frozen=True)
class Card:
    """Questions that are asked together, as a list to tick."""

    id: str
    title: str
    ask: str
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Reason:
    """One answer that counts."""

    question: str
    answer: str
    outcome: str
    text: str
    talk_to: str


@dataclass(frozen=True)
class Result:
    """What all answers together lead to: the outcomes from the worst, and every reason from the worst."""

    outcomes: tuple[str, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Screening:
    """The questions with everything that is said about them; it never changes once loaded."""

    file: str
    reviewer: str
    reviewed: date | None
    review_by: date | None
    minutes: int  # that the questions take
    offered_by: tuple[str, ...]
    outcomes: Mapping[str, Outcome]
    people: Mapping[str, str]
    cards: tuple[Card, ...]
    questions: Mapping[str, Question]
    words: Mapping[str, tuple[str, ...]]
    sentences: Mapping[str, str]
    labels: Mapping[str, str]

    @classmethod
    def load(cls, data: Path) -> Screening:
        """Reads ``data/screening.yml``; raises KnowledgeError with everything that is wrong."""
        problems: list[Problem] = []
        screening = read_screening(data / "screening.yml", read_sources(data / "sources.yml", problems), problems)
        if screening is None or problems:
            raise KnowledgeError(problems)
        return screening

    @property
    def best(self) -> str:
        """The outcome of answers that hold nothing to report."""
        return list(self.outcomes)[-1]

    def outcome(self, answers: Answers) -> Result:
        """What the answers lead to; a question without an answer counts as skipped."""
        reasons = sorted(self._reasons(answers), key=lambda reason: self._rank(reason.outcome))
        if not reasons:
            return Result((self.best,), ())
        worst = reasons[0].outcome
        if self.outcomes[worst].ends:
            return Result((worst,), tuple(reason for reason in reasons if reason.outcome == worst))
        beside = dict.fromkeys(reason.outcome for reason in reasons if self.outcomes[reason.outcome].beside)
        return Result(tuple(dict.fromkeys((worst, *beside))), tuple(reasons))

    def advised(self, answers: Answers) -> list[Question]:
        """The questions whose answer leads to advice and nothing else."""
        return [q for q in self.questions.values() if q.advice and answers.get(q.id) in ("yes", "not_sure")]

    def ended_by(self, answers: Answers) -> str | None:
        """The outcome that ends the questions at once, if one of the answers given so far leads to it."""
        given = [self.questions[name].answers[answer].outcome for name, answer in answers.items()]
        return min((name for name in given if self.outcomes[name].ends), key=self._rank, default=None)

    def card_of(self, name: str) -> Card:
        """The card of this id, or the one that holds the question of this id; KeyError if there is none."""
        for card in self.cards:
            if name == card.id or any(question.id == name for question in card.questions):
                return card
        raise KeyError(name)

    def _reasons(self, answers: Answers) -> Iterator[Reason]:
        for question in self.questions.values():
            answer = answers.get(question.id, "skipped")
            consequence = question.answers[answer]
            if consequence.outcome != self.best:
                person = self.people[consequence.talk_to]
                yield Reason(question.id, answer, consequence.outcome, consequence.reason, person)

    def _rank(self, outcome: str) -> int:
        return list(self.outcomes).index(outcome)


def read_screening(path: Path, sources: Collection[str], problems: list[Problem]) -> Screening | None:
    """The safety questions, as far as they can be read; what is wrong with them is noted."""
    file = read(path, problems)
    if file is None:
        return None
    file.only(
        "reviewer", "reviewed", "review_by", "minutes", "offered_by", "outcomes", "people", "skipped", "cards",
        "questions", "reading", "sentences", "labels",
    )  # fmt: skip
    before = len(problems)
    outcomes = {outcome.id: outcome for outcome in map(_outcome, file.sections("outcomes"))}
    if len(outcomes) < 2:
        file.report("there are fewer than two outcomes", "list them from worst to best", file.line_of("outcomes"))
        return None
    people = _checked(file.section("people"), dict.fromkeys(file.section("people").values, ()))
    best = list(outcomes)[-1]
    skipped = _consequence(file, "skipped", outcomes, people, ("label",))
    if skipped.outcome == best:
        file.report("a skipped question leads to the best outcome", "choose a worse one", file.line_of("skipped"))
    questions: dict[str, Question] = {}
    for section in file.sections("questions"):
        question = _question(section, outcomes, people, best, skipped, sources)
        if question.id in questions:
            section.report(f"the question {question.id} stands twice", "give it its own id", section.line)
        questions[question.id] = question
    cards = tuple(_card(section, questions) for section in file.sections("cards"))
    _every_question_has_a_card(file, cards, questions)
    words = file.section("reading")
    words.only(*WORDS)
    screening = Screening(
        file=file.file,
        reviewer=file.text("reviewer", empty=True).strip(),
        reviewed=file.date("reviewed", empty=True),
        review_by=file.date("review_by"),
        minutes=file.integer("minutes"),
        offered_by=tuple(file.texts("offered_by")),
        outcomes=MappingProxyType(outcomes),
        people=MappingProxyType(people),
        cards=cards,
        # in the order of the cards, so that one by one asks in the same order
        questions=MappingProxyType({question.id: question for card in cards for question in card.questions}),
        words=MappingProxyType({name: tuple(words.texts(name)) for name in WORDS}),
        sentences=MappingProxyType(_checked(file.section("sentences"), SENTENCES)),
        labels=MappingProxyType(_checked(file.section("labels"), dict.fromkeys(LABELS, ()), clinic=())),
    )
    return screening if len(problems) == before else None


def texts(screening: Screening) -> Iterator[tuple[int, str]]:
    """Everything that a patient reads, with the line where it stands or begins: for checking how it reads."""
    for outcome in screening.outcomes.values():
        yield 1, outcome.text
    for question in screening.questions.values():
        yield question.line, question.question
        yield question.line, question.why_asked
        yield question.line, question.help
        for text in (question.again, question.advice):
            if text:
                yield question.line, text
        for consequence in question.answers.values():
            if consequence.reason:
                yield question.line, consequence.reason
    for sentence in screening.sentences.values():
        yield 1, sentence


def _outcome(section: Section) -> Outcome:
    section.only("id", "title", "text", "ends", "beside")
    outcome = Outcome(
        id=section.text("id"),
        title=section.text("title"),
        text=_line(section.text("text")),
        ends="ends" in section and section.boolean("ends"),
        beside="beside" in section and section.boolean("beside"),
    )
    check_placeholders(section, outcome.text, section.line_of("text"))
    return outcome


def _question(
    section: Section,
    outcomes: Mapping[str, Outcome],
    people: Mapping[str, str],
    best: str,
    skipped: Consequence,
    sources: Collection[str],
) -> Question:
    section.only(
        "id", "card", "question", "label", "parts", "help", "why_asked", "yes", "not_sure", "skipped", "mentions",
        "whole", "ever", "again", "advice", "under", "sources",
    )  # fmt: skip
    label = section.text("label")
    nothing = Consequence(best, "", "")
    answers = {"no": nothing}
    advice = _line(section.optional_text("advice") or "")
    for answer in ("yes", "not_sure"):
        answers[answer] = nothing if advice else _consequence(section, answer, outcomes, people)
    if advice:
        answers["skipped"] = nothing
    elif "skipped" in section:
        answers["skipped"] = _consequence(section, "skipped", outcomes, people)
    else:
        answers["skipped"] = Consequence(skipped.outcome, skipped.reason.replace("{label}", label), skipped.talk_to)
    for answer in ("yes", "not_sure", "skipped"):
        if answers[answer].outcome == best and not advice:
            section.report(
                f"the answer '{answer}' leads to the best outcome", "choose a worse one", section.line_of(answer)
            )
    for source, line in section.texts_with_lines("sources"):
        if source not in sources:
            section.report(f"the source '{source}' is unknown", "add it to data/sources.yml", line)
    if not section.texts("sources"):
        section.report("the question names no source", "say what it rests on")
    return Question(
        id=section.text("id"),
        card=section.text("card"),
        question=_line(section.text("question")),
        label=label,
        parts=tuple(section.texts("parts")),
        help=_line(section.text("help")),
        why_asked=_line(section.text("why_asked")),
        answers=MappingProxyType(answers),
        mentions=tuple(section.texts("mentions")),
        whole=tuple(section.texts("whole")),
        ever="ever" in section and section.boolean("ever"),
        again=_line(section.optional_text("again") or ""),
        advice=advice,
        under=section.integer("under") if "under" in section else 0,
        sources=tuple(section.texts("sources")),
        line=section.line,
    )


def _consequence(
    parent: Section, key: str, outcomes: Mapping[str, Outcome], people: Mapping[str, str], values: tuple[str, ...] = ()
) -> Consequence:
    section = parent.section(key)
    section.only("outcome", "reason", "talk_to")
    found = Consequence(section.text("outcome"), section.text("reason"), section.text("talk_to"))
    if found.outcome and found.outcome not in outcomes:
        section.report(f"the outcome '{found.outcome}' is unknown", f"use one of {', '.join(outcomes)}")
    if found.talk_to and found.talk_to not in people:
        section.report(f"the person '{found.talk_to}' is unknown", f"use one of {', '.join(people)}")
    check_placeholders(section, found.reason, section.line_of("reason"), allowed=(*CLINIC, *values))
    return found


def _card(section: Section, questions: Mapping[str, Question]) -> Card:
    section.only("id", "title", "ask")
    name = section.text("id")
    own = tuple(question for question in questions.values() if question.card == name)
    if not own:
        section.report(f"the card '{name}' has no question", "give it one, or remove it")
    return Card(name, section.text("title"), section.text("ask"), own)


def _every_question_has_a_card(file: Section, cards: tuple[Card, ...], questions: Mapping[str, Question]) -> None:
    known = [card.id for card in cards]
    for question in questions.values():
        if question.card not in known:
            file.report(
                f"the card '{question.card}' of {question.id} is unknown",
                f"use one of {', '.join(known)}",
                question.line,
            )
    for name in sorted({name for name in known if known.count(name) > 1} | set(known) & set(questions)):
        file.report(f"the id '{name}' is used twice", "give each card and question its own", file.line_of("cards"))


def _checked(
    section: Section, expected: Mapping[str, tuple[str, ...]], clinic: tuple[str, ...] = CLINIC
) -> dict[str, str]:
    section.only(*expected)
    found = {}
    for key, values in expected.items():
        found[key] = _line(section.text(key))
        check_placeholders(section, found[key], section.line_of(key), allowed=(*clinic, *values))
    return found


def _line(text: str) -> str:
    return " ".join(text.split())
