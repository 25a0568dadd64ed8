"""Measures how the dry run finds planted near-duplicates and clashes among examples that are neither.

usage: python -m benchmarks.studio.planted
Of every ninth example a rewording by rule is planted: in its own topic (a near-duplicate) or in another one (a clash),
in turn. The questions of `own/`, under their right topics, are the ones that nothing should be said about. A planted
example counts as found if it is told as what it is.
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.personal.measure import rows
from benchmarks.safety.measure import interval
from gateway.settings import Settings
from gateway.studio.limits import Limits
from gateway.studio.meaning import Meaning
from gateway.studio.trying.alike import examples_of, too_alike
from knowledge import Knowledge, normalise

EVERY = 9
REWORDINGS = (
    lambda text: f"hi, {text}",
    lambda text: f"{text.rstrip('?.! ')} please?",
    lambda text: re.sub(r"\bIMS\b|\bims\b|\bdry needling\b", "the needling", text),
    lambda text: f"quick question: {text}",
    lambda text: re.sub(r"([a-z])\1", r"\1", text),
    lambda text: f"{text.rstrip('?.! ')}, do you know?",
)


def main() -> None:
    """Print recall of both kinds, and precision."""
    settings = Settings()
    topics = {name: list(topic.examples) for name, topic in Knowledge.load(settings.data).topics.items()}
    names = sorted(topics)
    pairs = examples_of(topics)
    known = {normalise(text) for _, text in pairs}
    planted: dict[tuple[str, str], bool] = {}
    for number, (topic, text) in enumerate(pairs[::EVERY]):
        reworded = REWORDINGS[number % len(REWORDINGS)](text)
        if normalise(reworded) in known or len(normalise(text).split()) < 3:
            continue
        clash = bool(number % 2)
        other = names[(names.index(topic) + 1 + number % (len(names) - 1)) % len(names)]
        planted[(other if clash else topic, reworded)] = clash
    innocent = {
        (row["topic"], row["text"])
        for row in rows(Path("benchmarks/own/questions.jsonl"))
        if row["topic"] in topics and normalise(row["text"]) not in known
    }
    everything = [*pairs, *planted, *sorted(innocent)]
    meaning = Meaning(settings)
    vectors = meaning.of_examples([text for _, text in everything])
    told = too_alike(everything, vectors, Limits.load(settings.data), {*planted, *innocent})
    found = {
        (alike.topic, alike.example) for alike in told if planted.get((alike.topic, alike.example)) == alike.clashes
    }
    for clash, name in ((False, "near-duplicates"), (True, "clashes")):
        those = {pair for pair, is_clash in planted.items() if is_clash == clash}
        _print(f"{name} found", len(those & found), len(those))
    wrong = {(alike.topic, alike.example) for alike in told} & innocent
    _print("of what is told, planted", len(found), len(found) + len(wrong))
    print(f"ordinary questions told about: {len(wrong)} of {len(innocent)}")


def _print(name: str, hits: int, n: int) -> None:
    low, high = interval(hits, n)
    print(f"{name}: {hits} of {n}, {hits / n:.1%} (95 %: {low:.1%} to {high:.1%})")


if __name__ == "__main__":
    main()
