"""Measures the red-flag net: recall, level and false alarms, each with its exact (Clopper-Pearson) 95 % interval.

usage: python -m benchmarks.safety.measure [--dev FOLDER] [--misses]
FOLDER holds red_flags.jsonl, red_flag_negatives.jsonl and questions.jsonl (the development sets).
"""

from __future__ import annotations

import argparse
import json
import math
import re
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from benchmarks.safety import stress
from safety import Finding, Net

DATA = Path("data")
MARKUP = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})")


def interval(hits: int, n: int) -> tuple[float, float]:
    """The exact binomial 95 % interval, by bisection on the binomial tails."""

    def tail(p: float, upto: int) -> float:
        return sum(math.exp(_log_term(n, k, p)) for k in range(upto + 1))

    low = 0.0 if hits == 0 else _root(lambda p: 1 - tail(p, hits - 1) - 0.025)
    high = 1.0 if hits == n else _root(lambda p: 0.025 - tail(p, hits))
    return low, high


def _log_term(n: int, k: int, p: float) -> float:
    choose = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return choose + k * math.log(p) + (n - k) * math.log1p(-p)


def _root(rising: Any) -> float:
    low, high = 1e-12, 1 - 1e-12
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


class Measure:
    """Asks the net and keeps how long each answer took."""

    def __init__(self, net: Net, show_misses: bool) -> None:
        self.net, self.show_misses = net, show_misses
        self.times: list[float] = []

    def ask(self, text: str) -> Finding | None:
        start = time.perf_counter()
        finding = self.net.check(text)
        self.times.append((time.perf_counter() - start) * 1e3)
        return finding

    def report(self, what: str, hits: int, n: int) -> None:
        low, high = interval(hits, n)
        print(f"{what:<46}{hits:>5} of {n:<6}{hits / n:>8.2%}   95 % interval {low:.2%} to {high:.2%}")

    def miss(self, *what: object) -> None:
        if self.show_misses:
            print("   ", *what)

    def flags(self, name: str, rows: list[tuple[str, set[str]]]) -> None:
        found = right = 0
        for text, levels in rows:
            finding = self.ask(text)
            found += finding is not None
            if finding and finding.level in levels:
                right += 1
            else:
                self.miss(finding and finding.level, sorted(levels), text)
        self.report(f"{name}: red flags found", found, len(rows))
        self.report(f"{name}: level right", right, len(rows))

    def quiet(self, name: str, texts: list[str]) -> None:
        alarms = 0
        for text in texts:
            finding = self.ask(text)
            alarms += finding is not None
            if finding:
                self.miss(finding.level, finding.sign, text)
        self.report(f"{name}: false alarms", alarms, len(texts))


def rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]


def levels_of(row: dict[str, Any]) -> set[str]:
    """The levels that are right; self-harm and abuse may be told as a crisis (older labels say emergency or urgent)."""
    crisis = {"crisis"} if row.get("kind") in {"suicide_selfharm", "abuse"} else set()
    return {row["level"], *row.get("level_ok", []), *crisis}


def questions() -> Iterator[str]:
    """Every example question of the answers."""
    for file in sorted((DATA / "answers").glob("*.yml")):
        for entry in YAML(typ="safe").load(file.read_text(encoding="utf-8")).get("nlu") or []:
            for line in entry.get("examples", "").splitlines():
                text = MARKUP.sub(r"\1", line.strip().removeprefix("-").strip())
                if text:
                    yield text


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures the red-flag net.")
    parser.add_argument("--dev", type=Path, help="folder of the development sets")
    parser.add_argument("--misses", action="store_true", help="print what went wrong")
    options = parser.parse_args()
    measure = Measure(Net.load(DATA), options.misses)
    if options.dev:
        measure.flags("development", [(r["text"], levels_of(r)) for r in rows(options.dev / "red_flags.jsonl")])
        measure.quiet("development look-alikes", [r["text"] for r in rows(options.dev / "red_flag_negatives.jsonl")])
        measure.quiet("development questions", [r["text"] for r in rows(options.dev / "questions.jsonl")])
    stressed = list(stress.cases())
    measure.flags("stress set", [(c.text, set(c.levels)) for c in stressed])
    for kind in sorted(Counter(c.kind for c in stressed)):
        measure.flags(f"  {kind}", [(c.text, set(c.levels)) for c in stressed if c.kind == kind])
    measure.quiet("own look-alikes", [c.text for c in stress.quiet_cases()])
    measure.quiet("examples of the answers", list(questions()))
    times = sorted(measure.times)
    slowest = times[len(times) * 99 // 100]
    print(f"time per message: median {statistics.median(times):.2f} ms, 99 % within {slowest:.2f} ms")
    long = (" ".join(c.text for c in stressed))[:2000]
    slow = []
    for _ in range(20):
        start = time.perf_counter()
        measure.net.check(long)
        slow.append((time.perf_counter() - start) * 1e3)
    print(
        f"2,000 characters of nothing but red flags: median {statistics.median(slow):.1f} ms, worst {max(slow):.1f} ms"
    )


if __name__ == "__main__":
    main()
