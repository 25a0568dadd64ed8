"""What a patient says about an answer: counted without a trace, or an incident that the clinic sees."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import httpx
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from typer.testing import CliRunner

from gateway.answers.feedback import Feedback
from gateway.cli import main as cli
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.tables import metadata
from knowledge import Knowledge
from tests.gateway.conftest import NOW, Chat, Gateway


@pytest.fixture
def feedback(gateway: Gateway, knowledge: Knowledge) -> Feedback:
    return Feedback(gateway.store._database, lambda: NOW, knowledge.clinic.timezone)


async def rate(chat: Chat, seq: int, verdict: str, **note: Any) -> httpx.Response:
    address = f"/api/conversations/{chat.id}/feedback"
    return await chat.client.post(address, json={"seq": seq, "verdict": verdict, **note}, headers=chat.headers)


async def answered(chat: Chat) -> int:
    """The number of an answer."""
    await chat.ask("will I be sore?")
    return (await chat.history())[-1]["seq"]


async def test_helpful_and_not_helpful_are_counted_by_answer_and_version(
    gateway: Gateway, feedback: Feedback, knowledge: Knowledge
) -> None:
    for verdict in ("helpful", "helpful", "not_helpful"):
        chat = await gateway.chat()  # asked again in one chat, it would get another answer
        reply = await rate(chat, await answered(chat), verdict)
        assert reply.status_code == 200
    version = knowledge.topics["soreness"].version
    assert await feedback.counts() == {("soreness", version, "helpful"): 2, ("soreness", version, "not_helpful"): 1}


async def test_a_count_leads_back_to_nobody(chat: Chat, settings: Settings) -> None:
    await rate(chat, await answered(chat), "helpful", note="I am Maria")
    with sqlite3.connect(settings.var / "ims.sqlite3") as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(ratings)")]
        rows = connection.execute("SELECT day FROM ratings").fetchall()
    assert columns == ["id", "topic", "version", "verdict", "day"]
    assert rows == [("2026-11-21",)]


async def test_the_first_verdict_counts_and_is_shown_again(chat: Chat, feedback: Feedback) -> None:
    seq = await answered(chat)
    await rate(chat, seq, "helpful")
    again = await rate(chat, seq, "not_helpful")
    assert again.json() == {"seq": seq, "verdict": "helpful"}
    assert list((await feedback.counts()).values()) == [1]
    assert (await chat.history())[-1]["body"]["rating"] == "helpful"


async def test_what_looks_wrong_is_an_incident_with_the_version_and_stands_on_the_desk(
    chat: Chat, gateway: Gateway, feedback: Feedback, knowledge: Knowledge
) -> None:
    seq = await answered(chat)
    await rate(chat, seq, "helpful")
    reply = await rate(chat, seq, "looks_wrong", note="My physio said three days.\u0000 ")
    assert reply.json()["verdict"] == "looks_wrong"
    (incident,) = await feedback.open_incidents()
    assert (incident.topic, incident.version) == ("soreness", knowledge.topics["soreness"].version)
    assert (incident.count, incident.last) == (1, NOW)
    (item,) = await gateway.store.open_desk_items()
    assert (item.reason, item.seq, item.note) == ("looks_wrong", seq, "My physio said three days.")


async def test_saying_it_twice_is_one_incident(chat: Chat, feedback: Feedback) -> None:
    seq = await answered(chat)
    await rate(chat, seq, "looks_wrong")
    await rate(chat, seq, "looks_wrong")
    assert [incident.count for incident in await feedback.open_incidents()] == [1]


async def test_a_danger_in_the_note_is_answered_as_one(chat: Chat) -> None:
    await rate(chat, await answered(chat), "looks_wrong", note="It says it is normal, but I cannot breathe")
    events = await chat.history()
    while events[-1]["role"] != "system":
        events = await chat.history()
    assert (events[-2]["role"], events[-1]["body"]["kind"]) == ("patient", "emergency")


async def test_a_forgotten_conversation_leaves_the_incident_but_not_the_note(
    chat: Chat, gateway: Gateway, feedback: Feedback
) -> None:
    await rate(chat, await answered(chat), "looks_wrong", note="I am Maria")
    await gateway.store.forget(chat.id)
    assert len(await feedback.open_incidents()) == 1
    assert await gateway.store.open_desk_items() == []


async def test_only_answers_of_this_conversation_can_be_rated(chat: Chat, gateway: Gateway) -> None:
    seq = await answered(chat)
    for wrong in (1, seq - 1, seq + 1):
        assert (await rate(chat, wrong, "helpful")).json()["error"]["code"] == "no_answer"
    other = await gateway.chat()
    assert (await rate(other, seq, "helpful")).status_code == 404
    stranger = Chat(chat.client, chat.id, other.token)
    assert (await rate(stranger, seq, "helpful")).status_code == 404


@pytest.mark.parametrize(
    "body",
    [{"verdict": "great"}, {"verdict": None}, {"note": "x" * 501}, {"note": 5}, {"seq": "3"}, {"seq": 0}],
)  # fmt: skip
async def test_a_verdict_that_is_none_is_refused(chat: Chat, body: dict[str, Any]) -> None:
    whole = {"seq": await answered(chat), "verdict": "looks_wrong", **body}
    reply = await chat.client.post(f"/api/conversations/{chat.id}/feedback", json=whole, headers=chat.headers)
    assert reply.status_code == 422
    assert "x" * 20 not in reply.text


async def test_the_command_line_lists_and_closes_incidents(
    chat: Chat, feedback: Feedback, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rate(chat, await answered(chat), "looks_wrong", note="I am Maria")
    ((number,),) = [incident.ids for incident in await feedback.open_incidents()]
    monkeypatch.setenv("IMS_DATABASE", settings.database_url)
    listed = await asyncio.to_thread(CliRunner().invoke, cli.app, ["incidents"])
    assert "soreness" in listed.output and "Maria" not in listed.output
    closed = await asyncio.to_thread(CliRunner().invoke, cli.app, ["incidents", "close", str(number)])
    assert closed.exit_code == 0
    assert await feedback.open_incidents() == []


async def test_the_new_tables_come_and_go_without_touching_the_chats(tmp_path: Any) -> None:
    database = Database(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    await database.upgrade("0001")
    row = "'c', NULL, NULL, '2026-11-21', '2026-11-21', 0, 'assistant', 1, 0, '{}', NULL"
    await database.write(lambda connection: connection.execute(text(f"INSERT INTO conversations VALUES ({row})")))
    for _ in range(2):
        await database.upgrade()
        assert await database.read(lambda c: compare_metadata(MigrationContext.configure(c), metadata)) == []
        await database.downgrade("0001")
    kept = await database.read(lambda c: c.execute(text("SELECT id FROM conversations")).scalars().all())
    assert kept == ["c"]
    await database.close()
