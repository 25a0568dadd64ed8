"""Everything that several gateways stand on breaks once under patients and the desk: nothing is lost or mixed up."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from tests.support.cluster import Cluster
from tests.support.gateway_chaos import live_through, staffed
from tests.support.services import PostgreSql, Redis
from tests.support.system import needs

pytestmark = needs("postgresql", "redis", "nginx")
CHATS, DESK, MESSAGES = 6, 2, 8


@pytest.mark.parametrize(
    "what",
    [
        ("gateway killed", "connections to PostgreSQL cut"),
        ("engine killed", "connections to Redis cut"),
        ("PostgreSQL crashed", "Redis killed"),
    ],
    ids=lambda what: " and ".join(what),
)
async def test_what_breaks_under_several_gateways_loses_doubles_reorders_and_mixes_up_nothing(
    what: tuple[str, str], postgres: PostgreSql, redis: Redis, tmp_path: Path
) -> None:
    postgres.empty()
    await staffed(postgres.url)
    both, faults = Cluster(postgres, redis, tmp_path / "var"), Counter[str]()
    try:
        await asyncio.to_thread(both.start)
        living = asyncio.create_task(
            live_through(both.nginx.url, "ana", faults, chats=CHATS, messages=MESSAGES, desk_chats=DESK, pause=0.6)
        )
        for one in what:
            await asyncio.sleep(1.0)
            await asyncio.to_thread(both.breakable[one], random.Random(1))
        async with asyncio.timeout(180):
            outcome = await living
    finally:
        both.close()
    assert outcome.good, outcome
    assert (outcome.messages, outcome.replies) == (CHATS * MESSAGES + DESK, DESK * 2)
