"""Specific answers within a topic: the right one ranks first, and is given only where it is sure."""

from pathlib import Path

import numpy as np

from encoder import Encoder
from nlu.answer_ranker import AnswerRanker
from nlu.decision import Sureness, learn_sureness
from nlu.labels import answer_of, left_out, topic_of
from nlu.ranker import Ranker, RankerConfig

EXAMPLES = {
    "faq/cost": ["cost", "fees"],
    "faq/cost.first": ["price of the first visit", "what does the first visit cost", "how much is the first one"],
    "faq/cost.insurance": ["does insurance pay", "is it covered by my plan", "will my insurance cover it"],
    "faq/booking": ["book a visit", "make an appointment", "when can i come"],
    "out_of_scope": ["what is the weather", "who won the game"],
}
TEXTS = [text for texts in EXAMPLES.values() for text in texts]
ASKED = [label for label, texts in EXAMPLES.items() for _ in texts]


def fit(encoder: Encoder) -> tuple[AnswerRanker, Ranker, np.ndarray, list[str]]:
    vectors = encoder.encode_all(TEXTS)
    ranker, _ = Ranker.fit(TEXTS, vectors, [topic_of(label) for label in ASKED], TEXTS, RankerConfig())
    answers, score, best = AnswerRanker.fit(ranker, TEXTS, vectors, ASKED, TEXTS)
    return answers, ranker, score, best


def test_labels_are_read() -> None:
    assert (topic_of("faq/cost.first"), answer_of("faq/cost.first")) == ("faq/cost", "first")
    assert (topic_of("faq/cost"), answer_of("faq/cost")) == ("faq/cost", None)
    assert (topic_of("v1.2"), answer_of("v1.2")) == ("v1.2", None)


def test_a_fifth_of_the_examples_is_left_out_of_the_tuning_and_always_the_same() -> None:
    texts = [f"will i be sore on day {number}" for number in range(1000)]
    out = {text for text in texts if left_out(text)}
    assert 150 < len(out) < 250
    assert all(left_out(f" {text}\n") for text in out)


def test_the_right_answer_ranks_first_also_when_it_was_saved(encoder: Encoder, tmp_path: Path) -> None:
    answers, ranker, score, best = fit(encoder)
    asked = ["does my insurance plan cover the cost"]
    vectors = encoder.encode_all(asked)
    compared = answers.compared(vectors, ranker.grams(asked))
    scores = answers.scores("faq/cost", compared)
    answers.save(tmp_path)

    assert max(scores, key=lambda label: scores[label]) == "faq/cost.insurance"
    assert answers.best("faq/cost", asked, vectors)[0][0] == "faq/cost.insurance"
    again = AnswerRanker.load(tmp_path, ranker).scores("faq/cost", compared)
    assert np.allclose(list(scores.values()), list(again.values()), atol=1e-2)
    assert {label for label, target in zip(best, ASKED, strict=True) if target == "out_of_scope"} == {""}
    assert (score[:8] >= 0).all()


def test_a_topic_without_specific_answers_has_none(encoder: Encoder) -> None:
    answers, ranker, *_ = fit(encoder)
    assert answers.scores("faq/booking", answers.compared(encoder.encode_all(["book"]), ranker.grams(["book"]))) == {}


def test_a_wrong_answer_that_costs_more_is_given_less_often() -> None:
    random = np.random.RandomState(0)
    topics, answers = random.uniform(0.01, 0.99, 400), random.uniform(0.01, 0.99, 400)
    right = random.uniform(size=400) < answers
    bold = learn_sureness(topics, answers, right, topic_text=1.0, wrong_answer=2.0)
    careful = learn_sureness(topics, answers, right, topic_text=1.0, wrong_answer=4.0)

    assert (bold.border, careful.border) == (0.5, 0.75)
    assert bold.of(0.5, 0.95) > careful.border > bold.of(0.5, 0.3)


def test_nothing_is_sure_where_nothing_was_learned() -> None:
    nothing = learn_sureness(np.zeros(0), np.zeros(0), np.zeros(0, dtype=bool), topic_text=1.0, wrong_answer=2.0)
    assert nothing.of(0.9, 0.9) < nothing.border
    assert Sureness().of(1.0, 1.0) < Sureness().border
