"""One message tried out: what a patient would get now, and with what is saved, and why. Nothing of it is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from gateway.answers.withdrawals import Withdrawals
from gateway.chat.replies import Replies
from gateway.engine.client import Asked, Engine, EngineReply, EngineUnavailable
from gateway.studio.meaning import Near
from knowledge import Knowledge
from safety import Finding, Level, SafetyNet

NEAREST = 5  # examples that are shown
RANKED = 5  # topics that are shown


@dataclass(frozen=True)
class Said:
    """One part of a reply as a patient reads it; `buttons` are what stands on them."""

    kind: str
    text: str
    topic: str
    answer: str
    buttons: tuple[str, ...]


@dataclass(frozen=True)
class Tried:
    """What a message leads to: the alarm, if there is one, and the replies now and with what is saved.

    `ranking` are the likeliest topics and `answers` the likeliest specific answers, with how sure the engine is;
    `alone` what it would have been without the message before it, where that differs.
    """

    alarm: Finding | None
    now: tuple[Said, ...]
    saved: tuple[Said, ...]
    ranking: tuple[tuple[str, float], ...] = ()
    answers: tuple[tuple[str, float], ...] = ()
    alone: tuple[str, ...] | None = None
    problem: str = ""

    @property
    def same(self) -> bool:
        """Whether what is saved changes nothing that the patient reads."""
        return self.now == self.saved


@dataclass(frozen=True, eq=False)
class Trial:
    """Asks the engine in use without a chat. `net` hears the message first, as it does in a chat."""

    engine: Engine
    net: SafetyNet
    live: Knowledge
    withdrawals: Withdrawals
    now: Callable[[], datetime]

    async def ask(self, text: str, before: str, saved: Knowledge) -> Tried:
        """What somebody gets who types this, after the message `before` if there is one."""
        alarm = await asyncio.to_thread(self.net.check, text, None, [before] if before else [])
        if alarm:
            level = cast(Level, alarm.level)
            now, then = (said(self._replies(each).alarm(level, alarm.reply)) for each in (self.live, saved))
            return Tried(alarm, now, then)
        try:
            alone = reply = await self.engine.ask(Asked("studio", text))
            if before:
                first = await self.engine.ask(Asked("studio", before))
                reply = await self.engine.ask(Asked("studio", text, None, first.slots, (before,)))
        except EngineUnavailable:
            return Tried(None, (), (), problem="The assistant is not answering right now. Try again in a minute.")
        return Tried(
            None,
            said(self._replies(self.live).decided(reply, text)),
            said(self._replies(saved).decided(self._without_answers(reply), text)),
            reply.ranking[:RANKED],
            reply.answer_ranking[:RANKED],
            alone.topics if (alone.topics, alone.answers) != (reply.topics, reply.answers) else None,
        )

    def _without_answers(self, reply: EngineReply) -> EngineReply:
        """The decision without the answers that the engine says itself, which are those of the model in use."""
        known = [self.live.topics[name] for name in reply.topics if name in self.live.topics]
        own = {text for topic in known for each in topic.texts for text in (each, self.live.fill(each))}
        return replace(reply, messages=tuple(each for each in reply.messages if each.get("text") not in own))

    def _replies(self, knowledge: Knowledge) -> Replies:
        return Replies(knowledge, self.now, self.withdrawals)


def said(drafts: Sequence[Any]) -> tuple[Said, ...]:
    """What drafts of events hold for the eyes of a patient."""
    return tuple(
        Said(
            draft.kind,
            str(draft.body.get("text") or ""),
            str(draft.body.get("topic") or ""),
            str(draft.body.get("answer") or ""),
            tuple(str(button.get("title") or button.get("label") or "") for button in draft.body.get("buttons") or ()),
        )
        for draft in drafts
    )


@dataclass(frozen=True)
class Nearest:
    """The saved examples that lie nearest; `problem` where they could not be looked for."""

    near: tuple[Near, ...]
    problem: str = ""
