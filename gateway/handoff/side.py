"""What both sides of a handoff have in common: the store they change, the words they say, and who is woken by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.handoff.front_desk import FrontDesk
from gateway.handoff.patient_words import PatientWords
from gateway.live.signals import Signals
from gateway.storage.database import Database
from gateway.storage.records import Conversation
from gateway.storage.store import Locked, Store
from knowledge import Knowledge

DESK = "desk"  # the name under which consoles listen for news


class Side:
    """One side of a handoff: that of the staff (`Desk`), or that of the patient (`Patients`)."""

    def __init__(
        self, store: Store, database: Database, signals: Signals, knowledge: Knowledge, front_desk: FrontDesk
    ) -> None:
        self._store = store
        self._database = database
        self._signals = signals
        self._knowledge = knowledge
        self._front_desk = front_desk

    def _words(self, conversation: Conversation) -> PatientWords:
        """What this patient is told, in their language if we have it."""
        return PatientWords(self._knowledge, conversation.language)

    async def _change(self, conversation_id: str, work: Callable[[Locked], Any]) -> Any:
        """Do this in one transaction, then wake the patient's window and every console."""
        result = await self._store.within(conversation_id, work)
        self._signals.send(conversation_id)
        self._signals.send(DESK)
        return result
