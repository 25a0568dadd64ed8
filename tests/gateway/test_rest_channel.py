"""Rasa's REST shape on the gateway."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette

from tests.gateway.conftest import Gateway, Start


async def test_an_answer_has_rasas_shape_and_the_custom_contract(gateway: Gateway) -> None:
    (item,) = await gateway.rest("will I be sore?", sender="patient-1")
    assert set(item) == {"recipient_id", "text", "buttons", "image", "custom"}
    assert item["recipient_id"] == "patient-1"
    custom = item["custom"]
    assert {"kind", "topic", "topics", "offered", "confidence", "sources", "see_also", "link"} <= set(custom)
    assert (custom["kind"], custom["topic"], custom["topics"]) == ("answer", "soreness", ["soreness"])


async def test_a_compound_answer_lists_all_topics_in_its_first_item(gateway: Gateway) -> None:
    items = await gateway.rest("will I be sore and how often must I come")
    assert len(items) == 2
    assert items[0]["custom"]["topics"] == ["soreness", "how_often"]


async def test_an_emergency_is_alone(gateway: Gateway) -> None:
    items = await gateway.rest("I cannot breathe")
    assert [item["custom"]["kind"] for item in items] == ["emergency"]


async def test_a_button_is_pressed_by_sending_its_payload(gateway: Gateway) -> None:
    (item,) = await gateway.rest("needle")
    (answer,) = await gateway.rest(item["buttons"][0]["payload"])
    assert answer["custom"]["topic"] == "needles"


async def test_a_payload_of_another_conversation_is_only_text(gateway: Gateway) -> None:
    (item,) = await gateway.rest("needle", sender="one")
    (answer,) = await gateway.rest(item["buttons"][0]["payload"], sender="two")
    assert answer["custom"]["kind"] == "unknown"
    assert gateway.engine.heard[-1]["choice"] is None


async def test_a_sender_stays_in_one_conversation(gateway: Gateway) -> None:
    for _ in range(3):
        await gateway.rest("hello", sender="one")
    said = await gateway.store.history((await gateway.store.conversation_of("one")).id)
    assert [event.role for event in said].count("patient") == 3


async def test_many_messages_from_fresh_senders_of_this_machine_are_not_limited(gateway: Gateway) -> None:
    for number in range(150):
        await gateway.rest("hello", sender=f"load-{number}")


async def test_a_sender_that_hurries_is_told_to_wait(start: Start) -> None:
    async with start(conversation_burst=2, conversation_rate=0.5) as gateway:
        for _ in range(2):
            await gateway.rest("hello")
        refused = await gateway.client.post("/webhooks/rest/webhook", json={"sender": "somebody", "message": "hello"})
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "2"


async def from_elsewhere(app: Starlette, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app, client=("203.0.113.9", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers) as client:
        return await client.post("/webhooks/rest/webhook", json={"sender": "x", "message": "hello"})


async def test_other_machines_need_the_token(start: Start) -> None:
    async with start() as gateway:
        assert (await from_elsewhere(gateway.app)).status_code == 401
    async with start(rest_token="secret") as gateway:
        assert (await from_elsewhere(gateway.app)).status_code == 401
        assert (await from_elsewhere(gateway.app, Authorization="Bearer secret")).status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
async def test_what_a_web_server_on_this_machine_passes_on_needs_the_token(start: Start, header: str) -> None:
    sent, passed_on = {"sender": "x", "message": "hello"}, {header: "203.0.113.9"}
    async with start() as gateway:
        reply = await gateway.client.post("/webhooks/rest/webhook", json=sent, headers=passed_on)
        assert reply.status_code == 401
        assert not gateway.engine.heard
    async with start(rest_token="secret") as gateway:
        passed_on["Authorization"] = "Bearer secret"
        reply = await gateway.client.post("/webhooks/rest/webhook", json=sent, headers=passed_on)
        assert reply.status_code == 200


async def test_a_crisis_line_can_be_called_and_texted_from_other_channels(gateway: Gateway) -> None:
    (said,) = await gateway.rest("i will end my life")
    payloads = {button["title"]: button["payload"] for button in said["buttons"]}
    assert (payloads["Call 988"], payloads["Text 988"]) == ("tel:988", "sms:988")
