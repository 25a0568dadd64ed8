"""A question about the clinic gets the fact that it asks for, with what a page can make tappable."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from gateway.chat.replies import Replies
from gateway.engine.client import EngineReply
from gateway.storage.records import Body
from tests.support.shipped import shipped_knowledge

NOW = datetime(2026, 11, 30, 18, tzinfo=UTC)
KNOWLEDGE = shipped_knowledge()


class NothingWithdrawn:
    """Nothing is withheld."""

    def withheld(self, answer: Any, today: date) -> bool:
        return False


def body(asked: str, topic: str, answer: str | None = None) -> Body:
    withdrawals: Any = NothingWithdrawn()
    reply = EngineReply("answer", intent="faq", topics=(topic,), answers=(answer,))
    return Replies(KNOWLEDGE, lambda: NOW, withdrawals).decided(reply, asked)[0].body


def test_a_question_about_parking_gets_parking_and_only_that() -> None:
    assert body("parking?", "hours_location")["text"].startswith("There is free parking behind the building")
    assert "open" not in body("parking?", "hours_location")["text"]


def test_a_specific_answer_is_worked_out_for_what_was_asked() -> None:
    assert body("what do three visits cost", "cost", "total")["text"].startswith("3 visits come to $295")


def test_where_no_word_tells_all_facts_of_the_topic_are_told() -> None:
    assert "Our fees" in body("is it worth the money", "cost")["text"]


def test_what_can_be_tapped_comes_as_data() -> None:
    links = body("where are you", "hours_location")["links"]
    assert {"kind": "map", "text": "100 Example Street, Victoria, BC", "href": "https://example.org/map"} in links
    assert all(set(link) == {"kind", "text", "href"} for link in links)
