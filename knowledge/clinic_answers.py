"""How the clinic's own facts are said (``data/clinic_answers.yml``): cases, of which the first that fits is said.

A case fits if what stands in its ``when`` is so and every placeholder in its ``say`` is known. Where none fits, the
fact is not known here, and the answer in ``data/answers/`` stands, which says so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from knowledge.clinic_values import Values
from knowledge.placeholders import BRACE, PLACEHOLDER, fill
from knowledge.problems import Problem
from knowledge.yaml import Section, read

SET, UNSET = "set", "unset"
Wanted: TypeAlias = "str | int | bool"


@dataclass(frozen=True)
class Case:
    """What is said when something is so."""

    when: Mapping[str, Wanted]
    say: str
    line: int

    def fits(self, values: Values) -> bool:
        """Whether its conditions hold and it can be filled."""
        known = set(values.text)
        return all(_is(values, name, wanted) for name, wanted in self.when.items()) and known.issuperset(
            PLACEHOLDER.findall(self.say)
        )


@dataclass(frozen=True)
class Pick:
    """A question about the clinic that is known by a word of it, and the specific answer for it."""

    words: re.Pattern[str]
    answer: str


@dataclass(frozen=True)
class ClinicAnswers:
    """The cases by specific answer ("booking.walk_ins"), and the words made of cases that they share."""

    words: Mapping[str, tuple[Case, ...]] = field(default_factory=dict)
    each: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, tuple[Case, ...]] = field(default_factory=dict)
    picks: Mapping[str, tuple[Pick, ...]] = field(default_factory=dict)

    def say(self, answer: str, values: Values) -> str | None:
        """What the clinic says to this question; None where it has not set it."""
        if answer not in self.answers:
            return None
        for name, cases in self.words.items():
            said = _first(cases, values)
            if said is not None:
                values.add(name, said)
        return _first(self.answers[answer], values)

    def pick(self, topic: str, asked: str) -> str | None:
        """The specific answer that a word of the question points to, where a topic of the clinic was found alone."""
        return next((pick.answer for pick in self.picks.get(topic, ()) if pick.words.search(asked.lower())), None)


def _first(cases: tuple[Case, ...], values: Values) -> str | None:
    for case in cases:
        if case.fits(values):
            said = " ".join(fill(case.say, values.text).split())
            return said[:1].upper() + said[1:]
    return None


def _is(values: Values, name: str, wanted: Wanted) -> bool:
    state = values.state.get(name)
    if wanted == SET:
        return state is not None and state is not False
    if wanted == UNSET:
        return state is None
    if isinstance(wanted, bool) or isinstance(state, bool):
        return state is wanted
    return state == wanted


def read_clinic_answers(path: Path, known: Collection[str], problems: list[Problem]) -> ClinicAnswers:
    """All cases; ``known`` are the specific answers that there are."""
    file = read(path, problems) if path.exists() else None
    if file is None:
        return ClinicAnswers()
    file.only("words", "each", "answers", "picks")
    answers = _cases(file, "answers")
    for name in answers:
        if name not in known:
            _optional(file, "answers").report(
                f"there is no specific answer '{name}'", "correct the name, or remove its cases here", name
            )
    picks = _optional(file, "picks")
    return ClinicAnswers(
        words=_cases(file, "words"),
        each=MappingProxyType(file.text_map("each")),
        answers=answers,
        picks=MappingProxyType({topic: tuple(_picks(picks, topic, known)) for topic in picks.values}),
    )


def _optional(file: Section, key: str) -> Section:
    return file.section(key) if key in file else Section(file.file, file.problems, {}, file.line, key)


def _cases(file: Section, key: str) -> Mapping[str, tuple[Case, ...]]:
    section = _optional(file, key)
    return MappingProxyType({name: tuple(map(_case, section.sections(name))) for name in section.values})


def _case(section: Section) -> Case:
    section.only("when", "say")
    say = section.text("say", empty=True)
    if BRACE.search(PLACEHOLDER.sub("", say)):
        section.report("the text contains braces that are no placeholder", "write {name} of a fact", "say")
    when: dict[str, Wanted] = {}
    conditions = section.section("when").values if "when" in section else {}
    for name, value in conditions.items():
        if isinstance(value.plain, (str, int, bool)):
            when[name] = value.plain
        else:
            section.report(f"the condition '{name}' is no value", "write set, unset, true, false, a number or a word")
    return Case(MappingProxyType(when), say, section.line)


def _picks(picks: Section, topic: str, known: Collection[str]) -> list[Pick]:
    found = []
    for section in picks.sections(topic):
        section.only("words", "answer")
        answer = section.text("answer")
        if answer not in known:
            section.report(f"there is no specific answer '{answer}'", "correct the name", "answer")
        words = "|".join(map(re.escape, section.texts("words")))
        found.append(Pick(re.compile(rf"(?<!\w)(?:{words})(?!\w)"), answer))
    return found
