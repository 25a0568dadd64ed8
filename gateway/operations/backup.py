"""`ims backup` and `ims restore`: the database as one file, consistent while the assistant runs.

A backup is a tar with `manifest.json` (when, of which version of the tables, the sha256 of each part), the database,
what the trainers decided (`var/studio`), and only on request the secrets: whoever has those can sign models and speak
to the engine. `data/` belongs into git, models are trained again. For another database than SQLite its own tools do it
better (docs/operations.md).
"""

from __future__ import annotations

import io
import json
import os
import secrets
import shutil
import socket
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from gateway.clock import utc_now
from gateway.errors import WRONG_SHAPE
from gateway.files import sha256, to_disk
from gateway.settings import Settings
from gateway.storage.database import MIGRATIONS, in_use
from knowledge import Told

FORM = 1
DATABASE = "database.sqlite3"
STUDIO = "studio.tar"  # versions, approvals and decisions of the trainers
SECRETS = "secrets/"
MANIFEST = "manifest.json"
NAME_LIMIT, MANIFEST_LIMIT = 64, 100_000


class BackupError(Told):
    """It could not be done; the message says why and what to do."""


@dataclass(frozen=True)
class BackupManifest:
    """What a backup holds: the sha256 of each part by its name, and which version of the tables the database has."""

    form: int
    created_at: str
    revision: str | None
    parts: dict[str, str]


def backup(settings: Settings, to: Path, *, with_secrets: bool = False, now: datetime | None = None) -> BackupManifest:
    """Write a backup that only its owner can read, also while the assistant runs.

    Raises BackupError if there is nothing to back up, or the file exists.
    """
    source = _database_file(settings)
    if not source.exists():
        raise BackupError(f"There is no database at {source} yet, so there is nothing to back up.")
    if to.exists():
        raise BackupError(f"{to} exists.", "choose another name; a backup is never overwritten.")
    with _private_folder(to.absolute().parent) as folder:
        copy = folder / DATABASE
        copy.touch(0o600)
        with closing(sqlite3.connect(source, timeout=30)) as live, closing(sqlite3.connect(copy)) as kept:
            live.backup(kept)
            kept.execute("PRAGMA journal_mode = DELETE")  # one file, complete by itself
        parts = {DATABASE: copy}
        if (settings.var / "studio").is_dir():
            parts[STUDIO] = folder / STUDIO
            parts[STUDIO].touch(0o600)
            with tarfile.open(parts[STUDIO], "w") as tar:
                tar.add(settings.var / "studio", "studio", filter=_plain)
        if with_secrets:
            parts |= {f"{SECRETS}{file.name}": file for file in (settings.var / "secrets").glob("[!.]*")}
        created = (now or utc_now()).isoformat(timespec="seconds")
        manifest = BackupManifest(FORM, created, _revision(copy), {name: sha256(file) for name, file in parts.items()})
        new = folder / "backup.tar"
        new.touch(0o600)
        with new.open("wb") as writer, tarfile.open(fileobj=writer, mode="w") as tar:
            _add_bytes(tar, MANIFEST, json.dumps(asdict(manifest), indent=1).encode())
            for name, file in parts.items():
                tar.add(file, name, filter=_plain)
        to_disk(new)
        _give_name(new, to)
        to_disk(to.absolute().parent)
    return manifest


def restore(settings: Settings, backup: Path, *, replace: bool = False) -> BackupManifest:
    """Put a backup in the place of the database (and of the secrets, if it has any), while the assistant is stopped.

    All of it is checked before anything is touched. Raises BackupError if a part is damaged, the assistant runs, or a
    database is there and not to be replaced.
    """
    target = _database_file(settings)
    if target.exists() and not replace:
        raise BackupError(f"{target} exists.", "use --replace to replace it, or set IMS_VAR.")
    if _runs(settings):
        raise BackupError(f"Something answers on port {settings.port}.", "stop the assistant first.")
    try:
        with in_use(target, alone=True):
            return _put_back(settings, backup, target)
    except BlockingIOError:
        raise BackupError(f"A running assistant uses {target}.", "stop it first. Nothing changed.") from None


def _put_back(settings: Settings, backup: Path, target: Path) -> BackupManifest:
    with _private_folder(target.parent) as folder:
        manifest = _unpack(backup, folder)
        copy = folder / DATABASE
        _check_database(copy, manifest)
        to_disk(copy)
        _empty_log_of_writes(target)
        copy.replace(target)
        if STUDIO in manifest.parts:
            _put_back_studio(folder, settings.var)
        for name in manifest.parts:
            if name.startswith(SECRETS):
                secret = settings.var / "secrets" / name.removeprefix(SECRETS)
                secret.parent.mkdir(exist_ok=True, mode=0o700)
                (folder / name).replace(secret)
        to_disk(target.parent)
    return manifest


