"""What trainers are told about the training examples: topics, pairs, calibration and the border chosen by cost."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evaluation.calibration import calibration
from gateway.evaluation.examples import summary
from gateway.evaluation.thresholds import Borders, Costs, Outcomes, threshold_report
from knowledge.problems import KnowledgeError
from nlu.policy import OUT_OF_SCOPE, Policy

COSTS = Costs(wrong_answer=5, out_of_scope_answered=5, dont_know=2, did_you_mean=1, out_of_scope_percent=20)
POLICY = Policy(topics="faq", tie=0.8, pair=1.0, doubt=2.0, offers=3)
Json = dict[str, Any]


def example(text: str, wanted: str, *ranking: tuple[str, float]) -> Json:
    return {"text": text, "wanted": wanted, "ranking": [list(entry) for entry in ranking], "confidence": ranking[0][1]}


EXAMPLES = [
    *(example(f"price {n}", "faq/cost", ("faq/cost", 0.9), ("faq/insurance", 0.1)) for n in range(8)),
    *(example(f"plan {n}", "faq/insurance", ("faq/insurance", 0.8), ("faq/cost", 0.1)) for n in range(6)),
    *(example(f"cover {n}", "faq/insurance", ("faq/cost", 0.4), ("faq/insurance", 0.3)) for n in range(2)),
    *(example(f"pizza {n}", "out_of_scope", ("faq/cost", 0.3), ("out_of_scope", 0.2)) for n in range(4)),
]


@pytest.fixture
def found() -> Json:
    return {
        "folds": 5,
        "seed": 0,
        "model": "abc",
        "labels": ["faq/cost", "faq/insurance", "out_of_scope"],
        "decision": {"answer": 0.2, "offer": 0.1},
        "settings": {"topics": "faq", "tie": 0.8, "pair": 1.0, "doubt": 2.0, "offers": 3},
        "examples": EXAMPLES,
    }


def topic(report: Json, name: str) -> Json:
    return next(row for row in report["topics"] if row["topic"] == name)


def test_each_topic_has_precision_recall_and_f1_with_intervals(found: Json) -> None:
    cost = topic(summary(found, COSTS), "faq/cost")
    assert (cost["support"], cost["precision"]["hits"], cost["precision"]["of"]) == (8, 8, 14)
    assert cost["recall"]["share"] == 1.0 and cost["f1"]["f1"] == pytest.approx(2 * 8 / (14 + 8), abs=1e-4)
    assert all(
        0 <= low <= high <= 1 for low, high in [cost[name]["interval"] for name in ("precision", "recall", "f1")]
    )


def test_the_most_confused_pair_comes_with_its_texts(found: Json) -> None:
    report = summary(found, COSTS)
    assert report["pairs"][0]["topics"] == ["faq/cost", "out_of_scope"] and report["pairs"][0]["count"] == 4
    confused = topic(report, "faq/insurance")["most_confused"]
    assert confused["topics"] == ["faq/cost", "faq/insurance"]
    assert confused["texts"][0] == {"text": "cover 0", "wanted": "faq/insurance", "given": "faq/cost"}


def test_a_topic_that_is_never_given_has_no_precision(found: Json) -> None:
    row = topic(summary(found, COSTS), "out_of_scope")
    assert row["precision"]["share"] is None and row["f1"]["f1"] == 0.0


def test_the_border_that_costs_least_is_chosen() -> None:
    report = threshold_report(EXAMPLES, Borders(0.2, 0.1), POLICY, COSTS)
    assert 0.4 < report["chosen"]["answer"] <= 0.8  # above the wrong ones, not above the right ones
    assert report["chosen"]["cost"] < report["shipped"]["cost"]
    assert min(point["cost"] for point in report["curve"]) == report["chosen"]["cost"]
    assert report["chosen"]["outcomes"]["wrong answer"] == 0 and report["shipped"]["outcomes"]["wrong answer"] == 2


def test_mistakes_add_up_to_the_cost() -> None:
    for point in threshold_report(EXAMPLES, Borders(0.2, 0.1), POLICY, COSTS)["curve"]:
        assert sum(point["by_mistake"].values()) == pytest.approx(point["cost"], abs=1e-3)


def test_if_wrong_answers_cost_nothing_everything_is_answered() -> None:
    careless = Costs(wrong_answer=0, out_of_scope_answered=0, dont_know=2, did_you_mean=1, out_of_scope_percent=20)
    outcomes = Outcomes(EXAMPLES, POLICY, careless)
    chosen = outcomes.choose()
    assert outcomes.counts(chosen)["did you mean"] == outcomes.counts(chosen)["don't know"] == 0


def test_out_of_scope_weighs_as_often_as_it_is_expected() -> None:
    everything = Borders(0.0, 0.0)
    outcomes = Outcomes(EXAMPLES, POLICY, COSTS)
    assert outcomes.cost(everything) == pytest.approx(0.2 * 5 + 0.8 * 5 * 2 / 16)


def test_a_near_tie_answers_both_topics() -> None:
    tied = [example("a", "faq/cost", ("faq/insurance", 0.5), ("faq/cost", 0.45))]
    assert Outcomes(tied, POLICY, COSTS).counts(Borders(0.1, 0.1))["right"] == 1


def test_a_choice_costs_no_less_on_what_it_was_not_made_on() -> None:
    random = np.random.RandomState(0)
    scores = random.rand(300)
    examples = [
        example(str(n), "faq/a" if random.rand() < score else "faq/c", ("faq/a", score), ("faq/b", score / 9))
        for n, score in enumerate(scores)
    ]
    outcomes = Outcomes(examples, POLICY, COSTS)
    assert outcomes.cost_of_choosing() >= outcomes.cost(outcomes.choose()) - 1e-9


def test_confidences_that_mean_what_they_say_have_no_calibration_error() -> None:
    honest = calibration([(0.85, n < 17) for n in range(20)] + [(0.25, n < 5) for n in range(20)])
    assert honest["expected_calibration_error"] == pytest.approx(0.0)
    assert [(each["hits"], each["of"]) for each in honest["bins"]] == [(5, 20), (17, 20)]
    assert calibration([(1.0, False)])["expected_calibration_error"] == 1.0
    assert calibration([])["expected_calibration_error"] is None


def test_the_shipped_costs_can_be_read() -> None:
    costs = Costs.load(Path("data/costs.yml"))
    assert costs.wrong_answer > costs.dont_know > costs.did_you_mean > 0


@pytest.mark.parametrize(
    "written", ["", "wrong_answer: 1", "{wrong_answer: -1, out_of_scope_answered: 1, dont_know: 1, did_you_mean: 1, "
                "out_of_scope_percent: 1}"]
)  # fmt: skip
def test_costs_that_make_no_sense_are_refused_with_file_and_line(tmp_path: Path, written: str) -> None:
    file = tmp_path / "costs.yml"
    file.write_text(written)
    with pytest.raises(KnowledgeError, match=r"costs\.yml:1"):
        Costs.load(file)


RANKING = st.dictionaries(
    st.sampled_from(["faq/cost", "faq/insurance", "faq/soreness", "follow_up/why", "out_of_scope", "greeting"]),
    st.floats(0, 1),
    min_size=1,
).map(lambda scores: sorted(scores.items(), key=lambda entry: -entry[1]))


@given(RANKING, st.floats(0, 1), st.floats(0, 1))
def test_the_report_counts_what_the_assistant_would_do(
    ranking: list[tuple[str, float]], answer: float, offer: float
) -> None:
    policy = Policy()
    choice = policy.decide(policy.weigh(ranking), answer, offer)
    wanted = choice.topics[0] if choice.topics else ranking[0][0]
    outcomes = Outcomes([example("a", wanted, *ranking)], policy, COSTS)
    (found,) = [name for name, count in outcomes.counts(Borders(answer, offer)).items() if count]
    refused = wanted == OUT_OF_SCOPE
    if choice.kind == "answer":
        assert found == ("refused" if refused else "right")
    else:
        offered = choice.kind == "ask back" and wanted in choice.offered
        assert found == ("did you mean" if offered else "refused" if refused else "don't know")
