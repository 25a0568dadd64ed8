"""`ims doctor`: looks at everything that has to be right, changes nothing, and says what to do about the rest.

Each check is a function that returns its findings; a check that fails itself is a finding too. Nothing that patients
typed is read.
"""

from __future__ import annotations

import hashlib
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select, update

from environments.setup import ENGINE, GATEWAY, ROOT, Environment, digest
from gateway import collector
from gateway.database import MIGRATIONS, Database
from gateway.logs import describe
from gateway.new_assistant import RASA
from gateway.settings import Settings
from gateway.tables import conversations
from gateway.training import ModelRefused, Models
from knowledge import Knowledge, KnowledgeError

GOOD, WARNING, BAD = "good", "warning", "bad"
LITTLE_DISK, NO_DISK = 2_000_000_000, 300_000_000  # bytes free: time to look; the next days may fail
SOON = timedelta(days=30)  # reviews that are due are told this much ahead
CLOCK_SLACK = timedelta(minutes=5)
HELP = "see docs/operations.md"
NAME_OF_GRAPH = "from nlu.encoder.store import graph_path; print(graph_path().name)"


@dataclass(frozen=True)
class Finding:
    """What a check found: `state` is good, warning or bad; `todo` says what to do unless it is good."""

    check: str
    state: str
    words: str
    todo: str = ""


@dataclass(frozen=True)
class Installation:
    """What is looked at: the code at `root` and the assistant of these settings, at this time."""

    settings: Settings
    root: Path
    now: datetime


def environments(here: Installation) -> Iterator[Finding]:
    """Both environments hold what their lock files say."""
    for environment in (ENGINE, GATEWAY):
        name, todo = f"{environment.name} environment", "run 'make setup'"
        made = _at(environment, here.root)
        if not made.python.exists() or not made.stamp.exists():
            yield Finding(name, BAD, "is missing", todo)
        elif made.stamp.read_text() != made.wanted:
            yield Finding(name, BAD, "is not what its lock file says", todo)
        else:
            yield Finding(name, GOOD, "is what its lock file says")


@dataclass(frozen=True)
class _Installed:
    python: Path
    stamp: Path
    wanted: str


def _at(environment: Environment, root: Path) -> _Installed:
    folder = root / ".venvs" / environment.name
    lock = root / "environments" / environment.lock.name
    return _Installed(folder / "bin/python", folder / "installed.sha256", digest(lock.read_text()))


def encoder(here: Installation) -> Iterator[Finding]:
    """The sentence encoder is there and undamaged."""
    # The engine's Python names it: the name changes with the tuning, which the gateway can't read.
    asked = subprocess.run(
        [str(_at(ENGINE, here.root.absolute()).python), "-c", NAME_OF_GRAPH],
        cwd=here.root,
        capture_output=True,
        text=True,
        check=True,
    )
    graph = here.root / "var/encoder" / asked.stdout.strip()
    kept = graph.with_suffix(".sha256")
    if not graph.exists() or not kept.exists():
        yield Finding("encoder", BAD, "has not been built", "run 'make setup'")
    elif _sha256(graph) != kept.read_text("ascii").strip():
        yield Finding("encoder", BAD, f"{graph.name} is damaged", f"remove {graph} and run 'make setup'")
    else:
        yield Finding("encoder", GOOD, f"{graph.name} is undamaged")


def _sha256(file: Path) -> str:
    with file.open("rb") as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()


def model(here: Installation) -> Iterator[Finding]:
    """The model is the one that was trained here, on the data as it is now."""
    models = Models(here.settings)
    try:
        file = models.current()
    except ModelRefused as error:
        yield Finding("model", BAD, str(error).partition(" What to do")[0], "remove it and run './ims train'")
        return
    if file is None:
        yield Finding("model", BAD, "there is none", "run './ims train'")
    elif not models.is_current():
        yield Finding("model", WARNING, f"{file.name} was trained on other data", "run './ims train' and restart")
    else:
        yield Finding("model", GOOD, f"{file.name} is signed, intact and trained on the data as it is")


def rasa_setup(here: Installation) -> Iterator[Finding]:
    """An assistant in a folder of its own has Rasa set up as this version of the code does."""
    folder = here.settings.data.absolute().parent
    for name in RASA:
        own, ours = folder / name, here.root / name
        if not own.is_file():
            yield Finding("Rasa's set-up", BAD, f"{name} is missing", f"copy it from {here.root}")
        elif ours.is_file() and own.read_bytes() != ours.read_bytes():
            yield Finding("Rasa's set-up", WARNING, f"{name} is not that of this version", f"compare it with {ours}")


def secrets(here: Installation) -> Iterator[Finding]:
    """Secrets are readable by their owner alone."""
    files = sorted((here.settings.var / "secrets").glob("[!.]*"))
    if open_to_others := [file for file in files if file.stat().st_mode & 0o077]:
        names = ", ".join(file.name for file in open_to_others)
        yield Finding("secrets", BAD, f"others can read {names}", f"chmod 600 {here.settings.var}/secrets/*")
    else:
        yield Finding("secrets", GOOD, f"{len(files)} in {here.settings.var}/secrets, for their owner alone")


def ports(here: Installation) -> Iterator[Finding]:
    """The ports are free, or our own parts answer on them."""
    settings = here.settings
    engines = [("engine", httpx.URL(url), "/webhooks/gateway/", "IMS_ENGINE_URL") for url in settings.engine_urls]
    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host
    gateway = httpx.URL(f"http://{host}:{settings.port}")
    for name, url, path, variable in (
        ("gateway", gateway, "/health", "IMS_PORT"),
        *engines,
    ):
        check = f"{name} port"
        if _is_free(url):
            yield Finding(check, GOOD, f"{url.port} is free (not running)")
        elif _answers(url.copy_with(path=path), _token(settings) if name == "engine" else {}):
            yield Finding(check, GOOD, f"{url.port} is answered by the {name}")
        else:
            yield Finding(check, BAD, f"{url.port} is used by another program", f"stop that program, or set {variable}")


