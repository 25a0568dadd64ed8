"""A specific answer is shown as an answer of its own; the topic's text is where none is sure, or it may not be told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from gateway.chat.replies import Replies
from gateway.engine.client import EngineReply
from gateway.storage.records import Body
from tests.support.shipped import shipped_knowledge

NOW = datetime(2026, 11, 30, 18, tzinfo=UTC)
KNOWLEDGE = shipped_knowledge()
TOPIC = KNOWLEDGE.topics["soreness"]
ANSWER = next(iter(TOPIC.answers.values()))


class NothingWithdrawn:
    """Nothing is withheld but what is named."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def withheld(self, answer: Any, today: date) -> bool:
        return answer.name in self._names or answer.expired(today)


def said(*answers: str | None, withdrawn: tuple[str, ...] = (), intent: str = "faq", **slots: Any) -> Body:
    """The first event of the reply to a question about soreness."""
    withdrawals: Any = NothingWithdrawn(*withdrawn)
    topics = ("soreness",) if intent == "faq" else ()
    reply = EngineReply("answer", intent=intent, topics=topics, answers=answers, slots=slots)
    return Replies(KNOWLEDGE, lambda: NOW, withdrawals).decided(reply, "a question")[0].body


def test_a_specific_answer_stands_for_itself() -> None:
    body = said(ANSWER.id)

    assert body["text"] == KNOWLEDGE.said(ANSWER, NOW)
    assert (body["topic"], body["answer"], body["answers"]) == ("soreness", ANSWER.name, [ANSWER.name])
    assert (body["title"], body["version"]) == (ANSWER.title, ANSWER.version)
    assert body["link"] == f"/answers/soreness#q-{ANSWER.id}"
    assert [source["id"] for source in body["sources"]] == [ref.id for ref in ANSWER.sources]
    assert body["more"] is True


@pytest.mark.parametrize(
    ("answer", "withdrawn"), [(None, ()), ("no_such_answer", ()), (ANSWER.id, (ANSWER.name,))], ids=str
)
def test_the_topic_is_told_where_no_specific_answer_can_be(answer: str | None, withdrawn: tuple[str, ...]) -> None:
    body = said(answer, withdrawn=withdrawn)

    assert body["text"].endswith(KNOWLEDGE.fill(TOPIC.short))
    assert (body["answer"], body["answers"]) == (None, [None])


def test_a_follow_up_goes_on_from_the_specific_answer() -> None:
    again = said(intent="follow_up/repeat", topic="soreness", answer=ANSWER.id)
    more = said(intent="follow_up/more", topic="soreness", answer=ANSWER.id)

    assert again["answer"] == ANSWER.name
    assert more["text"].endswith(KNOWLEDGE.fill(TOPIC.more))
