"""What a database does for the statements that it was given: whether it finds rows by an index or reads all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, event

from gateway.desk.service import _queue
from gateway.storage.records import Draft, TurnOutcome
from gateway.storage.store import Store

GROWING = ("conversations", "events", "desk_items", "handoffs", "incidents")  # tables that grow with use


@contextmanager
def recorded() -> Iterator[dict[str, Any]]:
    """Each statement of any database that reads or changes rows, with the values of its first use."""
    seen: dict[str, Any] = {}

    def note(connection: Any, cursor: Any, statement: str, values: Any, context: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            seen.setdefault(statement, values[0] if many else values)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def a_day(store: Store) -> None:
    """All that a message and the desk's queue ask of the store."""
    conversation, _, _ = await store.open()
    said = Draft("patient", "message", {"text": "will I be sore?"})
    for key in ("one", "two"):
        message, _ = await store.append(conversation.id, said, key)
        await store.next_turn(conversation.id)
        await store.said_before(message)
        answer = Draft("assistant", "answer", {"text": "Most people are."})
        await store.settle(conversation.id, message.seq, TurnOutcome((answer,), slots={}, desk=("asked",)))
        await store.answer_to(conversation.id, message.seq)
    await store.append_from("walk-in", said)
    await store.history(conversation.id)
    await store.choice(conversation.id, "1-yes")
    await store.last_card(conversation.id, "two")
    await store.unanswered()
    await store.open_desk_items()
    await store._database.read(lambda connection: _queue(connection, 500))
    await store.purge(datetime(2020, 1, 1, tzinfo=UTC))
    await store.forget(conversation.id)


def reads_everything(connection: Connection, statements: dict[str, Any]) -> list[str]:
    """The statements that read a whole growing table, with what the database says about them."""
    sqlite = connection.dialect.name == "sqlite"
    if not sqlite:  # with few rows, reading all is quickest: is there an index at all?
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    found = []
    for statement, values in statements.items():
        explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
        plan = [str(row[-1]) for row in connection.exec_driver_sql(explain + statement, values)]
        if any(_whole_table(line) for line in plan):
            found.append(statement + "\n    " + "\n    ".join(plan))
    return found


def _whole_table(line: str) -> bool:
    words = line.strip().removeprefix("-> ").strip()
    return any(
        words == f"SCAN {table}" or words.startswith((f"SCAN {table} AS", f"Seq Scan on {table} ")) for table in GROWING
    )
