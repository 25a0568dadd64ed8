"""What patients read of the clinic's facts, and what of that a change makes different."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from knowledge import Clinic, Knowledge

SHOWN = ("hours_location", "cost", "practitioner", "insurance")  # topics whose facts are always said


@dataclass(frozen=True)
class Reading:
    """A question of patients, and what is answered before a change and after it."""

    question: str
    before: str
    after: str


def readings(knowledge: Knowledge, before: Clinic, after: Clinic, now: datetime) -> list[Reading]:
    """Every answer about the clinic that a change makes different, as it is given now."""
    old, new = (_said(replace(knowledge, clinic=clinic), now) for clinic in (before, after))
    titles = dict(_titles(knowledge))
    return [
        Reading(titles.get(name, name), old.get(name, ""), new.get(name, ""))
        for name in dict.fromkeys([*old, *new])
        if old.get(name, "") != new.get(name, "")
    ]


def examples(knowledge: Knowledge, clinic: Clinic, now: datetime) -> list[Reading]:
    """What is said first of all about the clinic, as it is given now."""
    told = replace(knowledge, clinic=clinic)
    known = [name for name in SHOWN if name in knowledge.topics]
    return [Reading(knowledge.topics[name].title, "", _general(told, name, now)) for name in known]


def _said(knowledge: Knowledge, now: datetime) -> dict[str, str]:
    general = {name: _general(knowledge, name, now) for name in knowledge.topics}
    return {**general, **knowledge.clinic_says_all(now)}


def _general(knowledge: Knowledge, topic: str, now: datetime) -> str:
    return " ".join([*knowledge.clinic_facts(topic, now), knowledge.fill(knowledge.topics[topic].short)])


def _titles(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    for topic in knowledge.topics.values():
        yield topic.name, topic.title
        for answer in topic.answers.values():
            yield answer.name, answer.title
