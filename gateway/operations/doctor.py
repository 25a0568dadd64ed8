"""`ims doctor`: looks at everything that has to be right, changes nothing, and says what to do about the rest.

Each check is a function that returns its findings; a check that fails itself is a finding too. Nothing that patients
typed is read.
"""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select, update

from encoder import EncoderError
from encoder.store import graph_path, undamaged
from environments.setup import ENGINE, GATEWAY, ROOT, Environment, digest
from gateway.clock import utc_now
from gateway.editions.models import ModelRefused, Models
from gateway.errors import WRONG_SHAPE, describe
from gateway.monitoring import tracing_settings
from gateway.monitoring.watch import EMERGENCY
from gateway.operations.new_assistant import RASA
from gateway.settings import Settings
from gateway.storage.database import MIGRATIONS, Database
from gateway.storage.tables import conversations
from knowledge import Knowledge, KnowledgeError
from safety import Net

GOOD, WARNING, BAD = "good", "warning", "bad"
LITTLE_DISK, NO_DISK = 2_000_000_000, 300_000_000  # bytes free: time to look; the next days may fail
SOON = timedelta(days=30)  # reviews that are due are told this much ahead
CLOCK_SLACK = timedelta(minutes=5)
HELP = "see docs/operations.md"


@dataclass(frozen=True)
class Diagnosis:
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


def environments(here: Installation) -> Iterator[Diagnosis]:
    """Both environments hold what their lock files say."""
    for environment in (ENGINE, GATEWAY):
        name, todo = f"{environment.name} environment", "run 'make setup'"
        made = _at(environment, here.root)
        if not made.python.exists() or not made.stamp.exists():
            yield Diagnosis(name, BAD, "is missing", todo)
        elif made.stamp.read_text() != made.wanted:
            yield Diagnosis(name, BAD, "is not what its lock file says", todo)
        else:
            yield Diagnosis(name, GOOD, "is what its lock file says")


@dataclass(frozen=True)
class _Installed:
    python: Path
    stamp: Path
    wanted: str


def _at(environment: Environment, root: Path) -> _Installed:
    folder = root / ".venvs" / environment.name
    lock = root / "environments" / environment.lock.name
    return _Installed(folder / "bin/python", folder / "installed.sha256", digest(lock.read_text()))


def encoder(here: Installation) -> Iterator[Diagnosis]:
    """The sentence encoder is there and undamaged."""
    graph = graph_path(here.root / "var/encoder")
    try:
        yield Diagnosis("encoder", GOOD, f"{undamaged(graph).name} is undamaged")
    except EncoderError as error:
        yield Diagnosis("encoder", BAD, str(error), f"remove {graph} and run 'make setup'")


def net(here: Installation) -> Iterator[Diagnosis]:
    """Both halves of the red-flag net can be used, and hear a plain emergency."""
    found = Net.load(here.settings.data)
    heard = found.check(EMERGENCY)
    if found.fault or heard is None:
        yield Diagnosis("red-flag net", BAD, found.fault or "misses an emergency", "run 'make setup'; " + HELP)
    else:
        yield Diagnosis("red-flag net", GOOD, "both halves work")


def model(here: Installation) -> Iterator[Diagnosis]:
    """The model is the one that was trained here, on the data as it is now."""
    models = Models(here.settings)
    try:
        file = models.current()
    except ModelRefused as error:
        yield Diagnosis("model", BAD, error.what, "remove it and run './ims train'")
        return
    if file is None:
        yield Diagnosis("model", BAD, "there is none", "run './ims train'")
    elif not models.is_current():
        yield Diagnosis("model", WARNING, f"{file.name} was trained on other data", "run './ims train' and restart")
    else:
        yield Diagnosis("model", GOOD, f"{file.name} is signed, intact and trained on the data as it is")


def rasa_setup(here: Installation) -> Iterator[Diagnosis]:
    """An assistant in a folder of its own has Rasa set up as this version of the code does."""
    folder = here.settings.data.absolute().parent
    for name in RASA:
        own, ours = folder / name, here.root / name
        if not own.is_file():
            yield Diagnosis("Rasa's set-up", BAD, f"{name} is missing", f"copy it from {here.root}")
        elif ours.is_file() and own.read_bytes() != ours.read_bytes():
            yield Diagnosis("Rasa's set-up", WARNING, f"{name} is not that of this version", f"compare it with {ours}")


def secrets(here: Installation) -> Iterator[Diagnosis]:
    """Secrets are readable by their owner alone."""
    files = sorted((here.settings.var / "secrets").glob("[!.]*"))
    if open_to_others := [file for file in files if file.stat().st_mode & 0o077]:
        names = ", ".join(file.name for file in open_to_others)
        yield Diagnosis("secrets", BAD, f"others can read {names}", f"chmod 600 {here.settings.var}/secrets/*")
    else:
        yield Diagnosis("secrets", GOOD, f"{len(files)} in {here.settings.var}/secrets, private to their owner")


def private(here: Installation) -> Iterator[Diagnosis]:
    """What patients wrote is readable by the owner alone."""
    var = here.settings.var
    found = [path for path in (var, *sorted(var.glob("*.sqlite3*")), var / "logs") if path.exists()]
    if open_to_others := [path for path in found if path.stat().st_mode & 0o077 and var.stat().st_mode & 0o077]:
        names = ", ".join(map(str, open_to_others))
        yield Diagnosis("private files", BAD, f"other accounts can read {names}", f"chmod -R go= {var}")
    else:
        yield Diagnosis("private files", GOOD, f"{var} is private to its owner")


