"""SOFMattress of HINT3: a strange bot's real messages, to see that the method is not made for our data alone.

The figure is Matthews' correlation coefficient for several labels (Gorodkin 2004), out of scope being one of them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.engine.command import NotMeasured, run_in_engine
from gateway.evaluation.intervals import Share, bootstrap
from gateway.settings import Settings

Item = Mapping[str, str]


def measure_hint3(settings: Settings, folder: Path) -> dict[str, Any]:
    """Train config.yml on each training file of the set and score its test messages.

    Raises NotMeasured if the folder has no test file.
    """
    if not list(folder.glob("*_test.csv")):
        raise NotMeasured(f"{folder} holds no *_test.csv.", "put HINT3 there; see benchmarks/README.md.")
    found = run_in_engine(settings, "benchmarks.hint3_score", str(folder))
    return {name: _summary(run) for name, run in found.items()}


def _summary(run: Mapping[str, Any]) -> dict[str, Any]:
    items: Sequence[Item] = run["items"]
    outside = [item for item in items if item["wanted"] == run["out_of_scope"]]
    inside = [item for item in items if item["wanted"] != run["out_of_scope"]]
    return {
        "mcc": round(mcc(items), 4),
        "interval": [round(x, 4) for x in bootstrap(items, mcc)],
        "in_scope_right": Share(sum(item["given"] == item["wanted"] for item in inside), len(inside)).as_json(),
        "out_of_scope_refused": Share(sum(item["given"] == item["wanted"] for item in outside), len(outside)).as_json(),
        "training_seconds": run["seconds"],
        "items": items,
    }


def mcc(items: Sequence[Item]) -> float:
    """1 if every label is right, 0 for guessing."""
    wanted = Counter(item["wanted"] for item in items)
    given = Counter(item["given"] for item in items)
    n, right = len(items), sum(item["given"] == item["wanted"] for item in items)
    covariance = right * n - sum(wanted[label] * given[label] for label in wanted)
    spread = (n**2 - sum(count**2 for count in given.values())) * (n**2 - sum(count**2 for count in wanted.values()))
    return covariance / math.sqrt(spread) if spread else 0.0
