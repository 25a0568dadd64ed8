"""The answers that are asked most in other languages than English (``data/translations/<language>.yml``), and the
wordings by which a question in that language finds its answer; in ``<language>_screening.yml`` the safety questions.

Nothing is decided here that English does not decide: sources, reviews and withdrawals are those of the English answer,
and what a safety question leads to stands in ``data/screening.yml``. What is not translated is said in English.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from knowledge.clinic import WEEKDAYS, Clinic
from knowledge.examples import normalise
from knowledge.placeholders import CLINIC, PLACEHOLDER, check_placeholders
from knowledge.problems import Problem
from knowledge.screening import LABELS, SENTENCES, WORDS, Consequence, Question, Screening
from knowledge.window import Starter
from knowledge.yaml import Section, plain_values, read

# Facts of the clinic that a translated text can name besides those that every text can.
FACTS = ("address", "hours", "price_first", "price_next", "desk_languages")
WORD = re.compile(r"[^\W\d_]+")
STEM = 5  # letters by which two forms of a word are one
ENOUGH = 0.68  # from which a question is taken for one of the wordings
COMMON, UNKNOWN = 0.1, 0.8  # weight of a common word, and of one that no wording has; a rare one has up to 1
SPOKEN = 0.6  # of the words of a message that have to be of the language for it to be in it
LEAST_WORDS, LEAST_COMMON = 3, 2
QUESTIONS = "_screening"


@dataclass(frozen=True)
class TranslatedAnswer:
    """A specific answer ("soreness.how_long") or a topic's short one ("soreness") in another language."""

    name: str
    title: str
    text: str

    @property
    def topic(self) -> str:
        """The topic that it belongs to."""
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Translation:
    """One language: what is said in it, and what people ask in it.

    ``asked`` are wordings, each with what it asks for: ``{"answer": name}`` or ``{"intent": name}``, as a button would.
    ``common`` are the language's commonest words, less those of English. ``said`` is what the engine says by itself, by
    its English words. ``facts`` are the clinic's own in that language, as far as the clinic gives them.
    """

    code: str
    english_name: str
    draft: str
    answers: Mapping[str, TranslatedAnswer]
    starters: tuple[Starter, ...]
    asked: tuple[tuple[frozenset[str], Mapping[str, str]], ...]
    common: frozenset[str]
    said: Mapping[str, str]
    facts: Mapping[str, str]
    screening: Screening | None = field(repr=False)

    def find(self, text: str, *, sure: bool) -> dict[str, str] | None:
        """What a question in this language asks for; None where no wording is near enough.

        Where it is not ``sure`` that the language is spoken, a word that only it has must stand in the question.
        """
        words = words_of(text)
        if not words or not (sure or self.common.intersection(words)):
            return None
        stems = self._stems(words)
        best = max(self.asked, key=lambda wording: self._nearness(stems, *wording), default=None)
        return dict(best[1]) if best and self._nearness(stems, *best) >= ENOUGH else None

    def is_spoken(self, text: str) -> bool:
        """Whether a message is in this language, as far as its commonest words tell."""
        words = words_of(text)
        common = sum(word in self.common for word in words)
        known = sum(word in self.common or word[:STEM] in self._weights for word in words)
        return len(words) >= LEAST_WORDS and common >= LEAST_COMMON and known >= SPOKEN * len(words)

    @cached_property
    def first_of(self) -> Mapping[str, TranslatedAnswer]:
        """By topic, the translated answer that stands for it on a button."""
        found: dict[str, TranslatedAnswer] = {}
        for answer in self.answers.values():
            found.setdefault(answer.topic, answer)
        return found

    @cached_property
    def _weights(self) -> Mapping[str, float]:
        """How much a word tells: the fewer wordings have it the more, and the commonest ones little."""
        counts = Counter(stem for wording, _ in self.asked for stem in wording)
        whole = math.log(1 + len(self.asked))
        return {
            stem: math.log(1 + len(self.asked) / count) / whole * (COMMON if stem in self._common else 1.0)
            for stem, count in counts.items()
        }

    @cached_property
    def _common(self) -> frozenset[str]:
        return self._stems(self.common)

    @cached_property
    def _words_for(self) -> Mapping[str, frozenset[str]]:
        """All words that ask for the same."""
        found: dict[str, frozenset[str]] = {}
        for wording, does in self.asked:
            found[str(does)] = found.get(str(does), frozenset()) | wording
        return found

    def _weight(self, stems: Collection[str]) -> float:
        return sum(self._weights.get(stem, COMMON if stem in self._common else UNKNOWN) for stem in stems)

    def _nearness(self, asked: frozenset[str], wording: frozenset[str], does: Mapping[str, str]) -> float:
        """How much of a wording a question has, and how much of the question is asked in other wordings of it."""
        has = self._weight(asked & wording) / self._weight(wording)
        told = self._weight(asked & self._words_for[str(does)]) / self._weight(asked)
        return 2 * has * told / (has + told) if has else 0.0

    def _stems(self, words: Collection[str]) -> frozenset[str]:
        return frozenset(word[:STEM] for word in words)


