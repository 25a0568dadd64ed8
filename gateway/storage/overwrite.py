"""`python -I overwrite.py FILE`: writes zeros over what an SQLite file holds and no longer uses, and over nothing else.

`secure_delete` writes zeros over a row where it stood, but not over the copies that are left in a page's free space
when rows move as pages are split. Rewriting the whole file (`VACUUM`) would end them, and takes longer the more
chats there are; here the file is only read, and written where something is left.

It is a process of its own because a process that closes a file loses all its locks on it, and SQLite's locks in the
gateway must hold. It needs nothing but Python. While it writes, it is SQLite's one writer and the log of writes is
empty, so no page is in two places; readers never look at free space. The layout of pages is SQLite's file format
(https://sqlite.org/fileformat.html), fixed since 2004. Ends with 0, with BUSY if others kept the database in use, or
with ANOTHER_LAYOUT if it does not know its way in the file; it has then changed nothing.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

BUSY, ANOTHER_LAYOUT = 75, 65
PATIENCE = 10.0  # seconds that others may keep the database in use
TRIES = 20
HEADER = 100  # bytes at the beginning of the first page
TREES = {2: 12, 5: 12, 10: 8, 13: 8}  # length of the header of a page of a tree, by its kind
# The first byte of other pages is the highest of a page's number, and is not to be taken for a kind.
MOST_PAGES = 2**25

Place = tuple[int, int]  # from the beginning of a page: first byte, and the first that is not meant any more


class AnotherLayout(Exception):
    """The file is not laid out as expected."""


class Busy(Exception):
    """Others kept the database in use."""


class File:
    """An SQLite file, page by page."""

    def __init__(self, raw: BinaryIO) -> None:
        self._descriptor = raw.fileno()
        header = os.pread(self._descriptor, HEADER, 0)
        if len(header) < HEADER or not header.startswith(b"SQLite format 3\0"):
            raise AnotherLayout("no SQLite file")
        size = int.from_bytes(header[16:18], "big")
        self.size = 65_536 if size == 1 else size
        self.used = self.size - header[20]
        self.pages = os.fstat(self._descriptor).st_size // self.size
        # With automatic vacuum some pages are of a kind that is not known here.
        if self.pages >= MOST_PAGES or _number(header, 52):
            raise AnotherLayout("too large, or with automatic vacuum")
        self._without_use = dict(self._pages_without_use(_number(header, 32)))

    def _page(self, number: int) -> bytes:
        return os.pread(self._descriptor, self.size, (number - 1) * self.size)

    def with_left_overs(self) -> list[int]:
        """The pages in which something is left."""
        return [number for number in range(1, self.pages + 1) if any(self._left_overs(number))]

    def clear(self, numbers: Iterable[int]) -> None:
        """Write zeros over all that is left in these pages. Only for whoever has the database for itself."""
        for number in numbers:
            for first, end in self._left_overs(number):
                os.pwrite(self._descriptor, bytes(end - first), (number - 1) * self.size + first)
        os.fsync(self._descriptor)

    def _left_overs(self, number: int) -> Iterator[Place]:
        if page := self._page(number):  # there may be fewer pages than when it was looked at
            start = HEADER if number == 1 else 0
            unused = self._without_use.get(number)
            for first, end in [unused] if unused else self._free_space(page, start):
                if page.count(0, first, end) < end - first:
                    yield first, end

    def _pages_without_use(self, first: int) -> Iterator[tuple[int, Place]]:
        """The pages on SQLite's list of free ones, with what may be overwritten in each."""
        trunk, seen = first, set[int]()
        while trunk:
            if trunk in seen or trunk > self.pages:
                raise AnotherLayout("the list of free pages")
            seen.add(trunk)
            page = self._page(trunk)
            leaves = _number(page, 4)
            if 8 + 4 * leaves > self.used:
                raise AnotherLayout("the list of free pages")
            yield trunk, (8 + 4 * leaves, self.used)
            for at in range(8, 8 + 4 * leaves, 4):
                yield _number(page, at), (0, self.used)
            trunk = _number(page, 0)

    def _free_space(self, page: bytes, start: int) -> list[Place]:
        """The free space of a page of a tree: between its list of rows and the rows, and in the holes among them."""
        if (header := TREES.get(page[start])) is None:
            return []
        rows, begin = _short(page, start + 3), _short(page, start + 5) or 65_536
        places = [(start + header + 2 * rows, begin)]
        hole = _short(page, start + 1)
        while hole:
            after, length = _short(page, hole), _short(page, hole + 2)
            if length < 4 or 0 < after < hole + length:
                raise AnotherLayout("the holes of a page")
            places.append((hole + 4, hole + length))
            hole = after
        if any(not start < first <= end <= self.used for first, end in places):
            raise AnotherLayout("the free space of a page")
        return places


def overwrite(file: Path) -> None:
    """Write zeros over all that was deleted before this call. Raises AnotherLayout or Busy."""
    with file.open("r+b", buffering=0) as raw, closing(sqlite3.connect(file, PATIENCE, isolation_level=None)) as sqlite:
        # Others write meanwhile. Only rows that are in use are ever copied, so of what was deleted nothing gets into
        # a page in which it is not now.
        with _no_log(sqlite, file, "BEGIN"):
            found = File(raw).with_left_overs()
        if found:
            with _no_log(sqlite, file, "BEGIN IMMEDIATE"):
                File(raw).clear(found)
                # After any change others read their pages anew, so that none writes what it remembers of free space.
                (version,) = sqlite.execute("PRAGMA user_version").fetchone()
                sqlite.execute(f"PRAGMA user_version = {version}")


@contextmanager
def _no_log(sqlite: sqlite3.Connection, file: Path, begin: str) -> Iterator[None]:
    """A transaction that begins with an empty log of writes: until its end SQLite keeps the file as it is."""
    log = file.with_name(f"{file.name}-wal")
    for _ in range(TRIES):
        busy, *_ = sqlite.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        sqlite.execute(begin)
        sqlite.execute("SELECT 1 FROM sqlite_schema").fetchone()
        if not (busy or (log.exists() and log.stat().st_size)):
            yield
            sqlite.execute("COMMIT")
            return
        sqlite.execute("ROLLBACK")
    raise Busy


def _number(page: bytes, at: int) -> int:
    return int.from_bytes(page[at : at + 4], "big")


def _short(page: bytes, at: int) -> int:
    return int.from_bytes(page[at : at + 2], "big")


def main() -> int:
    """Exit status; nothing is printed."""
    try:
        overwrite(Path(sys.argv[1]))
    except AnotherLayout:
        return ANOTHER_LAYOUT
    except Busy:
        return BUSY
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname.startswith("SQLITE_BUSY"):
            return BUSY
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
