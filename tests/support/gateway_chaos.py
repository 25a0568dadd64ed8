"""Many chats and a front desk while connections, gateway, engine and database die at random, and what came of it.

Patients write through the browser's API: an event stream that goes on where it stopped, and messages that are sent
again with the same key until they are acknowledged. Some ask for a person; somebody at the desk takes their chat,
answers and hands it back, over the desk's own pages, and sends again in the same way.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby, pairwise
from typing import Any

import httpx

from gateway.staff.accounts import Accounts
from gateway.storage.database import Database
from tests.gateway.conftest import Json
from tests.gateway.test_takeover import over_a_person
from tests.support.staff import PASSWORD, ready

# What is typed, and the topic of its answer, where it has one (tests/support/fake_engine.py).
QUESTIONS: dict[str, str | None] = {
    "will I be sore?": "soreness",
    "hello": None,
    "what does it feel like?": "what_it_feels_like",
    "what needle?": "needles",
    "elephants": None,
}
PERSON = "I want to talk to a person"
REPLIES = 2  # that somebody at the desk writes in each chat
AGAIN, LONGEST = 0.3, 5.0  # seconds until something that failed is sent again: at first, and at most


class Wire:
    """What lies between the browsers and the gateway; it can be cut, for all at once."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._open: set[asyncio.StreamWriter] = set()

    async def lay(self) -> int:
        """Start; returns the port on this side."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def cut(self) -> int:
        """Break all connections in the middle of whatever they carry; returns how many."""
        for writer in self._open:
            writer.transport.abort()
        return len(self._open) // 2

    def take_up(self) -> None:
        """No new connections, and no old ones."""
        self._server.close()
        self.cut()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, to = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, to}
        with suppress(asyncio.CancelledError):  # at the end of all
            await asyncio.gather(_pump(reader, to), _pump(there, writer))
        for end in (writer, to):
            end.transport.abort()
            self._open.discard(end)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


@dataclass
class Outcome:
    """What one chat came to. All four must be 0; `messages` and `replies` are how many were acknowledged."""

    messages: int = 0
    replies: int = 0  # of people at the desk
    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0
    crossed: int = 0  # answered for another: answers to what was not asked in this chat, or to another of its questions

    def __add__(self, other: Outcome) -> Outcome:
        mine, theirs = vars(self), vars(other)
        return Outcome(**{name: mine[name] + theirs[name] for name in mine})

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.out_of_order or self.crossed)


def pauses() -> Iterator[float]:
    """Longer and longer, and never the same for all: what comes back is not run over."""
    for number in itertools.count():
        yield min(LONGEST, AGAIN * 1.6**number) * (0.5 + random.random())


async def insist(send: Callable[[], Awaitable[httpx.Response]], faults: Counter[str]) -> httpx.Response:
    """Do it again and again until it is answered with something else than a failure."""
    for pause in pauses():
        try:
            reply = await send()
            if reply.status_code < 500 and reply.status_code != 429:
                return reply
            faults[f"requests answered with {reply.status_code}"] += 1
        except httpx.HTTPError:
            faults["requests whose connection broke"] += 1
        await asyncio.sleep(pause)
    raise AssertionError("there is always another pause")


@dataclass
class Patient:
    """One chat."""

    client: httpx.AsyncClient
    dice: random.Random
    faults: Counter[str]
    asks_for: asyncio.Queue[Patient] | None = None  # where who asks for a person is found by the desk
    acknowledged: dict[str, int] = field(default_factory=dict)  # number of each message by its key, in order
    told: list[str] = field(default_factory=list)  # replies of the desk that were acknowledged to the desk
    seen: list[Json] = field(default_factory=list)  # all that came over the event stream
    misses: int = 0  # events that came twice, or after a gap
    handed_back: asyncio.Event = field(default_factory=asyncio.Event)

    async def live(self, messages: int, pause: float) -> Outcome:
        """Write so many messages, about so many seconds apart, until all is answered."""
        started = (await insist(lambda: self.client.post("/api/conversations"), self.faults)).json()
        self.id = started["id"]
        self.path = f"/api/conversations/{self.id}"
        self.headers = {"Authorization": f"Bearer {started['token']}"}
        listening = asyncio.create_task(self._listen())
        try:
            asking = messages // 3 if self.asks_for else -1
            for number in range(messages):
                await asyncio.sleep(self.dice.random() * 2 * pause)
                await self._send(f"key-{number}", PERSON if number == asking else self.dice.choice(list(QUESTIONS)))
                if number == asking and self.asks_for:
                    self.asks_for.put_nowait(self)
            if self.asks_for:
                await self.handed_back.wait()
                await self._send("key-last", self.dice.choice(list(QUESTIONS)))
            while self._unanswered():
                await asyncio.sleep(0.2)
            log = await insist(lambda: self.client.get(f"{self.path}/history", headers=self.headers), self.faults)
        finally:
            listening.cancel()
        return self.outcome(log.json()["events"])

    async def _send(self, key: str, text: str) -> None:
        body = {"key": key, "text": text}
        for _ in range(self.dice.choice([1, 1, 2])):
            sent = await insist(
                lambda: self.client.post(f"{self.path}/messages", json=body, headers=self.headers), self.faults
            )
            assert sent.status_code == 202, sent.text
            self.misses += self.acknowledged.setdefault(key, sent.json()["seq"]) != sent.json()["seq"]

    async def _listen(self) -> None:
        waits = pauses()
        while True:
            with suppress(httpx.HTTPError):
                headers = {**self.headers, "Last-Event-ID": str(len(self.seen))}
                async with self.client.stream("GET", f"{self.path}/events", headers=headers) as stream:
                    async for line in stream.aiter_lines():
                        if line.startswith("data: "):
                            event = json.loads(line[6:])
                            self.misses += event["seq"] != len(self.seen) + 1
                            self.seen.append(event)
                            waits = pauses()
            await asyncio.sleep(next(waits))

    def _silenced(self) -> int:
        """Up to this number the assistant need not have answered: a person had the chat."""
        back = [e["seq"] for e in self.seen if "recap" in e["body"].get("handoff", {})]
        return max(back, default=0)

    def _unanswered(self) -> set[int]:
        answered = {event["in_reply_to"] for event in self.seen}
        return {seq for seq in self.acknowledged.values() if seq > self._silenced()} - answered

    def outcome(self, log: Sequence[Json]) -> Outcome:
        """Hold what was acknowledged to both sides against the log and against what the browser saw."""
        keys = [event["key"] for event in log if event["role"] == "patient"]
        staff = [event["body"]["text"] for event in log if event["role"] == "staff"]
        turns = [seq for seq, _ in groupby(event["in_reply_to"] for event in log if event["in_reply_to"])]
        said = [(event["in_reply_to"], event["body"]["text"]) for event in log if event["in_reply_to"]]
        numbers = {event["key"]: event["seq"] for event in log}
        asked = {event["seq"]: QUESTIONS.get(event["body"]["text"]) for event in log if event["role"] == "patient"}
        answers = [event for event in log if event["body"].get("kind") == "answer"]
        wrong = sum(numbers.get(key, seq) != seq for key, seq in self.acknowledged.items())
        return Outcome(
            messages=len(self.acknowledged),
            replies=len(self.told),
            lost=len(set(self.acknowledged) - set(keys)) + len(set(self.told) - set(staff)) + len(self._unanswered()),
            doubled=sum(len(found) - len(set(found)) for found in (keys, staff, turns, said)),
            out_of_order=self.misses
            + wrong
            + over_a_person(list(log))
            + (list(self.acknowledged) != keys)
            + (self.told != staff)
            + sum(one >= other for one, other in pairwise(turns))
            + ([event["seq"] for event in log] != list(range(1, len(log) + 1)))
            + ([event["seq"] for event in self.seen[: len(log)]] != [event["seq"] for event in log]),
            crossed=sum(event["body"].get("topic") != asked.get(event["in_reply_to"]) for event in answers)
            + sum(event["mark"] != other["mark"] for event, other in zip(self.seen, log, strict=False)),
        )


class Receptionist:
    """Somebody at the desk, with a browser."""

    def __init__(self, client: httpx.AsyncClient, faults: Counter[str]) -> None:
        self._client = client
        self._faults = faults

    async def sign_in(self, login: str) -> None:
        """With the password of the tests."""
        page = await insist(lambda: self._client.get("/staff/login", headers={"accept": "text/html"}), self._faults)
        found = re.search(r'name="csrf" content="([0-9a-f]+)"', page.text)
        assert found
        fields = {"csrf": found[1], "login": login, "password": PASSWORD}
        reply = await self._post("/staff/login", fields)
        assert reply.status_code == 303, reply.text
        page = await insist(lambda: self._client.get("/desk", headers={"accept": "text/html"}), self._faults)
        found = re.search(r'name="csrf" content="([0-9a-f]+)"', page.text)
        assert found, page.text
        self._csrf = found[1]

    async def work(self, waiting: asyncio.Queue[Patient]) -> None:
        """Take one chat after the other, answer in it, and hand it back."""
        while True:
            patient = await waiting.get()
            chat = f"/desk/chats/{patient.id}"
            taken = await self._post(f"{chat}/claim", {})
            assert "problem" not in taken.headers["location"], taken.headers["location"]
            for number in range(REPLIES):
                text = f"words {number} of a person"
                said = await self._post(f"{chat}/reply", {"text": text, "key": f"reply-{number}"}, as_json=True)
                assert said.status_code == 200, said.text
                patient.told.append(text)
            # Where its receipt was lost it is sent again, and then the chat is not ours any more.
            await self._post(f"{chat}/hand-back", {"recap": "We spoke about your visit."})
            patient.handed_back.set()

    async def _post(self, path: str, fields: dict[str, str], as_json: bool = False) -> httpx.Response:
        headers = {"origin": str(self._client.base_url).rstrip("/")}
        if as_json:
            headers["accept"] = "application/json"
        data = {"csrf": self._csrf, **fields} if "csrf" not in fields else fields
        return await insist(lambda: self._client.post(path, data=data, headers=headers), self._faults)


def browser(url: str) -> httpx.AsyncClient:
    """A client with as many connections as it wants, that gives up after a while."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=50)
    return httpx.AsyncClient(base_url=url, timeout=20, limits=limits, trust_env=False, verify=False)


async def staffed(url: str) -> None:
    """Bring the database up to date, with somebody who works at the desk."""
    database = Database(url)
    await database.upgrade()
    await ready(Accounts(database, lambda: datetime.now(UTC)), "ana")
    await database.close()


async def live_through(
    url: str,
    login: str,
    faults: Counter[str],
    *,
    chats: int,
    messages: int,
    desk_chats: int,
    pause: float,
    seed: int = 1,
) -> Outcome:
    """So many chats with so many messages each, some of them also with the desk; all that came of it."""
    waiting: asyncio.Queue[Patient] = asyncio.Queue()
    async with browser(url) as patients, browser(url) as staff:
        desk = Receptionist(staff, faults)
        await desk.sign_in(login)
        working = asyncio.create_task(desk.work(waiting))
        talking = [
            Patient(patients, random.Random(seed * 100_000 + n), faults, waiting if n < desk_chats else None)
            for n in range(chats)
        ]
        lives = asyncio.gather(*(one.live(messages, pause) for one in talking))
        try:
            first: set[asyncio.Future[Any]] = {working, lives}
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
            return sum(await lives, Outcome())
        finally:
            working.cancel()
            lives.cancel()
