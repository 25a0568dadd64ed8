"""Nobody waits in silence: who waits too long is told so, and the front desk is alerted again and again.

Waiting is counted while the front desk is open. What was asked for after hours is counted from the next opening.
A person who has a chat and does not answer in it loses it to the queue. What there is to look at is reminded of in the
same way until somebody opens the chat; an alarm by day and by night, again and again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row, select, update

from gateway.clock import CLOCK_SLACK
from gateway.desk.mail import Mailer
from gateway.desk.service import ALARMS, UNOPENED, mail, to_queue, waiting
from gateway.handoff.front_desk import Availability, FrontDesk
from gateway.handoff.patient_words import PatientWords
from gateway.handoff.side import DESK
from gateway.live.signals import Signals
from gateway.repeating import Repeating
from gateway.storage import handoffs
from gateway.storage.database import Database
from gateway.storage.records import UnknownConversation
from gateway.storage.store import Locked, Store
from gateway.storage.tables import desk_items
from gateway.storage.tables import handoffs as table
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
        self._alarm_rungs = [timedelta(minutes=minutes) for minutes in self._rules.alarm_minutes]
        self._front_desk = front_desk
        self._mailer = mailer
        self._now = now
        self._watching = Repeating(self.look, "could not look after who waits")

    def start(self, poll: float) -> None:
        """Look now, and again and again."""
        self._watching.start(poll)

    async def close(self) -> None:
        """Look no more."""
        await self._watching.close()

    async def look(self) -> None:
        """Look once at everybody who waits, and send the e-mail that is due."""
        query = select(table).where(handoffs.OPEN, table.c.waiting_since.is_not(None))
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        for row in rows:
            if self._due(row, await self._front_desk.availability()):
                with suppress(UnknownConversation):
                    await self._store.within(row.conversation_id, self._look_at)
                self._signals.send(row.conversation_id)
                self._signals.send(DESK)
        await self._look_at_items()
        await self._mailer.send_waiting()

    def _look_at(self, locked: Locked) -> None:
        """The same question again, in the transaction that acts on it."""
        handoff = handoffs.current(locked.connection, locked.conversation.id)
        there = self._front_desk.within(locked.connection)
        if handoff is None or handoff.waiting_since is None or not (due := self._due(handoff, there)):
            return
        words = PatientWords(self._knowledge, locked.conversation.language)
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

    async def _look_at_items(self) -> None:
        """Remind the desk of what nobody has opened."""
        query = select(desk_items).where(UNOPENED)
        items = await self._database.read(lambda connection: connection.execute(query).all())
        there = await self._front_desk.availability() if items else None
        for item in items:
            if there and (item.created_at > self._now() + CLOCK_SLACK or self._steps(item, there) > item.alerts):
                with suppress(UnknownConversation):
                    await self._store.within(item.conversation_id, partial(self._remind, item.id))
                self._signals.send(DESK)

    def _remind(self, number: int, locked: Locked) -> None:
        item = locked.connection.execute(select(desk_items).where(desk_items.c.id == number, UNOPENED)).one_or_none()
        if item is None:
            return
        this = update(desk_items).where(desk_items.c.id == number)
        if item.created_at > locked.now + CLOCK_SLACK:
            locked.connection.execute(this.values(created_at=locked.now))
            return
        alerts = self._steps(item, self._front_desk.within(locked.connection))
        if alerts <= item.alerts:
            return
        locked.connection.execute(this.values(alerts=alerts))
        by_mail = self._rules.email_alerts and self._mailer.configured
        if by_mail and (alerts > 1 or item.reason in ALARMS):
            mail(locked, "look")

    def _steps(self, item: Row[Any], there: Availability) -> int:
        """How often the desk should have been reminded of this by now."""
        if item.reason not in ALARMS:
            if self._clinic.hours is not None and not there.here:
                return 0
            waited = self._waited(item.created_at)
            return sum(waited >= rung for rung in self._rungs)
        waited, last = self._now() - item.created_at, self._alarm_rungs[-1]
        return sum(waited >= rung for rung in self._alarm_rungs) + max(0, waited // last - 1)

    def _due(self, handoff: Row[Any], there: Availability) -> str | None:
        """What has to happen now: clock (it was set back, so the wait is counted from now), quiet, nobody or alert."""
        if handoff.waiting_since > self._now() + CLOCK_SLACK:
            return "clock"
        if handoff.state == "person":
            # Who has just taken a chat is not quiet, however long the patient has waited before.
            quiet = self._waited(max(handoff.waiting_since, handoff.claimed_at or handoff.waiting_since))
            return "quiet" if quiet >= timedelta(minutes=self._rules.quiet_minutes) else None
        waited = self._waited(handoff.waiting_since)
        if self._clinic.hours is not None and not there.here:
            return None if handoff.after_hours else "nobody"
        late = handoff.alerts < len(self._rungs) and waited >= self._rungs[handoff.alerts]
        return "alert" if late else None

    def _waited(self, since: datetime) -> timedelta:
        """How long, from the moment on at which somebody could have answered."""
        if self._clinic.hours is not None and not self._clinic.open_at(since):
            since = self._clinic.next_opening(since) or since
        return self._now() - since
