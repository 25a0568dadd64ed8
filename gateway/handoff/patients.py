"""The patient's side of a handoff: asking for a person and being told the truth, cancelling, leaving a contact."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, insert

from gateway.handoff.contact import contact, contact_in
from gateway.handoff.front_desk import FrontDesk
from gateway.handoff.patient_words import HUMAN
from gateway.handoff.side import Side
from gateway.live.signals import Signals
from gateway.storage import blocks, handoffs
from gateway.storage.database import Database
from gateway.storage.records import Body, Conversation, Draft, Handoff, HandoffReason, Json, TurnOutcome
from gateway.storage.store import Locked, Store
from gateway.storage.tables import desk_items
from knowledge import Knowledge

MORE_THAN_CONTACT = 7  # words around an address or number, up to which a message says nothing else
CANCEL = "cancel"  # name of the button that ends the waiting where there is no window to do it in


SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
AnOutcome = TypeVar("AnOutcome", bound=TurnOutcome)


class NoHandoff(LookupError):
    """Nobody was asked for in this conversation."""


@dataclass(frozen=True)
class HandoffStanding:
    """How a handoff stands, for the chat window."""

    state: str  # assistant, waiting or person
    name: str | None
    ahead: int
    here: bool
    opens: datetime | None
    usual_wait: float | None  # seconds
    contact: str | None
    link: str | None  # leads back to this chat from anywhere


class Patients(Side):
    """What patients can do about a handoff. One object for the process."""

    def __init__(
        self,
        store: Store,
        database: Database,
        signals: Signals,
        knowledge: Knowledge,
        front_desk: FrontDesk,
        link: Callable[[str], str],
    ) -> None:
        super().__init__(store, database, signals, knowledge, front_desk)
        self._link = link

    # in the course of a turn

    async def handed_over(self, conversation: Conversation, outcome: AnOutcome) -> AnOutcome:
        """The outcome with what follows from it if a person is needed: a handoff, and the truth about it."""
        about_person = next((n for n, draft in enumerate(outcome.replies) if draft.body["topic"] == HUMAN), None)
        if about_person is not None:
            reason: HandoffReason = "asked"
        elif "screening" in outcome.desk:
            reason, about_person = "screening", 0
        else:
            return outcome

        words = self._words(conversation)

        def work(connection: Connection) -> tuple[str, bool] | None:
            if blocks.current(connection, conversation.id, self._front_desk.now()):
                return None
            there = self._front_desk.within(connection)
            own = handoffs.current(connection, conversation.id)
            return words.asked(there, handoffs.ahead(connection, own and own.waiting_since)), not there.here

        found = await self._database.read(work)
        replies = list(outcome.replies)
        if found is None:
            replies[about_person] = words.still_blocked()
            return replace(outcome, replies=tuple(replies))
        truth, after_hours = found
        asked = replies[about_person]
        stands = {"state": "waiting", "contact": after_hours}
        if words.translated and reason == "asked":  # what the answer about a person says in English is then left out
            told = Draft(asked.role, asked.kind, {**words.notice(truth).body, "topic": HUMAN, "topics": [HUMAN]})
        else:
            told = replace(
                asked, body={**asked.body, "text": f"{truth}\n\n{_without(asked.body['text'], truth)}".strip()}
            )
        told.body["handoff"] = stands
        replies[about_person] = self._cancellable(told) if conversation.text_only else told
        desk = outcome.desk if reason in outcome.desk else (*outcome.desk, reason)
        return replace(outcome, replies=tuple(replies), desk=desk, handoff=Handoff(reason, after_hours))

    def cancelled(self, conversation: Conversation) -> Draft:
        """What is said when the waiting was ended in the course of a turn."""
        return replace(self._words(conversation).cancelled(), role="assistant")

    def contact_left(self, conversation: Conversation, text: str) -> tuple[str, Draft, bool] | None:
        """An address or number that a waiting patient typed in the chat, the reply to it, and whether it is all that
        the message says; none if there is none.
        """
        clinic = self._knowledge.clinic
        if conversation.holder != "waiting" or not (found := contact_in(text, clinic.country, but=clinic.phone)):
            return None
        written, usual = found
        words = self._words(conversation)
        said = words.notice(words.say("handoff_contact_kept", contact=usual), state="waiting", contact=True)
        return usual, replace(said, role="assistant"), len(text.replace(written, "").split()) <= MORE_THAN_CONTACT

    def _cancellable(self, draft: Draft) -> Draft:
        label = self._knowledge.wording("handoff_cancel")
        body: Body = {**draft.body, "buttons": [*draft.body["buttons"], {"id": CANCEL, "label": label}]}
        choices = {**draft.choices, CANCEL: {"label": label, "does": {"handoff": "cancel"}}}
        return replace(draft, body=body, choices=choices)

    # by itself

    async def ask(self, conversation_id: str) -> HandoffStanding:
        """Ask for a person; asking again changes nothing."""

        def work(locked: Locked) -> None:
            there, words = self._front_desk.within(locked.connection), self._words(locked.conversation)
            if blocks.current(locked.connection, conversation_id, locked.now):
                locked.add(words.still_blocked())
                return
            if not handoffs.begin(locked.connection, conversation_id, "asked", not there.here, locked.now):
                return
            notice = words.notice(words.asked(there, there.waiting), state="waiting", contact=not there.here)
            (said,) = locked.add(notice, holder="waiting")
            item = {"conversation_id": conversation_id, "seq": said.seq, "reason": "asked", "state": "open"}
            locked.connection.execute(insert(desk_items), {**item, "created_at": locked.now})

        await self._change(conversation_id, work)
        return await self.state(conversation_id)

    async def cancel(self, conversation_id: str) -> HandoffStanding:
        """Wait for nobody any more. A person who has the chat is told that the patient has ended it."""

        def work(locked: Locked) -> None:
            conversation = locked.conversation
            if not handoffs.end(locked.connection, conversation_id, "cancelled", locked.now):
                return
            silent: Json = {"answers_after": conversation.last_seq} if conversation.holder == "person" else {}
            locked.add(self._words(conversation).cancelled(), holder="assistant", **silent)

        await self._change(conversation_id, work)
        return await self.state(conversation_id)

    async def offer(self, conversation_id: str, sentence: str) -> None:
        """Offer a person, where the assistant has the chat."""

        def work(locked: Locked) -> None:
            blocked = blocks.current(locked.connection, conversation_id, locked.now)
            if locked.conversation.holder == "assistant" and not blocked:
                locked.add(self._words(locked.conversation).offered(sentence))

        await self._change(conversation_id, work)

    async def leave_contact(self, conversation_id: str, written: str) -> HandoffStanding:
        """Leave an e-mail address or phone number; NotReachable if it is neither, NoHandoff if nobody was asked for."""
        return await self._set_contact(conversation_id, contact(written, self._knowledge.clinic.country))

    async def delete_contact(self, conversation_id: str) -> HandoffStanding:
        """Delete what was left."""
        return await self._set_contact(conversation_id, None)

    async def _set_contact(self, conversation_id: str, found: str | None) -> HandoffStanding:
        def work(locked: Locked) -> None:
            if handoffs.current(locked.connection, conversation_id) is None:
                raise NoHandoff(conversation_id)
            handoffs.change(locked.connection, conversation_id, contact=found)

        await self._change(conversation_id, work)
        return await self.state(conversation_id)

    async def state(self, conversation_id: str) -> HandoffStanding:
        """How it stands now."""
        await self._store.conversation(conversation_id)

        def work(connection: Connection) -> HandoffStanding:
            there = self._front_desk.within(connection)
            own = handoffs.current(connection, conversation_id)
            return HandoffStanding(
                state=own.state if own else "assistant",
                name=own and own.staff_name,
                ahead=handoffs.ahead(connection, own.waiting_since) if own and own.state == "waiting" else 0,
                here=there.here,
                opens=there.opens,
                usual_wait=there.usual_wait.total_seconds() if there.usual_wait else None,
                contact=own and own.contact,
                link=self._link(conversation_id) if own else None,
            )

        return await self._database.read(work)


def _without(text: str, said: str) -> str:
    """The text without the sentences that were said just before it."""
    before = set(SENTENCE_END.split(said))
    paragraphs = (
        " ".join(sentence for sentence in SENTENCE_END.split(paragraph) if sentence not in before)
        for paragraph in text.split("\n\n")
    )
    return "\n\n".join(filter(None, paragraphs))
