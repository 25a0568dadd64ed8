"""Kills what writes, at every point of every write, and prints what was left.

Run `python -m tests.support.gateway_crash_points FOLDER`.

Each step is done on a copy of one prepared database by a child process, which SIGKILLs itself at the n-th SQL
statement that writes, COMMIT and what overwrites erased pages included; long ones are also cut short halfway. That
for every n until the step gets through; then it is done once more, as a browser does that had no reply.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import secrets
import shutil
import signal
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from argon2 import PasswordHasher
from sqlalchemy import event

from gateway.answers.feedback import Feedback
from gateway.answers.withdrawals import Withdrawals
from gateway.chat.replies import Replies
from gateway.chat.retention import Retention
from gateway.desk.alerts import Alerts
from gateway.desk.mail import Mailer
from gateway.desk.proposals import Proposals
from gateway.desk.service import Desk, NotYourChat
from gateway.engine.client import HttpEngine
from gateway.handoff.front_desk import FrontDesk
from gateway.handoff.patients import Patients
from gateway.live.signals import LocalSignals
from gateway.settings import Settings
from gateway.staff.accounts import AccountError, Accounts
from gateway.staff.audit import Audit
from gateway.storage.database import Database
from gateway.storage.records import Body, Conversation, Draft, Handoff, TurnOutcome
from gateway.storage.store import Store
from gateway.studio.inbox.inbox import Inbox
from gateway.studio.personal import Personal
from knowledge import Knowledge
from tests.support.desk_chat import OPEN, Clock

Json = dict[str, Any]
PASSWORD = "four quiet words here"
WRITES = ("INSERT", "UPDATE", "DELETE", "COMMIT", "VACUUM", "PRAGMA WAL_CHECKPOINT")
EVERY = 2_000  # steps of SQLite's machine between two points inside a long statement
VERSION = {"topic": "soreness", "version": "v1"}


PERSONAL = Personal.load(Path("data"))


class Parts:
    """The parts of the gateway that write, on one database."""

    def __init__(self, file: Path, knowledge: Knowledge, clock: Clock) -> None:
        self.database = Database(f"sqlite:///{file}")
        signals = LocalSignals()
        self.store = Store(self.database, clock)
        self.withdrawals = Withdrawals(self.database, clock)
        front_desk = FrontDesk(self.database, knowledge.clinic, clock)
        replies = Replies(knowledge, clock, self.withdrawals)
        engine: Any = HttpEngine  # nothing here asks it
        self.desk = Desk(self.store, self.database, signals, knowledge, front_desk, engine, replies)
        self.patients = Patients(self.store, self.database, signals, knowledge, front_desk, str)
        mailer = Mailer(Settings(), self.database, knowledge, str, clock)
        self.alerts = Alerts(self.store, self.database, signals, knowledge, front_desk, mailer, clock)
        self.feedback = Feedback(self.database, clock, knowledge.clinic.timezone)
        self.retention = Retention(self.store, self.database, signals, clock)
        cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
        self.accounts = Accounts(self.database, clock, cheap)
        self.audit = Audit(self.database, clock)
        self.proposals = Proposals(self.database, clock)
        self.inbox = Inbox(self.database, PERSONAL, clock)


def said(text: str) -> Draft:
    return Draft("patient", "message", {"text": text})


def reply(text: str, **body: Any) -> Draft:
    return Draft("assistant", "answer", cast(Body, {"text": text, "topic": None, "topics": [], **body}))


async def prepare(parts: Parts) -> Json:
    """Chats in each state, and somebody who works here."""
    await parts.database.upgrade()

    async def chat() -> Conversation:
        conversation, _, _ = await parts.store.open(reply("Hello"))
        await parts.store.append(conversation.id, said("will I be sore?"), "first")
        await parts.store.settle(conversation.id, 2, TurnOutcome((reply("You may be sore.", **VERSION),)))
        return conversation

    chats = {name: (await chat()).id for name in ("plain", "asked", "waiting", "taken", "old")}
    await parts.store.append(chats["asked"], said("zebra"), "second")
    unknown = Draft("assistant", "unknown", {"text": "I am not sure about that.", "topic": None, "topics": []})
    await parts.store.append(chats["plain"], said("elephants"), "second")
    await parts.store.settle(chats["plain"], 4, TurnOutcome((unknown,)))
    for name in ("waiting", "taken"):
        await parts.patients.ask(chats[name])
    await parts.desk.claim(chats["taken"], 1, "Robin")
    await parts.accounts.add("ana", "Ana", ["desk"])
    code, _ = await parts.accounts.link("ana")
    await parts.desk.note(chats["old"], 1, "Robin", "a private note")
    return {**chats, "code": code}


OUTCOME = TurnOutcome(
    (reply("A person comes."), reply("Meanwhile, ask.")),
    ("asked", "engine_down"),
    slots={"topic": "human"},
    handoff=Handoff("asked", False),
)
Step = Callable[[Parts, Json], Awaitable[Any]]


async def _out(parts: Parts, at: Json) -> None:
    await parts.desk.set_out(True, "Robin")
    await parts.alerts.look()


async def _password(parts: Parts, at: Json) -> None:
    with suppress(AccountError):  # used already
        await parts.accounts.set_password(at["code"], PASSWORD)


async def _hand_back(parts: Parts, at: Json) -> None:
    with suppress(NotYourChat):  # handed back already
        await parts.desk.hand_back(at["taken"], 1, "We spoke.")


async def _release(parts: Parts, at: Json) -> None:
    with suppress(NotYourChat):
        await parts.desk.release(at["taken"], 1)


async def _transfer(parts: Parts, at: Json) -> None:
    with suppress(NotYourChat):
        await parts.desk.transfer(at["taken"], 1, 2, "Sam")


# Each may be sent again after a failure, and then has the same effect as once.
STEPS: dict[str, Step] = {
    "a message": lambda parts, at: parts.store.append(at["plain"], said("hello"), "key"),
    "an answer": lambda parts, at: parts.store.settle(at["asked"], 4, OUTCOME),
    "asking for a person": lambda parts, at: parts.patients.ask(at["plain"]),
    "cancelling": lambda parts, at: parts.patients.cancel(at["waiting"]),
    "a contact": lambda parts, at: parts.patients.leave_contact(at["waiting"], "pat@example.org"),
    "a claim": lambda parts, at: parts.desk.claim(at["waiting"], 1, "Robin"),
    "a reply of the desk": lambda parts, at: parts.desk.reply(at["taken"], 1, "Hello", "key"),
    "giving back to the queue": _release,
    "a transfer": _transfer,
    "handing back": _hand_back,
    "an answer that looks wrong": lambda parts, at: parts.feedback.rate(at["plain"], 3, "looks_wrong", "a note"),
    "an answer that helped": lambda parts, at: parts.feedback.rate(at["plain"], 3, "helpful"),
    "a withdrawal": lambda parts, at: parts.withdrawals.withdraw("soreness", "being reworded"),
    "a password": _password,
    "the inbox": lambda parts, at: parts.inbox.gather(),
    "erasing a chat": lambda parts, at: parts.retention.forget(at["old"]),
    "erasing all that is old": lambda parts, at: parts.retention.purge(-1),
}
# Each chat that waits is told in a transaction of its own; who was not told when it crashed is told by the alerts.
MANY: dict[str, Step] = {"being out": _out}
# These are told by their rows alone: sent twice, they are there twice.
ONCE: dict[str, Step] = {
    "a new chat": lambda parts, at: parts.store.open(reply("Hello")),
    "a note": lambda parts, at: parts.desk.note(at["plain"], 1, "Robin", "a private note"),
    "a proposal": lambda parts, at: parts.proposals.add(at["plain"], "Why?", "Because.", "ana"),
    "a line of the record": lambda parts, at: parts.audit.note("ana", "chat_read", at["plain"]),
}


def rows(file: Path) -> str:
    """All that is in the database, once SQLite has tidied up after the crash; an error if it is not whole."""
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {name: sorted(map(repr, connection.execute(f"SELECT * FROM {name}"))) for name in sorted(names)}
    connection.close()
    return json.dumps(found)


def child(file: Path, knowledge: Knowledge, at: Json, step: Step, kill_at: int) -> bool:
    """Do the step in a process of its own, killed at this point (0: not at all); whether it got through."""
    if pid := os.fork():
        _, status = os.waitpid(pid, 0)
        assert status in (0, signal.SIGKILL), f"status {status}"
        return status == 0
    try:
        names = itertools.count()
        os.urandom = bytes  # the salt of a password
        secrets.token_urlsafe = lambda size=32: f"name-{next(names)}"  # type: ignore[assignment]
        parts = Parts(file, knowledge, Clock(OPEN))
        points = itertools.count(1)

        def point() -> int:
            if next(points) == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return 0

        def statement(text: str) -> None:
            if text.upper().startswith(WRITES):
                point()

        @event.listens_for(parts.database.engine, "connect")
        def watched(connection: sqlite3.Connection, _: object) -> None:
            connection.set_trace_callback(statement)
            connection.set_progress_handler(point, EVERY)

        async def main() -> None:
            await step(parts, at)

        asyncio.run(main())
        os._exit(0)
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(1)


def copied(prepared: Path, to: Path) -> Path:
    """The prepared database under another name, without what an earlier one left there."""
    for end in ("", "-wal", "-shm"):
        Path(f"{to}{end}").unlink(missing_ok=True)
    shutil.copy(prepared, to)
    return to


def crashes(prepared: Path, knowledge: Knowledge, at: Json, step: Step, again: bool) -> Iterator[Json]:
    """What was left after a crash at each point of a step."""
    file = prepared.with_name("crash.sqlite3")
    before = rows(copied(prepared, file))
    assert child(copied(prepared, file), knowledge, at, step, 0)
    after = rows(file)
    assert before != after, "else there is nothing to see"
    tried: dict[str, bool] = {}  # what a second time came to, by what was left
    for kill_at in itertools.count(1):
        through = child(copied(prepared, file), knowledge, at, step, kill_at)
        left = rows(file)
        if again and left not in tried:
            assert child(file, knowledge, at, step, 0)
            tried[left] = rows(file) == after
        state = {before: "before", after: "after"}.get(left, "between")
        yield {"through": through, "left": state, "again": tried.get(left)}
        if through:
            return


def main() -> None:
    """All steps."""
    folder = Path(sys.argv[1])
    knowledge = Knowledge.load(Path("data"))
    prepared = folder / "prepared.sqlite3"
    parts = Parts(prepared, knowledge, Clock(OPEN))

    async def made() -> Json:
        found = await prepare(parts)
        await parts.database.scrub()
        await parts.database.close()
        return found

    at = asyncio.run(made())
    report = {name: list(crashes(prepared, knowledge, at, step, True)) for name, step in {**STEPS, **MANY}.items()}
    report |= {name: list(crashes(prepared, knowledge, at, step, False)) for name, step in ONCE.items()}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
