"""How typed words are read while a safety question is open."""

from __future__ import annotations

import pytest

from actions.cards import Cards
from actions.sheet import Sheet
from actions.steps import Said, Steps
from tests.support.shipped import shipped_knowledge

KNOWLEDGE = shipped_knowledge()
STEPS = Steps(Cards(KNOWLEDGE, KNOWLEDGE.screening), KNOWLEDGE.screening)


def asked_first(style: str) -> Sheet:
    """The sheet when the first question, about age, is on the screen."""
    begun = STEPS.start(Sheet(), Said("check me", "screening", None, None), done=False, told={}, style=style)
    return STEPS.ask(begun.sheet).sheet


@pytest.mark.parametrize("style", ["cards", "one_by_one"])
@pytest.mark.parametrize("words", ["yep, ask away", "ok continue", "yes lets start", "i am ready"])
def test_who_lets_the_questions_come_has_answered_none(style: str, words: str) -> None:
    sheet = asked_first(style)
    step = STEPS.answer(sheet, Said(words, "nlu_fallback", None, sheet.at))
    assert (step.next, dict(step.sheet.answers)) == ("ask", {})


@pytest.mark.parametrize("words", ["yes", "yep i am", "yeah"])
def test_a_yes_is_still_an_answer(words: str) -> None:
    sheet = asked_first("one_by_one")
    step = STEPS.answer(sheet, Said(words, "nlu_fallback", None, sheet.at))
    assert dict(step.sheet.answers) == {"Q01": "yes"}
