"""What a rule of red_flags.yml means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.patterns import Index, Pattern, Place
from safety.words import one_slip

SENTENCE = [0] * 20


def holds(rule: str, **words: int) -> bool:
    found = {name: [Place(at, at + 1)] for name, at in words.items()}
    pattern = Pattern.parse(rule)
    return pattern.possible(found) and all(pattern.places(found, SENTENCE))


@pytest.mark.parametrize(
    ("rule", "at", "expected"),
    [
        ("A >2 B", {"A": 0, "B": 3}, True),
        ("A >2 B", {"A": 0, "B": 4}, False),
        ("A >2 B", {"A": 3, "B": 0}, False),
        ("A ~2 B", {"A": 3, "B": 0}, True),
        ("A|C ~2 B", {"C": 1, "B": 2}, True),
        ("A & B", {"A": 0, "B": 19}, True),
        ("A & B", {"A": 0}, False),
        ("A ! B", {"A": 0}, True),
        ("A ! B", {"A": 0, "B": 9}, False),
        ("A ~1 B ~1 C", {"A": 0, "B": 2, "C": 4}, True),
    ],
)
def test_rules_read_as_their_notation_says(rule: str, at: dict[str, int], expected: bool) -> None:
    assert holds(rule, **at) is expected


def test_a_step_of_a_rule_stays_within_one_sentence() -> None:
    found = {"A": [Place(0, 1)], "B": [Place(1, 2)]}
    assert not Pattern.parse("A ~3 B").chains[0].places(found, [0, 1])


LINKS = st.lists(st.sampled_from("ABCDE"), min_size=1, max_size=3).map("|".join)
CHAINS = st.lists(LINKS, min_size=1, max_size=3).map(" ~2 ".join)
RULES = st.lists(CHAINS, min_size=1, max_size=2).map(" & ".join)


@given(st.lists(RULES, max_size=12), st.sets(st.sampled_from("ABCDE")))
def test_the_index_leaves_out_no_rule_that_is_possible(rules: list[str], said: set[str]) -> None:
    patterns = [Pattern.parse(rule) for rule in rules]
    found = {name: [Place(0, 1)] for name in said}
    candidates = Index(patterns).candidates(found)
    assert candidates == sorted(set(candidates))
    assert {i for i, pattern in enumerate(patterns) if pattern.possible(found)} <= set(candidates)


@pytest.mark.parametrize(
    ("typed", "meant", "expected"),
    [
        ("brething", "breathing", True),
        ("cehst", "chest", True),
        ("swolllen", "swollen", True),
        ("chesr", "chest", True),
        ("never", "fevers", False),
        ("cheap", "chest", False),
    ],
)
def test_one_slip_of_the_finger_is_understood(typed: str, meant: str, expected: bool) -> None:
    assert one_slip(typed, meant) is expected
