"""The pipeline without dask, turns that end where they are known to end, and what actions reply."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rasa.core.actions.action import RemoteAction
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.trackers import DialogueStateTracker

from nlu.channel import in_order
from nlu.local_actions import LocalActions
from tests.engine.nlu.conftest import Ask


def predictions(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The list that each prediction from now on is written into."""
    made: list[str] = []
    assert agent.processor is not None
    predict = agent.processor._predict_next_with_tracker

    def counted(tracker: DialogueStateTracker) -> Any:
        made.append(tracker.latest_action_name or "")
        return predict(tracker)

    monkeypatch.setattr(agent.processor, "_predict_next_with_tracker", counted)
    return made


async def test_a_question_takes_one_prediction(agent: Agent, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    made = predictions(agent, monkeypatch)
    reply = await ask("will I be sore afterwards?")
    assert (reply["kind"], len(made)) == ("answer", 1)


async def test_what_a_rule_leads_on_to_is_predicted(agent: Agent, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    made = predictions(agent, monkeypatch)
    await ask("will I be sore afterwards?", slots={"screening_done": True})
    assert len(made) > 1


def test_the_parts_say_what_they_say_with_rasas_runner(agent: Agent) -> None:
    ours, processor = in_order(agent), agent.processor
    assert processor is not None
    rasas = DaskGraphRunner.__new__(DaskGraphRunner)
    rasas._instantiated_nodes, rasas._graph_schema, rasas._execution_context = ours._nodes, ours._schema, None
    for text in ("will I be sore afterwards?", "how much, and how often?", "what is the weather"):
        target = processor.model_metadata.nlu_target
        inputs = {"__message__": [UserMessage(text)], "__tracker__": DialogueStateTracker("a", [])}
        by_ours, by_rasas = (runner.run(inputs=inputs, targets=[target])[target][0] for runner in (ours, rasas))
        assert by_ours.as_dict(only_output_properties=True) == by_rasas.as_dict(only_output_properties=True)


async def test_what_actions_reply_fits_rasas_schema(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    shape, request = Draft202012Validator(RemoteAction.action_response_format_spec()), LocalActions.request
    replies = []

    async def checked(self: LocalActions, *args: Any, **kwargs: Any) -> Any:
        reply = await request(self, *args, **kwargs)
        shape.validate(reply)
        replies.append(reply)
        return reply

    monkeypatch.setattr(LocalActions, "request", checked)
    await ask("is it safe for me", {"intent": "screening"})
    for message in ("no", "none of these", "I take warfarin", "stop", "I have chest pain and I cannot breathe"):
        await ask(message)
    assert len(replies) > 5
