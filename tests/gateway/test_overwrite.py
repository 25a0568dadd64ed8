"""What was deleted is overwritten where it stood: nothing is left of it, nothing else is touched, and it is quick."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.storage import overwrite
from gateway.storage.database import Database, DatabaseBusy

WORDS = b"zebra"
PAGE = 4096


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "said.sqlite3"


def opened(file: Path, before: str = "") -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None, timeout=0)
    connection.executescript(f"{before}; PRAGMA journal_mode = WAL; PRAGMA secure_delete = ON")
    return connection


def fill(connection: sqlite3.Connection, dice: random.Random, first: int = 0, rows: int = 10_000) -> None:
    """Rows of all lengths under keys in no order, of which some grow: pages are split and joined all the time."""
    connection.execute("CREATE TABLE IF NOT EXISTS said (id TEXT, seq INTEGER, words TEXT, PRIMARY KEY (id, seq))")
    connection.execute("CREATE INDEX IF NOT EXISTS by_words ON said (words)")
    connection.execute("BEGIN")
    for seq in range(first, first + rows):
        who, animal = dice.choice([("gone", "zebra"), ("kept", "horse")])
        words = f"{animal}-{dice.getrandbits(40):x} " * dice.choice([1, 3, 20, 60, 400])
        connection.execute("INSERT INTO said VALUES (?, ?, ?)", (f"{who}-{dice.randrange(50)}", seq, words))
        grown = "UPDATE said SET words = words || ' ' || words WHERE rowid = ?"
        connection.execute(grown, (3 * dice.randrange(first, first + rows),))
    connection.execute("COMMIT")


def files(file: Path) -> bytes:
    """All that stands in the database's files, read by another process: one that closes a file loses its locks."""
    return subprocess.run(["cat", *file.parent.glob(f"{file.name}*")], check=True, stdout=subprocess.PIPE).stdout


def run(file: Path) -> int:
    return subprocess.run([sys.executable, "-I", overwrite.__file__, str(file)], check=False).returncode


@pytest.fixture(params=[1, 2])
def filled(file: Path, request: pytest.FixtureRequest) -> Iterator[sqlite3.Connection]:
    with closing(opened(file)) as connection:
        fill(connection, random.Random(request.param))
        connection.execute("DELETE FROM said WHERE id LIKE 'gone%'")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        yield connection


def test_nothing_is_left_of_what_was_deleted_and_all_else_is_as_it_was(filled: sqlite3.Connection, file: Path) -> None:
    assert WORDS in files(file), "else there is nothing to see"
    kept = filled.execute("SELECT * FROM said ORDER BY id, seq").fetchall()
    assert run(file) == 0
    assert WORDS not in files(file)
    assert filled.execute("SELECT * FROM said ORDER BY id, seq").fetchall() == kept
    assert filled.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    fill(filled, random.Random(9), 10_000, 300)
    assert filled.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_who_read_a_page_before_it_was_cleared_reads_it_again(
    filled: sqlite3.Connection, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clear, seen = overwrite.File.clear, list[int]()

    def version() -> int:
        return int(filled.execute("PRAGMA data_version").fetchone()[0])  # another one: others changed something

    def clear_what_others_read(there: overwrite.File, pages: Iterable[int]) -> None:
        seen.append(version())
        clear(there, pages)

    monkeypatch.setattr(overwrite.File, "clear", clear_what_others_read)
    overwrite.overwrite(file)
    assert seen
    assert seen[0] != version()


def test_what_somebody_deleted_without_care_goes_too(file: Path) -> None:
    with closing(opened(file)) as connection:
        fill(connection, random.Random(1), rows=3000)
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("DELETE FROM said WHERE id LIKE 'gone%'")
        assert files(file).count(WORDS) > 1000
        assert run(file) == 0
        assert WORDS not in files(file)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_only_pages_in_which_something_was_left_are_written(file: Path) -> None:
    with closing(opened(file)) as connection:
        fill(connection, random.Random(2), rows=3000)
        connection.execute("DELETE FROM said WHERE id = 'gone-7'")
        assert run(file) == 0
        fill(connection, random.Random(3), 3000, 30)
        connection.execute("DELETE FROM said WHERE id LIKE 'gone-1%'")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = file.read_bytes()
        assert run(file) == 0
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    after = file.read_bytes()
    assert len(after) == len(before)
    written = sum(before[at : at + PAGE] != after[at : at + PAGE] for at in range(0, len(after), PAGE))
    assert 0 < written < len(after) / PAGE / 10


async def test_a_file_of_another_layout_is_written_anew(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(opened(file, "PRAGMA auto_vacuum = INCREMENTAL")) as connection:
        fill(connection, random.Random(1))
        connection.execute("DELETE FROM said WHERE id LIKE 'gone%'")
    assert run(file) == overwrite.ANOTHER_LAYOUT
    assert WORDS in files(file)
    database = Database(f"sqlite:///{file}")
    await database.scrub()
    await database.close()
    assert WORDS not in files(file)
    assert "rewritten" in caplog.text


async def test_a_database_that_others_keep_in_use_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    impatient = file.with_name("overwrite.py")
    text = Path(overwrite.__file__).read_text("utf-8")
    impatient.write_text(text.replace("PATIENCE = 10.0", "PATIENCE = 0.1").replace("TRIES = 20", "TRIES = 2"), "utf-8")
    monkeypatch.setattr(overwrite, "__file__", str(impatient))
    database = Database(f"sqlite:///{file}")
    with closing(opened(file)) as connection:
        fill(connection, random.Random(1), rows=30)
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy):
            await database.scrub()
        connection.execute("ROLLBACK")
        connection.execute("DELETE FROM said")
    await database.scrub()
    await database.close()
    assert WORDS not in files(file)
