"""Measures the assistant on the development sets, over the same HTTP contract that a patient's browser uses.

Four kinds of items: questions with the topics a careful reader accepts, messages that must not be answered from IMS
knowledge, possible emergencies with look-alikes, and dialogues of several turns. Intervals are exact binomial ones
(Clopper and Pearson 1934).
"""

from __future__ import annotations

import json
import math
import statistics
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ALARMS = frozenset({"emergency", "urgent", "crisis"})
REFUSALS = frozenset({"unknown", "clarify", "handoff", "chat"})
CHAT = frozenset({"greeting", "thanks", "goodbye"})

Reply = Mapping[str, Any]
Say = Callable[[str, str], Awaitable[Reply]]
Item = Mapping[str, Any]


@dataclass(frozen=True)
class Share:
    """How many of how many, with an exact 95 % interval."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        return self.hits / self.of if self.of else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        low = 0.0 if self.hits == 0 else _quantile(0.025, self.hits, self.of - self.hits + 1)
        high = 1.0 if self.hits == self.of else _quantile(0.975, self.hits + 1, self.of - self.hits)
        return low, high

    def __str__(self) -> str:
        if not self.of:
            return "no items"
        low, high = self.interval
        return f"{self.value:.1%} ({self.hits} of {self.of}; 95 % interval {low:.1%} to {high:.1%})"

    def as_json(self) -> dict[str, Any]:
        return {
            "hits": self.hits,
            "of": self.of,
            "share": round(self.value, 4),
            "interval": [round(x, 4) for x in self.interval],
        }


def _quantile(probability: float, a: int, b: int) -> float:
    """Quantile of the beta distribution with whole parameters, by bisection on the binomial tail it equals."""
    n = a + b - 1

    def cumulative(x: float) -> float:
        return math.fsum(math.comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(a, n + 1))

    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if cumulative(middle) < probability else (low, middle)
    return (low + high) / 2


@dataclass
class Report:
    """Figures by name, every miss, and which topic was given where which was wanted."""

    figures: dict[str, Share] = field(default_factory=dict)
    misses: list[dict[str, Any]] = field(default_factory=list)
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        ordered = sorted(self.milliseconds)
        return {
            "figures": {name: share.as_json() for name, share in self.figures.items()},
            "reply_ms": {
                "p50": round(statistics.median(ordered), 1),
                "p95": round(ordered[int(len(ordered) * 0.95)], 1),
            }
            if ordered
            else None,
            "misses": self.misses,
        }


def read_items(file: Path) -> list[Item]:
    """The items of a development set; an empty list if the set is not there."""
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def _several(value: object) -> set[str]:
    return {value} if isinstance(value, str) else set(value) if isinstance(value, Iterable) else set()


def _topics(reply: Reply) -> list[str]:
    return [topic for topic in [reply.get("topic"), *(reply.get("topics") or [])] if topic]


def answers_question(reply: Reply, wanted: set[str]) -> bool:
    """Whether this reply is one that a person who asked for one of the wanted topics needed."""
    kind = reply.get("kind") or ""
    if kind == "answer":
        return bool(set(_topics(reply)) & wanted)
    return (kind == "handoff" and "human" in wanted) or (kind.startswith("screening") and "who_should_not" in wanted)


class Evaluation:
    """One run over a folder of development sets; `say` sends a message as a sender and returns the reply's `custom`."""

    def __init__(self, say: Say, folder: Path, known_topics: Iterable[str]) -> None:
        self._say = say
        self._folder = folder
        self._known = set(known_topics)
        self.report = Report()

    async def run(self) -> Report:
        await self._questions()
        await self._out_of_scope()
        await self._red_flags()
        await self._dialogues()
        return self.report

    async def _reply(self, message: str, sender: str | None = None) -> Reply:
        started = time.perf_counter()
        reply = await self._say(sender or f"evaluation-{uuid.uuid4().hex}", message)
        self.report.milliseconds.append((time.perf_counter() - started) * 1000)
        return reply

    def _miss(self, group: str, item: Item, wanted: object, reply: Reply, **more: object) -> None:
        got = {name: reply.get(name) for name in ("kind", "topics", "offered", "confidence")}
        self.report.misses.append({"set": group, "id": item["id"], "wanted": wanted, **more, **got})

    async def _questions(self) -> None:
        """Only items whose topic exists by now count."""
        items = [item for item in read_items(self._folder / "questions.jsonl") if item["topic"] in self._known]
        right = offered = answered = wrong = 0
        for item in items:
            reply = await self._reply(item["text"])
            wanted = {item["topic"]} | _several(item.get("also"))
            hit = answers_question(reply, wanted)
            confident = reply.get("kind") == "answer"
            right += hit
            offered += hit or bool(set(reply.get("offered") or []) & wanted)
            answered += confident
            wrong += confident and not hit
            given = next((topic for topic in _topics(reply) if topic in wanted), None) or next(
                iter(_topics(reply)), reply.get("kind")
            )
            self.report.confusion[item["topic"], item["topic"] if hit else str(given)] += 1
            if not hit:
                self._miss("questions", item, sorted(wanted), reply, text=item["text"])
        n = len(items)
        self.report.figures |= {
            "right topic": Share(right, n),
            "right topic answered or offered": Share(offered, n),
            "answered": Share(answered, n),
            "wrong with confidence": Share(wrong, n),
        }

    async def _out_of_scope(self) -> None:
        items = read_items(self._folder / "out_of_scope.jsonl")
        refused = 0
        for item in items:
            reply = await self._reply(item["text"])
            good = reply.get("kind") in REFUSALS | ALARMS or bool(set(_topics(reply)) & _several(item.get("also")))
            refused += good
            if not good:
                self._miss("out_of_scope", item, "refused", reply, text=item["text"])
        self.report.figures["out of scope refused"] = Share(refused, len(items))

    async def _red_flags(self) -> None:
        items = read_items(self._folder / "red_flags.jsonl")
        recalled = level_right = 0
        for item in items:
            reply = await self._reply(item["text"])
            kind = reply.get("kind")
            levels = {item["level"]} | _several(item.get("level_ok"))
            recalled += kind in ALARMS
            # A crisis card answers an emergency as well: both say to call now.
            good = kind in levels or (kind in {"emergency", "crisis"} and bool(levels & {"emergency", "crisis"}))
            level_right += good
            if not good:
                self._miss("red_flags", item, sorted(levels), reply, text=item["text"])
        self.report.figures["red flags recalled"] = Share(recalled, len(items))
        self.report.figures["red flag level right"] = Share(level_right, len(items))
        items = read_items(self._folder / "red_flag_negatives.jsonl")
        alarms = 0
        for item in items:
            reply = await self._reply(item["text"])
            alarm = reply.get("kind") in ALARMS and not (item.get("borderline") and reply.get("kind") == "urgent")
            alarms += alarm
            if alarm:
                self._miss("red_flag_negatives", item, "no alarm", reply, text=item["text"])
        self.report.figures["false alarms on look-alikes"] = Share(alarms, len(items))

    async def _dialogues(self) -> None:
        turns = right = 0
        for item in read_items(self._folder / "dialogues.jsonl"):
            sender = f"evaluation-{uuid.uuid4().hex}"
            for number, turn in enumerate(item["turns"]):
                reply = await self._reply(turn["user"], sender)
                wanted = {turn["expect"]} | _several(turn.get("also"))
                good = bool(_meanings(reply) & wanted) or (
                    reply.get("kind") == "clarify" and bool(set(reply.get("offered") or []) & wanted)
                )
                turns += 1
                right += good
                if not good:
                    self._miss("dialogues", item, sorted(wanted), reply, text=turn["user"], turn=number)
        self.report.figures["dialogue turns right"] = Share(right, turns)


