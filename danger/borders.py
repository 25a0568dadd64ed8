"""Set the borders of the alarm by what mistakes cost: python -m danger.borders

Every message that the tuning left out is judged. For each level the border is set where the missed dangers and the
needless alarms together cost least (`costs` in data/lexicon/danger/borders.yml), and written into that file.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from danger import examples as example_files
from danger.examples import NONE
from danger.learned import BORDERS, LEVELS, Judgement, Learned
from danger.store import TUNED


@dataclass(frozen=True)
class Case:
    """A message that was left out: how it was judged, and what it costs to be wrong about it."""

    judgement: Judgement
    danger: bool
    cost: float


def cases(learned: Learned, data: Path, costs: dict[str, float]) -> list[Case]:
    """Every message that the tuning left out."""
    share = json.loads(TUNED.read_text(encoding="utf-8"))["recipe"]["left_out"]
    found = []
    for example in example_files.read(data):
        if example_files.is_left_out(example.text, share):
            danger = example.sign != NONE
            cost = costs[LEVELS[example.sign[0]]] if danger else costs["look_alike"]
            found.append(Case(learned.judge(example.text), danger, cost))
    for text in example_files.everyday(data):
        if example_files.is_left_out(text, share):
            found.append(Case(learned.judge(text), False, costs["everyday"]))
    return found


def cheapest(of_level: Sequence[Case]) -> float:
    """The score from which on an alarm costs least: halfway between two messages."""
    ordered = sorted(of_level, key=lambda case: case.judgement.score)
    cost = sum(case.cost for case in ordered if not case.danger)  # everything alarms
    least, border = cost, ordered[0].judgement.score
    for case, after in zip(ordered, [*ordered[1:], None], strict=True):
        cost += case.cost if case.danger else -case.cost
        if cost < least and after:
            least, border = cost, (case.judgement.score + after.judgement.score) / 2
    return border


def main() -> None:
    """Judge, set and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"))
    data = parser.parse_args().data
    yaml = YAML()
    yaml.width = 120
    given = yaml.load((data / BORDERS).read_text(encoding="utf-8"))
    found = cases(Learned.load(data), data, given["costs"])
    for level in LEVELS.values():
        of_level = [case for case in found if case.judgement.level == level]
        given["alarm"][level] = border = round(cheapest(of_level), 2)
        dangers = [case for case in of_level if case.danger]
        heard = sum(case.judgement.score >= border for case in dangers)
        needless = sum(case.judgement.score >= border for case in of_level if not case.danger)
        print(f"{level}: from {border} on; {heard} of {len(dangers)} dangers, {needless} needless alarms")
    with (data / BORDERS).open("w", encoding="utf-8") as file:
        yaml.dump(given, file)


if __name__ == "__main__":
    main()
