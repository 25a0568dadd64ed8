"""Withdrawing answers and closing incidents from the command line, on the database that a running gateway uses."""

from __future__ import annotations

from datetime import UTC

from gateway.answers.feedback import Feedback, OpenIncidents
from gateway.answers.withdrawals import Withdrawal, Withdrawals
from gateway.clock import utc_now
from gateway.settings import Settings
from gateway.storage.database import Database


async def withdraw(settings: Settings, topic: str, reason: str) -> None:
    """Take an answer back."""
    async with Database.opened(settings.database_url) as database:
        await Withdrawals(database, utc_now).withdraw(topic, reason)


async def restore(settings: Settings, topic: str) -> bool:
    """Give an answer again; whether it had been withdrawn."""
    async with Database.opened(settings.database_url) as database:
        return await Withdrawals(database, utc_now).restore(topic)


async def withdrawn(settings: Settings) -> list[Withdrawal]:
    """The withdrawn answers."""
    async with Database.opened(settings.database_url) as database:
        return await Withdrawals(database, utc_now).all()


async def open_incidents(settings: Settings) -> list[OpenIncidents]:
    """The open incidents."""
    async with Database.opened(settings.database_url) as database:
        return await Feedback(database, utc_now, UTC).open_incidents()


async def close_incident(settings: Settings, number: int) -> bool:
    """Close an incident; whether it was open."""
    async with Database.opened(settings.database_url) as database:
        return await Feedback(database, utc_now, UTC).close_incident(number)
