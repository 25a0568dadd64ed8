"""Set the borders of the alarm by what mistakes cost: python -m safety.borders

Every example that the tuning has not seen is judged by a head that has not learned from its fold: the messages of a
round are judged after the other rounds. For each level the borders are set where the missed dangers and the needless
alarms together cost least (`costs` in data/lexicon/danger/borders.yml), and written into that file: one for messages in
which no rule finds anything, and one (`calm`) for those in which one does. Printed is what each fold comes to with
borders that were set on the others.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from danger import Judgement, Learned
from danger.examples import NONE, ORDINARY, STORY, Example
from danger.head import Head, Lesson, dangers_and_others, learned, lessons
from danger.learned import BORDERS, Borders, Vectors, levels_in
from danger.reader import Reader, parts
from danger.store import TUNED_HEAD
from danger.words import counted
from encoder.store import FOLDER
from safety.both import Net
from safety.net import Finding, Rules


@dataclass(frozen=True)
class Case:
    """A message that was never learned from: what both halves make of it, and what it costs to be wrong about it."""

    example: Example
    fold: str
    heard: Judgement
    found: Finding | None
    kind: str  # of mistake that it would be
    cost: float

    @property
    def danger(self) -> bool:
        """Whether an alarm is right."""
        return self.example.sign != NONE


class Halves:
    """Both halves of the net, the learned one with another head for each fold."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self.rules = Rules.load(data)
        self._levels = levels_in(data)
        self._reader = Reader.load()
        self._encode = Vectors(self._reader.one, FOLDER)
        self._lessons = lessons(data)
        self._folds = sorted({lesson.example.round for lesson in self._lessons} - {""})

    def cases(self, borders: Borders, costs: Mapping[str, float]) -> list[Case]:
        """Every message that the tuning has not seen, judged by a head that has not learned from it."""
        start, found = Head.read(TUNED_HEAD), []
        vectors = self._vectors()
        for fold in self._folds:
            judged = [one.example for one in self._lessons if self._fold(one) == fold]
            head = learned(start, [one for one in self._lessons if self._fold(one) != fold], self._encode)
            words = counted(*dangers_and_others(self._data, {example.text for example in judged}))
            half = Learned(self._reader, replace(head, words=words), borders, self._levels)
            for example in judged:
                heard = half.of_vectors(vectors[example.text], example.text)
                rule = self.rules.check(example.text)
                kind = self._kind(example)
                found.append(Case(example, fold, heard, rule, kind, costs[kind]))
        return found

    def net(self, borders: Borders) -> Net:
        """Both halves with these borders."""
        return Net(self.rules, Learned(self._reader, Head.read(TUNED_HEAD), borders, self._levels))

    def _vectors(self) -> dict[str, np.ndarray]:
        """The vectors of each message and its parts."""
        texts = [one.example.text for one in self._lessons]
        rows = iter(self._encode([part for text in texts for part in parts(text)]))
        return {text: np.stack([next(rows) for _ in parts(text)]) for text in texts}

    def _fold(self, lesson: Lesson) -> str:
        example = lesson.example
        return example.round or self._folds[example.key % len(self._folds)]

    def _kind(self, example: Example) -> str:
        """Which mistake it would be."""
        if example.sign != NONE:
            return example.level or self._levels[example.sign]
        return {STORY: "story", ORDINARY: "everyday"}.get(example.kind, "look_alike")


def set_on(cases: Sequence[Case], borders: Borders) -> Borders:
    """The cheapest borders for the rounds.

    The other examples were written by the writers of those that the tuning has seen, which is easier than what comes.
    """
    alarm, calm = {}, {}
    fresh = [case for case in cases if case.example.round]
    for level in borders.alarm:
        of_level = [case for case in fresh if case.heard.level == level]
        alarm[level] = cheapest([case for case in of_level if not case.found])
        calm[level] = min(alarm[level], cheapest([case for case in of_level if case.found]))
    return replace(borders, alarm=alarm, calm=calm)


def cheapest(cases: Sequence[Case]) -> float:
    """The score from which on an alarm costs least: halfway between two messages; beyond all scores without any."""
    if not cases:
        return math.inf
    ordered = sorted(cases, key=lambda case: case.heard.score)
    cost = sum(case.cost for case in ordered if not case.danger)  # everything alarms
    least, border = cost, ordered[0].heard.score
    for case, after in pairwise(ordered):
        cost += case.cost if case.danger else -case.cost
        if cost < least:
            least, border = cost, (case.heard.score + after.heard.score) / 2
    return round(border, 2)


def told(cases: Iterable[Case], net: Net) -> dict[str, list[bool]]:
    """Of each kind, which messages alarm; and which level that is told is right."""
    hits: dict[str, list[bool]] = {}
    for case in cases:
        alarm = net.decided(case.example.text, case.heard, case.found)
        hits.setdefault(case.kind, []).append(alarm is not None)
        if case.danger:
            hits.setdefault("dangers", []).append(alarm is not None)
            if alarm:
                hits.setdefault("level right", []).append(alarm.level == case.kind)
    return hits


def say(name: str, hits: Mapping[str, Sequence[bool]]) -> None:
    """One line."""
    shares = (f"{kind} {sum(all_)} of {len(all_)} ({np.mean(all_):.1%})" for kind, all_ in sorted(hits.items()))
    print(f"{name}: {', '.join(shares)}")


def main() -> None:
    """Judge, set, say what it comes to, and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"))
    data = parser.parse_args().data
    yaml = YAML()
    yaml.width = 120
    given: dict[str, Any] = yaml.load((data / BORDERS).read_text(encoding="utf-8"))
    halves, before = Halves(data), Borders.load(data)
    cases = halves.cases(before, given["costs"])
    rounds = [case for case in cases if case.example.round]
    say("borders as they were", told(rounds, halves.net(before)))
    for fold in sorted({case.fold for case in cases}):
        net = halves.net(set_on([case for case in cases if case.fold != fold], before))
        say(f"{fold}, borders of the others", told((case for case in rounds if case.fold == fold), net))
    borders = set_on(cases, before)
    say("rounds, with these borders", told(rounds, halves.net(borders)))
    say("other examples", told((case for case in cases if not case.example.round), halves.net(borders)))
    given["alarm"].update(borders.alarm)
    given["calm"].update(borders.calm)
    with (data / BORDERS).open("w", encoding="utf-8") as file:
        yaml.dump(given, file)


if __name__ == "__main__":
    main()
