"""What a message that leans on the last answer leads to, with readings that are given."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from rasa.core.agent import Agent
from rasa.shared.core.trackers import DialogueStateTracker

from nlu.channel import understand
from nlu.topic_matcher import ANSWERS_IN_CONTEXT, NEAREST_IN_CONTEXT, RANKING_IN_CONTEXT

Json = dict[str, Any]


def ranked(**confidences: float) -> list[Json]:
    return [{"name": f"faq/{topic}", "confidence": confidence} for topic, confidence in confidences.items()]


class Readings:
    """A pipeline that reads every message in the same two ways, alone and after the last answer."""

    async def parse_message(self, message: object, tracker: object = None) -> Json:
        return {
            "intent": {"name": "faq", "confidence": 0.9},
            "intent_ranking": ranked(how_long_benefits_last=0.9, human=0.05),
            "topics": ["how_long_benefits_last"],
            "answers": [None],
            "answer_ranking": [["how_long_benefits_last.weeks", 0.5]],
            "entities": [],
            RANKING_IN_CONTEXT: ranked(soreness=0.95, how_long_benefits_last=0.05),
            ANSWERS_IN_CONTEXT: {"faq/soreness": None},
            NEAREST_IN_CONTEXT: {"faq/soreness": [["soreness.bruise", 0.4]]},
        }


async def understood(text: str) -> Json:
    title = {"metadata": {"title": "Is it normal to be sore after?"}}
    agent = SimpleNamespace(processor=Readings(), domain=SimpleNamespace(responses={"utter_faq/soreness": [title]}))
    tracker = SimpleNamespace(get_slot=lambda name: "soreness", active_loop_name=None)
    return await understand(cast(Agent, agent), cast(DialogueStateTracker, tracker), text, False)


@pytest.mark.parametrize("text", ["how long would those last", "and what would it do"])
async def test_what_only_points_is_answered_from_the_last_topic_however_well_it_fits_another(text: str) -> None:
    parsed = await understood(text)
    assert parsed["topics"] == ["soreness"]
    assert parsed["answer_ranking"] == [["soreness.bruise", 0.4]], "what is said next comes from the same topic"


@pytest.mark.parametrize("text", ["will those weeks of relief continue", "does the relief fade with it"])
async def test_a_clear_question_with_two_words_of_its_own_leaves_the_last_topic(text: str) -> None:
    assert (await understood(text))["topics"] == ["how_long_benefits_last"]
