"""Puts a new edition in the place of the one that is served, between two requests and with nobody noticing.

What was begun with the old edition is finished by it; the next message meets the new one, engine, answers and red-flag
net together. Who listens to a chat goes on listening.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path

from starlette.types import Receive, Scope, Send

from gateway.assembly import Edition, Frame
from gateway.editions.control import ControlError, Json, Tell, listen
from gateway.engine.client import HttpEngine
from gateway.engine.kept_open import KeptOpen
from knowledge import Knowledge, Told
from safety import Net, SafetyNet


class Exchange:
    """The application that passes each request to the edition that is served.

    `start` it to have it take orders from the supervisor.
    """

    def __init__(self, frame: Frame, first: Edition) -> None:
        self._frame = frame
        self._alone = asyncio.Lock()
        self._server: asyncio.Server | None = None
        self._candidate: KeptOpen | None = None
        self._put(first)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request with the edition that is there when it comes; it stays with that one."""
        await self.edition.app(scope, receive, send)

    async def start(self) -> None:
        """Begin to look after those who wait, and to take orders."""
        if self._frame.settings.shadow:
            await self._shadow(*self._frame.settings.shadow.split())
        self.edition.start(self._frame.settings.desk_poll)
        if self._frame.settings.control:
            self._server = await listen(Path(self._frame.settings.control), self._ordered)

    async def stop_listening(self) -> None:
        """Take no more orders, and alert nobody any more."""
        if self._server:
            self._server.close()
        await self.edition.stop()

    async def close(self) -> None:
        """Give back what the edition holds."""
        await self._shadow()
        await self.edition.close()

    async def use(self, data: Path, urls: Sequence[str]) -> None:
        """Serve from this data and these engines; returns when nothing of the old edition is under way any more.

        KnowledgeError, and all stays as it is, if the data cannot be used.
        """
        async with self._alone:
            new = await asyncio.to_thread(self._made, data, urls)
            old = self.edition
            await old.stop()
            self._put(new)
            new.start(self._frame.settings.desk_poll)
            await old.finished()
            await old.close()

    def _made(self, data: Path, urls: Sequence[str]) -> Edition:
        knowledge = Knowledge.load(data)
        return Edition(self._frame, knowledge, self._net_of(data), None, urls)

    def _net_of(self, data: Path) -> SafetyNet:
        """The net there is, where the rules are the same: it takes seconds to make one."""
        if _rules(data) == _rules(self.edition.knowledge.folder):
            return self.edition.net
        return Net.load(data)

    def _put(self, edition: Edition) -> None:
        self.edition = edition
        self._frame.conversations.use(edition.turns)
        self._frame.studio.listen_with(edition.net)
        self._frame.retention.keep(edition.knowledge.clinic.retention_days)

    async def _shadow(self, url: str = "", model: str = "") -> None:
        """Have a candidate hear what patients write from now on; without an address, none."""
        settings = self._frame.settings
        await self._frame.shadow.stop()
        if self._candidate:
            await self._candidate.aclose()
            self._candidate = None
        if url:
            self._candidate = KeptOpen(url)
            engine = HttpEngine(self._candidate, settings.engine_secret(), settings.engine_timeout)
            await self._frame.shadow.start(model, engine)

    async def _ordered(self, order: Json, tell: Tell) -> Json:
        try:
            if order.get("do") == "use":
                await self.use(Path(order["data"]), order["engines"])
            elif order.get("do") == "shadow":
                await self._shadow(*order["candidate"])
            else:
                raise ControlError("The gateway does not know this order.")
        except (Told, OSError) as error:
            raise ControlError(f"The gateway cannot use this data: {error}") from error
        return {}


def _rules(data: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in (data / "lexicon").rglob("*") if path.is_file()):
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()
