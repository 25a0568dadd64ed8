"""Opening the database: SQLite so that an acknowledged message survives a crash, or any other that SQLAlchemy knows.

Transactions are short and run whole in a thread of their own. (An asyncio driver for SQLite does the same one
statement at a time: measured, it takes three times the processor for the same message.)
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url

from gateway.storage import overwrite

MIGRATIONS = Path(__file__).parent / "migrations"
READERS = 4
MIGRATING = 20_260_121  # any number, the same for all gateways

T = TypeVar("T")
Around = Callable[[str], AbstractContextManager[object]]
log = logging.getLogger(__name__)


class DatabaseBusy(Exception):
    """The database could not be had for itself."""


class Database:
    """Runs functions that take a connection, each in one transaction: all of it happens, or nothing."""

    def __init__(self, url: str, around_writes: Around = nullcontext) -> None:
        """Open the database at `url`; each write happens inside `around_writes`, which gets the kind of database."""
        self.engine = _connect(url)
        self._around_writes = around_writes
        self._to_read = self.engine.execution_options(writes=False)
        self._to_write = self.engine.execution_options(writes=True)
        # SQLite has one writer. Waiting for a thread is fair, and quicker than SQLite's own polling for its lock.
        writers = 1 if self.engine.dialect.name == "sqlite" else READERS
        self._readers = ThreadPoolExecutor(READERS, "database-read")
        self._writers = ThreadPoolExecutor(writers, "database-write")
        self._in_use: AbstractContextManager[None] | None = None
        self._scrub: asyncio.Task[None] | None = None
        self._next_scrub: asyncio.Task[None] | None = None

    @classmethod
    @asynccontextmanager
    async def opened(cls, url: str) -> AsyncIterator[Database]:
        """The database with its newest tables, for as long as it is needed; a running gateway may use it as well."""
        database = cls(url)
        try:
            await database.upgrade()
            yield database
        finally:
            await database.close()

    @property
    def one_writer(self) -> bool:
        """Whether a transaction that writes keeps all others waiting, as in SQLite."""
        return self.engine.dialect.name == "sqlite"

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run a function that only reads."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, _run, self._to_read, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run a function that may write. When this returns, what it wrote is on disk."""
        with self._around_writes(self.engine.dialect.name):
            return await asyncio.get_running_loop().run_in_executor(self._writers, _run, self._to_write, work)

    def run_here(self, work: Callable[[Connection], T]) -> T:
        """The same as `write`, without an event loop."""
        return _run(self._to_write, work)

    async def upgrade(self, revision: str = "head") -> None:
        """Bring the tables to the newest form (or to `revision`)."""
        if self._in_use is None and (file := _file(self.engine)):
            self._in_use = in_use(file)
            self._in_use.__enter__()
        await self.write(_migration(command.upgrade, revision))

    async def downgrade(self, revision: str) -> None:
        """Take the tables back to an older form; `base` removes them."""
        await self.write(_migration(command.downgrade, revision))

    async def scrub(self) -> None:
        """Leave nothing in the database's files of what was deleted before this call, writing no more than that.

        SQLite alone: others have their own means (docs/privacy.md). Who asks while it runs waits for one more run,
        which then serves all that asked meanwhile. Raises DatabaseBusy if others kept the database in use.
        """
        if _file(self.engine) is None:
            return
        if self._next_scrub is None:
            self._next_scrub = asyncio.create_task(self._scrub_after(self._scrub))
        await asyncio.shield(self._next_scrub)

    async def _scrub_after(self, running: asyncio.Task[None] | None) -> None:
        if running:
            await asyncio.wait([running])
        self._scrub, self._next_scrub = self._next_scrub, None
        file = _file(self.engine)
        assert file
        command = (sys.executable, "-I", overwrite.__file__, str(file))
        status = (await asyncio.to_thread(subprocess.run, command, stdin=subprocess.DEVNULL)).returncode
        if status == overwrite.BUSY:
            raise DatabaseBusy("the database was in use for too long")
        if status:
            log.warning("what was deleted could not be overwritten in its place (%s); the file is rewritten", status)
            await self.rewrite()

    async def rewrite(self) -> None:
        """The same by writing the whole file anew, which also makes it as small as it can be. Raises DatabaseBusy."""
        if self.engine.dialect.name == "sqlite":
            await asyncio.get_running_loop().run_in_executor(self._writers, _write_anew, self.engine)

    async def close(self) -> None:
        """Finish what runs and close all connections."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._readers.shutdown()
        self._writers.shutdown()
        self.engine.dispose()
        if self._in_use:
            self._in_use.__exit__(None, None, None)
            self._in_use = None


def _file(engine: Engine) -> Path | None:
    """The file of an SQLite database."""
    name = engine.url.database if engine.dialect.name == "sqlite" else None
    return Path(name) if name and name != ":memory:" else None


@contextmanager
def in_use(file: Path, *, alone: bool = False) -> Iterator[None]:
    """Held by every program that uses a database file, so that whoever wants to replace it (`alone`) can see it;
    BlockingIOError if others have it.
    """
    file.absolute().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(file.with_name(f"{file.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _run(engine: Engine, work: Callable[[Connection], T]) -> T:
    with engine.begin() as connection:
        return work(connection)


def _connect(url: str) -> Engine:
    # Values never stand in errors: they would be what patients typed.
    if make_url(url).get_backend_name() != "sqlite":
        patience = {"connect_timeout": 5} if make_url(url).get_backend_name() == "postgresql" else {}
        pool = {"pool_pre_ping": True, "pool_size": 2 * READERS}
        return create_engine(url, hide_parameters=True, connect_args=patience, **pool)
    engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "do_connect", _prepare_folder)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_folder(dialect: Any, record: Any, arguments: list[Any], named: Any) -> None:
    if (file := arguments[0]) and file != ":memory:":
        folder = Path(file).absolute().parent
        folder.mkdir(parents=True, exist_ok=True)


def _prepare_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see below
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 10000")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # WAL's default may lose the last commits when the power goes
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.execute("PRAGMA temp_store = MEMORY")  # what patients typed stays out of the folder for temporary files
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that will write takes its lock at once; one that reads first and then finds the database
    # changed by somebody else could only fail.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _write_anew(engine: Engine) -> None:
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        # The log of writes has the old pages until it is emptied. The new file is put together on the disk, else it
        # would be in memory whole: beside the database, without a name, and without anything that was deleted. (SQLite
        # reads the variable SQLITE_TMPDIR once, when Python loads it: too early for us.)
        if file := _file(engine):
            folder = str(file.absolute().parent).replace("'", "''")
            cursor.execute(f"PRAGMA temp_store_directory = '{folder}'")
        cursor.execute("PRAGMA temp_store = FILE")
        try:
            cursor.execute("VACUUM")
        finally:
            cursor.execute("PRAGMA temp_store = MEMORY")
        busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        cursor.close()
    finally:
        connection.close()
    if busy:
        raise DatabaseBusy("the database was in use for too long")


def _migration(step: Callable[[Config, str], None], revision: str) -> Callable[[Connection], None]:
    def run(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        if connection.dialect.name == "postgresql":  # gateways that start together migrate one after the other
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
        config.attributes["connection"] = connection
        step(config, revision)

    return run
