"""Two evaluations side by side: better, worse, or no difference that can be told from chance.

Only items that both runs have are compared, each with itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.engine.command import NotMeasured
from gateway.evaluation.hint3 import mcc
from gateway.evaluation.intervals import Change, bootstrap

FEWER_IS_BETTER = frozenset({"wrong with confidence", "another specific answer given", "false alarms on look-alikes"})
NEITHER_IS_BETTER = frozenset({"answered"})
CHANCE = 0.05  # a difference this unlikely or less is not put down to chance
FORMAT = "ims-evaluation-1"
SAME = "no difference that can be told from chance"

Evaluation = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """One figure in both runs, over the items that both have."""

    part: str
    figure: str
    old: float
    new: float
    interval: tuple[float, float]  # of new minus old
    items: int
    only_in_one: int
    words: str

    def as_json(self) -> dict[str, Any]:
        return {
            "part": self.part,
            "figure": self.figure,
            "old": round(self.old, 6),
            "new": round(self.new, 6),
            "difference": round(self.new - self.old, 6),
            "interval": [round(x, 4) for x in self.interval],
            "items": self.items,
            "only_in_one": self.only_in_one,
            "words": self.words,
        }


def read_evaluation(file: Path) -> Evaluation:
    """An earlier run's JSON; raises NotMeasured if it is none."""
    remedy = "What to do: name the JSON of an earlier './ims evaluate'."
    try:
        found = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise NotMeasured(f"{file} cannot be read. {remedy}") from error
    except ValueError as error:
        raise NotMeasured(f"{file} is not JSON. {remedy}") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise NotMeasured(f"{file} is no evaluation. {remedy}")
    return found


def compare(old: Evaluation, new: Evaluation, looks: int = 1) -> list[Difference]:
    """Every figure that both runs have. `looks` is among how many one is picked out: who looks at twenty finds one that
    chance made, unless each has to be surer.
    """
    earlier = dict(_outcomes(old))
    differences = [
        _difference(part, figure, earlier[part, figure], items, looks)
        for (part, figure), items in _outcomes(new)
        if (part, figure) in earlier
    ]
    for name, run in (new.get("hint3") or {}).items():
        if before := (old.get("hint3") or {}).get(name):
            differences.append(_mcc_difference(f"HINT3 {name}", before["items"], run["items"]))
    return differences


def _outcomes(evaluation: Evaluation) -> Iterator[tuple[tuple[str, str], Mapping[str, bool]]]:
    parts = {"training examples": evaluation.get("examples") or {}, **(evaluation.get("sets") or {})}
    for part, section in parts.items():
        for figure, items in section.get("outcomes", {}).items():
            yield (part, figure), items


def _difference(part: str, figure: str, old: Mapping[str, bool], new: Mapping[str, bool], looks: int) -> Difference:
    both = [item for item in new if item in old]
    change = Change.between([old[item] for item in both], [new[item] for item in both])
    return Difference(
        part=part,
        figure=figure,
        old=sum(old[item] for item in both) / max(1, len(both)),
        new=sum(new[item] for item in both) / max(1, len(both)),
        interval=change.among(looks),
        items=len(both),
        only_in_one=len(set(old) ^ set(new)),
        words=_words(figure, change.difference, change.p <= CHANCE / looks),
    )


def _words(figure: str, difference: float, sure: bool) -> str:
    if not sure or not difference:
        return SAME
    if figure in NEITHER_IS_BETTER:
        return "more" if difference > 0 else "fewer"
    return "better" if (difference > 0) != (figure in FEWER_IS_BETTER) else "worse"


def _mcc_difference(part: str, old: Sequence[Mapping[str, str]], new: Sequence[Mapping[str, str]]) -> Difference:
    earlier = {(item["text"], item["wanted"]): item for item in old}
    pairs = [(earlier[key], item) for item in new if (key := (item["text"], item["wanted"])) in earlier]
    before, after = (mcc([pair[side] for pair in pairs]) for side in (0, 1))

    def gain(sample: Sequence[tuple[Mapping[str, str], Mapping[str, str]]]) -> float:
        return mcc([new_item for _, new_item in sample]) - mcc([old_item for old_item, _ in sample])

    interval = bootstrap(pairs, gain) if pairs else (0.0, 0.0)
    sure = not interval[0] <= 0 <= interval[1]
    words = _words("MCC", after - before, sure)
    return Difference(part, "MCC", before, after, interval, len(pairs), len(old) + len(new) - 2 * len(pairs), words)
