"""E-mail by SMTP: to the clinic that somebody waits, to a patient that there is an answer. Never what anybody typed.

What is to be sent stands in the database until it was sent: a mail server that is down delays it, and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import smtplib
import ssl
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from functools import partial

from sqlalchemy import Connection, delete, select

from gateway.desk.service import ALARMS, UNOPENED
from gateway.errors import describe
from gateway.handoff.patient_words import PatientWords
from gateway.settings import Settings
from gateway.storage import handoffs
from gateway.storage.database import Database
from gateway.storage.tables import conversations, desk_items, desk_mails
from knowledge import Knowledge

TIMEOUT = 10.0
log = logging.getLogger(__name__)


class Mailer:
    """Sends what waits to be sent."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        knowledge: Knowledge,
        link: Callable[[str], str],
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._database = database
        self._knowledge = knowledge
        self._link = link
        self._now = now

    @property
    def configured(self) -> bool:
        """Whether e-mail can be sent at all."""
        return bool(self._settings.smtp_host and self._sender)

    async def works(self) -> str:
        """`ok` if the mail server takes us, or there is none; otherwise in a few words why not."""
        if not self.configured:
            return "ok"
        try:
            await asyncio.to_thread(self._connected, lambda server: server.noop())
        except (OSError, smtplib.SMTPException) as error:
            return f"the mail server does not answer ({describe(error)})"
        return "ok"

    async def send_waiting(self) -> int:
        """Send all that waits; returns how many were sent. What could not be sent waits for the next time."""
        if not self.configured:
            return 0
        sent = 0
        send = self._send if self._database.one_writer else self._send_locked
        for number, conversation_id, kind in await self._database.read(_waiting):
            try:
                sent += await send(number, conversation_id, kind)
            except (OSError, smtplib.SMTPException) as error:
                log.warning("an e-mail could not be sent yet (%s)", describe(error))
                break
        return sent

    async def _send(self, number: int, conversation_id: str, kind: str) -> bool:
        """Send it, and hold nobody up meanwhile."""
        message = await self._database.read(partial(self._message, conversation_id, kind))
        if message is not None:
            await asyncio.to_thread(self._deliver, message)
        await self._database.write(partial(_done, number))
        return message is not None

    async def _send_locked(self, number: int, conversation_id: str, kind: str) -> bool:
        """Send it while its row is locked: of several gateways one sends it, and it waits again if that one dies."""

        def work(connection: Connection) -> bool:
            row = select(desk_mails.c.id).where(desk_mails.c.id == number).with_for_update(skip_locked=True)
            if connection.execute(row).first() is None:
                return False
            message = self._message(conversation_id, kind, connection)
            if message is not None:
                self._deliver(message)
            _done(number, connection)
            return message is not None

        return await self._database.write(work)

    @property
    def _sender(self) -> str:
        return self._settings.smtp_from or self._knowledge.clinic.email or ""

    def _message(self, conversation_id: str, kind: str, connection: Connection) -> EmailMessage | None:
        """The e-mail, or None if it is not needed any more."""
        handoff = handoffs.current(connection, conversation_id)
        address = self._settings.public_url.rstrip("/")
        message = EmailMessage()
        message["From"] = self._sender
        if kind == "look":
            return self._look(conversation_id, message, connection)
        if kind == "alert":
            if handoff is None or handoff.waiting_since is None or not self._knowledge.clinic.email:
                return None
            message["To"] = self._knowledge.clinic.email
            words = PatientWords(self._knowledge)  # the clinic's own language, not the patient's
            message["Subject"] = words.say("mail_alert_subject", count=handoffs.ahead(connection))
            waited = words.minutes(self._now() - handoff.waiting_since)
            message.set_content(words.say("mail_alert", wait=waited, address=f"{address}/desk"))
            return message
        if handoff is None or "@" not in (handoff.contact or ""):
            return None
        language = select(conversations.c.language).where(conversations.c.id == conversation_id)
        words = PatientWords(self._knowledge, connection.execute(language).scalar_one())
        message["To"] = handoff.contact
        message["Subject"] = words.say("handoff_mail_subject")
        link = self._link(conversation_id)
        text = words.say("handoff_mail", address=link) if address else words.say("handoff_mail_no_link")
        message.set_content(text)
        return message

    def _look(self, conversation_id: str, message: EmailMessage, connection: Connection) -> EmailMessage | None:
        """That something is to be looked at, and an alarm before all else; None if somebody has opened it."""
        query = select(desk_items).where(desk_items.c.conversation_id == conversation_id, UNOPENED)
        items = connection.execute(query.order_by(desk_items.c.created_at)).all()
        alarms = [item for item in items if item.reason in ALARMS]
        clinic = self._knowledge.clinic
        to = [address for address in (clinic.email, *(clinic.waiting.alarm_emails if alarms else ())) if address]
        if not items or not to:
            return None
        words, about = PatientWords(self._knowledge), "mail_alarm" if alarms else "mail_look"
        message["To"] = ", ".join(dict.fromkeys(to))
        message["Subject"] = words.say(f"{about}_subject")
        waited = words.minutes(self._now() - (alarms or items)[0].created_at)
        address = f"{self._settings.public_url.rstrip('/')}/desk"
        message.set_content(words.say(about, wait=f"{waited[:1].upper()}{waited[1:]}", address=address))
        return message

    def _deliver(self, message: EmailMessage) -> None:
        self._connected(lambda server: server.send_message(message))

    def _connected(self, work: Callable[[smtplib.SMTP], object]) -> None:
        """Sign in at the mail server, and do this there."""
        chosen = self._settings
        context = ssl.create_default_context()
        if chosen.smtp_security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                chosen.smtp_host, chosen.smtp_port, timeout=TIMEOUT, context=context
            )
        else:
            server = smtplib.SMTP(chosen.smtp_host, chosen.smtp_port, timeout=TIMEOUT)
        with server:
            if chosen.smtp_security == "starttls":
                server.starttls(context=context)
            if chosen.smtp_user:
                server.login(chosen.smtp_user, chosen.smtp_password)
            work(server)


def _waiting(connection: Connection) -> list[tuple[int, str, str]]:
    query = select(desk_mails.c.id, desk_mails.c.conversation_id, desk_mails.c.kind).order_by(desk_mails.c.id)
    return [(row.id, row.conversation_id, row.kind) for row in connection.execute(query)]


def _done(number: int, connection: Connection) -> None:
    connection.execute(delete(desk_mails).where(desk_mails.c.id == number))
