"""Processor milliseconds that a message costs the gateway, without HTTP, net and engine, as JSON (medians).

    .venvs/gateway/bin/python -m benchmarks.gateway_turn

Thirty chats of eight messages in an SQLite file: each transaction with its way to a thread and back; and what is
decided about the questions of `patients`, as if the engine had named the topic that a careful reader expects.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from gateway.answers.withdrawals import Withdrawals
from gateway.chat.dialogue import Dialogue
from gateway.chat.replies import Replies
from gateway.clock import utc_now
from gateway.engine.client import EngineReply
from gateway.storage.database import Database
from gateway.storage.records import Conversation, Draft, Event, Turn, TurnOutcome
from gateway.storage.store import Store
from knowledge import Knowledge

Json = dict[str, Any]
T = TypeVar("T")
QUESTIONS = Path("benchmarks/patients/questions.jsonl")
CHATS, TURNS, WARM = 30, 8, 40
ANSWER = "One to three days is usual. " * 20


class Times:
    """What each piece took, by its name."""

    def __init__(self) -> None:
        self._taken: dict[str, list[float]] = {}

    def of(self, name: str, work: Callable[[], T]) -> T:
        """Do it and keep the processor time of all threads."""
        began = time.process_time()
        done = work()
        self._taken.setdefault(name, []).append(1e3 * (time.process_time() - began))
        return done

    def medians(self) -> dict[str, float]:
        """Of each piece, without the first calls."""
        return {name: round(statistics.median(taken[WARM:]), 3) for name, taken in self._taken.items()}


def transactions(folder: Path) -> dict[str, float]:
    """The five transactions of a message."""
    times = Times()
    reply = Draft("assistant", "answer", {"text": ANSWER, "topic": "soreness", "buttons": []}, {"a": {"label": "b"}})
    outcome = TurnOutcome(replies=(reply,), slots={"topic": "soreness"}, record={"given": ["soreness"]})
    asked = Draft("patient", "message", {"text": "will i be sore"})
    with asyncio.Runner() as runner:
        run, database = runner.run, Database(f"sqlite:///{folder / 'turn.sqlite3'}")
        run(database.upgrade())
        store = Store(database)
        for _ in range(CHATS):
            chat = run(store.open(Draft("assistant", "chat", {"text": "Hello!"})))[0].id
            for number in range(TURNS):
                said, _ = times.of("append", partial(run, store.append(chat, asked, f"key-{number}")))
                times.of("next_turn", partial(run, store.next_turn(chat)))
                times.of("settle", partial(run, store.settle(chat, said.seq, outcome)))
                times.of("answer_to", partial(run, store.answer_to(chat, said.seq)))
                times.of("said_before", partial(run, store.said_before(said)))
        run(database.close())
    return times.medians()


def deciding() -> dict[str, float]:
    """What a message is noted for, and what a reply of the engine becomes."""
    knowledge = Knowledge.load(Path("data"))
    nothing_withdrawn = Withdrawals(Database("sqlite://"), utc_now)
    replies = Replies(knowledge, utc_now, nothing_withdrawn)
    dialogue = Dialogue(knowledge, replies)
    times = Times()
    record: Json | None = None
    for number, question in enumerate(map(json.loads, QUESTIONS.read_text("utf-8").splitlines())):
        text, topic = question["text"], question["topic"]
        chat = Conversation("chat", "assistant", number, {}, None, None, record=record if number % TURNS else None)
        message = Event("chat", number, "patient", "message", {"text": text}, {}, None, None, utc_now())
        reply = EngineReply("answer", f"faq/{topic}", (topic,), messages=({"text": knowledge.topics[topic].short},))
        known = times.of("heard", partial(dialogue.heard, Turn(chat, message, None)))
        drafts = times.of("decided", partial(replies.decided, reply, text))
        outcome = TurnOutcome(replies=tuple(drafts))
        record = times.of("finished", partial(dialogue.finished, outcome, known, text)).record
    return times.medians()


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        found = {"transactions_ms": transactions(Path(folder)), "deciding_ms": deciding()}
    print(json.dumps({part: {**each, "sum": round(sum(each.values()), 2)} for part, each in found.items()}, indent=1))


if __name__ == "__main__":
    main()
