"""What the data as it is now would change, before anything is trained for patients.

The baseline is the data that the model in use was trained on; where that is not kept, the last dry run of other data.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.editions.models import ModelRefused, Models
from gateway.engine.command import TOLD, never, run_in_engine
from gateway.evaluation.compare import SAME, Difference, compare
from gateway.evaluation.examples import given, item_key
from gateway.files import write_whole
from gateway.settings import Settings
from gateway.studio.differences import differing
from gateway.studio.limits import Limits
from gateway.studio.meaning import Meaning
from gateway.studio.personal import Personal
from gateway.studio.topics.regressions import live_cases, outcomes
from gateway.studio.trying.alike import Alike, examples_of, too_alike
from gateway.studio.trying.past import PastChange, changes, past_messages
from gateway.studio.understanding import Understood, understood_by
from knowledge import Knowledge, data_hash
from safety import Net, SafetyNet

FIGURE = "right topic ranked first"
ALL = "training examples"
TOPIC = "faq/"
ALARMED = Understood((), (), "red_flag")
WORST = ("worse", SAME, "better")  # in this order topics are told
Pair = tuple[str, str]
Outcomes = Mapping[str, bool]


@dataclass(frozen=True)
class Alarm:
    """A new example that the red-flag net takes for a sign of danger: patients who type it get the alarm."""

    topic: str
    example: str
    sign: str


@dataclass(frozen=True)
class WrongCase:
    """A regression case that would not be understood any more, and what the message would be taken for."""

    message: str
    topic: str
    now: str


@dataclass(frozen=True)
class DryRun:
    """What a dry run found. `changes` is empty, and `overall` None, without a baseline. `past` are messages of real
    chats whose answer would change, of so many that were asked.
    """

    new: int
    alike: tuple[Alike, ...]
    alarms: tuple[Alarm, ...]
    overall: Difference | None
    changes: tuple[Difference, ...]
    right: int
    examples: int
    cases: int = 0
    wrong_cases: tuple[WrongCase, ...] = ()
    asked: int = 0
    past: tuple[PastChange, ...] = ()

    @property
    def verdict(self) -> str:
        """The change as a whole, in words."""
        return self.overall.words if self.overall else "nothing to compare with yet"

    @property
    def words(self) -> str:
        """The same for a page."""
        return "no clear difference" if self.verdict == SAME else self.verdict


class DryRuns:
    """Makes dry runs and keeps, for each state of the data, which examples are understood without being seen."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.var / "studio" / "dry-runs"

    def run(self, say: Callable[[str], None] = lambda step: None, stop: Callable[[], bool] = never) -> DryRun:
        """Cross-validate the data as it is now, and compare. `say` is told each step; Stopped once `stop` says so."""
        say("Reading the topics")
        knowledge = Knowledge.load(self._settings.data)
        topics = {name: topic.examples for name, topic in knowledge.topics.items()}
        titles = {name: topic.title for name, topic in knowledge.topics.items()}
        say("Trying each example on a model that has not seen it")
        cases = live_cases(self._settings.data)
        past = asyncio.run(past_messages(self._settings))
        messages = [*(case.message for case in cases), *past]
        now, heard = self._measured(data_hash(self._settings.data), self._settings.data, stop, messages)
        before = self._baseline(data_hash(self._settings.data), say, stop)
        say("Comparing the examples with each other")
        pairs = examples_of(topics)
        new = {pair for pair in pairs if before is not None and f"{TOPIC}{pair[0]}: {pair[1]}" not in before}
        looked_at = new if before is not None else set(pairs)
        vectors = Meaning(self._settings).of_examples([text for _, text in pairs])
        alike = too_alike(pairs, vectors, Limits.load(self._settings.data), looked_at)
        say("Comparing each topic, and looking for signs of danger")
        net = Net.load(self._settings.data)
        differences = _differences(before, now) if before is not None else []
        return DryRun(
            new=len(new),
            alike=tuple(alike),
            alarms=tuple(alarms(net, sorted(looked_at))),
            overall=next((change for change in differences if change.part == ALL), None),
            changes=tuple(
                sorted(
                    (change for change in differences if change.part != ALL and change.old != change.new),
                    key=lambda change: (WORST.index(change.words), change.new - change.old),
                )
            ),
            right=sum(now.values()),
            examples=len(now),
            cases=len(cases),
            wrong_cases=tuple(
                WrongCase(outcome.case.message, outcome.case.topic, outcome.now.told(titles))
                for outcome in outcomes(cases, heard[: len(cases)])
                if not outcome.right
            ),
            **self._past(past, heard[len(cases) :], net, titles, say, stop),
        )

    def _past(
        self,
        messages: Sequence[str],
        new: Sequence[Understood],
        net: Net,
        titles: Mapping[str, str],
        say: Callable[[str], None],
        stop: Callable[[], bool],
    ) -> dict[str, Any]:
        """The messages of real chats whose answer would change against the model in use."""
        models = Models(self._settings)
        try:
            manifest = models.in_use()
        except ModelRefused:
            manifest = None
        if manifest is None or not messages:
            return {}
        say("Asking the model in use what patients wrote")
        old = understood_by(models, manifest, messages, stop)
        data = models.data_of(manifest)
        before = Net.load(data) if data and _rules_differ(data, self._settings.data) else net
        heard = [_heard(each, messages, said) for each, said in ((before, old), (net, new))]
        found = changes(messages, heard[0], heard[1], Personal.load(self._settings.data), titles)
        return {"asked": len(messages), "past": tuple(found)}

    def scores(self, data: str) -> dict[str, float]:
        """The kept figure of a state of the data, for the manifest of a model; empty if there was no dry run."""
        kept = self._kept(data)
        return {FIGURE: round(sum(kept.values()) / max(1, len(kept)), 4)} if kept else {}

    def _measured(
        self, data: str, folder: Path, stop: Callable[[], bool], messages: Sequence[str] = ()
    ) -> tuple[Outcomes, list[Understood]]:
        """Which examples of a folder, whose hash is `data`, are understood unseen, and how a model of it understands
        the messages.
        """
        kept = self._kept(data)
        if kept is not None and not messages:
            return kept, []
        arguments = ("--data", str(folder), "--messages", TOLD)
        told = json.dumps(list(messages))
        found = run_in_engine(self._settings, "nlu.crossvalidate", *arguments, stop=stop, told=told)
        kept = {item_key(example): given(example) == example["wanted"] for example in found["examples"]}
        self._folder.mkdir(parents=True, exist_ok=True)
        write_whole(self._file(data), json.dumps(kept))
        return kept, [Understood.read(said) for said in found.get("messages", [])]

    def _baseline(self, now: str, say: Callable[[str], None], stop: Callable[[], bool]) -> Outcomes | None:
        models = Models(self._settings)
        try:
            in_use = models.in_use()
        except ModelRefused:
            in_use = None
        if in_use and (kept := self._kept(in_use.data)):
            return kept
        if in_use and (data := models.data_of(in_use)):
            say("Trying the examples of the model in use (only this once)")
            return self._measured(in_use.data, data, stop)[0]
        others = [file for file in self._folder.glob("*.json") if file.stem != now]
        newest = max(others, key=lambda file: file.stat().st_mtime, default=None)
        return self._kept(newest.stem) if newest else None

    def _kept(self, data: str) -> dict[str, bool] | None:
        file = self._file(data)
        return json.loads(file.read_text("utf-8")) if data and file.exists() else None

    def _file(self, data: str) -> Path:
        return self._folder / f"{data}.json"


