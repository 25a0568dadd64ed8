"""How each answer does, week by week: counted in the chats that are kept, and added up before a chat goes.

A sum holds an answer's name, a week and numbers. Nothing in it leads back to a chat.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from gateway.storage.adding import add, batches
from gateway.storage.tables import answer_sums, conversations, events, handoffs

NAME = 130  # characters of a name, as the table holds them
ASKED = ("asked", "screening")  # reasons of a handoff that the patient took


@dataclass(frozen=True)
class AnswerCounts:
    """How often an answer was given, rated helpful or not helpful, and followed by a wish for a person."""

    given: int = 0
    helpful: int = 0
    not_helpful: int = 0
    handed_over: int = 0

    def __add__(self, other: AnswerCounts) -> AnswerCounts:
        return AnswerCounts(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


AnswersByWeek = dict[tuple[date, str], AnswerCounts]  # by the Monday of the week, and the answer's name


def fold(connection: Connection, chats: Sequence[str]) -> None:
    """Add what these chats hold to the sums. In the transaction that deletes them, so that nothing counts twice."""
    found = _counted(connection, chats)
    rows = [{"week": week, "answer": answer, **vars(counts)} for (week, answer), counts in found.items()]
    add(connection, answer_sums, rows)


def since(connection: Connection, first: datetime) -> AnswersByWeek:
    """The numbers of all weeks from this time's on: of chats that are gone, and of those that are kept."""
    total: defaultdict[tuple[date, str], AnswerCounts] = defaultdict(AnswerCounts)
    for row in connection.execute(select(answer_sums).where(answer_sums.c.week >= week_of(first))):
        total[row.week, row.answer] += AnswerCounts(row.given, row.helpful, row.not_helpful, row.handed_over)
    kept = connection.execute(select(conversations.c.id).where(conversations.c.last_at >= first)).scalars().all()
    for key, counts in _counted(connection, kept).items():
        if key[0] >= week_of(first):
            total[key] += counts
    return dict(total)


def week_of(at: datetime) -> date:
    """The Monday of the week of a time, in UTC."""
    return at.date() - timedelta(days=at.weekday())


def _counted(connection: Connection, chats: Sequence[str]) -> AnswersByWeek:
    total: defaultdict[tuple[date, str], AnswerCounts] = defaultdict(AnswerCounts)
    for some in batches(chats):
        given = (
            select(
                events.c.conversation_id,
                events.c.created_at,
                events.c.rating,
                events.c.body["topic"].as_string().label("topic"),
                events.c.body["answer"].as_string().label("answer"),
            )
            .where(events.c.conversation_id.in_(some), events.c.role == "assistant", events.c.kind == "answer")
            .order_by(events.c.conversation_id, events.c.seq)
        )
        answers: defaultdict[str, list[Any]] = defaultdict(list)
        for row in connection.execute(given):
            if row.topic:
                answers[row.conversation_id].append(row)
                verdict = {row.rating: 1} if row.rating in ("helpful", "not_helpful") else {}
                total[_key(row)] += AnswerCounts(given=1, **verdict)
        for key in _handed_over(connection, some, answers):
            total[key] += AnswerCounts(handed_over=1)
    return dict(total)


def _handed_over(
    connection: Connection, chats: Sequence[str], answers: Mapping[str, Iterable[Any]]
) -> Iterator[tuple[date, str]]:
    """The last answer before each wish for a person."""
    query = select(handoffs.c.conversation_id, handoffs.c.asked_at).where(
        handoffs.c.conversation_id.in_(chats), handoffs.c.reason.in_(ASKED)
    )
    for wish in connection.execute(query):
        before = [row for row in answers.get(wish.conversation_id, ()) if row.created_at <= wish.asked_at]
        if before:
            yield _key(before[-1])


def _key(row: Any) -> tuple[date, str]:
    return week_of(row.created_at), str(row.answer or row.topic)[:NAME]
