"""Nobody waits in silence: who waits too long is told so, and the front desk is alerted again and again.

Waiting is counted while the front desk is open. What was asked for after hours is counted from the next opening.
A person who has a chat and does not answer in it loses it to the queue.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from gateway.database import Database
from gateway.desk import handoffs
from gateway.desk.front_desk import Availability, FrontDesk
from gateway.desk.mail import Mailer
from gateway.desk.service import mail, to_queue, waiting
from gateway.desk.words import Words
from gateway.live import Signals
from gateway.logs import describe
from gateway.store import CLOCK_SLACK, Locked, Store, UnknownConversation
from gateway.tables import handoffs as table
from knowledge import Knowledge

log = logging.getLogger(__name__)


class Alerts:
    """Looks after everybody who waits. `start` it to have it look every few seconds."""

    def __init__(
        self,
        store: Store,
        database: Database,
        signals: Signals,
        knowledge: Knowledge,
        front_desk: FrontDesk,
        mailer: Mailer,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._database = database
        self._signals = signals
        self._knowledge = knowledge
        self._clinic = knowledge.clinic
        self._rules = knowledge.clinic.waiting
        self._rungs = [timedelta(minutes=minutes) for minutes in self._rules.alert_minutes]
        self._front_desk = front_desk
        self._mailer = mailer
        self._now = now
        self._watching: asyncio.Task[None] | None = None

    def start(self, poll: float) -> None:
        """Look now, and again and again."""
        self._watching = asyncio.create_task(self._watch(poll))

    async def close(self) -> None:
        """Look no more."""
        if self._watching:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching

    async def _watch(self, poll: float) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:  # most likely the database was away
                log.error("could not look after who waits (%s)", describe(error))
            await asyncio.sleep(poll)

    async def look(self) -> None:
        """Look once at everybody who waits, and send the e-mail that is due."""
        query = select(table).where(handoffs.OPEN, table.c.waiting_since.is_not(None))
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        for row in rows:
            if self._due(row, await self._front_desk.availability()):
                with suppress(UnknownConversation):
                    await self._store.within(row.conversation_id, self._look_at)
                self._signals.send(row.conversation_id)
                self._signals.send("desk")
        await self._mailer.send_waiting()

    def _look_at(self, locked: Locked) -> None:
        """The same question again, in the transaction that acts on it."""
        handoff = handoffs.current(locked.connection, locked.conversation.id)
        there = self._front_desk.within(locked.connection)
        if handoff is None or handoff.waiting_since is None or not (due := self._due(handoff, there)):
            return
        words = Words(self._knowledge, locked.conversation.language)
        # One word to the patient, also if several are due: after a quiet person, or when the desk is back.
        if due == "clock":
            handoffs.change(locked.connection, locked.conversation.id, waiting_since=locked.now)
            return
        alerts = sum(self._waited(handoff.waiting_since) >= rung for rung in self._rungs)
        if due == "quiet":
            to_queue(locked)
            handoffs.change(locked.connection, locked.conversation.id, alerts=alerts)
            locked.add(words.quiet(handoff.staff_name), **waiting(locked))
        elif due == "nobody":
            handoffs.change(locked.connection, locked.conversation.id, after_hours=True)
            locked.add(words.nobody_any_more(there))
        else:
            handoffs.change(locked.connection, locked.conversation.id, alerts=alerts)
            locked.add(words.still_waiting(locked.now - handoff.waiting_since))
            if alerts > 1 and self._rules.email_alerts and self._mailer.configured:
                mail(locked, "alert")

    def _due(self, handoff: Row[Any], there: Availability) -> str | None:
        """What has to happen now: clock (it was set back, so the wait is counted from now), quiet, nobody or alert."""
        if handoff.waiting_since > self._now() + CLOCK_SLACK:
            return "clock"
        waited = self._waited(handoff.waiting_since)
        if handoff.state == "person":
            return "quiet" if waited >= timedelta(minutes=self._rules.quiet_minutes) else None
        if self._clinic.hours is not None and not there.here:
            return None if handoff.after_hours else "nobody"
        late = handoff.alerts < len(self._rungs) and waited >= self._rungs[handoff.alerts]
        return "alert" if late else None

    def _waited(self, since: datetime) -> timedelta:
        """How long, from the moment on at which somebody could have answered."""
        if self._clinic.hours is not None and not self._clinic.open_at(since):
            since = self._clinic.next_opening(since) or since
        return self._now() - since
