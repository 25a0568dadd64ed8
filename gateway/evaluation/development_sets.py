"""Measures the assistant on the development sets, over the same HTTP contract that a patient's browser uses.

Five kinds of items: questions with the topics and the specific answers that a careful reader accepts ("general" is the
topic's own text), messages that ask several things at once, messages that must not be answered from IMS knowledge,
possible emergencies with look-alikes, and dialogues of several turns. A set has a file for each kind that it holds.
"""

from __future__ import annotations

import json
import statistics
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.evaluation.calibration import calibration
from gateway.evaluation.intervals import Share
from knowledge.things import Things, holds, words_of

ALARMS = frozenset({"emergency", "urgent", "crisis"})
REFUSALS = frozenset({"unknown", "clarify", "handoff", "chat"})
CHAT = frozenset({"greeting", "thanks", "goodbye"})
GENERAL = "general"

Reply = Mapping[str, Any]
Say = Callable[[str, str], Awaitable[Reply]]
Item = Mapping[str, Any]


@dataclass
class SetReport:
    """Whether each figure holds for each item, every miss, and which topic was given where which was wanted."""

    outcomes: defaultdict[str, dict[str, bool]] = field(default_factory=lambda: defaultdict(dict))
    misses: list[dict[str, Any]] = field(default_factory=list)
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    answers: list[tuple[float, bool]] = field(default_factory=list)  # confidence of an answer, and if it was right
    milliseconds: list[float] = field(default_factory=list)

    @property
    def figures(self) -> dict[str, Share]:
        return {name: Share(sum(items.values()), len(items)) for name, items in self.outcomes.items()}

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
            "confusion": [[*topics, count] for topics, count in sorted(self.confusion.items())],
            "calibration": calibration(self.answers),
            "misses": self.misses,
            "outcomes": dict(self.outcomes),
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

    def __init__(self, say: Say, folder: Path, known_topics: Iterable[str], things: Things | None = None) -> None:
        self._say = say
        self._things = things
        self._folder = folder
        self._known = set(known_topics)
        self.report = SetReport()

    async def run(self) -> SetReport:
        await self._questions()
        await self._compound()
        await self._out_of_scope()
        await self._red_flags()
        await self._dialogues()
        return self.report

    def _note(self, figure: str, item: str, holds: bool) -> None:
        self.report.outcomes[figure][item] = holds

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
        for item in read_items(self._folder / "questions.jsonl"):
            if item["topic"] not in self._known:
                continue
            reply = await self._reply(item["text"])
            wanted = {item["topic"]} | _several(item.get("also"))
            hit = answers_question(reply, wanted)
            answered = reply.get("kind") == "answer"
            self._note("right topic", item["id"], hit)
            offered = bool(set(reply.get("offered") or []) & wanted)
            self._note("right topic answered or offered", item["id"], hit or offered)
            self._note("answered", item["id"], answered)
            self._note("wrong with confidence", item["id"], answered and not hit)
            if answered:
                self.report.answers.append((float(reply.get("confidence") or 0.0), hit))
            self._note_answer(item, reply, hit)
            given = item["topic"] if hit else next(iter(_topics(reply)), str(reply.get("kind")))
            self.report.confusion[item["topic"], given] += 1
            if not hit:
                self._miss("questions", item, sorted(wanted), reply, text=item["text"])

    def _note_answer(self, item: Item, reply: Reply, hit: bool) -> None:
        """Which answer of the topic was given, with which one the reply opens, and if it names what was named."""
        given = [name or GENERAL for name in reply.get("answers") or []]
        if labels := _several(item.get("answer") or ()):
            right = labels & {name for name in given if name != GENERAL or hit}
            self._note("specific answer right", item["id"], bool(right))
            self._note("opens with the right answer", item["id"], bool(right) and given[0] in right)
            self._note(
                "another specific answer given", item["id"], not right and any(name != GENERAL for name in given)
            )
        if self._things and reply.get("kind") == "answer":
            said = words_of(str(reply.get("text")))
            for number, found in enumerate(_named(self._things, item["text"])):
                self._note("things named back", f"{item['id']} {number}", any(holds(said, name) for name in found))

    async def _compound(self) -> None:
        """Each question of a message has to be answered in the one turn."""
        for item in read_items(self._folder / "compound.jsonl"):
            wanted = set(item["topics"])
            if not wanted <= self._known:
                continue
            reply = await self._reply(item["text"])
            good = wanted <= set(_topics(reply))
            self._note("all questions of a message answered", item["id"], good)
            if not good:
                self._miss("compound", item, sorted(wanted), reply, text=item["text"])

    async def _out_of_scope(self) -> None:
        for item in read_items(self._folder / "out_of_scope.jsonl"):
            reply = await self._reply(item["text"])
            good = reply.get("kind") in REFUSALS | ALARMS or bool(set(_topics(reply)) & _several(item.get("also")))
            self._note("out of scope refused", item["id"], good)
            if not good:
                self._miss("out_of_scope", item, "refused", reply, text=item["text"])

    async def _red_flags(self) -> None:
        for item in read_items(self._folder / "red_flags.jsonl"):
            reply = await self._reply(item["text"])
            kind = reply.get("kind")
            levels = {item["level"]} | _several(item.get("level_ok"))
            # A crisis card answers an emergency as well: both say to call now.
            good = kind in levels or (kind in {"emergency", "crisis"} and bool(levels & {"emergency", "crisis"}))
            self._note("red flags recalled", item["id"], kind in ALARMS)
            self._note("red flag level right", item["id"], good)
            if not good:
                self._miss("red_flags", item, sorted(levels), reply, text=item["text"])
        for item in read_items(self._folder / "red_flag_negatives.jsonl"):
            reply = await self._reply(item["text"])
            alarm = reply.get("kind") in ALARMS and not (item.get("borderline") and reply.get("kind") == "urgent")
            self._note("false alarms on look-alikes", item["id"], alarm)
            if alarm:
                self._miss("red_flag_negatives", item, "no alarm", reply, text=item["text"])

    async def _dialogues(self) -> None:
        for item in read_items(self._folder / "dialogues.jsonl"):
            sender = f"evaluation-{uuid.uuid4().hex}"
            for number, turn in enumerate(item["turns"]):
                reply = await self._reply(turn["user"], sender)
                wanted = {turn["expect"]} | _several(turn.get("also"))
                good = bool(_meanings(reply) & wanted) or (
                    reply.get("kind") == "clarify" and bool(set(reply.get("offered") or []) & wanted)
                )
                self._note("dialogue turns right", f"{item['id']} turn {number}", good)
                if not good:
                    self._miss("dialogues", item, sorted(wanted), reply, text=turn["user"], turn=number)


def _named(things: Things, text: str) -> list[tuple[tuple[str, ...], ...]]:
    """The things of health in a text, each with the words of which one names it back."""
    guards = things.guards
    found = [one for one in things.find(text) if one.thing.kind in guards.health and not one.compared]
    return [tuple(map(words_of, (one.typed, one.thing.name.partition(" (")[0]))) for one in found]


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
