"""What the matcher makes of scores: one answer, two close ones, several questions, offers, or none."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message

from nlu.decision import Decision, Sureness
from nlu.encoder_featurizer import VECTORS
from nlu.message_reader import READINGS
from nlu.topic_matcher import TopicMatcher

LABELS = ["faq/cost", "faq/soreness", "faq/needles", "follow_up/why", "out_of_scope", "screening"]
Row = dict[str, float]


@pytest.fixture
def matcher(monkeypatch: pytest.MonkeyPatch) -> TopicMatcher:
    """A matcher that answers from a score of 0.2 and asks back from 0.1."""
    made = TopicMatcher(TopicMatcher.get_default_config(), None, Resource("matcher"))
    monkeypatch.setattr(made, "_decision", Decision(answer=0.2, offer=0.1))
    return made


def decide(
    matcher: TopicMatcher,
    *rows: Row,
    answers: dict[str, Row] | None = None,
    by_reading: list[Row] | None = None,
    text: str = "words",
) -> Message:
    """The decision on readings with these scores: the whole, then each part alone and after the one before.

    `answers` are the scores of the specific answers of each topic; `by_reading` those of each reading, for the cost.
    """

    def given(topic: str, readings: list[int]) -> Row:
        if by_reading is None:
            return (answers or {}).get(topic, {})
        names = sorted({name for row in by_reading for name in row})
        return {name: max(by_reading[row].get(name, 0.0) for row in readings) for name in names}

    specific: Any = SimpleNamespace(
        topics=LABELS,
        compared=lambda vectors, grams: SimpleNamespace(of=lambda rows: [int(grams[row, 0]) for row in rows]),
        scores=given,
    )
    matcher._answers = specific
    matcher._sureness = Sureness(border=0.5, answer=1.0)  # as sure as its score
    scores = np.array([[row.get(label, 0.0) for label in LABELS] for row in rows])
    ranker: Any = SimpleNamespace(
        labels=LABELS,
        grams=lambda readings: np.arange(len(readings))[:, None],
        scores=lambda readings, vectors, grams: scores,
    )
    matcher._ranker = ranker
    message = Message(data={READINGS: [text] * len(rows), VECTORS: scores})
    matcher.process([message])
    return message


def test_a_clear_topic_is_answered_alone_and_close_ones_are_offered(matcher: TopicMatcher) -> None:
    message = decide(matcher, {"faq/cost": 0.8, "faq/needles": 0.05, "faq/soreness": 0.001})
    assert (message.get("topics"), message.get("offered")) == (["cost"], ["needles"])


def test_two_close_topics_are_answered_together_never_three(matcher: TopicMatcher) -> None:
    message = decide(matcher, {"faq/cost": 0.3, "faq/needles": 0.2, "faq/soreness": 0.19})
    assert (message.get("topics"), message.get("offered")) == (["cost", "needles"], ["soreness"])
    assert not message.get("several")


def test_two_close_topics_need_a_lower_score_than_one(matcher: TopicMatcher) -> None:
    assert decide(matcher, {"faq/cost": 0.17, "faq/needles": 0.16}).get("topics") == ["cost", "needles"]
    alone = decide(matcher, {"faq/cost": 0.17})
    assert (alone.get("intent")["name"], alone.get("topics")) == ("clarify", [])
    assert alone.get("offered")[0] == "cost"


def test_what_may_be_out_of_scope_is_asked_back(matcher: TopicMatcher) -> None:
    message = decide(matcher, {"faq/cost": 0.5, "out_of_scope": 0.3})
    assert (message.get("intent")["name"], message.get("topics")) == ("clarify", [])
    assert message.get("offered")[0] == "cost"


def test_what_is_out_of_scope_gets_no_offers(matcher: TopicMatcher) -> None:
    message = decide(matcher, {"out_of_scope": 0.15, "faq/cost": 0.1})
    assert (message.get("intent")["name"], message.get("offered")) == ("nlu_fallback", [])


def test_a_part_that_is_clear_by_itself_is_not_drowned_by_the_part_before(matcher: TopicMatcher) -> None:
    first, second = {"faq/cost": 0.9}, {"faq/soreness": 0.3}
    message = decide(matcher, {"faq/cost": 0.6}, first, first, second, {"faq/cost": 0.8})
    assert message.get("topics") == ["cost", "soreness"] and message.get("several")


def test_a_part_that_says_little_is_read_with_the_part_before(matcher: TopicMatcher) -> None:
    first, second = {"faq/cost": 0.9}, {"faq/soreness": 0.1}
    message = decide(matcher, {"faq/cost": 0.6}, first, first, second, {"faq/needles": 0.8})
    assert message.get("topics") == ["cost", "needles"]


def test_the_topic_of_the_whole_comes_before_those_of_its_parts(matcher: TopicMatcher) -> None:
    parts = [{"faq/soreness": 0.3}, {"faq/soreness": 0.3}, {"faq/needles": 0.3}, {"faq/needles": 0.3}]
    message = decide(matcher, {"faq/cost": 0.6}, *parts)
    assert message.get("topics") == ["cost", "soreness", "needles"]


def test_topics_are_offered_beside_a_follow_up_and_not_beside_the_safety_questions(matcher: TopicMatcher) -> None:
    assert decide(matcher, {"follow_up/why": 0.6, "faq/cost": 0.3}).get("offered") == ["cost"]
    assert decide(matcher, {"screening": 0.6, "faq/cost": 0.3}).get("offered") == []


def test_a_sure_specific_answer_is_given_and_rasa_says_it(matcher: TopicMatcher) -> None:
    message = decide(matcher, {"faq/cost": 0.8}, answers={"faq/cost": {"faq/cost": 0.1, "faq/cost.first": 0.6}})
    assert (message.get("topics"), message.get("answers")) == (["cost"], ["first"])
    assert message.get("response_selector")["faq"]["response"]["utter_action"] == "utter_faq/cost.first"
    assert message.get("answer_ranking") == [["cost.first", 0.6]]


@pytest.mark.parametrize("scores", [{"faq/cost": 0.7, "faq/cost.first": 0.6}, {"faq/cost.first": 0.4}])
def test_the_topic_is_told_where_no_specific_answer_is_sure(matcher: TopicMatcher, scores: Row) -> None:
    message = decide(matcher, {"faq/cost": 0.8}, answers={"faq/cost": scores})
    assert (message.get("topics"), message.get("answers")) == (["cost"], [None])


def test_one_question_gets_one_answer_if_it_is_sure_enough(matcher: TopicMatcher) -> None:
    close, second = {"faq/cost": 0.3, "faq/needles": 0.2}, {"faq/needles.thin": 0.6}
    sure = decide(matcher, close, answers={"faq/cost": {"faq/cost.first": 0.9}, "faq/needles": second})
    less = decide(matcher, close, answers={"faq/cost": {"faq/cost.first": 0.6}, "faq/needles": second})
    assert (sure.get("topics"), sure.get("offered")) == (["cost"], ["needles"])
    assert (less.get("topics"), less.get("answers")) == (["cost", "needles"], ["first", "thin"])


def test_a_close_topic_without_a_sure_answer_is_offered_beside_one_that_has_it(matcher: TopicMatcher) -> None:
    message = decide(matcher, {"faq/cost": 0.3, "faq/needles": 0.2}, answers={"faq/cost": {"faq/cost.first": 0.6}})
    assert (message.get("topics"), message.get("answers"), message.get("offered")) == (["cost"], ["first"], ["needles"])


def test_the_surer_of_two_close_answers_comes_first(matcher: TopicMatcher) -> None:
    close, given = {"faq/cost": 0.3, "faq/needles": 0.2}, {"faq/cost": {"faq/cost.first": 0.6}}
    message = decide(matcher, close, answers={**given, "faq/needles": {"faq/needles.thin": 0.65}})
    assert (message.get("topics"), message.get("answers")) == (["needles", "cost"], ["thin", "first"])


def test_of_several_topics_the_text_of_one_is_told_only_where_it_was_asked(matcher: TopicMatcher) -> None:
    rows = ({"faq/cost": 0.6}, {"faq/cost": 0.9}, {"faq/cost": 0.9}, {"faq/needles": 0.3}, {"faq/needles": 0.3})
    first, unsure = {"faq/cost": {"faq/cost.first": 0.9}}, {"faq/needles": 0.05, "faq/needles.thin": 0.3}
    told = decide(matcher, *rows, answers={**first, "faq/needles": unsure})
    asked = decide(matcher, *rows, answers={**first, "faq/needles": unsure}, text="what about needles?")
    general = decide(matcher, *rows, answers={**first, "faq/needles": {**unsure, "faq/needles": 0.7}})
    assert (told.get("topics"), told.get("offered")) == (["cost"], ["needles"])
    whole = decide(matcher, {"faq/needles": 0.6}, *rows[1:], answers={**first, "faq/needles": unsure})
    for message in (asked, general, whole):
        assert (message.get("topics"), message.get("answers")) == (["cost", "needles"], ["first", None])


def test_two_parts_that_ask_for_different_answers_of_one_topic_get_both(matcher: TopicMatcher) -> None:
    cost, other = {"faq/cost": 0.9}, {"faq/soreness": 0.9}
    by_row = [{"faq/cost.first": 0.9}, {"faq/cost.first": 0.9}, {}, {"faq/cost.second": 0.7}, {}]
    whole_and_parts = (cost, cost, other, cost, other)
    assert decide(matcher, *whole_and_parts, by_reading=by_row).get("also") == "second"
    by_row[3] = {"faq/cost.second": 0.4}
    assert decide(matcher, *whole_and_parts, by_reading=by_row).get("also") is None
    by_row[3] = {"faq/cost.first": 0.9}
    assert decide(matcher, *whole_and_parts, by_reading=by_row).get("also") is None
