"""What the answers about a visit and the days after it once said wrongly, or left out."""

from __future__ import annotations

import pytest

from knowledge import Knowledge
from tests.support.shipped import shipped_knowledge

TOPICS = (
    "soreness", "aftercare", "exercise_after", "healing_response", "side_effects", "what_it_feels_like",
    "twitch_response", "needles", "needle_fear", "session", "preparation", "when_to_get_help",
)  # fmt: skip


@pytest.fixture(scope="module")
def shipped() -> Knowledge:
    return shipped_knowledge()


def test_events_are_not_told_as_visits_with_one(shipped: Knowledge) -> None:
    for name in ("soreness", "side_effects"):
        assert "treatments had a mild one" not in shipped.topics[name].more
    assert "nearly everyone feels some soreness" in shipped.topics["soreness"].more


def test_nobody_is_left_to_think_that_a_needle_is_used_twice(shipped: Knowledge) -> None:
    more = shipped.topics["needles"].more
    assert "whether a needle is used only once" not in more
    assert "cannot catch hepatitis or HIV from a new, sterile needle" in more


@pytest.mark.parametrize("name", ["soreness.bruise", "side_effects.i_got_a_bruise"])
def test_a_bruise_that_exists_gets_no_statistic(shipped: Knowledge, name: str) -> None:
    topic, id = name.split(".")
    assert "of every 100" not in shipped.topics[topic].answers[id].text


def test_collagen_has_an_answer(shipped: Knowledge) -> None:
    assert "collagen and protein" in shipped.topics["healing_response"].answers["collagen"].text


def test_the_length_of_a_visit_is_no_longer_called_unknown(shipped: Knowledge) -> None:
    assert "do not say how long a visit takes" not in shipped.topics["session"].more


@pytest.mark.parametrize("name", TOPICS)
def test_the_topic_has_a_simpler_wording(shipped: Knowledge, name: str) -> None:
    simple = shipped.topics[name].simple
    assert simple
    assert shipped.readability.measure(shipped.fill(simple)).grade <= 4
