"""Accounts: who works here, in which roles, and how they prove it. Only hashes of what proves it are stored."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from gateway.clock import CLOCK_SLACK
from gateway.staff.common_passwords import is_common
from gateway.storage.database import Database
from gateway.storage.tables import staff, staff_devices, staff_links, staff_sessions
from knowledge import Told

ROLES = {  # what each may do, in words for whoever gives them
    "desk": "takes chats and looks up answers",
    "trainer": "teaches, writes answers and publishes",
    "clinical_reviewer": "signs answers, and approves what decides about danger",
    "admin": "makes accounts, gives roles and reads the record",
}
FIRST_ADMIN = "admin"
LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
TOTP_SECRET = re.compile(r"[A-Z2-7]{16,64}")
PASSWORD_LEAST, PASSWORD_MOST = 10, 200  # characters; length is what counts, so nothing else is asked of them
LINK_LIFE = timedelta(hours=24)
IDLE, LONGEST = timedelta(hours=2), timedelta(hours=12)  # of a session: without use, and in all
RECOVERY_CODES = 8
AT_ONCE = 2  # passwords checked at the same time: each takes 64 MB
ISSUER = "IMS Assistant"

T = TypeVar("T")


class AccountError(Told, ValueError):
    """Something about an account can't be done; the message says what and what to do."""


@dataclass(frozen=True)
class Person:
    """Somebody who works here."""

    id: int
    login: str
    name: str
    roles: tuple[str, ...]
    has_password: bool
    has_totp: bool
    disabled: bool
    recovery_codes: int = 0  # that are left

    def may(self, roles: Sequence[str]) -> bool:
        """Whether one of these roles is theirs."""
        return not self.disabled and bool(set(roles) & set(self.roles))


@dataclass(frozen=True)
class Session:
    """A browser in which somebody is signed in."""

    id: int
    device: str
    created_at: datetime
    last_at: datetime