def _give_name(new: Path, to: Path) -> None:
    """Not over another one that came meanwhile; file systems without hard links cannot promise that."""
    try:
        os.link(new, to)
    except FileExistsError:
        raise BackupError(f"{to} exists.", "choose another name; a backup is never overwritten.") from None
    except OSError:
        new.rename(to)


def _put_back_studio(folder: Path, var: Path) -> None:
    """What the trainers decided, in the place of what is there; names that lead elsewhere are refused."""
    try:
        with tarfile.open(folder / STUDIO, "r:") as tar:
            tar.extractall(folder / "unpacked", filter="data")
        new = folder / "unpacked" / "studio"
        if not new.is_dir():
            raise ValueError("no studio")
    except (OSError, tarfile.TarError, ValueError) as error:
        raise BackupError(f"{STUDIO} in the backup is damaged ({type(error).__name__}).") from error
    if (old := var / "studio").exists():
        old.rename(folder / "old")
    new.rename(old)


def _database_file(settings: Settings) -> Path:
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise BackupError(
            f"The database is {url.get_backend_name()}.", "use its own tools, such as pg_dump and pg_restore."
        )
    return Path(url.database)


@contextmanager
def _private_folder(beside: Path) -> Iterator[Path]:
    """A folder for its owner alone, on the same disk, so that a finished file only has to be renamed."""
    with tempfile.TemporaryDirectory(prefix=f".ims-{secrets.token_hex(4)}-", dir=beside) as folder:
        yield Path(folder)


def _unpack(backup: Path, folder: Path) -> BackupManifest:
    """Write the parts that the manifest names, and no other, after checking each; BackupError if one is not right."""
    try:
        with tarfile.open(backup, "r:") as tar:  # a backup is never compressed
            first = tar.next()
            if first is None or first.name != MANIFEST or first.size > MANIFEST_LIMIT:
                raise ValueError("no manifest")
            manifest = BackupManifest(**json.loads(_opened(tar, first).read()))
            if manifest.form != FORM or DATABASE not in manifest.parts:
                raise ValueError("another form")
            for name, expected in manifest.parts.items():
                plain = name.removeprefix(SECRETS)
                known = name in (DATABASE, STUDIO)
                if (not plain.replace("_", "").isalnum() and not known) or len(plain) > NAME_LIMIT:
                    raise ValueError("a name that no part has")
                file = folder / name
                file.parent.mkdir(exist_ok=True, mode=0o700)
                file.touch(0o600)
                with _opened(tar, tar.getmember(name)) as part, file.open("wb") as writer:
                    shutil.copyfileobj(part, writer)  # a database may be bigger than the memory
                if sha256(file) != expected:
                    raise ValueError("damaged")
    except (OSError, tarfile.TarError, *WRONG_SHAPE) as error:
        raise BackupError(f"{backup} is not a complete backup ({type(error).__name__}). Nothing changed.") from error
    return manifest


def _opened(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    reader = tar.extractfile(member)
    if reader is None:
        raise ValueError("not a file")
    return reader


def _check_database(file: Path, manifest: BackupManifest) -> None:
    with closing(sqlite3.connect(file)) as connection:
        try:
            (state,) = connection.execute("PRAGMA integrity_check").fetchone()
        except sqlite3.DatabaseError:
            state = "not a database"
    if state != "ok":
        raise BackupError("The database in the backup is damaged. Nothing changed.")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if manifest.revision is not None and manifest.revision not in known:
        raise BackupError(
            f"The backup was made by a newer version (tables {manifest.revision}).",
            "install that version. Nothing changed.",
        )


def _empty_log_of_writes(database: Path) -> None:
    """SQLite would read an old log of writes into the new file."""
    if database.exists():
        with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(database, timeout=10)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for end in ("-wal", "-shm"):
        database.with_name(database.name + end).unlink(missing_ok=True)


def _revision(file: Path) -> str | None:
    with closing(sqlite3.connect(file)) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:
            return None
    return row[0] if row else None


def _runs(settings: Settings) -> bool:
    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host
    try:
        with socket.create_connection((host, settings.port), timeout=2):
            return True
    except OSError:
        return False


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o600
    tar.addfile(member, io.BytesIO(content))


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o700 if member.isdir() else 0o600
    return member
