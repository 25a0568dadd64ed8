"""What the studio's pages share: the data as it is on disk now, the inbox, the encoder, the dry run.

The running gateway keeps the knowledge that it started with. The studio reads the files again whenever they change, and
goes on with what it read last where somebody has broken them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TypeVar

from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.studio.background import Work
from gateway.studio.errors import StudioError
from gateway.studio.inbox.decisions import Decisions
from gateway.studio.inbox.inbox import Inbox
from gateway.studio.inbox.inbox_groups import InboxGroups
from gateway.studio.limits import Limits
from gateway.studio.meaning import Meaning
from gateway.studio.personal import Personal
from gateway.studio.publishing.effects import Effects, effects
from gateway.studio.publishing.facts import FactsNow
from gateway.studio.publishing.jobs import Jobs
from gateway.studio.publishing.publishing import Publishing
from gateway.studio.topics.cases import Cases
from gateway.studio.topics.change_requests import ChangeRequests
from gateway.studio.topics.coverage import Coverage, StyleCount
from gateway.studio.topics.regressions import CaseOutcome
from gateway.studio.topics.topics import Topics
from gateway.studio.trying.alike import Alike, examples_of, too_alike
from gateway.studio.trying.dry_run import Alarm, DryRuns, alarms
from gateway.studio.trying.dry_run_job import DryRunJob
from knowledge import Knowledge, Problem, normalise
from safety import SafetyNet

T = TypeVar("T")


@dataclass(frozen=True)
class DataState:
    """The data as it is on disk: what could be read, and what is wrong with the rest."""

    knowledge: Knowledge
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class ExamplesCheck:
    """What can be said about the examples of a topic. `alike` is None where that was not looked at."""

    count: int
    least: int
    styles: tuple[StyleCount, ...]
    strange: tuple[str, ...]
    alarms: tuple[Alarm, ...]
    alike: tuple[Alike, ...] | None


class Workplace:
    """One object for all pages of the studio."""

    def __init__(
        self,
        settings: Settings,
        knowledge: Knowledge,
        net: SafetyNet,
        database: Database,
        now: Callable[[], datetime],
    ) -> None:
        self.settings = settings
        self.meaning = Meaning(settings)
        self.dry_run = DryRunJob(DryRuns(settings), settings.var / "studio", now)
        self.decisions = Decisions(settings.var / "studio")
        self.change_requests = ChangeRequests(settings.var / "studio", now)
        self.publishing = Publishing(settings)
        self.facts = FactsNow(self.publishing, lambda: self.today)
        self.jobs = Jobs(settings.var / "logs")
        self.database = database
        self._net = net
        self.now = now
        self._state = DataState(knowledge, ())
        self._stamp: object = None
        self._alarms = lru_cache(maxsize=20_000)(self._alarm)
        self._effects: tuple[str, Work[Effects]] | None = None
        self.case_check: Work[list[CaseOutcome]] | None = None  # the last time that the model in use was asked

    def listen_with(self, net: SafetyNet) -> None:
        """Another edition is live: from now on this red-flag net says which examples raise the alarm."""
        self.case_check = None
        if net is not self._net:
            self._net = net
            self._alarms.cache_clear()

    @cached_property
    def inbox(self) -> Inbox:
        return Inbox(self.database, Personal.load(self.settings.data), self.now)

    @cached_property
    def groups(self) -> InboxGroups:
        return InboxGroups(
            self.inbox, self.meaning, self.examples, lambda: Limits.load(self.settings.data).same_question
        )

    @property
    def today(self) -> date:
        """The date at the clinic."""
        return self.now().astimezone(self._state.knowledge.clinic.timezone).date()

    def state(self) -> DataState:
        """The data as it is now."""
        stamp = tuple(self._files())
        if stamp != self._stamp:
            knowledge, problems = Knowledge.read(self.settings.data)
            self._state = DataState(knowledge or self._state.knowledge, tuple(problems))
            self._stamp = stamp
        return self._state

    def topics(self, author: str = "") -> Topics:
        """The topics, for somebody whose name stands in the history."""
        return Topics.opened(self.settings.data, self.settings.var, author)

    def examples(self) -> dict[str, tuple[str, ...]]:
        """The examples of all topics and drafts that can be read."""
        known = {name: topic.examples for name, topic in self.state().knowledge.topics.items()}
        topics = self.topics()
        for name in topics.drafts:
            try:
                known[name] = tuple(topics.open(name).examples)
            except StudioError:
                continue
        return known

    def check_examples(self, name: str, examples: tuple[str, ...], alike: bool) -> ExamplesCheck:
        """Look at examples as they stand in a form; `alike` compares them with those of all topics."""
        coverage = Coverage.load(self.settings.data)
        coverage.check(examples)
        others = {topic: own for topic, own in self.examples().items() if topic != name}
        vocabulary = {word for own in others.values() for example in own for word in normalise(example).split()}
        return ExamplesCheck(
            count=len(examples),
            least=self.state().knowledge.standards.examples,
            styles=tuple(coverage.counted(examples)),
            strange=tuple(coverage.strange(examples, vocabulary)),
            alarms=tuple(alarm for example in examples for alarm in self._alarms(name, example)),
            alike=self._alike(name, examples, others) if alike else None,
        )

    def check_cases(self) -> None:
        """Ask the model in use all messages that must stay understood, unless that is being done."""
        if self.case_check is None or not self.case_check.running:
            cases = Cases(self.settings.data, self.settings.var)
            self.case_check = Work(lambda say: cases.asked(self.publishing.models))

    def effects(self, change: str, before: Path) -> Work[Effects]:
        """What a change of the rules does, found once outside the event loop; `before` is what patients get now."""
        if self._effects is None or self._effects[0] != change:
            self._effects = change, Work(lambda say: effects(self.settings, before, say))
        return self._effects[1]

    def _alike(self, name: str, examples: tuple[str, ...], others: dict[str, tuple[str, ...]]) -> tuple[Alike, ...]:
        pairs = examples_of({**others, name: examples})
        vectors = self.meaning.of_examples([text for _, text in pairs])
        found = too_alike(pairs, vectors, Limits.load(self.settings.data), {(name, example) for example in examples})
        once: dict[frozenset[str], Alike] = {}
        for each in found:
            once.setdefault(frozenset((each.example, each.other)), each)
        return tuple(once.values())

    def _alarm(self, name: str, example: str) -> list[Alarm]:
        return alarms(self._net, [(name, example)])

    def _files(self) -> Iterator[tuple[str, int, int]]:
        for path in sorted(self.settings.data.rglob("*")):
            try:
                about = path.stat()
            except FileNotFoundError:  # it went while somebody saved
                continue
            if path.suffix in (".yml", ".svg"):
                yield str(path), about.st_mtime_ns, about.st_size
