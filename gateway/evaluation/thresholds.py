"""From which score on to answer, and from which to ask "did you mean": chosen by what mistakes cost (`data/costs.yml`).

Chosen on scores of training examples by a matcher that did not see them, never on a development set. What the choice
will cost on new messages is measured on parts of the examples that it was not made on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.problems import KnowledgeError, Problem
from knowledge.yaml import read
from nlu.policy import OUT_OF_SCOPE, Policy

GOOD = ("right", "refused")
GRID = 60  # borders tried
PARTS = 5  # of the examples, to measure a choice on what it was not made on

Example = Mapping[str, Any]


@dataclass(frozen=True)
class Costs:
    """What each mistake costs, and how many messages in a hundred are out of scope."""

    wrong_answer: int
    out_of_scope_answered: int
    dont_know: int
    did_you_mean: int
    out_of_scope_percent: int

    @classmethod
    def load(cls, file: Path) -> Costs:
        problems: list[Problem] = []
        section = read(file, problems)
        if section is None:
            raise KnowledgeError(problems)
        names = [field.name for field in fields(cls)]
        section.only(*names)
        costs = cls(**{name: section.integer(name) for name in names})
        if not problems and not (min(asdict(costs).values()) >= 0 and costs.out_of_scope_percent <= 100):
            section.report("a cost is negative, or a share is above 100 percent", "write numbers from 0 on")
        if problems:
            raise KnowledgeError(problems)
        return costs


@dataclass(frozen=True)
class Borders:
    """Scores from `answer` on are answered, from `offer` on asked back."""

    answer: float
    offer: float


class Outcomes:
    """What every example would meet with under any borders, and what that costs."""

    def __init__(self, examples: Sequence[Example], policy: Policy, costs: Costs) -> None:
        self.price = {
            "wrong answer": costs.wrong_answer,
            "out of scope answered": costs.out_of_scope_answered,
            "don't know": costs.dont_know,
            "did you mean": costs.did_you_mean,
            "right": 0,
            "refused": 0,
        }
        self.names = list(self.price)
        rows = [_row(example, policy) for example in examples]
        self._codes = np.array([[self.names.index(name) for name in names] for *_, names in rows])
        self._best = np.array([best for best, _, _ in rows])
        self._near = np.array([near for _, near, _ in rows])
        outside = np.array([example["wanted"].split("/")[0] == OUT_OF_SCOPE for example in examples])
        share = costs.out_of_scope_percent / 100
        if outside.all() or not outside.any():
            share = float(outside.mean())
        self._weights = np.where(outside, share / max(1, outside.sum()), (1 - share) / max(1, (~outside).sum()))
        self._prices = np.array(list(self.price.values()), dtype=float)[self._codes]
        self._part = np.arange(len(rows)) % PARTS

    def codes(self, borders: Borders) -> np.ndarray:
        return np.where(
            self._best >= borders.answer,
            self._codes[:, 0],
            np.where(self._near >= borders.offer, self._codes[:, 1], self._codes[:, 2]),
        )

    def counts(self, borders: Borders) -> dict[str, int]:
        found = Counter(self.codes(borders).tolist())
        return {name: found[code] for code, name in enumerate(self.names)}

    def cost(self, borders: Borders, within: np.ndarray | None = None) -> float:
        """Expected cost of a message; of those of a part, as far as they make up the whole."""
        prices = np.where(
            self._best >= borders.answer,
            self._prices[:, 0],
            np.where(self._near >= borders.offer, self._prices[:, 1], self._prices[:, 2]),
        )
        weighed = prices * self._weights
        return float((weighed if within is None else weighed[within]).sum())

    def split(self, borders: Borders) -> dict[str, float]:
        """The expected cost of a message by kind of mistake."""
        codes = self.codes(borders)
        return {
            name: round(float(self._weights[codes == code].sum() * price), 4)
            for code, (name, price) in enumerate(self.price.items())
            if name not in GOOD
        }

    @property
    def grid(self) -> list[float]:
        return [float(score) for score in np.unique(np.quantile(self._best, np.linspace(0, 1, GRID)))]

    def choose(self, within: np.ndarray | None = None) -> Borders:
        """The cheapest borders; of equally cheap ones those that answer more."""
        grid = self.grid
        pairs = [Borders(answer, offer) for answer in grid for offer in grid if offer <= answer]
        return min(pairs, key=lambda borders: (round(self.cost(borders, within), 9), borders.answer, borders.offer))

    def cost_of_choosing(self) -> float:
        """What choosing this way costs on messages that the choice was not made on."""
        return sum(
            self.cost(self.choose(np.flatnonzero(self._part != part)), np.flatnonzero(self._part == part))
            for part in range(PARTS)
        )

    def asked_back(self, borders: Borders) -> float:
        """The share of rightly ranked examples that are not answered: the matcher's setting `answer_misses`."""
        right = self._codes[:, 0] == self.names.index("right")
        return float((self._best[right] < borders.answer).mean()) if right.any() else 0.0


def _row(example: Example, policy: Policy) -> tuple[float, float, tuple[str, str, str]]:
    """The score to answer by, the score to ask back by, and what is met with if answered, asked back or neither."""
    wanted = example["wanted"]
    found = policy.weigh([(label, score) for label, score in example["ranking"]])
    score, near, offered = found.sure, found.near, found.offered
    if wanted.split("/")[0] == OUT_OF_SCOPE:
        answered = "out of scope answered" if found.meant else "refused"
        return score, near, (answered, "did you mean", "refused")
    mistake = "wrong answer" if found.meant else "don't know"
    answered = "right" if wanted in found.answered else mistake
    return score, near, (answered, "did you mean" if wanted in offered else "don't know", "don't know")


def threshold_report(examples: Sequence[Example], shipped: Borders, policy: Policy, costs: Costs) -> dict[str, Any]:
    """The cost curve over the threshold for answering, and the chosen thresholds next to the shipped ones."""
    outcomes = Outcomes(examples, policy, costs)
    chosen = outcomes.choose()
    curve = []
    for answer in outcomes.grid:
        borders = Borders(answer, min(answer, chosen.offer))
        split = outcomes.split(borders)
        curve.append({"answer": round(answer, 6), "cost": round(outcomes.cost(borders), 4), "by_mistake": split})
    return {
        "costs": asdict(costs),
        "curve": curve,
        "chosen": {**_described(outcomes, chosen), "cost_when_not_chosen_on": round(outcomes.cost_of_choosing(), 4)},
        "shipped": _described(outcomes, shipped),
    }


def _described(outcomes: Outcomes, borders: Borders) -> dict[str, Any]:
    return {
        "answer": round(borders.answer, 6),
        "offer": round(borders.offer, 6),
        "answer_misses": round(outcomes.asked_back(borders), 4),
        "cost": round(outcomes.cost(borders), 4),
        "outcomes": outcomes.counts(borders),
    }