class Accounts:
    """The accounts in the database. `hasher` is argon2id with the parameters its library recommends."""

    def __init__(self, database: Database, now: Callable[[], datetime], hasher: PasswordHasher | None = None) -> None:
        self._database = database
        self._now = now
        self._hasher = hasher or PasswordHasher()
        self._checking = asyncio.Semaphore(AT_ONCE)
        # Of their own: nobody waits for other work of this process to sign in.
        self._threads = ThreadPoolExecutor(AT_ONCE, "passwords")
        self._nobody = self._hasher.hash(secrets.token_urlsafe())

    # people

    async def add(self, login: str, name: str, roles: Sequence[str]) -> Person:
        """A new account without a password; `password_link` lets the person set one.

        Raises AccountError if login, name or a role is not allowed, or the login is taken.
        """
        login = login.strip().lower()
        if not LOGIN.fullmatch(login):
            raise AccountError("A login has up to 64 letters, digits and . _ @ + -.", "choose another one.")
        row = {
            "login": login,
            **_name_and_roles(name, roles),
            "totp_step": 0,
            "disabled": 0,
            "created_at": self._now(),
        }

        def work(connection: Connection) -> Person:
            if connection.execute(select(staff.c.id).where(staff.c.login == login)).first():
                raise AccountError(f"There is an account '{login}' already.", "choose another login.")
            connection.execute(insert(staff), row)
            return _person(connection.execute(select(staff).where(staff.c.login == login)).one())

        return await self._database.write(work)

    async def all(self) -> list[Person]:
        """Everybody, by login."""
        query = select(staff).order_by(staff.c.login)
        return await self._database.read(lambda connection: [_person(row) for row in connection.execute(query)])

    async def find(self, login: str) -> Person | None:
        """The person of this login."""
        row = await self._row(login)
        return row and _person(row)

    async def change(self, login: str, name: str, roles: Sequence[str]) -> bool:
        """Give somebody another name and other roles, which count from their next click on; whether there is one."""
        query = update(staff).where(staff.c.login == login.lower()).values(**_name_and_roles(name, roles))
        return await self._database.write(lambda connection: connection.execute(query).rowcount == 1)

    async def disable(self, login: str) -> bool:
        """Close an account and end its sessions at once; whether there is one."""
        return await self._shut(login, {"disabled": 1})

    async def reset(self, login: str) -> bool:
        """Take password and second step away, end all sessions, open the account again; whether there is one."""
        return await self._shut(login, {"disabled": 0, "password_hash": None, "totp_secret": None, "recovery": None})

    async def _shut(self, login: str, changes: dict[str, Any]) -> bool:
        def work(connection: Connection) -> bool:
            number = connection.execute(select(staff.c.id).where(staff.c.login == login.lower())).scalar()
            if number is None:
                return False
            connection.execute(update(staff).where(staff.c.id == number).values(**changes))
            for table in (staff_sessions, staff_links, staff_devices):
                connection.execute(delete(table).where(table.c.staff_id == number))
            return True

        return await self._database.write(work)

    # one-time links

    async def link(self, login: str) -> tuple[str, datetime]:
        """A code with which this person can set a password, once, and until when. Earlier ones stop working."""
        code, expires = secrets.token_urlsafe(24), self._now() + LINK_LIFE

        def work(connection: Connection) -> None:
            number = connection.execute(select(staff.c.id).where(staff.c.login == login.lower())).scalar()
            if number is None:
                raise AccountError(f"There is no account '{login}'.", "'./ims staff list' shows them.")
            connection.execute(delete(staff_links).where(staff_links.c.staff_id == number))
            row = {"token_hash": _hash(code), "staff_id": number, "expires_at": expires}
            connection.execute(insert(staff_links), row)

        await self._database.write(work)
        return code, expires

    async def password_link(self, login: str, base: str) -> str:
        """The address with which this person can set a password once. The code never reaches a server's log: browsers
        keep what comes after the `#` to themselves.
        """
        code, _ = await self.link(login)
        return f"{base.rstrip('/')}/staff/password#{code}"

    async def first_link(self) -> tuple[str, datetime] | None:
        """A code for the first admin, as long as nobody has set a password; makes the account if there is none."""
        people = await self.all()
        if any(person.has_password for person in people):
            return None
        admins = [person.login for person in people if "admin" in person.roles]
        if not admins:
            await self.add(FIRST_ADMIN, "Admin", tuple(ROLES))
        return await self.link(admins[0] if admins else FIRST_ADMIN)

    async def set_password(self, code: str, password: str) -> Person:
        """Use a one-time code. AccountError if it is not known, used or too old, or if the password won't do."""
        known = staff_links.c.token_hash == _hash(code)
        query = select(staff.c.login, staff.c.name).join(staff_links, staff_links.c.staff_id == staff.c.id).where(known)
        whose = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        check_password(password, *(whose or ()))
        new = await self._in_thread(lambda: self._hasher.hash(password))

        def work(connection: Connection) -> Person:
            row = connection.execute(select(staff_links).where(known)).one_or_none()
            if row is None or not self._now() < row.expires_at < self._now() + LINK_LIFE + CLOCK_SLACK:
                raise AccountError("This link was used or is too old.", "ask an admin for a new one.")
            connection.execute(delete(staff_links).where(known))
            return self._new_password(connection, row.staff_id, new)

        return await self._database.write(work)

    async def change_password(self, person: Person, old: str, password: str) -> None:
        """Set another password; ends all sessions, as whoever knew the old one may be signed in.

        Raises AccountError if the old password is wrong or the new one too easy.
        """
        check_password(password, person.login, person.name)
        if not await self.prove_password(person, old):
            raise AccountError("The old password is not right.", "type it again.")
        new = await self._in_thread(lambda: self._hasher.hash(password))
        await self._database.write(lambda connection: self._new_password(connection, person.id, new))

    def _new_password(self, connection: Connection, number: int, new: str) -> Person:
        connection.execute(update(staff).where(staff.c.id == number).values(password_hash=new))
        connection.execute(delete(staff_sessions).where(staff_sessions.c.staff_id == number))
        return _person(connection.execute(select(staff).where(staff.c.id == number)).one())

    # signing in

    async def prove(self, login: str, password: str, code: str) -> Person | None:
        """The person, if login, password and (where one is set up) second step are right. It always takes as long."""
        row = await self._row(login)
        right = await self._matches(row and row.password_hash, password[:PASSWORD_MOST])
        if row is None or not right or row.disabled:
            return None
        if row.totp_secret and not (await self._use_code(row, code) or await self._use_recovery_code(row, code)):
            return None
        return _person(row)

    async def prove_password(self, person: Person, password: str) -> bool:
        """Whether this is the person's password."""
        row = await self._row(person.login)
        return await self._matches(row and row.password_hash, password)

    async def _use_code(self, row: Row[Any], code: str) -> bool:
        step = _step(row.totp_secret, code, self._now())
        if step is None:
            return False
        fresh = update(staff).where(staff.c.id == row.id, staff.c.totp_step < step).values(totp_step=step)
        return await self._database.write(lambda connection: connection.execute(fresh).rowcount == 1)

    async def _use_recovery_code(self, row: Row[Any], code: str) -> bool:
        given = _hash(_recovery(code))

        def work(connection: Connection) -> bool:
            left = connection.execute(select(staff.c.recovery).where(staff.c.id == row.id)).scalar() or []
            if given not in left:
                return False
            rest = [known for known in left if known != given]
            connection.execute(update(staff).where(staff.c.id == row.id).values(recovery=rest))
            return True

        return await self._database.write(work)

    async def new_recovery_codes(self, person: Person) -> list[str]:
        """Codes that each stand in for the second step once, for a lost phone; earlier ones stop working."""
        codes = ["-".join(secrets.token_hex(2) for _ in range(3)) for _ in range(RECOVERY_CODES)]
        kept = [_hash(_recovery(code)) for code in codes]
        query = update(staff).where(staff.c.id == person.id).values(recovery=kept)
        await self._database.write(lambda connection: connection.execute(query))
        return codes

    async def set_totp(self, person: Person, secret: str | None, code: str = "") -> None:
        """Require a second step from now on, proved by one of its codes; without a secret, no longer.

        Raises AccountError if the code is wrong.
        """
        step = 0
        if secret is not None:
            found = _step(secret, code, self._now()) if TOTP_SECRET.fullmatch(secret) else None
            if found is None:
                raise AccountError("This code is not right.", "check the clock of your phone and try again.")
            step = found - 1  # who signs in at once may do so with the code that is still shown
        query = update(staff).where(staff.c.id == person.id).values(totp_secret=secret, totp_step=step, recovery=None)
        await self._database.write(lambda connection: connection.execute(query))

    # sessions and devices

    async def open_session(self, person: Person, device: str) -> str:
        """Sign in; the token that opens the session."""
        token, now = secrets.token_urlsafe(32), self._now()
        row = {"token_hash": _hash(token), "staff_id": person.id, "device": device[:120] or "unknown"}
        row |= {"created_at": now, "last_at": now}

        def work(connection: Connection) -> None:
            old = staff_sessions.c.last_at < now - LONGEST
            connection.execute(delete(staff_sessions).where(old))
            connection.execute(insert(staff_sessions), row)

        await self._database.write(work)
        return token

    async def of_session(self, token: str) -> tuple[Person, int] | None:
        """Whose session this token opens, and its number; None if it has ended."""
        now = self._now()
        query = (
            select(staff, staff_sessions.c.id.label("session"), staff_sessions.c.last_at)
            .join(staff, staff.c.id == staff_sessions.c.staff_id)
            .where(staff_sessions.c.token_hash == _hash(token), *_lasts(now), staff.c.disabled == 0)
        )
        row = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        if row is None:
            return None
        if now - row.last_at > timedelta(minutes=1):  # once a minute is enough
            used = update(staff_sessions).where(staff_sessions.c.id == row.session).values(last_at=now)
            await self._database.write(lambda connection: connection.execute(used))
        return _person(row), row.session

    async def sessions(self, person: Person) -> list[Session]:
        """Where this person is signed in, the last used first."""
        now = self._now()
        query = (
            select(staff_sessions)
            .where(staff_sessions.c.staff_id == person.id, *_lasts(now))
            .order_by(staff_sessions.c.last_at.desc())
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [Session(row.id, row.device, row.created_at, row.last_at) for row in rows]

    async def end_session(self, person: Person, number: int) -> bool:
        """End one of this person's sessions; whether there was such a one."""
        query = delete(staff_sessions).where(staff_sessions.c.staff_id == person.id, staff_sessions.c.id == number)
        return await self._database.write(lambda connection: connection.execute(query).rowcount > 0)

    async def remember_device(self, person: Person) -> str:
        """A token for a browser in which this person has signed in."""
        token = secrets.token_urlsafe(24)
        row = {"token_hash": _hash(token), "staff_id": person.id, "created_at": self._now()}
        await self._database.write(lambda connection: connection.execute(insert(staff_devices), row))
        return token

    async def knows_device(self, login: str, token: str) -> bool:
        """Whether this person has signed in with the browser that shows this token."""
        query = (
            select(staff_devices.c.staff_id)
            .join(staff, staff.c.id == staff_devices.c.staff_id)
            .where(staff_devices.c.token_hash == _hash(token), staff.c.login == login.strip().lower())
        )
        return await self._database.read(lambda connection: connection.execute(query).first() is not None)

    async def _row(self, login: str) -> Row[Any] | None:
        query = select(staff).where(staff.c.login == login.strip().lower())
        return await self._database.read(lambda connection: connection.execute(query).one_or_none())

    async def _matches(self, known: str | None, password: str) -> bool:
        def check() -> bool:
            try:
                return self._hasher.verify(known or self._nobody, password) and known is not None
            except (VerificationError, InvalidHashError):
                return False

        return await self._in_thread(check)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        async with self._checking:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _lasts(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What holds for a session that has not ended. One from the future was opened while the clock was wrong."""
    opened, used = staff_sessions.c.created_at, staff_sessions.c.last_at
    return used > now - IDLE, opened > now - LONGEST, opened < now + CLOCK_SLACK


def new_totp(person: Person) -> tuple[str, str]:
    """A secret for a second step, and the address that an authenticator app reads from a QR code."""
    secret = pyotp.random_base32()
    return secret, totp_address(person, secret)


def totp_address(person: Person, secret: str) -> str:
    """What an authenticator app reads from the QR code of this secret."""
    return pyotp.TOTP(secret).provisioning_uri(name=person.login, issuer_name=ISSUER)


def check_password(password: str, *own: str) -> None:
    """Raise AccountError if this is too short or too long for a password, or easy to guess. `own` is what the person is
    known by.
    """
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        raise AccountError(
            f"A password has {PASSWORD_LEAST} to {PASSWORD_MOST} characters.", "join three or four words."
        )
    if is_common(password, own):
        raise AccountError("This password is easy to guess.", "join three or four words that do not belong together.")


def _name_and_roles(name: str, roles: Sequence[str]) -> dict[str, Any]:
    """The columns, if both can be somebody's."""
    if not name.strip() or len(name) > 100:
        raise AccountError("A name has 1 to 100 characters.", "give the name that patients will see.")
    if not roles or not set(roles) <= set(ROLES):
        raise AccountError(f"A role is one of {', '.join(ROLES)}.", "give at least one of them.")
    return {"name": name.strip(), "roles": [role for role in ROLES if role in roles]}


def _recovery(code: str) -> str:
    return re.sub(r"[^0-9a-f]", "", code.lower())


def _step(secret: str, code: str, now: datetime) -> int | None:
    """Which step of the clock this code belongs to: the present one, or one next to it."""
    totp = pyotp.TOTP(secret)
    present = int(now.timestamp()) // totp.interval
    given = re.sub(r"\s", "", code)
    for step in (present, present - 1, present + 1):
        if secrets.compare_digest(totp.generate_otp(step).encode(), given.encode()):
            return step
    return None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _person(row: Row[Any]) -> Person:
    return Person(
        row.id,
        row.login,
        row.name,
        tuple(row.roles),
        row.password_hash is not None,
        row.totp_secret is not None,
        bool(row.disabled),
        len(row.recovery or ()),
    )
