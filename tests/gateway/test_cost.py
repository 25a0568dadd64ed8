"""A budget of work for a message: whatever is typed, reading it costs at most twice what long prose costs.

Work is counted and not timed: calls of functions, and what goes through the encoder.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from benchmarks.fuzz.worst import LONGEST, PROSE, Read, fill, readers
from danger.reader import MOST_TOKENS, Reader

A_TOKEN = 1500  # calls that take as long as the encoder does for a token
# What `python -m benchmarks.fuzz.worst` found to be dear, and what once was.
DEAR = (
    ["a "],
    ["a, "],
    ["a . "],
    ["1,"],
    ["("],
    ["y "],
    ["604 555 "],
    ["xqzj vwq "],
    ["aaab "],
    ["cant breathe "],
    ["no chest pain, no arm pain "],
    ["my chest hurts and my arm is weak? "],
    ["chest pain ", *["no not "] * 280],
    ["alta ", "neele "],
    ["ﷺ ", "sofa "],
    ["born in "],
    ["my name is John Smith "],
    ["a@"],
    ["胸 ", "6 "],
)


@pytest.fixture(scope="module")
def all_readers() -> dict[str, Read]:
    return readers()


@pytest.fixture(scope="module")
def prose(all_readers: dict[str, Read], danger: Reader) -> dict[str, int]:
    return work_of(all_readers, danger, fill([PROSE]))


@pytest.fixture(scope="module")
def danger() -> Reader:
    return Reader.load()


def calls(work: Callable[[], object]) -> int:
    """How many functions are called, of Python and of C."""
    count = 0

    def called(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    work()  # what is compiled once is not counted
    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def work_of(all_readers: dict[str, Read], danger: Reader, text: str) -> dict[str, int]:
    """What reading a message costs, by reader."""
    found = {name: calls(lambda read=read: read(text)) for name, read in all_readers.items()}  # type: ignore[misc]
    return {**found, "encoder of the net": A_TOKEN * sum(map(len, danger.read(text)))}


@pytest.mark.parametrize("pieces", DEAR, ids=lambda pieces: "".join(pieces[:2]).strip())
def test_no_text_costs_more_than_twice_what_long_prose_does(
    all_readers: dict[str, Read], danger: Reader, prose: dict[str, int], pieces: list[str]
) -> None:
    dear = work_of(all_readers, danger, fill(pieces))
    assert sum(dear.values()) <= 2 * sum(prose.values()), (prose, dear)


def test_the_net_reads_prose_of_any_length_whole(danger: Reader) -> None:
    read = danger.read(fill([PROSE]))
    words = sum(len(part) - 2 for part in read[1:])  # each begins and ends with a mark
    assert words >= len(fill([PROSE]).split())


def test_of_a_text_that_is_made_to_be_dear_the_net_reads_both_ends(danger: Reader) -> None:
    begin, end = "my chest hurts. ", " i cannot breathe."
    text = (begin + "a . " * LONGEST)[: LONGEST - len(end)] + end
    first, last = danger._tokens(begin)[1:4], danger._tokens(end)[1:4]
    _, *parts = danger.read(text)
    assert sum(map(len, parts)) <= MOST_TOKENS
    assert parts[0][1:4] == first and parts[-1][-5:-2] == last
