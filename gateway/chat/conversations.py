"""The way of a message: stored, acknowledged, answered in order.

`receive` returns when the message is on disk. A worker per conversation takes its messages one by one, in the order
of their numbers; message and answer are settled in one transaction of the store. Whatever stops in between, the
message stays unanswered in the log and `resume` takes it up at the next start.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from gateway.chat.turns import Turns
from gateway.engine.client import Heard
from gateway.errors import describe
from gateway.handoff.side import DESK
from gateway.live.peers import Peers
from gateway.live.signals import Signals
from gateway.monitoring.metrics import Metrics
from gateway.monitoring.tracing import Tracing
from gateway.repeating import Repeating
from gateway.storage.records import OWN, Body, Draft, Event, Turn, TurnOutcome, UnknownConversation
from gateway.storage.store import Store

Json = dict[str, Any]
MOST_TYPED = 1_000  # messages
log = logging.getLogger(__name__)


class Listener(Protocol):
    """Hears what the engine was asked and decided, after the patient has been answered; shadow mode does."""

    def heard(self, conversation_id: str, heard: Heard | None) -> None: ...


class Conversations:
    """Takes messages in and sees to it that each gets its answer."""

    def __init__(
        self,
        store: Store,
        signals: Signals,
        metrics: Metrics,
        peers: Peers,
        listener: Listener,
        tracing: Tracing,
        retry_after: float = 1.0,
        without_details: Callable[[str], str] | None = None,
    ) -> None:
        self._store = store
        self._turns: Turns
        self._signals = signals
        self._metrics = metrics
        self._peers = peers
        self._listener = listener
        self._tracing = tracing
        self._retry_after = retry_after
        self._without_details = without_details
        self._typed: dict[tuple[str, int], str] = {}  # until it is answered, where details were left out of the log
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._waiting: set[str] = set()
        self._left: set[str] = set()  # by another gateway, when they were last looked for
        self._taking_over = Repeating(self._take_over, "what waits could not be read")

    def use(self, turns: Turns) -> None:
        """From the next message on this decides. What was begun is finished by what it was begun with."""
        self._turns = turns

    async def resume(self) -> int:
        """Take up what was acknowledged but not answered when the last process stopped; returns how many chats."""
        unanswered = await self._store.unanswered()
        for conversation_id in unanswered:
            self._wake(conversation_id)
        return len(unanswered)

    def take_over(self, after: float) -> None:
        """From now on answer what another gateway left unanswered for this many seconds: it may have died."""
        self._taking_over.start(after, at_once=False)

    async def _take_over(self) -> None:
        """Wake what waited at the last look and waits still."""
        waiting = set(await self._store.unanswered()) - self._workers.keys()
        for conversation_id in waiting & self._left:
            self._wake(conversation_id)
        self._left = waiting

    async def receive(
        self,
        conversation_id: str,
        body: Body,
        client_key: str | None = None,
        does: Json | None = None,
        seen: int | None = None,
    ) -> tuple[Event, bool]:
        """Store a patient's message and have it answered; returns it, and whether it is new. `does` is what it tells
        the engine besides its words, `seen` the number of the last event that the patient had before them.
        """

        def message(text: str) -> Draft:
            own = {"label": text, "does": does, "seen": seen}
            return Draft("patient", "message", {**body, "text": text}, {OWN: own} if does or seen is not None else {})

        typed = body["text"]
        kept = None
        if self._without_details and does is None and "choice" not in body:
            kept = message(await asyncio.to_thread(self._without_details, typed))
        event, new = await self._store.append(conversation_id, message(typed), client_key, to_assistant=kept)
        if new and event.body["text"] != typed:
            if len(self._typed) >= MOST_TYPED:
                self._typed.clear()  # their chats are gone, or nobody answers: what is stored is read then
            self._typed[conversation_id, event.seq] = typed
        if new:
            self._signals.send(conversation_id)
        self._wake(conversation_id)
        return event, new

    async def listen_for_danger(self, conversation_id: str, text: str) -> bool:
        """Take what was written elsewhere than in the chat as a message of it, if it tells of a danger."""
        if danger := bool(text and await self._turns.danger(text)):
            await self.receive(conversation_id, {"text": text})
        return danger

    async def ask(self, sender: str, body: Body) -> list[Event]:
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
        await self._taking_over.close()
        workers = list(self._workers.values())
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
        async with self._peers.answering(conversation_id):
            turn = await self._store.next_turn(conversation_id)
            if turn:
                with self._tracing.span("answer"):
                    await self._answer(turn)
            return turn is not None and turn.more

    async def _answer(self, turn: Turn) -> None:
        conversation, turns = turn.conversation, self._turns
        turn = replace(turn, typed=self._typed.pop((conversation.id, turn.message.seq), None))
        try:
            outcome = await turns.decide(turn)
        except Exception as error:
            log.error("a message could not be answered (%s)", describe(error))
            outcome = turns.failed(turn)
        said = await self._settle(turn, outcome)
        self._metrics.answered(turn.message.created_at, said)
        self._signals.send(conversation.id)
        self._listener.heard(conversation.id, outcome.heard)
        if outcome.desk or outcome.handoff or outcome.cancel_handoff or conversation.holder != "assistant":
            self._signals.send(DESK)

    async def _settle(self, turn: Turn, outcome: TurnOutcome) -> list[Event]:
        """Store what was decided, as soon as it can be stored. Nothing is decided again meanwhile: one message, one
        decision.
        """
        while True:
            try:
                return await self._store.settle(turn.conversation.id, turn.message.seq, outcome, turn.typed)
            except UnknownConversation:
                raise
            except Exception as error:
                log.error("an answer could not be stored yet (%s)", describe(error))
                await asyncio.sleep(self._retry_after)
