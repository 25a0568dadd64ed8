"""Withdrawing answers and closing incidents from the command line, on the database that a running gateway uses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from gateway.database import Database
from gateway.feedback import Feedback, OpenIncidents
from gateway.settings import Settings
from gateway.withdrawals import Withdrawal, Withdrawals


def _now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings.database_url)
    try:
        await database.upgrade()
        yield database
    finally:
        await database.close()


async def withdraw(settings: Settings, topic: str, reason: str) -> None:
    """Take an answer back."""
    async with _database(settings) as database:
        await Withdrawals(database, _now).withdraw(topic, reason)


async def restore(settings: Settings, topic: str) -> bool:
    """Give an answer again; whether it had been withdrawn."""
    async with _database(settings) as database:
        return await Withdrawals(database, _now).restore(topic)


async def withdrawn(settings: Settings) -> list[Withdrawal]:
    """The withdrawn answers."""
    async with _database(settings) as database:
        return await Withdrawals(database, _now).all()


async def open_incidents(settings: Settings) -> list[OpenIncidents]:
    """The open incidents."""
    async with _database(settings) as database:
        return await Feedback(database, _now, UTC).open_incidents()


async def close_incident(settings: Settings, number: int) -> bool:
    """Close an incident; whether it was open."""
    async with _database(settings) as database:
        return await Feedback(database, _now, UTC).close_incident(number)
