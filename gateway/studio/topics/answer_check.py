"""What can be said about an answer while it is written: how long, how hard to read, what it promises, what it lacks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from gateway.studio.errors import StudioError
from gateway.studio.topics.form import PARTS, Form
from gateway.studio.topics.topic_file import TAG, TopicFile, day
from knowledge import Knowledge, Topic
from knowledge.check import CheckFinding, of_topic
from knowledge.placeholders import BRACE, CLINIC, PLACEHOLDER
from knowledge.standards import TextStandard

FIELDS = {f"'{part}'": f"the {name}" for part, name in PARTS.items()}


@dataclass(frozen=True)
class Measured:
    """A figure of a text beside the most that it may be."""

    name: str
    value: float
    most: int

    @property
    def good(self) -> bool:
        return self.value <= self.most


@dataclass(frozen=True)
class Checked:
    """The figures of both texts, and what must be fixed."""

    short: tuple[Measured, ...]
    more: tuple[Measured, ...]
    findings: tuple[CheckFinding, ...]


def checked(knowledge: Knowledge, form: Form, file: TopicFile | None, today: date) -> Checked:
    """Look at an answer as it stands in the form; `file` knows the claims that it states."""
    topic = _topic(form, file, today)
    found = [*_unusable(form)]
    if not any(finding.part in ("short", "more") for finding in found):
        found += of_topic(knowledge, topic, today)
    return Checked(
        _measured(knowledge, topic.short, knowledge.standards.short),
        _measured(knowledge, topic.more, knowledge.standards.more),
        tuple(CheckFinding(each.part, _in_words(each.message), _in_words(each.remedy)) for each in found),
    )


def filled(knowledge: Knowledge, text: str) -> str:
    """The text with the clinic's facts, as far as its placeholders are known."""
    return PLACEHOLDER.sub(lambda found: knowledge.fill(found[0]) if found[1] in CLINIC else found[0], text)


def _topic(form: Form, file: TopicFile | None, today: date) -> Topic:
    """The answer as a topic, which it need not be yet."""
    try:
        review_by = day(form.review_by)
    except StudioError:
        review_by = today + timedelta(days=1)
    return Topic(
        name="",
        title=form.title,
        short=form.short,
        more=form.more,
        kind="answer",
        sources=form.sources,
        claims=file.claims if file else {},
        more_claims=file.more_claims if file else (),
        see_also=form.see_also,
        reviewer="",
        reviewed=None,
        review_by=review_by,
        examples=form.examples,
        file=Path(),
        version="",
        picture=None,
        lines={},
    )


def _unusable(form: Form) -> list[CheckFinding]:
    """What keeps an answer from being saved as a topic's."""
    known = ", ".join(f"{{{name}}}" for name in CLINIC)
    found = []
    for part in ("title", "short", "more"):
        text = getattr(form, part)
        if not text:
            found.append(CheckFinding(part, f"the {PARTS[part]} is empty", "write it"))
        if TAG.search(text):
            found.append(CheckFinding(part, "the text contains HTML", "write it as plain text"))
        for name in PLACEHOLDER.findall(text):
            if name not in CLINIC:
                found.append(CheckFinding(part, f"{{{name}}} is not a fact that the clinic has", f"use {known}"))
        if BRACE.search(PLACEHOLDER.sub("", text)):
            found.append(CheckFinding(part, "the text contains braces", f"use them for {known} alone"))
    if not form.review_by:
        found.append(CheckFinding("review_by", "there is no review-by date", "say until when it may be shown"))
    return found


def _measured(knowledge: Knowledge, text: str, standard: TextStandard) -> tuple[Measured, ...]:
    reading = knowledge.readability.measure(filled(knowledge, text))
    return (
        Measured("words", reading.words, standard.words),
        Measured("school grade", max(0.0, round(reading.grade, 1)), standard.grade),
        Measured("words in the longest sentence", reading.longest_words, standard.sentence_words),
    )


def _in_words(sentence: str) -> str:
    """A sentence of the check, for somebody who does not know the names in the files."""
    for field, name in FIELDS.items():
        sentence = sentence.replace(field, name)
    return sentence