def alarms(net: SafetyNet, pairs: Sequence[Pair]) -> list[Alarm]:
    """The examples that raise an alarm."""
    found = ((topic, example, net.check(example)) for topic, example in pairs)
    return [Alarm(topic, example, finding.sign) for topic, example, finding in found if finding]


def _heard(net: SafetyNet, messages: Sequence[str], understood: Sequence[Understood]) -> list[Understood]:
    """What patients get: the alarm, whatever else a message is taken for."""
    return [ALARMED if net.check(text) else said for text, said in zip(messages, understood, strict=True)]


def _rules_differ(before: Path, now: Path) -> bool:
    return any(name.startswith("lexicon/") for name in differing(before, now))


def _differences(before: Outcomes, now: Outcomes) -> list[Difference]:
    """The change of the whole, and of each topic as one of so many that are looked at."""
    old, new = _parts(before), _parts(now)
    whole = compare({"examples": old["examples"]}, {"examples": new["examples"]})
    return [*whole, *compare({"sets": old["sets"]}, {"sets": new["sets"]}, max(1, len(new["sets"])))]


def _parts(outcomes: Outcomes) -> dict[str, Any]:
    """The outcomes as two evaluations are compared: all examples, and each topic by itself."""
    topics: dict[str, dict[str, bool]] = {}
    for key, right in outcomes.items():
        topics.setdefault(key.partition(": ")[0].removeprefix(TOPIC), {})[key] = right
    return {
        "examples": {"outcomes": {FIGURE: dict(outcomes)}},
        "sets": {topic: {"outcomes": {FIGURE: own}} for topic, own in topics.items()},
    }
