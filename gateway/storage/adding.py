"""Adding to the numbers that stay when chats go, on both databases, and naming many chats a few hundred at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

AT_ONCE = 500  # ids in one statement
# Both databases have it, in a dialect of their own.
INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def add(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add the numbers of these rows to the row with the same primary key; it is made if there is none."""
    if not rows:
        return
    new = INSERT[connection.dialect.name](table)
    numbers = [column for column in table.c if not column.primary_key]
    more = {column.name: column + new.excluded[column.name] for column in numbers}
    connection.execute(new.on_conflict_do_update(index_elements=list(table.primary_key), set_=more), list(rows))


def batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """The ids, as many at once as one statement may name."""
    for first in range(0, len(ids), AT_ONCE):
        yield ids[first : first + AT_ONCE]
