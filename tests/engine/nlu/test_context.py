"""A message that leans on the answer before is read with it."""

import pytest

from nlu.context import FollowUps, mix

FOLLOW_UPS = FollowUps.load()
SURE = [("faq/how_often", 0.95)]
UNSURE = [("faq/how_often", 0.4)]


@pytest.mark.parametrize(
    "text", ["how long will it last", "is that bad", "and for my neck?", "why?", "what about beer"]
)
def test_a_message_that_points_back_is_read_in_context(text: str) -> None:
    assert FOLLOW_UPS.weight(text, SURE) > 0


@pytest.mark.parametrize(
    "text",
    [
        "how often do most people come for treatment",
        "please tell me who would do the needling and whether that person is certified",
        "👍",
        "",
    ],
)
def test_a_message_that_stands_for_itself_is_not(text: str) -> None:
    assert FOLLOW_UPS.weight(text, SURE) == 0.0


def test_an_unsure_reading_looks_at_the_conversation() -> None:
    assert FOLLOW_UPS.weight("my job means lifting heavy boxes every day", UNSURE) > 0


def test_what_lies_outside_is_not_drawn_into_the_conversation() -> None:
    assert FOLLOW_UPS.weight("my job means lifting heavy boxes every day", [("out_of_scope", 0.4)]) == 0.0


def test_mixing_keeps_every_intent_and_puts_the_best_first() -> None:
    mixed = mix([("a", 0.8), ("b", 0.1)], [("c", 0.9), ("b", 0.5)], 0.5)
    assert [name for name, _ in mixed] == ["c", "a", "b"]
    assert dict(mixed)["b"] == pytest.approx(0.3)


def test_a_clear_message_about_something_else_leaves_the_conversation() -> None:
    alone = [("faq/what_it_feels_like", 0.95), ("faq/soreness", 0.02)]
    assert FOLLOW_UPS.unrelated("faq/booking", alone)
    assert not FOLLOW_UPS.unrelated("faq/soreness", alone)
    assert not FOLLOW_UPS.unrelated("faq/booking", [("faq/what_it_feels_like", 0.4)])


SORENESS = [("faq/soreness", 0.93)]


def test_a_message_that_says_enough_and_is_sure_stays_with_its_own_topic() -> None:
    assert FOLLOW_UPS.stands_alone("still tender two days later, is that ok", SORENESS)


@pytest.mark.parametrize("text", ["how long would those last", "what would they do", "and is it often so"])
def test_a_pointer_with_no_words_of_its_own_is_about_the_last_answer(text: str) -> None:
    assert FOLLOW_UPS.only_points(text)
    assert FOLLOW_UPS.weight(text, SURE) == FOLLOW_UPS.weights["bare"] > FOLLOW_UPS.weights["pointer"]


@pytest.mark.parametrize("text", ["how many needles", "it is for my elbow", "for how many months"])
def test_what_says_something_itself_does_not_only_point(text: str) -> None:
    assert not FOLLOW_UPS.only_points(text)


def test_who_asks_for_a_person_is_not_drawn_back_to_the_last_answer() -> None:
    assert FOLLOW_UPS.stands_alone("can i speak to someone about that", [("faq/human", 0.9)])
    assert not FOLLOW_UPS.stands_alone("can i speak to someone about that", [("faq/human", 0.5)])


def test_two_words_of_its_own_are_enough_for_a_clear_question() -> None:
    assert FOLLOW_UPS.stands_alone("could i stretch those myself", [("faq/home_exercises", 0.75)])


@pytest.mark.parametrize("text", ["how long does that last", "is that ok", "and for my neck?", "why is it so"])
def test_an_ellipsis_does_not_stand_alone(text: str) -> None:
    assert not FOLLOW_UPS.stands_alone(text, SORENESS)


def test_an_unsure_reading_does_not_stand_alone() -> None:
    assert not FOLLOW_UPS.stands_alone("still tender two days later, is that ok", [("faq/soreness", 0.5)])
