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

from gateway.database import Database
from gateway.desk import handoffs
from gateway.desk.words import Words
from gateway.logs import describe
from gateway.settings import Settings
from gateway.tables import conversations, desk_mails
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

    async def send_waiting(self) -> int:
        """Send all that waits; returns how many were sent. What could not be sent waits for the next time."""
        if not self.configured:
            return 0
        sent = 0
        for number, conversation_id, kind in await self._database.read(_waiting):
            message = await self._database.read(partial(self._message, conversation_id, kind))
            if message is not None:
                try:
                    await asyncio.to_thread(self._deliver, message)
                except (OSError, smtplib.SMTPException) as error:
                    log.warning("an e-mail could not be sent yet (%s)", describe(error))
                    return sent
                sent += 1
            await self._database.write(partial(_done, number))
        return sent

    @property
    def _sender(self) -> str:
        return self._settings.smtp_from or self._knowledge.clinic.email or ""

    def _message(self, conversation_id: str, kind: str, connection: Connection) -> EmailMessage | None:
        """The e-mail, or None if it is not needed any more."""
        handoff = handoffs.current(connection, conversation_id)
        address = self._settings.public_url.rstrip("/")
        message = EmailMessage()
        message["From"] = self._sender
        if kind == "alert":
            if handoff is None or handoff.waiting_since is None or not self._knowledge.clinic.email:
                return None
            message["To"] = self._knowledge.clinic.email
            words = Words(self._knowledge)  # the clinic's own language, not the patient's
            message["Subject"] = words.say("mail_alert_subject", count=handoffs.ahead(connection))
            waited = words.minutes(self._now() - handoff.waiting_since)
            message.set_content(words.say("mail_alert", wait=waited, address=f"{address}/desk"))
            return message
        if handoff is None or "@" not in (handoff.contact or ""):
            return None
        language = select(conversations.c.language).where(conversations.c.id == conversation_id)
        words = Words(self._knowledge, connection.execute(language).scalar_one())
        message["To"] = handoff.contact
        message["Subject"] = words.say("handoff_mail_subject")
        link = self._link(conversation_id)
        text = words.say("handoff_mail", address=link) if address else words.say("handoff_mail_no_link")
        message.set_content(text)
        return message

    def _deliver(self, message: EmailMessage) -> None:
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
            server.send_message(message)


def _waiting(connection: Connection) -> list[tuple[int, str, str]]:
    query = select(desk_mails.c.id, desk_mails.c.conversation_id, desk_mails.c.kind).order_by(desk_mails.c.id)
    return [(row.id, row.conversation_id, row.kind) for row in connection.execute(query)]


def _done(number: int, connection: Connection) -> None:
    connection.execute(delete(desk_mails).where(desk_mails.c.id == number))
