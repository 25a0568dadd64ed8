"""`/metrics`: what it counts, who may read it, and that no patient is in it."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.gateway.conftest import Gateway, Start

MARK = "zebra-in-my-kneecap"


async def numbers(client: httpx.AsyncClient, **headers: str) -> dict[str, float]:
    """The samples, each under its name with its labels."""
    reply = await client.get("/metrics", headers=headers)
    assert reply.status_code == 200, reply.text
    return {
        sample.name + str(sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(reply.text)
        for sample in family.samples
    }


def elsewhere(gateway: Gateway) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(gateway.app, client=("203.0.113.9", 4711))
    return httpx.AsyncClient(transport=transport, base_url="http://gateway")


async def test_requests_answers_and_failures_are_counted(gateway: Gateway) -> None:
    chat = await gateway.chat()
    await chat.ask("will I be sore?")
    await chat.ask("I cannot breathe")
    gateway.engine.mode = "dead"
    await chat.ask("will it feel odd?")
    found = await numbers(gateway.client)
    sent = "[('method', 'POST'), ('route', '/api/conversations/{id}/messages'), ('status', '202')]"
    assert found["ims_requests_total" + sent] == 3
    assert found["ims_answers_total[('kind', 'answer')]"] == 1
    assert found["ims_answers_total[('kind', 'emergency')]"] == 1
    assert found["ims_answer_seconds_count[]"] == 3
    assert found["ims_engine_seconds_count[]"] == 1
    assert found["ims_engine_failures_total[('reason', 'refused')]"] == 1
    assert found["ims_desk_items_open[]"] == 2
    assert found["ims_unanswered_conversations[]"] == 0


async def test_a_message_that_waits_is_counted(gateway: Gateway) -> None:
    chat = await gateway.chat()
    gateway.engine.pause = 0.2
    sent = await chat.send("will I be sore?")
    assert (await numbers(gateway.client))["ims_unanswered_conversations[]"] == 1
    await chat.answer_to(sent.json()["seq"])
    assert (await numbers(gateway.client))["ims_unanswered_conversations[]"] == 0


async def test_two_gateways_in_one_process_count_apart(start: Start) -> None:
    async with start() as first, start() as second:
        await first.chat()
        assert "ims_requests_total" in str(await numbers(first.client))
        assert "/api/conversations" not in str(await numbers(second.client))


async def test_no_patient_is_in_the_numbers(gateway: Gateway) -> None:
    chat = await gateway.chat()
    await chat.ask(MARK)
    await gateway.client.get(f"/{MARK}")
    await gateway.client.request(MARK.upper(), "/api/conversations")
    text = (await gateway.client.get("/metrics")).text
    assert "ims_requests_total" in text
    for secret in (MARK, MARK.upper(), chat.id, chat.token):
        assert secret not in text


async def test_only_this_machine_reads_them(gateway: Gateway) -> None:
    async with elsewhere(gateway) as client:
        reply = await client.get("/metrics")
    assert reply.status_code == 401
    assert "ims_" not in reply.text


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
async def test_what_a_web_server_passes_on_does_not_count_as_this_machine(gateway: Gateway, header: str) -> None:
    assert (await gateway.client.get("/metrics", headers={header: "203.0.113.9"})).status_code == 401


async def test_with_a_token_it_is_read_from_anywhere_and_not_without(start: Start) -> None:
    async with start(metrics_token="scrape-me") as gateway:
        assert (await gateway.client.get("/metrics")).status_code == 401
        async with elsewhere(gateway) as client:
            assert await numbers(client, Authorization="Bearer scrape-me")
            assert (await client.get("/metrics", headers={"Authorization": "Bearer scrape"})).status_code == 401
