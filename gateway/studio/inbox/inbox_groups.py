"""The groups of the inbox with the topics that lie nearest, made in the background and kept until something changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gateway.studio.background import Work
from gateway.studio.inbox.inbox import Inbox, Message, MessageGroup, grouped
from gateway.studio.meaning import Array, Meaning, Near

MOST = 1000  # messages that are grouped, the newest
PATIENCE = 4.0  # seconds that a page waits for the groups
Examples = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Suggested:
    """A group and the topics that lie nearest to it."""

    group: MessageGroup
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
        self._last: list[Suggested] = []

    async def look(self) -> list[Suggested] | None:
        """The groups, the most common first; None while they are being made.

        Somebody who decides about one group after the other does not wait: what is left of the groups is shown as it
        was, until it is made again.
        """
        await self._inbox.gather()
        messages = (await self._inbox.open())[-MOST:]
        examples = self._examples()
        key = (tuple(message.id for message in messages), hash(tuple((k, tuple(v)) for k, v in examples.items())))
        if self._work is None or (key != self._key and not self._work.running):
            self._key = key
            self._work = Work(lambda _: self._make(messages, examples))
        if not messages:
            return []
        left = remaining(self._last, messages)
        if not await self._work.wait(0 if left else PATIENCE) or key != self._key:
            return left
        if self._work.error:
            error, self._work = self._work.error, None
            raise error
        self._last = self._work.result or []
        return self._last

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


def remaining(groups: Sequence[Suggested], messages: Sequence[Message]) -> list[Suggested] | None:
    """What is left of groups when only these messages wait; None if one of the messages stands in no group."""
    waiting = {message.id for message in messages}
    left = []
    for each in groups:
        if own := tuple(message for message in each.group.messages if message.id in waiting):
            texts = [message.text for message in own]
            text = each.group.text if each.group.text in texts else texts[0]
            left.append(replace(each, group=MessageGroup(own[0].id, own, text)))
    if sum(len(each.group.messages) for each in left) < len(waiting):
        return None
    return sorted(left, key=lambda each: (-each.group.patients, each.group.id))
