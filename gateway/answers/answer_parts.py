"""What an answer shows besides its text, on a page and on paper alike: review state, sources, the clinic's facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

import segno

from knowledge import Knowledge, SourceRef, SpecificAnswer, Topic
from knowledge.clinic_facts import clinic_facts

# True at one moment only; a page may stay open for days, and paper for years.
PASSING = frozenset({"open_now", "closed_now", "closed_today", "closed_for_long"})


@dataclass(frozen=True)
class Citation:
    """A source as it is shown; ``section`` and ``year`` are empty where they are not known."""

    title: str
    section: str
    year: str
    url: str | None

    def __str__(self) -> str:
        return f"{self.title}{f' ({self.year})' if self.year else ''}{f': {self.section}' if self.section else ''}"


def source_refs(topic: Topic) -> list[SourceRef]:
    """What an answer rests on, and after that what its picture rests on besides."""
    named = {ref.id for ref in topic.sources}
    shown = topic.picture.sources if topic.picture else ()
    return [*topic.sources, *(SourceRef(source, "") for source in shown if source not in named)]


def about_conditions(knowledge: Knowledge, asked: str) -> tuple[str, list[str]] | None:
    """What is known about the conditions that were asked about, and the sources of it; None if none was named."""
    conditions, body_parts = knowledge.conditions.asked_about(asked)
    if not conditions and not body_parts:
        return None
    say = knowledge.wording
    paragraphs = [say("condition_part", part=part.name) for part in body_parts]
    for condition in conditions:
        if condition.named and len(knowledge.documents) == 1:
            told = ""  # the source under the answer says it
        elif condition.named:
            told = say("condition_named", name=condition.name)
        elif condition.note:
            told = ""  # the note says that our material has nothing on it
        else:
            told = say("condition_not_named", name=condition.name)
        paragraphs.append(" ".join(part for part in (condition.note, told, condition.doctor_first) if part))
    sources = [source for condition in conditions for source in condition.sources]
    return "\n\n".join(knowledge.fill(part) for part in (*paragraphs, say("condition_next"))), sources


def citations(knowledge: Knowledge, topic: Topic) -> list[Citation]:
    """The sources of an answer, in its order."""
    return citations_of(knowledge, source_refs(topic))


def citations_of(knowledge: Knowledge, refs: Sequence[SourceRef]) -> list[Citation]:
    """These sources as they are shown."""
    found = ((knowledge.sources[ref.id], ref.section) for ref in refs)
    return [Citation(source.title, section, str(source.year or ""), source.url) for source, section in found]


def review_state(knowledge: Knowledge, topic: Topic | SpecificAnswer) -> str:
    """Who has reviewed the answer, or that nobody has, and when it is due."""
    until = long_date(topic.review_by)
    if topic.reviewed is None:
        return knowledge.wording("not_reviewed", until=until)
    return knowledge.wording("reviewed", name=topic.reviewer, date=long_date(topic.reviewed), until=until)


def lasting_facts(knowledge: Knowledge, topic: Topic, now: datetime) -> list[str]:
    """The clinic's own facts that belong to a topic, as far as they are true tomorrow too."""

    def say(key: str, **values: object) -> str:
        return "" if key in PASSING else knowledge.wording(key, **values)

    return [fact for fact in clinic_facts(knowledge.clinic, say, topic.name, now) if fact]


@dataclass(frozen=True)
class AnswerPart:
    """A paragraph of a longer text (`text`), or points of a list that follow each other (`points`)."""

    text: str = ""
    points: tuple[str, ...] = ()


def parts(text: str) -> list[AnswerPart]:
    """The paragraphs and lists of a longer text; a paragraph that begins with "- " is a point of a list."""
    found = []
    for is_point, paragraphs in groupby(text.split("\n\n"), key=lambda paragraph: paragraph.startswith("- ")):
        if is_point:
            found.append(AnswerPart(points=tuple(point[2:] for point in paragraphs)))
        else:
            found += [AnswerPart(text=paragraph) for paragraph in paragraphs]
    return found


def long_date(day: date) -> str:
    """A date as people in Canada write it: May 21, 2027."""
    return f"{day:%B} {day.day}, {day.year}"


def qr_code(address: str) -> segno.QRCode:
    """The address as a code for phones; it still reads with a seventh of it worn off."""
    return segno.make_qr(address, error="m")
