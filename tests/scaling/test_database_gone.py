"""PostgreSQL is gone for ten seconds under patients and the front desk: nothing is lost, doubled or out of order."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.support.gateway_chaos import live_through, staffed
from tests.support.processes import Processes
from tests.support.services import PostgreSql
from tests.support.system import needs

pytestmark = needs("postgresql")


async def test_a_database_that_is_gone_for_ten_seconds_loses_nothing(
    postgres: PostgreSql, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.empty()
    await staffed(postgres.url)
    monkeypatch.setenv("IMS_DATABASE", postgres.url)
    both, faults = Processes(tmp_path / "var"), Counter[str]()
    try:
        await asyncio.to_thread(both.start_engine)
        await asyncio.to_thread(both.start_gateway)
        living = asyncio.create_task(
            live_through(both.url, "ana", faults, chats=4, messages=6, desk_chats=2, pause=1.0)
        )
        await asyncio.sleep(2)
        await asyncio.to_thread(postgres.stop)
        try:
            await asyncio.sleep(10)
        finally:
            await asyncio.to_thread(postgres.start)
        async with asyncio.timeout(120):
            outcome = await living
    finally:
        both.close()
    assert outcome.good, outcome
    assert (outcome.messages, outcome.replies) == (4 * 6 + 2, 4)
    assert faults["requests answered with 503"] > 0, "else it was not noticed"
