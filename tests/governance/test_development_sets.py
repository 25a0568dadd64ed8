"""What the figures are measured with is not learned by heart."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from knowledge.yaml import plain_values

EVERYONES_WORDS = 5  # a question of so few words ("does it hurt?") is asked in the same words by all
REWORDED = 0.75  # share of the words of two messages that both have, from which on one is a rewording of the other


def words(text: str) -> frozenset[str]:
    """The words of a message, whatever its case and punctuation."""
    return frozenset(re.findall(r"[a-z0-9]+", text.lower().replace("'", "").replace("’", "")))


def reworded(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two messages say the same in nearly the same words, given the words of each."""
    return min(len(one), len(other)) > EVERYONES_WORDS and len(one & other) >= REWORDED * len(one | other)


def measured_messages() -> Iterator[str]:
    """Every message of the development sets, also the patients' turns of their dialogues."""
    for path in sorted([*Path("benchmarks/own").glob("*.jsonl"), *Path("benchmarks/patients").glob("*.jsonl")]):
        for line in path.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            yield from [item["text"]] if "text" in item else [turn["user"] for turn in item["turns"]]


def training_examples() -> Iterator[tuple[str, str]]:
    """Every example that the matcher learns from, with its file."""
    for path in sorted([*Path("data/answers").glob("*.yml"), *Path("data/dialogue").glob("*.yml")]):
        for block in plain_values(path).get("nlu", []):
            for line in block["examples"].splitlines():
                yield str(path), line.removeprefix("- ")


def by_rare_words(messages: Iterable[frozenset[str]]) -> dict[str, list[frozenset[str]]]:
    """Messages under so many of their rarest words that a rewording has one of them at least."""
    messages = list(messages)
    common = Counter(word for message in messages for word in message)
    found = defaultdict(list)
    for message in messages:
        for word in sorted(message, key=common.__getitem__)[: int((1 - REWORDED) * len(message)) + 1]:
            found[word].append(message)
    return found


def test_no_example_is_a_message_of_a_development_set() -> None:
    measured = {words(text): text for text in measured_messages() if len(words(text)) > EVERYONES_WORDS}
    near = by_rare_words(measured)
    copied = [
        f"{path}: {example!r} is {measured[known]!r}"
        for path, example in training_examples()
        for said in [words(example)]
        for known in {known for word in said for known in near.get(word, ())}
        if reworded(said, known)
    ]

    assert len(measured) > 500
    assert copied == []


def test_a_rewording_is_found_among_many_by_its_rare_words() -> None:
    said = words("can my gran have it now at the age of 90")
    known = words("can my gran have it at the age of 90")
    others = [words(f"can my gran have it at the hour of {number}") for number in range(50)]
    near = by_rare_words([known, *others])
    assert known in {message for word in said for message in near.get(word, ())}


@pytest.mark.parametrize(
    ("example", "measured", "same"),
    [
        ("Can my gran have it at the age of 90?", "can my gran have it at age of 90", True),
        ("can my gran have it now she is 90", "is my gran allowed on the bus at 90", False),
        ("does it hurt", "Does it hurt?", False),
    ],
)
def test_a_rewording_is_told_from_another_question(example: str, measured: str, same: bool) -> None:
    assert reworded(words(example), words(measured)) is same
