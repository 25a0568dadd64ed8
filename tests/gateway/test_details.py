"""Personal details that a patient types are not stored, unless a person is asked for: then that person reads them."""

from __future__ import annotations

import pytest

from gateway.settings import Settings
from tests.gateway.conftest import Gateway, Start

TYPED = "hi, my name is Priya Raghunathan, born 12/05/1961, call 403-555-0142. will I be sore?"
DETAILS = ("Priya", "Raghunathan", "12/05/1961", "403-555-0142")


def stored(settings: Settings) -> bytes:
    return b"".join(file.read_bytes() for file in settings.var.rglob("*") if file.is_file())


async def test_what_is_stored_has_no_details_and_what_is_understood_has_them(start: Start, settings: Settings) -> None:
    async with start(remove_details=True) as gateway:
        chat = await gateway.chat()
        (answer,) = await chat.ask(TYPED)
        assert answer["topic"] == "soreness"
        assert gateway.engine.heard[-1]["message"] == TYPED, "a name may be that of a medicine"
        said = (await chat.history())[1]["body"]["text"]
        assert said.startswith("hi, my name is [")
        assert said.endswith("will I be sore?")
    assert [detail for detail in DETAILS if detail.encode() in stored(settings)] == []


async def test_the_same_message_sent_again_is_known(start: Start) -> None:
    async with start(remove_details=True) as gateway:
        chat = await gateway.chat()
        first = await chat.send(TYPED, key="k")
        again = await chat.send(TYPED, key="k")
        assert again.json() == {"seq": first.json()["seq"], "repeated": True}
        assert (await chat.send("something else", key="k")).status_code == 409


async def test_danger_is_heard_in_what_was_typed(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    async with start(remove_details=True) as gateway:
        chat = await gateway.chat()
        (alarm,) = await chat.ask("my name is Priya and I cannot breathe")
        assert alarm["kind"] == "emergency"


async def test_a_person_reads_what_the_patient_wrote_when_and_since_they_asked(start: Start) -> None:
    async with start(remove_details=True) as gateway:
        chat = await gateway.chat()
        await chat.ask("I am Priya Raghunathan, will I be sore?")
        await chat.ask("I want a person, please call Priya Raghunathan at 403-555-0142")
        await chat.ask("or 587-555-0143")
        before, asked, after = [event["body"]["text"] for event in await chat.history() if event["role"] == "patient"]
        assert "Raghunathan" not in before
        assert "403-555-0142" in asked
        assert "587-555-0143" in after


async def test_without_the_option_all_stays_as_it_was_typed(gateway: Gateway) -> None:
    chat = await gateway.chat()
    await chat.ask(TYPED)
    assert (await chat.history())[1]["body"]["text"] == TYPED
