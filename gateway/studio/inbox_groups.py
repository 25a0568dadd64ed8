"""The groups of the inbox with the topics that lie nearest, made in the background and kept until something changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.studio.background import Work
from gateway.studio.inbox import Group, Inbox, Message, grouped
from gateway.studio.meaning import Array, Meaning, Near

MOST = 1000  # messages that are grouped, the newest
PATIENCE = 4.0  # seconds that a page waits for the groups
Examples = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Suggested:
    """A group and the topics that lie nearest to it."""

    group: Group
    near: tuple[Near, ...]


class InboxGroups:
    """Groups the open messages. Vectors of patients' messages stay in memory, and only while the messages are open."""

    def __init__(self, inbox: Inbox, meaning: Meaning, examples: Callable[[], Examples], same: Callable[[], float]):
        self._inbox = inbox
        self._meaning = meaning
        self._examples = examples
        self._same = same
        self._vectors: dict[str, Array] = {}
        self._work: Work[list[Suggested]] | None = None
        self._key: object = None

    async def look(self) -> list[Suggested] | None:
        """The groups, those of most patients first; None while they are being made."""
        await self._inbox.gather()
        messages = (await self._inbox.open())[-MOST:]
        examples = self._examples()
        key = (tuple(message.id for message in messages), hash(tuple((k, tuple(v)) for k, v in examples.items())))
        if self._work is None or (key != self._key and not self._work.running):
            self._key = key
            self._work = Work(lambda _: self._make(messages, examples))
        if not messages:
            return []
        if not await self._work.wait(PATIENCE) or key != self._key:
            return None
        if self._work.error:
            error, self._work = self._work.error, None
            raise error
        return self._work.result

    def _make(self, messages: Sequence[Message], examples: Examples) -> list[Suggested]:
        texts = list(dict.fromkeys(message.text for message in messages))
        new = [text for text in texts if text not in self._vectors]
        known = {text: vector for text, vector in self._vectors.items() if text in texts}
        known.update(zip(new, self._meaning.of_messages(new), strict=False))
        self._vectors = known
        vectors = np.stack([known[message.text] for message in messages]) if messages else np.zeros((0, 1))
        groups = grouped(messages, vectors, self._same())
        near = self._meaning.nearest_to(np.stack([known[group.text] for group in groups]), examples) if groups else []
        return [Suggested(group, tuple(topics)) for group, topics in zip(groups, near, strict=True)]