def ports(here: Installation) -> Iterator[Diagnosis]:
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
            yield Diagnosis(check, GOOD, f"{url.port} is free (not running)")
        elif _answers(url.copy_with(path=path), _token(settings) if name == "engine" else {}):
            yield Diagnosis(check, GOOD, f"{url.port} is answered by the {name}")
            if name == "gateway":
                yield from _faults(url.copy_with(path=path))
        else:
            yield Diagnosis(
                check, BAD, f"{url.port} is used by another program", f"stop that program, or set {variable}"
            )


def _faults(health: httpx.URL) -> Iterator[Diagnosis]:
    """What the running gateway has found by itself."""
    with suppress(httpx.HTTPError, *WRONG_SHAPE):
        found = httpx.get(health, timeout=5, trust_env=False).json()
        for part, state in found.items():
            if part not in ("status", "version"):
                yield Diagnosis(part, BAD, str(state), "look at docs/operations.md, 'Silence is a fault'")


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


def database(here: Installation) -> Iterator[Diagnosis]:
    """The database answers, can be written, and has the tables of this version."""
    settings = here.settings
    file = settings.var / "ims.sqlite3"
    if not settings.database and not file.exists():
        yield Diagnosis("database", GOOD, f"{file} will be made at the first start")
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
        yield Diagnosis(
            "database", BAD, f"can't be written ({describe(error)})", "look at its file's owner, the disk, IMS_DATABASE"
        )
        return
    finally:
        opened.engine.dispose()
    if revision is None:
        yield Diagnosis("database", GOOD, "can be written; the first start makes its tables")
    elif revision != newest:
        yield Diagnosis(
            "database",
            WARNING,
            f"has the tables of version {revision}, not {newest}",
            "'./ims backup FILE', then start this version: it migrates them",
        )
    else:
        yield Diagnosis("database", GOOD, f"can be written; its tables are those of version {revision}")
    if last and last > here.now + CLOCK_SLACK:
        yield Diagnosis("clock", BAD, "is earlier than the newest message", "set the clock; use NTP")


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def clinic(here: Installation) -> Iterator[Diagnosis]:
    """The clinic is a real one, and its answers are signed and not overdue."""
    try:
        knowledge = Knowledge.load(here.settings.data)
    except KnowledgeError:
        yield Diagnosis("data", BAD, "has mistakes", "'./ims check' names them")
        return
    if knowledge.clinic.demo:
        yield Diagnosis("clinic", WARNING, "is the demo clinic", "put your own facts into data/clinic.yml; demo: false")
    else:
        yield Diagnosis("clinic", GOOD, knowledge.clinic.name)
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
            yield Diagnosis("answers", WARNING, f"{len(names)} {what}: {_some(names)}", todo)


def _some(names: list[str], most: int = 4) -> str:
    return ", ".join(sorted(names)[:most]) + (" ..." if len(names) > most else "")


def traces(here: Installation) -> Iterator[Diagnosis]:
    """Traces can be sent, if OpenTelemetry's variables ask for them."""
    try:
        tracing_settings.check()
    except tracing_settings.TracingError as error:
        yield Diagnosis("traces", BAD, error.what, error.todo)
    else:
        if tracing_settings.asked_for():
            yield Diagnosis("traces", WARNING, "are sent to a collector", "see that it is the clinic's own")


def disk(here: Installation) -> Iterator[Diagnosis]:
    """There is room for messages, logs and another model."""
    var = here.settings.var.absolute()
    folder = next(folder for folder in (var, *var.parents) if folder.exists())
    free = shutil.disk_usage(folder).free
    words = f"{free / 1e9:.1f} GB free"
    if free < LITTLE_DISK:
        yield Diagnosis("disk", BAD if free < NO_DISK else WARNING, words, "make room: old models, backups, var/logs")
    else:
        yield Diagnosis("disk", GOOD, words)


def clock(here: Installation) -> Iterator[Diagnosis]:
    """The clock is not earlier than what was made here, such as the model."""
    made = (here.settings.models / "manifest.json", here.root / "environments/gateway.txt")
    newest = max((path.stat().st_mtime for path in made if path.exists()), default=0.0)
    if datetime.fromtimestamp(newest, UTC) > here.now + CLOCK_SLACK:
        yield Diagnosis("clock", BAD, "is earlier than files that were made here", "set the clock; use NTP")
    else:
        yield Diagnosis("clock", GOOD, f"{here.now:%Y-%m-%d %H:%M} UTC")


CHECKS: tuple[Callable[[Installation], Iterator[Diagnosis]], ...] = (
    environments,
    encoder,
    net,
    model,
    rasa_setup,
    secrets,
    private,
    ports,
    database,
    clinic,
    traces,
    disk,
    clock,
)


def examine(settings: Settings, root: Path = ROOT, now: datetime | None = None) -> list[Diagnosis]:
    """All findings, in the order of the checks."""
    here = Installation(settings, root, now or utc_now())
    found: list[Diagnosis] = []
    for check in CHECKS:
        try:
            found += check(here)
        except Exception as error:
            found.append(Diagnosis(check.__name__, BAD, f"could not be looked at ({describe(error)})", HELP))
    return found
