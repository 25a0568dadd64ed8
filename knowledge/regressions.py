"""The regression cases under `data/regressions/`: messages that were once misunderstood, and what they are about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from knowledge.answers import normalise
from knowledge.problems import KnowledgeError, Problem
from knowledge.yaml import Section, read

FOLDER = "regressions"


@dataclass(frozen=True)
class Case:
    """A message and the topic that has to be answered; `why` it was retired, if it was."""

    message: str
    topic: str
    since: str
    by: str
    why: str = ""

    @property
    def key(self) -> str:
        return normalise(self.message)


def read_cases(data: Path) -> tuple[list[Case], list[Case]]:
    """The cases of a data folder that count, and the retired ones; KnowledgeError with all that is wrong."""
    problems: list[Problem] = []
    active: list[Case] = []
    retired: list[Case] = []
    for path in sorted((data / FOLDER).glob("*.yml")):
        file = read(path, problems)
        if file is None:
            continue
        file.only("topic", "cases", "retired")
        topic = file.text("topic")
        active += [_case(entry, topic) for entry in file.sections("cases")]
        for entry in file.sections("retired"):
            case = _case(entry, topic)
            if not case.why:
                entry.report("a retired case has no 'why'", "say why it does not count any more")
            retired.append(case)
    if problems:
        raise KnowledgeError(problems)
    return active, retired


def live_cases(data: Path) -> list[Case]:
    """The cases that count and whose topic is no draft any more."""
    live = {path.stem for path in (data / "answers").glob("*.yml")}
    return [case for case in read_cases(data)[0] if case.topic in live]


def _case(entry: Section, topic: str) -> Case:
    entry.only("message", "since", "by", "why")
    return Case(
        entry.text("message"),
        topic,
        entry.optional_text("since") or "",
        entry.optional_text("by") or "",
        entry.optional_text("why") or "",
    )
