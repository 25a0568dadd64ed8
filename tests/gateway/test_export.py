"""`ims export` gives a person all that is kept of their chat, and nothing of another's."""

from __future__ import annotations

import asyncio
import json

import pytest
from sqlalchemy import inspect
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.operations.export import OF_A_CONVERSATION, export
from gateway.settings import Settings
from gateway.storage.database import Database
from knowledge import Knowledge
from tests.gateway.conftest import Start

pytestmark = pytest.mark.slow  # takes more than a few seconds


async def test_all_that_is_kept_is_in_it(start: Start, settings: Settings, knowledge: Knowledge) -> None:
    async with start() as gateway:
        chat, other = await gateway.chat(), await gateway.chat()
        await chat.ask("will I be sore after the zebra?")
        await other.ask("somebody else's words")
        seq = (await chat.history())[-1]["seq"]
        path = f"/api/conversations/{chat.id}/feedback"
        note = {"seq": seq, "verdict": "looks_wrong", "note": "that was another number"}
        assert (await gateway.client.post(path, json=note, headers=chat.headers)).status_code == 200
        history = await chat.history()
        (found,) = await export(settings, knowledge, chat.id)
    text = json.dumps(found)
    assert [event["seq"] for event in found["events"]] == [event["seq"] for event in history]
    assert found["desk_items"][0]["note"] == "that was another number"
    assert len(found["incidents"]) == 1
    assert "will I be sore after the zebra?" in found["transcript"]
    assert "somebody else" not in text
    assert chat.token not in text
    assert "token_hash" not in text


async def test_a_sender_of_the_rest_channel_is_found_by_name(
    start: Start, settings: Settings, knowledge: Knowledge
) -> None:
    async with start() as gateway:
        await gateway.rest("will I be sore?", sender="practice-system-7")
    (found,) = await export(settings, knowledge, "practice-system-7")
    assert found["conversation"]["sender"] == "practice-system-7"


async def test_no_table_that_leads_to_a_conversation_is_left_out(settings: Settings) -> None:
    database = Database(settings.database_url)
    await database.upgrade()
    tables = await database.read(
        lambda connection: {
            table
            for table in inspect(connection).get_table_names()
            if any(key["referred_table"] == "conversations" for key in inspect(connection).get_foreign_keys(table))
        }
    )
    await database.close()
    assert tables == {table.name for table in OF_A_CONVERSATION}


async def test_the_command_prints_json_or_says_that_there_is_none(start: Start, settings: Settings) -> None:
    async with start() as gateway:
        chat = await gateway.chat()
    environment = {"IMS_VAR": str(settings.var)}
    found = await asyncio.to_thread(CliRunner().invoke, app, ["export", chat.id], env=environment)
    assert json.loads(found.stdout)[0]["conversation"]["id"] == chat.id
    missing = await asyncio.to_thread(CliRunner().invoke, app, ["export", "nobody"], env=environment)
    assert missing.exit_code == 1


@pytest.mark.parametrize("command", ["export", "forget"])
@pytest.mark.parametrize("name", ["-abcDEF", "--abc"])
def test_an_id_that_begins_with_a_dash_is_an_id(settings: Settings, command: str, name: str) -> None:
    environment = {"IMS_VAR": str(settings.var)}
    told = CliRunner().invoke(app, [command, name], env=environment)
    assert told.exit_code == 1
    assert f"There is no conversation '{name}'" in told.output