def _token(settings: Settings) -> dict[str, str]:
    return {"Authorization": f"Bearer {settings.engine_secret()}"}


def _is_free(url: httpx.URL) -> bool:
    try:
        with socket.create_connection((url.host, url.port or 80), timeout=2):
            return False
    except OSError:
        return True


def _answers(url: httpx.URL, headers: dict[str, str]) -> bool:
    try:
        return httpx.get(url, headers=headers, timeout=3, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def database(here: Installation) -> Iterator[Finding]:
    """The database answers, can be written, and has the tables of this version."""
    settings = here.settings
    file = settings.var / "ims.sqlite3"
    if not settings.database and not file.exists():
        yield Finding("database", GOOD, f"{file} will be made at the first start")
        return
    newest = ScriptDirectory.from_config(_alembic()).get_current_head()

    def look(connection: Connection) -> tuple[str | None, datetime | None]:
        revision = MigrationContext.configure(connection).get_current_revision()
        if revision is None:
            return None, None
        nothing = update(conversations).where(conversations.c.id == "").values(last_seq=conversations.c.last_seq)
        connection.execute(nothing)
        return revision, connection.execute(select(func.max(conversations.c.last_at))).scalar()

    opened = Database(settings.database_url)
    try:
        revision, last = opened.run_here(look)
    except Exception as error:
        yield Finding(
            "database", BAD, f"can't be written ({describe(error)})", "look at its file's owner, the disk, IMS_DATABASE"
        )
        return
    finally:
        opened.engine.dispose()
    if revision is None:
        yield Finding("database", GOOD, "can be written; the first start makes its tables")
    elif revision != newest:
        yield Finding(
            "database",
            WARNING,
            f"has the tables of version {revision}, not {newest}",
            "'./ims backup FILE', then start this version: it brings them up to date",
        )
    else:
        yield Finding("database", GOOD, f"can be written; its tables are those of version {revision}")
    if last and last > here.now + CLOCK_SLACK:
        yield Finding("clock", BAD, "is earlier than the newest message", "set the clock; use NTP")


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def clinic(here: Installation) -> Iterator[Finding]:
    """The clinic is a real one, and its answers are signed and not overdue."""
    try:
        knowledge = Knowledge.load(here.settings.data)
    except KnowledgeError:
        yield Finding("data", BAD, "has mistakes", "'./ims check' names them")
        return
    if knowledge.clinic.demo:
        yield Finding("clinic", WARNING, "is the demo clinic", "put your own facts into data/clinic.yml; demo: false")
    else:
        yield Finding("clinic", GOOD, knowledge.clinic.name)
    today = here.now.astimezone(knowledge.clinic.timezone).date()
    topics = knowledge.topics.values()
    for what, names, todo in (
        ("not signed by a physiotherapist", [t.name for t in topics if not t.reviewer], "have them reviewed"),
        ("past their review date, so withheld", [t.name for t in topics if t.expired(today)], "review them again"),
        (
            f"due for review within {SOON.days} days",
            [t.name for t in topics if t.expired(today + SOON) and not t.expired(today)],
            "plan the review",
        ),
    ):
        if names:
            yield Finding("answers", WARNING, f"{len(names)} {what}: {_some(names)}", todo)


def _some(names: list[str], most: int = 4) -> str:
    return ", ".join(sorted(names)[:most]) + (" ..." if len(names) > most else "")


def traces(here: Installation) -> Iterator[Finding]:
    """Traces can be sent, if OpenTelemetry's variables ask for them."""
    try:
        collector.check()
    except collector.TracingError as error:
        words, _, todo = str(error).partition(" What to do: ")
        yield Finding("traces", BAD, words, todo)
    else:
        if collector.asked_for():
            yield Finding("traces", WARNING, "are sent to a collector", "see that it is the clinic's own")


def disk(here: Installation) -> Iterator[Finding]:
    """There is room for messages, logs and another model."""
    var = here.settings.var.absolute()
    folder = next(folder for folder in (var, *var.parents) if folder.exists())
    free = shutil.disk_usage(folder).free
    words = f"{free / 1e9:.1f} GB free"
    if free < LITTLE_DISK:
        yield Finding("disk", BAD if free < NO_DISK else WARNING, words, "make room: old models, backups, var/logs")
    else:
        yield Finding("disk", GOOD, words)


def clock(here: Installation) -> Iterator[Finding]:
    """The clock is not earlier than what was made here, such as the model."""
    made = (here.settings.models / "manifest.json", here.root / "environments/gateway.txt")
    newest = max((path.stat().st_mtime for path in made if path.exists()), default=0.0)
    if datetime.fromtimestamp(newest, UTC) > here.now + CLOCK_SLACK:
        yield Finding("clock", BAD, "is earlier than files that were made here", "set the clock; use NTP")
    else:
        yield Finding("clock", GOOD, f"{here.now:%Y-%m-%d %H:%M} UTC")


CHECKS: tuple[Callable[[Installation], Iterator[Finding]], ...] = (
    environments,
    encoder,
    model,
    rasa_setup,
    secrets,
    ports,
    database,
    clinic,
    traces,
    disk,
    clock,
)


def examine(settings: Settings, root: Path = ROOT, now: datetime | None = None) -> list[Finding]:
    """All findings, in the order of the checks."""
    here = Installation(settings, root, now or datetime.now(UTC))
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found += check(here)
        except Exception as error:
            found.append(Finding(check.__name__, BAD, f"could not be looked at ({describe(error)})", HELP))
    return found