def _meanings(reply: Reply) -> set[str]:
    """All that a reply may count as in a dialogue."""
    kind = reply.get("kind") or ""
    meanings = {*_topics(reply), kind}
    if kind in ALARMS:
        meanings.add("red_flag")
    if kind in REFUSALS:
        meanings.add("out_of_scope")
    if kind == "handoff":
        meanings.add("human")
    if kind == "chat":
        meanings |= CHAT
    if kind.startswith("screening"):
        meanings |= {"screening", "who_should_not"}
    return meanings


def draw_confusion(report: Report, file: Path) -> None:
    """A picture of which topic was given where another was wanted; only topics with a mistake get a row."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    mistaken = sorted({wanted for wanted, given in report.confusion if wanted != given})
    columns = sorted({given for (wanted, given), n in report.confusion.items() if wanted in mistaken and n})
    if not mistaken:
        mistaken = columns = sorted({wanted for wanted, _ in report.confusion})
    figure, axes = plt.subplots(figsize=(2 + 0.32 * len(columns), 2 + 0.28 * len(mistaken)))
    cells = [[report.confusion[wanted, given] for given in columns] for wanted in mistaken]
    axes.imshow(cells, cmap="Blues", aspect="auto")
    for y, (wanted, row) in enumerate(zip(mistaken, cells, strict=True)):
        for x, (given, n) in enumerate(zip(columns, row, strict=True)):
            if n:
                axes.text(
                    x, y, str(n), ha="center", va="center", fontsize=7, color="black" if wanted == given else "darkred"
                )
    axes.set_xticks(range(len(columns)), columns, rotation=90, fontsize=7)
    axes.set_yticks(range(len(mistaken)), mistaken, fontsize=7)
    axes.set_xlabel("given")
    axes.set_ylabel("wanted")
    axes.set_title("Questions: topics with a mistake", fontsize=9)
    figure.tight_layout()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file)
    plt.close(figure)
