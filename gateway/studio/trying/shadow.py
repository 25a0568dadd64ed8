"""Shadow mode: a candidate hears what patients write, after they have their answer, and nobody ever sees what it says.

Only typed messages that the live engine decided about count. What is kept says whether the candidate would have done
the same; the words of a message only where not, and without personal details.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from gateway.engine.client import Engine, EngineReply, EngineUnavailable, Heard
from gateway.errors import describe
from gateway.evaluation.intervals import Share
from gateway.repeating import ended
from gateway.storage.database import Database
from gateway.storage.tables import shadow
from gateway.studio.personal import Personal

WAITING = 200  # messages that wait for the candidate; more are let go
LONGEST = 2000
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Differs:
    """A message, without personal details, and what the two made of it."""

    text: str
    live: str
    candidate: str


@dataclass(frozen=True)
class ShadowReport:
    """How often live engine and candidate did the same, where not, and the kinds of difference, most often first."""

    model: str
    same: Share
    differs: tuple[Differs, ...]

    @property
    def kinds(self) -> list[tuple[tuple[str, str], int]]:
        return Counter((each.live, each.candidate) for each in self.differs).most_common()


class Shadow:
    """Has a candidate decide beside the live engine. Nothing runs until `start`."""

    def __init__(self, database: Database, personal: Callable[[], Personal], now: Callable[[], datetime]) -> None:
        self._database = database
        self._personal = personal
        self._now = now
        self._queue: asyncio.Queue[tuple[str, Heard]] = asyncio.Queue(WAITING)
        self._working: asyncio.Task[None] | None = None
        self.model = ""

    async def start(self, model: str, engine: Engine) -> None:
        """From now on this candidate hears what patients write."""
        await self.stop()
        self.model = model
        self._working = asyncio.create_task(self._work(engine, await asyncio.to_thread(self._personal)))

    async def stop(self) -> None:
        """No candidate hears anything any more."""
        await ended(self._working)
        self._working, self.model = None, ""
        while not self._queue.empty():
            self._queue.get_nowait()

    def heard(self, conversation_id: str, heard: Heard | None) -> None:
        """A patient has the answer to this message."""
        if heard is not None and self._working:
            with suppress(asyncio.QueueFull):
                self._queue.put_nowait((conversation_id, heard))

    async def _work(self, engine: Engine, personal: Personal) -> None:
        while True:
            conversation_id, heard = await self._queue.get()
            try:
                reply = await engine.ask(heard.asked)
                await self._keep(conversation_id, heard, reply, personal)
            except EngineUnavailable:
                continue
            except Exception as error:  # the conversation may be gone
                log.error("what a candidate said could not be kept (%s)", describe(error))

    async def _keep(self, conversation_id: str, heard: Heard, reply: EngineReply, personal: Personal) -> None:
        live, candidate = in_words(heard.reply), in_words(reply)
        same = live == candidate
        words = " ".join(heard.asked.text.split())
        kept = None if same else (await asyncio.to_thread(personal.remove, words)).text[:LONGEST]
        row = {
            "conversation_id": conversation_id,
            "model": self.model,
            "same": int(same),
            "text": kept,
            "live": live,
            "candidate": candidate,
            "created_at": self._now(),
        }
        await self._database.write(lambda connection: connection.execute(insert(shadow), row))


async def report(database: Database, model: str) -> ShadowReport:
    """What was found about a candidate so far."""
    query = select(shadow).where(shadow.c.model == model).order_by(shadow.c.id)
    rows = await database.read(lambda connection: connection.execute(query).all())
    differs = tuple(Differs(row.text, row.live, row.candidate) for row in rows if not row.same)
    return ShadowReport(model, Share(len(rows) - len(differs), len(rows)), differs)


async def shadowed(database: Database) -> Sequence[str]:
    """The models that were shadows and of which something is kept, newest first."""
    query = select(shadow.c.model).distinct().order_by(shadow.c.model.desc())
    return list(await database.read(lambda connection: connection.execute(query).scalars().all()))


def in_words(reply: EngineReply) -> str:
    """What an engine decided, as a patient would notice it."""
    if reply.topics:
        return " and ".join(reply.topics)
    if reply.kind == "clarify":
        return f"did you mean {' or '.join(reply.offered)}"[:500]
    return {"unknown": "not understood"}.get(reply.kind, reply.kind)[:500]
