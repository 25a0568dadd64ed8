"""Measures the removal of personal details: how many labelled ones go, and how often an ordinary question suffers.

usage: python -m benchmarks.personal.measure [--misses]
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.safety.measure import interval
from gateway.studio.personal import Personal

MESSAGES = Path("benchmarks/personal/messages.jsonl")
QUESTIONS = (Path("benchmarks/own/questions.jsonl"), Path("benchmarks/patients/questions.jsonl"))
DATA = Path("data")
PART = re.compile(r"[^\W_]+")
NO_DETAIL = frozenset({"mrs", "ms", "mr", "dr", "doctor", "miss", "prof", "at", "dot"})


def rows(file: Path) -> list[dict[str, Any]]:
    """The items of a JSON-lines file."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def left(detail: str, text: str, kept: str) -> bool:
    """Whether a part of a detail can still be read: a word or number of it that stands as often as outside it."""
    parts = {part.casefold() for part in PART.findall(detail)} - NO_DETAIL
    outside = Counter(part.casefold() for part in PART.findall(text.replace(detail, " ")))
    remaining = Counter(part.casefold() for part in PART.findall(kept))
    return any(remaining[part] > outside[part] for part in parts)


def measured(personal: Personal) -> tuple[Counter[str], Counter[str], list[str]]:
    """Details and removed details by kind, and the messages in which one was missed."""
    all_, gone, misses = Counter[str](), Counter[str](), []
    for row in rows(MESSAGES):
        kept = personal.remove(row["text"]).text
        missed = [detail for detail in row["personal"] if left(detail, row["text"], kept)]
        all_[row["kind"]] += len(row["personal"])
        gone[row["kind"]] += len(row["personal"]) - len(missed)
        misses += [f"{row['id']}: {kept}" for _ in missed[:1]]
    return all_, gone, misses


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--misses", action="store_true")
    arguments = parser.parse_args()
    personal = Personal.load(DATA)
    all_, gone, misses = measured(personal)
    for kind in all_:
        print(f"{kind:14} {gone[kind]:4} of {all_[kind]:4}")
    n, hits = sum(all_.values()), sum(gone.values())
    low, high = interval(hits, n)
    share = f"{hits / n:.1%} (95 %: {low:.1%} to {high:.1%})"
    print(f"details removed: {hits} of {n}, {share}, in {len(rows(MESSAGES))} messages")
    for file in QUESTIONS:
        questions = rows(file)
        touched = [personal.remove(row["text"]) for row in questions]
        wrong = [removed.text for removed in touched if removed.kinds]
        print(f"{file}: {len(wrong)} of {len(questions)} questions changed")
        if arguments.misses:
            print("\n".join(f"  {text[:200]}" for text in wrong))
    if arguments.misses:
        print("\n".join(misses))


if __name__ == "__main__":
    main()
