"""What grows when the assistant does: training and replies with ten times the topics, a chat's 500th message, and a
database with a million messages.

Run with the gateway's Python from the project's root, all parts or those that are named:

    python -m benchmarks.growth topics chat database

Prints JSON. Training is told in processor seconds, which other work on the machine changes little.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import insert

from benchmarks.bench import ROOT, asked, assistant
from benchmarks.stock import train
from gateway.engine.command import run_in_engine
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.records import Draft, TurnOutcome
from gateway.storage.store import Store
from gateway.storage.tables import conversations, events

Json = dict[str, Any]
TIMES = 10
MESSAGES = 1_000_000
A_CHAT = 50  # messages
# Each copy of a topic is about something else, so that no two topics have the same examples.
ABOUT = (
    *("at the swimming pool", "in the garden", "on a long flight", "at choir practice", "with my new bicycle"),
    *("in the kitchen", "at the office party", "on the ferry", "for the school play"),
)


def ten_times(folder: Path) -> Path:
    """A copy of the data in which each topic stands ten times, in so many words of its own."""
    data = folder / "data"
    shutil.copytree(ROOT / "data", data)
    for file in sorted((data / "answers").glob("*.yml")):
        written = file.read_text("utf-8")
        for number, about in enumerate(ABOUT, 1):
            name = f"{file.stem}_{number}"
            examples = re.sub(r"^(    - .*)$", rf"\1 {about}", written.partition("responses:")[0], flags=re.M)
            copy = examples + "responses:" + written.partition("responses:")[2]
            copy = copy.replace(f"faq/{file.stem}\n", f"faq/{name}\n").replace(f"faq/{file.stem}:", f"faq/{name}:")
            (data / "answers" / f"{name}.yml").write_text(copy, "utf-8")
    return data


def topics() -> Json:
    """Training and the time to understand a message, with the topics that there are and with ten times as many."""
    found: Json = {}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for name, data in (("now", ROOT / "data"), ("ten_times", ten_times(work))):
            training = train(ROOT / "config.yml", work / name, data)
            reply = run_in_engine(Settings.from_environment(), "benchmarks.understanding_time", str(work / name))
            found[name] = {"topics": len(list((data / "answers").glob("*.yml"))), "training": training, **reply}
    found["ratios"] = {
        "training_cpu": round(found["ten_times"]["training"]["cpu_s"] / found["now"]["training"]["cpu_s"], 2),
        "reply": round(found["ten_times"]["median_ms"] / found["now"]["median_ms"], 2),
    }
    return found


async def one_chat(url: str, messages: int, texts: list[str]) -> list[float]:
    """Milliseconds of each reply in one conversation."""
    sender, times = uuid.uuid4().hex, []
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        for number in range(messages):
            began = time.perf_counter()
            reply = await client.post(url, json={"sender": sender, "message": texts[number % len(texts)]})
            reply.raise_for_status()
            times.append(1e3 * (time.perf_counter() - began))
    return times


def chat() -> Json:
    """The first fifty and the last fifty of 500 messages, the same fifty each time."""
    with tempfile.TemporaryDirectory() as folder, assistant(f"sqlite:///{folder}/chat.sqlite3") as (url, _):
        texts = asked()[:A_CHAT]
        asyncio.run(one_chat(url, A_CHAT, texts))  # warm
        times = asyncio.run(one_chat(url, 500, texts))
    first, last = statistics.median(times[:A_CHAT]), statistics.median(times[-A_CHAT:])
    return {"first_ms": round(first, 1), "last_ms": round(last, 1), "ratio": round(last / first, 2)}


def chats_of(messages: int) -> Iterator[tuple[list[Json], list[Json]]]:
    """Rows of conversations and their events, as they are after a year."""
    begin = datetime.now(UTC) - timedelta(days=365)
    for first in range(0, messages, 100 * A_CHAT):
        opened, said = [], []
        for number in range(first, min(first + 100 * A_CHAT, messages), A_CHAT):
            chat_id, at = f"grown-{number}", begin + timedelta(seconds=31 * number)
            row: Json = {"token_hash": None, "sender": None, "red_flag": None, "language": None, "slots": {}}
            row |= {"holder": "assistant", "answers_after": 0, "desk_seen": 0}
            opened.append({**row, "id": chat_id, "created_at": at, "last_at": at, "last_seq": A_CHAT})
            for seq in range(1, A_CHAT + 1):
                patient = seq % 2 == 1
                event: Json = {"conversation_id": chat_id, "seq": seq, "created_at": at, "choices": None}
                event |= {"role": "patient" if patient else "assistant", "kind": "message" if patient else "answer"}
                event |= {"state": "answered" if patient else None, "client_key": f"k{seq}" if patient else None}
                said.append({**event, "in_reply_to": None if patient else seq - 1, "body": {"text": "will I be sore?"}})
        yield opened, said


async def turns(database: Database) -> list[float]:
    """Milliseconds of all that the database does for a message: store, take up, answer, show; and the desk's queue."""
    store, times = Store(database), []
    outcome = TurnOutcome((Draft("assistant", "answer", {"text": "Most people are."}),), slots={})
    for _ in range(20):
        conversation, _, _ = await store.open()
        for number in range(5):
            began = time.perf_counter()
            said = Draft("patient", "message", {"text": "will I be sore?"})
            event, _ = await store.append(conversation.id, said, f"key-{number}")
            await store.next_turn(conversation.id)
            await store.settle(conversation.id, event.seq, outcome)
            await store.answer_to(conversation.id, event.seq)
            await store.history(conversation.id, after=event.seq - 1)
            await store.unanswered()
            await store.open_desk_items()
            times.append(1e3 * (time.perf_counter() - began))
    return times


async def grown(folder: Path) -> Json:
    """An empty database compared with one of a million messages."""
    medians = {}
    for name, messages in (("empty", 0), ("grown", MESSAGES)):
        database = Database(f"sqlite:///{folder / name}.sqlite3")
        await database.upgrade()
        for opened, said in chats_of(messages):
            await database.write(lambda c, rows=opened: c.execute(insert(conversations), rows))  # type: ignore[misc]
            await database.write(lambda c, rows=said: c.execute(insert(events), rows))  # type: ignore[misc]
        medians[name] = statistics.median(await turns(database))
        await database.close()
    return {
        "messages": MESSAGES,
        "empty_ms": round(medians["empty"], 2),
        "grown_ms": round(medians["grown"], 2),
        "ratio": round(medians["grown"] / medians["empty"], 2),
    }


def database() -> Json:
    """What the database does for a message, with an empty one and with one of a million messages."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(grown(Path(folder)))


PARTS = {"topics": topics, "chat": chat, "database": database}


def main() -> None:
    """Print what was measured."""
    names = sys.argv[1:] or list(PARTS)
    if unknown := set(names) - set(PARTS):
        sys.exit(f"There is no part {', '.join(sorted(unknown))}. What to do: name one of {', '.join(PARTS)}.")
    print(json.dumps({name: PARTS[name]() for name in names}, indent=1))


if __name__ == "__main__":
    main()