def words_of(text: str) -> list[str]:
    """The words without case and accents; what stands before an apostrophe is a word of its own."""
    return WORD.findall(normalise(text.replace("'", " ").replace("’", " ")))


def read_translations(
    folder: Path,
    names: Collection[str],
    screening: Screening | None,
    clinic: Clinic | None,
    english: Collection[str],
    problems: list[Problem],
) -> dict[str, Translation]:
    """All translations by the code of their language; ``names`` are those of all answers, ``english`` common words."""
    found: dict[str, Translation] = {}
    for path in sorted(folder.glob("*.yml")):
        file = None if path.stem.endswith(QUESTIONS) else read(path, problems)
        if file is not None and clinic is not None:
            asked = path.with_stem(path.stem + QUESTIONS)
            questions = read(asked, problems) if screening and asked.exists() else None
            translated = _screening(questions, screening) if questions and screening else None
            found[path.stem] = _translation(file, path, names, translated, clinic, english)
    return found


def _translation(
    file: Section,
    path: Path,
    names: Collection[str],
    screening: Screening | None,
    clinic: Clinic,
    english: Collection[str],
) -> Translation:
    file.only(
        "language", "name_in_english", "reviewed_by", "draft", "days", "closed", "languages", "answers", "intents",
        "starters", "said", "common",
    )  # fmt: skip
    if file.text("language") != path.stem:
        file.report(f"'language' is not {path.stem}, the name of the file", "make the two one", "language")
    facts = _facts(file, clinic)
    answers: dict[str, TranslatedAnswer] = {}
    asked: list[tuple[frozenset[str], Mapping[str, str]]] = []
    for section in file.sections("answers"):
        section.only("answer", "title", "text", "asked")
        answer = TranslatedAnswer(section.text("answer"), section.text("title"), " ".join(section.text("text").split()))
        if answer.name not in names:
            section.report(f"there is no answer '{answer.name}'", "correct the name, or remove it here", "answer")
        check_placeholders(section, answer.text, section.line_of("text"), allowed=(*CLINIC, *FACTS))
        if set(FACTS) & set(PLACEHOLDER.findall(answer.text)) <= set(
            facts
        ):  # else the English answer tells what is not set
            text = PLACEHOLDER.sub(lambda name: facts.get(name[1], name[0]), answer.text)
            answers[answer.name] = replace(answer, text=text)
            asked += _asked(section, {"answer": answer.name})
    for section in file.sections("intents"):
        section.only("intent", "asked")
        asked += _asked(section, {"intent": section.text("intent")})
    return Translation(
        code=path.stem,
        english_name=file.text("name_in_english"),
        draft=file.text("draft"),
        answers=MappingProxyType(answers),
        starters=tuple(_starters(file, answers)),
        asked=tuple(asked),
        common=frozenset(map(normalise, file.texts("common"))) - frozenset(map(normalise, english)),
        said=MappingProxyType(_said(file, path.parents[1] / "dialogue")),
        facts=MappingProxyType(facts),
        screening=screening,
    )


def _asked(section: Section, does: Mapping[str, str]) -> Iterator[tuple[frozenset[str], Mapping[str, str]]]:
    for wording in section.texts("asked"):
        yield frozenset(word[:STEM] for word in words_of(wording)), does


def _starters(file: Section, answers: Collection[str]) -> Iterator[Starter]:
    for section in file.sections("starters"):
        section.only("label", "answer", "intent")
        label = section.text("label")
        if "intent" in section:
            yield Starter(label, section.text("intent"))
        elif (name := section.text("answer")) in answers:
            yield Starter(label, "", name)


