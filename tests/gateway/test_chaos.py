"""Many chats and a desk while everything is killed again and again: none lost, none doubled, none out of order."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections import Counter
from pathlib import Path

import httpx
import pytest

from tests.support.gateway_chaos import Outcome, Patient, Wire, live_through, staffed
from tests.support.processes import Processes

pytestmark = pytest.mark.slow  # starts processes of its own

CHATS, DESK, MESSAGES, KILLS = 10, 3, 8, 2


async def test_killed_parts_lose_double_and_reorder_nothing(tmp_path: Path) -> None:
    both = Processes(tmp_path / "var")
    dice, faults = random.Random(1), Counter[str]()
    await staffed(f"sqlite:///{both.var / 'ims.sqlite3'}")
    wire = Wire(both.port)
    try:
        await asyncio.to_thread(both.start_engine, 0.02)
        await asyncio.to_thread(both.start_gateway)
        url = f"http://127.0.0.1:{await wire.lay()}"
        living = asyncio.create_task(
            live_through(url, "ana", faults, chats=CHATS, messages=MESSAGES, desk_chats=DESK, pause=0.4)
        )
        for _ in range(KILLS):
            await asyncio.sleep(0.7 + dice.random())
            wire.cut()
            both.kill("gateway")
            await asyncio.to_thread(both.start_gateway)
        async with asyncio.timeout(120):
            outcome = await living
    finally:
        wire.take_up()
        both.close()
    assert outcome.good, outcome
    assert outcome.messages == CHATS * MESSAGES + DESK
    assert outcome.replies == DESK * 2
    assert faults["requests whose connection broke"] > 0, "else nothing went wrong on the way"


async def test_a_database_that_is_locked_for_longer_than_anybody_waits_loses_nothing(tmp_path: Path) -> None:
    both, faults = Processes(tmp_path / "var"), Counter[str]()
    file = both.var / "ims.sqlite3"
    await staffed(f"sqlite:///{file}")
    try:
        await asyncio.to_thread(both.start_engine)
        await asyncio.to_thread(both.start_gateway)
        living = asyncio.create_task(
            live_through(both.url, "ana", faults, chats=4, messages=6, desk_chats=2, pause=1.0)
        )
        await asyncio.sleep(2)
        with sqlite3.connect(file, isolation_level=None, timeout=30) as other:
            other.execute("BEGIN EXCLUSIVE")
            await asyncio.sleep(12)
            other.execute("ROLLBACK")
        async with asyncio.timeout(120):
            outcome = await living
    finally:
        both.close()
    assert outcome.good, outcome
    assert outcome.messages == 4 * 6 + 2
    assert faults["requests answered with 503"] > 0, "else it was not noticed"


def test_what_went_wrong_is_counted() -> None:
    def event(seq: int, role: str, key: str | None = None, to: int | None = None, text: str = "a") -> dict[str, object]:
        return {"seq": seq, "role": role, "key": key, "in_reply_to": to, "body": {"text": text}, "mark": f"{seq}"}

    good = [event(1, "patient", "one"), event(2, "assistant", to=1), event(3, "patient", "two")]
    good.append(event(4, "assistant", to=3))

    def outcome(log: list[dict[str, object]], **acknowledged: int) -> Outcome:
        patient = Patient(httpx.AsyncClient(), random.Random(1), Counter(), acknowledged=acknowledged, seen=log)
        return patient.outcome(log)

    assert outcome(good, one=1, two=3) == Outcome(messages=2)
    assert outcome(good[:2], one=1, two=3).lost == 2  # the message, and its answer
    assert outcome([*good, event(5, "assistant", to=3)], one=1, two=3).doubled == 1
    assert outcome([*good, event(5, "assistant", to=1)], one=1, two=3).out_of_order == 1
    assert outcome(good, two=3, one=1).out_of_order == 1
    asked = {**event(1, "patient", "one", text="will I be sore?")}
    answered = {**event(2, "assistant", to=1), "body": {"text": "Yes.", "kind": "answer", "topic": "soreness"}}
    assert outcome([asked, answered], one=1).crossed == 0
    assert outcome([event(1, "patient", "one", text="hello"), answered], one=1).crossed == 1
    patient = Patient(httpx.AsyncClient(), random.Random(1), Counter(), acknowledged={"one": 1}, seen=[asked, answered])
    assert patient.outcome([asked, {**answered, "mark": "of another"}]).crossed == 1
