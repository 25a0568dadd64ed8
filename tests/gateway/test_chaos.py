"""Many chats at once while the gateway is killed again and again: none lost, none doubled, none out of order."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import httpx

from tests.gateway.conftest import Json
from tests.gateway.processes import Processes

CHATS, MESSAGES, KILLS = 10, 8, 2


async def patient(url: str, dice: random.Random, messages: int = MESSAGES) -> tuple[dict[str, int], list[Json]]:
    """Sends messages until each is acknowledged, some of them twice; returns the acknowledgements and the history."""
    async with httpx.AsyncClient(base_url=url, timeout=5) as client:

        async def insist(method: str, path: str, **arguments: object) -> Json:
            while True:
                try:
                    reply = await client.request(method, path, **arguments)  # type: ignore[arg-type]
                    if reply.status_code < 300:
                        found: Json = reply.json()
                        return found
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.3)

        started = await insist("POST", "/api/conversations")
        path = f"/api/conversations/{started['id']}"
        headers = {"Authorization": f"Bearer {started['token']}"}
        acknowledged: dict[str, int] = {}
        for number in range(messages):
            await asyncio.sleep(dice.random() * 0.6)
            message = {"key": f"key-{number}", "text": dice.choice(["will I be sore?", "hello", "needle", "elephants"])}
            for _ in range(dice.choice([1, 1, 2])):
                reply = await insist("POST", f"{path}/messages", json=message, headers=headers)
                assert acknowledged.setdefault(message["key"], reply["seq"]) == reply["seq"]
        while True:
            history = (await insist("GET", f"{path}/history", headers=headers))["events"]
            if len({event["in_reply_to"] for event in history} - {None}) == messages:
                return acknowledged, history
            await asyncio.sleep(0.5)


def check(acknowledged: dict[str, int], history: list[Json]) -> None:
    """Nothing acknowledged is lost, doubled, or answered out of order."""
    assert [event["seq"] for event in history] == list(range(1, len(history) + 1))
    asked = {event["key"]: event["seq"] for event in history if event["role"] == "patient"}
    assert asked == acknowledged
    answered = [event["in_reply_to"] for event in history if event["role"] == "assistant"][1:]
    assert answered == sorted(acknowledged.values())


async def test_killed_gateways_lose_double_and_reorder_nothing(tmp_path: Path) -> None:
    both = Processes(tmp_path / "var")
    dice = random.Random(1)
    try:
        both.start_engine(pause=0.02)
        both.start_gateway()
        chats = [asyncio.create_task(patient(both.url, random.Random(number))) for number in range(CHATS)]
        for _ in range(KILLS):
            await asyncio.sleep(0.5 + dice.random())
            both.kill("gateway")
            await asyncio.to_thread(both.start_gateway)
        async with asyncio.timeout(120):
            results = await asyncio.gather(*chats)
    finally:
        both.close()
    for acknowledged, history in results:
        check(acknowledged, history)