def _said(file: Section, dialogue: Path) -> dict[str, str]:
    """What the engine says by itself in the language, by its English words."""
    english = {}
    for path in sorted(dialogue.glob("*.yml")):
        for name, variants in (plain_values(path).get("responses") or {}).items():
            english[name] = " ".join(str(variants[0].get("text") or "").split())
    section = file.section("said")
    found = {}
    for name in section.values:
        check_placeholders(section, section.text(name), section.line_of(name))
        if name in english:
            found[english[name]] = " ".join(section.text(name).split())
        else:
            section.report(f"the engine has no response '{name}'", "correct the name, or remove it", name)
    return found


def _facts(file: Section, clinic: Clinic) -> dict[str, str]:
    """The clinic's facts in the language; what the clinic has not set is left out."""
    days, closed, languages = file.texts("days"), file.text("closed"), file.text_map("languages")
    fees = {fee.visit: fee.price for fee in clinic.fees}
    facts = {"address": clinic.address or "", "price_first": fees.get("first", ""), "price_next": fees.get("next", "")}
    facts["desk_languages"] = ", ".join(languages.get(name, name) for name in clinic.languages)
    if len(days) == len(WEEKDAYS) and clinic.hours:
        opened = {day: [f"{h.opens:%H:%M}-{h.closes:%H:%M}" for h in clinic.hours.get(day, ())] for day in WEEKDAYS}
        named = zip(days, WEEKDAYS, strict=True)
        facts["hours"] = ", ".join(f"{said} {' / '.join(opened[day]) or closed}" for said, day in named)
    return {name: value for name, value in facts.items() if value}


# The safety questions: the same ids, outcomes and words that count, in other texts.


def _screening(file: Section, english: Screening) -> Screening:
    file.only("outcomes", "people", "skipped", "cards", "questions", "reading", "sentences", "labels")
    outcomes, people, cards = file.section("outcomes"), file.section("people"), file.section("cards")
    given, skipped = file.section("questions"), file.text("skipped")
    questions = {
        name: _question(given.section(name), question, skipped) for name, question in english.questions.items()
    }
    titles = {name: cards.section(name) for name in (card.id for card in english.cards)}
    reading = file.section("reading")
    reading.only(*WORDS)
    more = {name: tuple(map(normalise, reading.texts(name))) for name in WORDS}
    return replace(
        english,
        outcomes={
            name: replace(outcome, title=_text(part, "title"), text=_text(part, "text"))
            for name, outcome in english.outcomes.items()
            for part in [outcomes.section(name)]
        },
        people={name: _text(people, name) for name in english.people},
        cards=tuple(
            replace(
                card,
                title=_text(titles[card.id], "title"),
                ask=_text(titles[card.id], "ask"),
                questions=tuple(questions[question.id] for question in card.questions),
            )
            for card in english.cards
        ),
        questions=questions,
        words={name: (*words, *more[name]) for name, words in english.words.items()},
        sentences=_all(file.section("sentences"), SENTENCES),
        labels=_all(file.section("labels"), dict.fromkeys(LABELS, ())),
    )


def _question(section: Section, english: Question, skipped: str) -> Question:
    section.only(
        "question", "label", "parts", "help", "why_asked", "yes", "not_sure", "again", "skipped", "advice"
    )  # fmt: skip
    label, parts = _text(section, "label"), tuple(section.texts("parts"))
    if len(parts) != len(english.parts):
        section.report(f"{english.id} has {len(english.parts)} parts, not {len(parts)}", "translate each", "parts")
        parts = english.parts
    reasons = {"skipped": skipped.replace("{label}", label)}
    for answer in ("yes", "not_sure"):
        if not english.advice:
            reasons[answer] = _text(section, answer)
    if "skipped" in section:
        reasons["skipped"] = _text(section, "skipped")
    return replace(
        english,
        question=_text(section, "question"),
        label=label,
        parts=parts,
        help=_text(section, "help"),
        why_asked=_text(section, "why_asked"),
        again=_text(section, "again") if english.again else "",
        advice=_text(section, "advice") if english.advice else "",
        answers={
            answer: Consequence(told.outcome, reasons[answer] if told.reason else "", told.talk_to)
            for answer, told in english.answers.items()
        },
    )


def _text(section: Section, key: str) -> str:
    text = " ".join(section.text(key).split())
    check_placeholders(section, text, section.line_of(key))
    return text


def _all(section: Section, expected: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    section.only(*expected)
    found = {key: " ".join(section.text(key).split()) for key in expected}
    for key, values in expected.items():
        check_placeholders(section, found[key], section.line_of(key), allowed=(*CLINIC, *values))
    return found
