"""What is said to a person in danger: every sign of the catalogue, with the numbers of the clinic's region."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.answers.withdrawals import Withdrawals
from gateway.chat.replies import Replies
from gateway.storage.database import Database
from knowledge import Knowledge
from knowledge.placeholders import PLACEHOLDER, REGION
from tests.support.shipped import shipped_net

NET = shipped_net()
ELSEWHERE = {name: f"5{number}" for number, name in enumerate(REGION)}


@pytest.fixture
def replies(knowledge: Knowledge, tmp_path: Path) -> Replies:
    """Replies of a clinic in a region with other numbers than the shipped one."""

    def now() -> datetime:
        return datetime(2026, 11, 21, 18, tzinfo=UTC)

    numbers = replace(knowledge.clinic.numbers, **ELSEWHERE)
    other = replace(knowledge, clinic=replace(knowledge.clinic, numbers=numbers))
    return Replies(other, now, Withdrawals(Database(f"sqlite:///{tmp_path / 'unused.sqlite3'}"), now))


@pytest.mark.parametrize("sign", NET.signs, ids=lambda sign: sign.id)
def test_every_reply_names_the_numbers_of_the_region_and_calls_them(replies: Replies, sign: object) -> None:
    level, reply = sign.level, sign.reply  # type: ignore[attr-defined]
    (draft,) = replies.alarm(level, reply)
    text, buttons = draft.body["text"], draft.body["buttons"]
    assert "{" not in text, "a patient would read a placeholder"
    assert not any(number in text for number in ("911", "811", "988"))
    for name in PLACEHOLDER.findall(reply):
        if name in REGION:
            assert ELSEWHERE[name] in text
            assert ELSEWHERE[name] in [button.get("tel") for button in buttons]
    assert ELSEWHERE["emergency"] in [button.get("tel") for button in buttons]
    assert draft.body["see_also"] == [] and draft.body["link"] is None, "nothing leads away from it"


@pytest.mark.parametrize("sign", [sign for sign in NET.signs if sign.level == "crisis"], ids=lambda sign: sign.id)
def test_a_crisis_reply_speaks_of_nothing_else(sign: object) -> None:
    reply = sign.reply.lower()  # type: ignore[attr-defined]
    assert not any(word in reply for word in ("needl", "ims", "book", "physio"))


@pytest.mark.parametrize("level", ["emergency", "urgent", "crisis"])
def test_the_short_reminder_calls_too(replies: Replies, level: str) -> None:
    draft = replies.reminder(level)
    assert ELSEWHERE["emergency"] in draft.body["text"]
    assert ELSEWHERE["emergency"] in [button.get("tel") for button in draft.body["buttons"]]
