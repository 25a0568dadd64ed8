"""`python -m tests.support.erase_much FILE`: writes a big database anew, and prints as JSON how many
bytes of memory that took more than before, and where SQLite put its temporary files meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import threading
from pathlib import Path

from sqlalchemy import Connection, text

from gateway.storage.database import Database

ROWS, BYTES = 60_000, 1_000


def fill(connection: Connection) -> None:
    """Some 60 MB, of which the half is deleted again."""
    connection.execute(text("CREATE TABLE said (number INTEGER PRIMARY KEY, words TEXT)"))
    for first in range(0, ROWS, 1_000):
        rows = [{"words": os.urandom(BYTES // 2).hex()} for _ in range(first, first + 1_000)]
        connection.execute(text("INSERT INTO said (words) VALUES (:words)"), rows)
    connection.execute(text("DELETE FROM said WHERE number % 2"))


def most() -> int:
    """The most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def main() -> None:
    """Fill, erase, and watch."""
    database, over, places = Database(f"sqlite:///{sys.argv[1]}"), threading.Event(), set[str]()

    def watch() -> None:
        while not over.wait(0.001):
            for descriptor in Path("/proc/self/fd").iterdir():
                try:
                    name = str(descriptor.readlink())
                except OSError:  # closed meanwhile
                    continue
                if "etilqs_" in name:  # as SQLite names them
                    places.add(name)

    await database.write(fill)
    before = most()
    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    await database.rewrite()
    over.set()
    watching.join()
    await database.close()
    print(json.dumps({"grew": most() - before, "places": sorted(places)}))


asyncio.run(main())
