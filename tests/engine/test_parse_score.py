"""Which topic a parse is taken for when we are compared with stock Rasa."""

from typing import Any

import pytest

from benchmarks.parse_score import topics

PICKED = {"response": {"intent_response_key": "faq/soreness"}}


def parsed(intent: str, **selectors: Any) -> dict[str, Any]:
    return {"intent": {"name": intent}, "response_selector": {"all_retrieval_intents": ["faq", "refuse"], **selectors}}


@pytest.mark.parametrize(
    ("parse", "expected"),
    [
        ({"topics": ["cost", "booking"], **parsed("faq", faq=PICKED)}, {"cost", "booking"}),
        (parsed("faq", faq=PICKED), {"soreness"}),
        (parsed("faq", default=PICKED), {"soreness"}),  # one selector for all, as in Rasa's default pipeline
        (parsed("nlu_fallback", default=PICKED), set()),
        (parsed("greeting", default=PICKED), set()),
        (parsed("faq", default={"response": {"intent_response_key": None}}), set()),
        ({"intent": {"name": None}}, set()),
    ],
)
def test_a_topic_is_what_would_be_answered(parse: dict[str, Any], expected: set[str]) -> None:
    assert topics(parse) == expected
