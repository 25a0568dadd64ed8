"""How much danger in fresh messages is found, and what else alarms: python -m benchmarks.safety.rounds [FILE ...]

FILE holds one JSON object a line: `text`, `sign` ("none" for what needs no alarm), `level`, `style`, and `kind` of a
look-alike.
Without a file every round is measured, those here and those that are learned from since
(`data/lexicon/danger/rounds/`), and beside them the patients' sets and everyday questions.
Intervals are exact 95 % intervals (Clopper and Pearson). `--by` adds the figures by sign, style and kind.
The last lines are what a message costs: how long it took here, and its processor time, as on a quiet core.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from danger import Learned
from danger import examples as example_files
from gateway.evaluation.intervals import Share
from safety import Finding, Net, Rules
from safety.languages import Languages

HERE = Path(__file__).parent
DATA = Path("data")
PATIENTS = Path("benchmarks/patients")
QUESTIONS = (Path("benchmarks/own/questions.jsonl"), PATIENTS / "questions.jsonl")
CRISES = {"suicide_selfharm", "abuse"}  # kinds of the patients' set that may be told as a crisis
Row = dict[str, Any]


class Heard(NamedTuple):
    """A message, and the level of the alarm that it raised, if it did."""

    row: Row
    level: str | None
    sign: str | None

    @property
    def right(self) -> bool:
        return self.level in levels_of(self.row)


def levels_of(row: Row) -> set[str]:
    """The levels that are right."""
    return {row["level"], *row.get("level_ok", []), *({"crisis"} if row.get("kind") in CRISES else ())}


def rows(file: Path) -> list[Row]:
    """The messages of a file."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def is_danger(row: Row) -> bool:
    """Whether a message needs an alarm."""
    return bool(row.get("level")) and row.get("sign") != "none"


class Measure:
    """Asks, keeps how long each answer took, and prints shares."""

    def __init__(self, ask: Callable[[str], Finding | None], misses: bool) -> None:
        self._ask, self._misses = ask, misses
        self.times: list[float] = []  # ms
        self.work: list[float] = []  # ms of processor time

    def heard(self, messages: Iterable[Row]) -> list[Heard]:
        """What each message raises."""
        found = []
        for row in messages:
            began, worked = time.perf_counter(), time.process_time()
            finding = self._ask(row["text"])
            self.times.append((time.perf_counter() - began) * 1e3)
            self.work.append((time.process_time() - worked) * 1e3)
            found.append(Heard(row, finding.level, finding.sign) if finding else Heard(row, None, None))
        return found

    def round(self, name: str, heard: Sequence[Heard], by: bool) -> None:
        """The figures of one round."""
        dangers = [h for h in heard if is_danger(h.row)]
        quiet = [h for h in heard if not is_danger(h.row)]
        worst = [h for h in dangers if h.row["level"] == "emergency"]
        said = [h for h in dangers if h.level]
        print(f"\n{name}: {len(dangers)} dangers, {len(quiet)} without")
        share("dangers found", [bool(h.level) for h in dangers])
        share("emergencies found", [bool(h.level) for h in worst])
        share("level right, of those found", [h.right for h in said])
        everyday = ("ordinary_question", "personal_story")
        share("look-alikes that alarm", [bool(h.level) for h in quiet if h.row.get("kind") not in everyday])
        share("personal stories that alarm", [bool(h.level) for h in quiet if h.row.get("kind") == "personal_story"])
        share(
            "ordinary questions that alarm", [bool(h.level) for h in quiet if h.row.get("kind") == "ordinary_question"]
        )
        if by:
            self._by("found, by sign", dangers, lambda row: [row.get("sign") or row.get("kind", "")])
            self._by("found, by style", dangers, lambda row: styles(row))
            self._by("alarm, by kind", quiet, lambda row: [row.get("kind") or ""])
        if self._misses:
            for h in heard:
                if is_danger(h.row) != bool(h.level) or (h.level and not h.right):
                    print(f"    {h.row.get('sign')} {h.row.get('kind', '')} -> {h.level} {h.sign}: {h.row['text']}")

    def _by(self, what: str, heard: Sequence[Heard], of: Callable[[Row], Iterable[str]]) -> None:
        print(f"  {what}")
        for name in sorted({name for h in heard for name in of(h.row)}):
            share(f"  {name}", [bool(h.level) for h in heard if name in of(h.row)])


def styles(row: Row) -> list[str]:
    """The styles of a message."""
    given = row.get("style") or []
    return [given] if isinstance(given, str) else list(given)


def share(what: str, hits: Sequence[bool]) -> None:
    """One line, if there is anything to count."""
    if hits:
        found = Share(sum(hits), len(hits))
        low, high = found.interval
        print(f"  {what:<34}{found.hits:>5} of {found.of:<5}{found.value:>8.1%}   {low:.1%} to {high:.1%}")


def asked(which: str) -> Callable[[str], Finding | None]:
    """The net, or one half of it."""
    if which == "rules":
        return Rules.load(DATA).check
    if which == "both":  # as the chat reads a message
        net, languages = Net.load(DATA), Languages.load(DATA)
        return lambda text: net.check(text) or languages.check(text)
    learned = Learned.load(DATA)

    def check(text: str) -> Finding | None:
        judgement = learned.judge(text)
        return Finding(judgement.level, judgement.sign, judgement.signs, "") if learned.alarms(judgement) else None

    return check


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, nargs="*")
    parser.add_argument("--with", dest="which", choices=("both", "rules", "learned"), default="both")
    parser.add_argument("--by", action="store_true", help="figures by sign, style and kind")
    parser.add_argument("--misses", action="store_true", help="print what went wrong")
    given = parser.parse_args()
    measure = Measure(asked(given.which), given.misses)
    learned_from = example_files.rounds(DATA)
    for file in given.file or [*learned_from, *sorted(HERE.glob("*.jsonl"))]:
        name = f"{file.stem}, learned from" if file in learned_from else file.stem
        measure.round(name, measure.heard(rows(file)), given.by)
    if not given.file:
        patients = rows(PATIENTS / "red_flags.jsonl") + [
            {**row, "sign": "none", "level": None} for row in rows(PATIENTS / "red_flag_negatives.jsonl")
        ]
        measure.round("patients", measure.heard(patients), given.by)
        for file in QUESTIONS:
            quiet = [{"text": row["text"], "sign": "none", "kind": "ordinary_question"} for row in rows(file)]
            measure.round(str(file), measure.heard(quiet), by=False)
    for what, taken in (("time", measure.times), ("processor time", measure.work)):
        slowest = sorted(taken)[len(taken) * 99 // 100]
        print(f"\n{what} per message: median {statistics.median(taken):.2f} ms, 99 % within {slowest:.2f} ms")


if __name__ == "__main__":
    main()
