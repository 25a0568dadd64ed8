"""What is done with messages of the inbox: taught to a topic, begun as a new one, put aside; and how that is undone."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from gateway.studio.background import off_loop
from gateway.studio.errors import StudioError
from gateway.studio.inbox.decisions import DISMISSED, TAUGHT, Decisions, TeachingDecision
from gateway.studio.inbox.inbox import Inbox, Message
from gateway.studio.topics.topics import Topics


class Teaching:
    """Decides for the author of `topics`, whose name stands in their history."""

    def __init__(self, inbox: Inbox, topics: Topics, decisions: Decisions) -> None:
        self._inbox = inbox
        self._topics = topics
        self._decisions = decisions

    async def teach(self, messages: Sequence[Message], topic: str) -> TeachingDecision:
        """Make the messages examples of a topic or draft."""
        texts = [message.text for message in messages]
        added, cases = await off_loop(lambda: self._topics.teach(topic, texts))
        return await self._decided(messages, TAUGHT, topic=topic, examples=added.taken, cases=cases)

    async def begin(self, messages: Sequence[Message], name: str) -> TeachingDecision:
        """Begin a draft with the messages, and with what the front desk replied to them as its longer answer."""
        texts = [message.text for message in messages]
        replies = dict.fromkeys(message.reply for message in messages if message.reply)
        more = "\n".join(replies).replace("<", "‹")
        file, cases = await off_loop(lambda: self._topics.begin(name, texts, more))
        about = {"topic": name, "examples": tuple(file.examples), "cases": cases, "draft": file.digest}
        return await self._decided(messages, TAUGHT, **about)

    async def put_aside(self, messages: Sequence[Message]) -> TeachingDecision:
        """Take the messages out of the inbox."""
        return await self._decided(messages, DISMISSED)

    async def undo(self, id: str) -> tuple[TeachingDecision, int]:
        """Undo a decision; returns it and how many messages are back. Raises StudioError if it can't be undone."""
        decision = await off_loop(lambda: self._decisions.find(id))
        if decision is None:
            raise StudioError(
                "This is undone already, or it was too long ago.",
                "take the examples out in the topic's editor; its history shows what came in.",
            )
        if decision.draft:
            await off_loop(lambda: self._topics.discard(decision.topic, decision.draft, decision.cases))
        elif decision.topic:
            await off_loop(lambda: self._topics.unteach(decision.topic, decision.examples, decision.cases))
        waiting = await self._inbox.reopen(decision.messages, decision.state)
        await off_loop(lambda: self._decisions.drop(id))
        return decision, waiting

    async def _decided(self, messages: Sequence[Message], state: str, **about: Any) -> TeachingDecision:
        decision = TeachingDecision(
            secrets.token_hex(8), self._topics.author, state, tuple(message.id for message in messages), **about
        )
        await self._inbox.close(decision.messages, state)
        await off_loop(lambda: self._decisions.note(decision))
        return decision
