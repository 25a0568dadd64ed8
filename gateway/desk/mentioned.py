"""What a patient has named in a chat that the desk should see: conditions, and reasons to ask before needling.

A chat is looked at again and again, so each message is read once, in a thread: a long chat holds up nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from actions.reading import mentioned
from gateway.storage.records import Event
from knowledge import Knowledge

MESSAGES = 300  # of the patient, the last ones
REMEMBERED = 5_000  # messages whose reading is kept


@dataclass(frozen=True)
class Mentions:
    """What was named, each once and in its order, in the words of the safety questions and the list of conditions."""

    conditions: tuple[str, ...] = ()
    contraindications: tuple[str, ...] = ()


class Mentioned:
    """Reads chats for the desk."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._read: dict[tuple[str, int, str], Mentions] = {}
        self._one_at_a_time = asyncio.Lock()

    async def within(self, said: Sequence[Event]) -> Mentions:
        """What is named in these events of a chat."""
        typed = [event for event in said if event.role == "patient" and not event.body.get("choice")][-MESSAGES:]
        async with self._one_at_a_time:
            new = [event for event in typed if _key(event) not in self._read]
            if len(self._read) + len(new) > REMEMBERED:
                self._read, new = {}, typed
            if new:
                self._read.update(await asyncio.to_thread(self._all, new))
            found = [self._read[_key(event)] for event in typed]
        return Mentions(
            _once(name for mentions in found for name in mentions.conditions),
            _once(name for mentions in found for name in mentions.contraindications),
        )

    def _all(self, events: Iterable[Event]) -> dict[tuple[str, int, str], Mentions]:
        return {_key(event): self._one(event.body["text"]) for event in events}

    def _one(self, text: str) -> Mentions:
        conditions, screening = self._knowledge.conditions, self._knowledge.screening
        named = [mention.id for mention in conditions.find(text) if mention.kind == "condition"]
        # Also what is asked about is worth a look: "is it safe with warfarin?"
        answers = mentioned(text.replace("?", "."), screening)
        return Mentions(
            tuple(conditions.conditions[name].name for name in named),
            tuple(screening.questions[name].label for name, answer in answers.items() if answer != "no"),
        )


def _key(event: Event) -> tuple[str, int, str]:
    return event.conversation_id, event.seq, event.mark


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
