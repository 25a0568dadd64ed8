"""Settings of the gateway: environment variables `IMS_*` over defaults that suit one clinic on one machine.

`Settings.from_environment()` reads them once, at start; everything else gets the object passed in.
Secrets are made at the first start, one file each in `var/secrets/`, readable by the owner only.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from knowledge import Told
from knowledge.clinic import ORIGIN

Workers = int  # of which "auto" can be said as well


class SettingsError(Told, ValueError):
    """An environment variable does not say what it should; the message says which and what is expected."""


@dataclass(frozen=True)
class Settings:
    """Where things are and how much is allowed. Field `x` is set by the environment variable `IMS_X`."""

    data: Path = Path("data")  # what the assistant knows; relative to the assistant's folder, like the next two
    var: Path = Path("var")  # database, secrets, logs and running jobs
    models: Path = Path("models")  # trained models and their manifests
    published: str = ""  # data that answers come from; empty: `data`. `ims run` sets it to the last publication
    control: str = ""  # socket on which the gateway takes orders; `ims run` sets it
    shadow: str = ""  # address and name of a candidate that gets patients' messages; `ims run` sets it
    database: str = ""  # SQLAlchemy URL; empty: an SQLite file in `var`
    host: str = "127.0.0.1"  # address that the gateway listens on
    port: int = 8000  # port that it listens on
    public_url: str = ""  # address for QR codes and links; empty: the one of each request
    link_secret: str = ""  # secret for answer links, shared by several gateways; empty: made at the first start
    redis: str = ""  # URL of the Redis that several gateways share; empty: a single gateway
    take_over_after: float = 3.0  # seconds until a gateway answers what another one left unanswered
    engine_url: str = "http://127.0.0.1:5005"  # address of the engine, or several with spaces or commas between them
    engine_workers: Workers = 1  # engines at this port and the next ones; auto: one per core
    engine_token: str = ""  # token that the engine requires; empty: made at the first start
    engine_timeout: float = 3.0  # seconds until the patient is told that no answer came
    message_limit: int = 2_000  # characters in one message
    body_limit: int = 1_000_000  # bytes in one request
    header_seconds: float = 15.0  # seconds for the headers of a request to arrive
    header_limit: int = 32_768  # bytes in the headers of a request
    conversation_burst: float = 20  # messages at once in one conversation ...
    conversation_rate: float = 1.0  # ... and then this many per second
    address_burst: float = 120  # requests at once from one address, or one IPv6 network ...
    address_rate: float = 5.0  # ... and then this many per second
    remove_details: bool | None = None  # stores no names, numbers, addresses, birth dates; empty: on in the demo
    chat_limit: int = 10_000  # events in one chat; beyond that, patients are asked to start over
    chats_burst: float = 20  # new chats at once from one address ...
    chats_rate: float = 0.05  # ... and then this many per second
    trust_local: bool | None = None  # programs here need no token; empty: on in the demo without a public URL
    origins: tuple[str, ...] = ()  # sites that may show the chat, instead of website_origins in data/clinic.yml
    rest_token: str = ""  # token for /webhooks/rest/webhook; empty: only programs on a trusted machine
    metrics_token: str = ""  # token for /metrics; empty: only programs on a trusted machine
    log_json: bool = False  # log lines as JSON objects, for programs that collect them
    smtp_host: str = ""  # mail server; empty: no e-mail is sent
    smtp_port: int = 587  # port of the mail server
    smtp_security: str = "starttls"  # starttls, tls or none (only for a server on this machine)
    smtp_user: str = ""  # user at the mail server; empty: no sign-in
    smtp_password: str = ""  # password at the mail server
    smtp_from: str = ""  # sender; empty: the clinic's address in data/clinic.yml
    require_second_step: bool = False  # staff must set up a second step at sign-in
    desk_poll: float = 5.0  # seconds between checks of who is waiting for a person
    withdrawal_poll: float = 1.0  # seconds until a withdrawn answer is withheld, at most
    heartbeat: float = 15.0  # seconds of silence on an event stream before a heartbeat

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read `IMS_*`; raise SettingsError with a sentence when a value can't be used."""
        given: dict[str, Any] = {}
        for field in fields(cls):
            name = f"IMS_{field.name.upper()}"
            if not environment.get(name):
                continue
            read, expected = _READERS[str(field.type)]
            try:
                given[field.name] = read(environment[name])
            except (ValueError, KeyError) as error:
                raise SettingsError(f"{name} must be {expected}.", f"correct or unset {name}.") from error
        return cls(**given)

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL of the database."""
        return self.database or f"sqlite:///{self.var / 'ims.sqlite3'}"

    @property
    def answered_from(self) -> Path:
        """The data that answers are given from."""
        return Path(self.published) if self.published else self.data

    @property
    def engine_urls(self) -> tuple[str, ...]:
        """The addresses of the engines: those that are given, or one for each worker where a single one is."""
        urls = tuple(self.engine_url.replace(",", " ").split())
        return _in_a_row(urls[0], self.engine_workers) if len(urls) == 1 else urls

    def trusts_local(self, demo: bool) -> bool:
        """Whether programs on this machine are told from others by their address."""
        return demo and not self.public_url if self.trust_local is None else self.trust_local

    def engine_secret(self) -> str:
        """What the gateway shows to the engine, and the engine expects."""
        return self.engine_token or self.secret("engine_token")

    def secret(self, name: str) -> str:
        """The secret of this name, made on first use."""
        folder = self.var / "secrets"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = folder / name
        if not file.exists():
            new = folder / f".{name}.{secrets.token_hex(4)}"
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as writer:
                writer.write(secrets.token_urlsafe(32))
            # Of two processes that start at once, the first link stays and both read it, complete.
            with suppress(FileExistsError):
                os.link(new, file)
            new.unlink()
        return file.read_text("utf-8").strip()


def _in_a_row(url: str, count: int) -> tuple[str, ...]:
    """So many addresses, at this one's port and those after it."""
    first = urlsplit(url)
    ports = range((first.port or 80) + 1, (first.port or 80) + count)
    return (url, *(first._replace(netloc=f"{first.hostname}:{port}").geturl() for port in ports))


def called_from(path: str) -> Path:
    """A path on the command line as the person meant it: from the folder where they are, not where we work."""
    return Path(os.environ.get("IMS_CALLED_FROM", "")) / path


def _positive(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def checked(value: str) -> Any:
        number = read(value)
        if not number > 0:
            raise ValueError(value)
        return number

    return checked


def _origins(value: str) -> tuple[str, ...]:
    origins = tuple(value.replace(",", " ").split())
    if not all(ORIGIN.fullmatch(origin) for origin in origins):
        raise ValueError(value)
    return origins


def _workers(value: str) -> int:
    """The gateway needs a core of its own; where there is no second one, they share."""
    return max(1, len(os.sched_getaffinity(0)) - 1) if value == "auto" else _positive(int)(value)


def _yes_or_no(value: str) -> bool:
    return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[value.lower()]


_READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "Path": (Path, "a path"),
    "str": (str, "text"),
    "tuple[str, ...]": (_origins, "sites like https://www.your-clinic.ca, with nothing after the name"),
    "bool": (_yes_or_no, "yes or no"),
    "bool | None": (_yes_or_no, "yes or no"),
    "Workers": (_workers, "a whole number above 0, or auto"),
    "int": (_positive(int), "a whole number above 0"),
    "float": (_positive(float), "a number above 0"),
}
