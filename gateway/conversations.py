"""The way of a message: stored, acknowledged, answered in order.

`receive` returns when the message is on disk. A worker per conversation takes its messages one by one, in the order
of their numbers; message and answer are settled in one transaction of the store. Whatever stops in between, the
message stays unanswered in the log and `resume` takes it up at the next start.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from gateway.desk.side import DESK
from gateway.live import Signals
from gateway.logs import describe
from gateway.metrics import Metrics
from gateway.peers import Peers
from gateway.store import OWN, Draft, Event, Store, Turn, UnknownConversation
from gateway.studio.shadow import Shadow
from gateway.tracing import Tracing
from gateway.turns import Turns

Json = dict[str, Any]
log = logging.getLogger(__name__)


class Conversations:
    """Takes messages in and sees to it that each gets its answer."""

    def __init__(
        self,
        store: Store,
        signals: Signals,
        metrics: Metrics,
        peers: Peers,
        shadow: Shadow,
        tracing: Tracing,
        retry_after: float = 1.0,
    ) -> None:
        self._store = store
        self._turns: Turns
        self._signals = signals
        self._metrics = metrics
        self._peers = peers
        self._shadow = shadow
        self._tracing = tracing
        self._retry_after = retry_after
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._waiting: set[str] = set()
        self._taking_over: asyncio.Task[None] | None = None

    def use(self, turns: Turns) -> None:
        """From the next message on this decides. What was begun is finished by what it was begun with."""
        self._turns = turns

    async def resume(self) -> int:
        """Take up what was acknowledged but not answered when the last process stopped; returns how many chats."""
        unanswered = await self._store.unanswered()
        await self._store.fresh_tracker(unanswered)
        for conversation_id in unanswered:
            self._wake(conversation_id)
        return len(unanswered)

    def take_over(self, after: float) -> None:
        """From now on answer what another gateway left unanswered for so many seconds: it may have died."""
        self._taking_over = asyncio.create_task(self._take_over(after))

    async def _take_over(self, after: float) -> None:
        before: set[str] = set()
        while True:
            await asyncio.sleep(after)
            try:
                waiting = set(await self._store.unanswered()) - self._workers.keys()
            except Exception as error:
                log.error("what waits could not be read (%s)", describe(error))
                continue
            for conversation_id in waiting & before:
                self._wake(conversation_id)
            before = waiting

    async def receive(
        self, conversation_id: str, body: Json, client_key: str | None = None, does: Json | None = None
    ) -> tuple[Event, bool]:
        """Store a patient's message and have it answered; returns it, and whether it is new. `does` is what it tells
        the engine besides its words.
        """
        message = Draft("patient", "message", body, {OWN: {"label": body["text"], "does": does}} if does else {})
        event, new = await self._store.append(conversation_id, message, client_key)
        if new:
            self._signals.send(conversation_id)
        self._wake(conversation_id)
        return event, new

    async def listen_for_danger(self, conversation_id: str, text: str) -> bool:
        """Take what was written elsewhere than in the chat as a message of it, if it tells of a danger."""
        if danger := bool(text and await self._turns.danger(text)):
            await self.receive(conversation_id, {"text": text})
        return danger

    async def ask(self, sender: str, body: Json) -> list[Event]:
        """Store a message of a sender of the REST channel, wait until it is answered, and return the answer."""
        message = await self._store.append_from(sender, Draft("patient", "message", body))
        with self._signals.listen(message.conversation_id) as news:
            self._wake(message.conversation_id)
            # What a person said meanwhile waits for the next message: this channel has no other way.
            said = await self._store.said_before(message)
            while True:
                await news.wait()
                news.clear()
                if (replies := await self._store.answer_to(message.conversation_id, message.seq)) is not None:
                    return [*replies, *said]

    async def close(self) -> None:
        """Stop answering. What is unanswered stays in the log."""
        workers = [*self._workers.values(), *([self._taking_over] if self._taking_over else [])]
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    def _wake(self, conversation_id: str) -> None:
        self._waiting.add(conversation_id)
        if conversation_id not in self._workers:
            self._workers[conversation_id] = asyncio.create_task(self._work(conversation_id))

    async def _work(self, conversation_id: str) -> None:
        try:
            while conversation_id in self._waiting:
                self._waiting.discard(conversation_id)
                try:
                    while await self._answer_next(conversation_id):
                        pass
                except UnknownConversation:
                    return  # deleted meanwhile
                except Exception as error:
                    # Most likely the database was away. The message is safe in it, so look again.
                    log.error("a message could not be answered yet (%s)", describe(error))
                    self._waiting.add(conversation_id)
                    await asyncio.sleep(self._retry_after)
        finally:
            del self._workers[conversation_id]

    async def _answer_next(self, conversation_id: str) -> bool:
        """Answer the first message that waits; whether another one waited behind it."""
        async with self._peers.answering(conversation_id) as moved:
            turn = await self._store.next_turn(conversation_id)
            if turn and moved:
                await self._store.fresh_tracker([conversation_id])
                turn = await self._store.next_turn(conversation_id)
            if turn:
                with self._tracing.span("answer"):
                    await self._answer(turn)
            return turn is not None and turn.more

    async def _answer(self, turn: Turn) -> None:
        conversation, turns = turn.conversation, self._turns
        try:
            outcome = await turns.decide(turn)
        except Exception as error:
            log.error("a message could not be answered (%s)", describe(error))
            outcome = turns.failed(turn)
        said = await self._store.settle(conversation.id, turn.message.seq, outcome)
        self._metrics.answered(turn.message.created_at, said)
        self._signals.send(conversation.id)
        self._shadow.heard(conversation.id, outcome.heard)
        if outcome.desk or outcome.handoff or outcome.cancel_handoff or conversation.holder != "assistant":
            self._signals.send(DESK)
