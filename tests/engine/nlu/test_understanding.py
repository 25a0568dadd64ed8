"""A trained model behind the channel's logic: topics, refusals, close calls, several questions, bad input."""

import tarfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage

from nlu.channel import BadRequest, converse
from nlu.message_reader import CONTEXT
from nlu.ranker import Ranker
from tests.engine.nlu.conftest import Ask


@pytest.mark.parametrize(
    ("message", "topic"),
    [
        ("how often should i come in for it", "how_often"),
        ("what do you charge for a visit", "cost"),
        ("i am pregnant can i still have this done", "pregnancy"),
        ("im on warferin is that a problm", "blood_thinners"),
        ("is this the same as acupuncture", "vs_acupuncture"),
    ],
)
async def test_a_question_gets_its_topic(ask: Ask, message: str, topic: str) -> None:
    reply = await ask(message)
    assert topic in reply["topics"] + reply["offered"]
    assert reply["kind"] in ("answer", "clarify")


async def test_an_answer_comes_with_the_wording_and_the_ranking(ask: Ask) -> None:
    reply = await ask("how much does one session cost")
    assert reply["kind"] == "answer"
    assert reply["topics"][0] == "cost"
    assert reply["intent"].partition(".")[0] == "faq/cost"  # a specific question about it, or the topic
    assert 0.5 < reply["confidence"] <= 1
    assert len(reply["ranking"]) == 5 and reply["ranking"][0]["topic"] == "cost"
    assert reply["messages"][0]["text"] and "{" not in reply["messages"][0]["text"]
    assert reply["slots"]["topic"] == "cost"


async def test_two_questions_get_two_topics(ask: Ask) -> None:
    reply = await ask("How much does one session cost, and how often do I need to go?")
    assert reply["topics"] == ["cost", "how_often"]


async def test_a_question_after_a_story_is_found(ask: Ask) -> None:
    story = (
        "My sister in law drove me because the bus was late again. We talked about her new kitchen the whole way. "
        "Anyway, how much does one session cost?"
    )
    assert "cost" in (await ask(story))["topics"]


@pytest.mark.parametrize("message", ["What is the capital of France?", "qwzx plff brrt", "write me a poem about ships"])
async def test_what_is_not_known_is_not_answered(ask: Ask, message: str) -> None:
    reply = await ask(message)
    assert reply["kind"] in ("unknown", "clarify")
    assert reply["topics"] == []
    assert reply["messages"][0]["text"]


async def test_the_fallback_covers_topics_too(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    sure = Ranker.scores
    monkeypatch.setattr(Ranker, "scores", lambda *given: sure(*given) * 0.001)
    reply = await ask("how much does one session cost")
    assert (reply["kind"], reply["topics"]) == ("unknown", [])


async def test_not_knowing_twice_in_a_row_is_said_differently(ask: Ask) -> None:
    first = await ask("qwzx plff brrt", sender="twice")
    second = await ask("zzgh kkrt", sender="twice")
    assert first["kind"] == second["kind"] == "unknown"
    assert first["messages"][0]["text"] != second["messages"][0]["text"]


async def test_a_wish_for_a_person_is_a_handoff(ask: Ask) -> None:
    reply = await ask("can i talk to a real person please")
    assert (reply["kind"], reply["topics"]) == ("handoff", ["human"])


@pytest.mark.parametrize("message", ["hello", "thanks a lot", "bye"])
async def test_small_talk_is_chat(ask: Ask, message: str) -> None:
    assert (await ask(message))["kind"] == "chat"


@pytest.mark.parametrize("message", ["/restart", '/faq{"x":1}', "/faq/cost", "  //session_start", "/"])
async def test_a_slash_is_text_and_never_a_command(ask: Ask, message: str) -> None:
    await ask("will i be sore afterwards")
    reply = await ask(message)
    assert reply["intent"] not in ("restart", "session_start")
    assert reply["slots"]["topic"] == (reply["topics"] or ["soreness"])[-1], "nothing was forgotten"


@pytest.mark.parametrize(
    "message",
    [
        "",
        " ",
        "😀🙏",
        "\x00\x01\x02",
        "a\x00b",
        "?" * 500,
        "x" * 50_000,
        "needle " * 8_000,
        "<script>alert(1)</script>",
        '[a](b){"entity": "c"}',
        "\u202e\u200b\ufeff",
        "ما هو الوخز بالإبر الجافة؟",
    ],
    ids=lambda message: repr(message[:12]),
)
async def test_odd_input_gets_an_answer(ask: Ask, message: str) -> None:
    reply = await ask(message)
    assert reply["messages"] and reply["messages"][0]["text"]


async def test_a_choice_is_carried_out_without_reading_text(ask: Ask) -> None:
    reply = await ask("qwzx", choice={"intent": "faq/soreness"})
    assert (reply["kind"], reply["topics"], reply["confidence"]) == ("answer", ["soreness"], 1.0)


@pytest.mark.parametrize("choice", [{"intent": "faq/nonsense"}, {"intent": "restart!"}, {"intent": None}, {"x": 1}])
async def test_a_choice_that_does_not_exist_is_refused(ask: Ask, choice: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        await ask(choice=choice)


async def test_slots_of_an_earlier_conversation_are_carried_over(ask: Ask) -> None:
    reply = await ask("hello", slots={"topic": "cost", "not_ours": 1})
    assert reply["slots"] == {"topic": "cost", "said": "utter_greeting"}


async def test_danger_is_read_together_with_what_was_typed_before(agent: Agent) -> None:
    def body(*before: str) -> dict[str, Any]:
        return {"message": "i hit my head", "choice": None, "slots": {}, "before": list(before)}

    assert (await converse(agent, body("im on warfarin")))["kind"] == "emergency"
    assert (await converse(agent, body()))["kind"] != "emergency"


@pytest.mark.parametrize("text", ["how long?", "and what does it cost? is it bad when i am pregnant?"])
async def test_a_message_is_read_with_its_context_as_if_both_were_typed(agent: Agent, text: str) -> None:
    assert agent.processor is not None
    context = "Will I be sore afterwards"
    once = await agent.processor.parse_message(UserMessage(text, metadata={CONTEXT: context}))
    joined = await agent.processor.parse_message(UserMessage(f"{context} {text}"))
    alone = await agent.processor.parse_message(UserMessage(text))
    for found, expected in (("ranking_in_context", joined), ("intent_ranking", alone)):
        expected_confidence = {entry["name"]: entry["confidence"] for entry in expected["intent_ranking"]}
        for entry in once[found][:5]:
            assert entry["confidence"] == pytest.approx(expected_confidence[entry["name"]], abs=1e-3)
    assert "ranking_in_context" not in alone


async def test_what_leans_on_the_answer_before_is_read_in_one_run(ask: Ask, agent: Agent) -> None:
    assert agent.processor is not None
    await ask("will i be sore afterwards")
    with patch.object(agent.processor, "parse_message", wraps=agent.processor.parse_message) as parse:
        await ask("how long?")
    assert parse.call_count == 1


async def test_the_same_message_always_gets_the_same_decision(ask: Ask) -> None:
    replies = [await ask("does it hurt a lot", sender=str(number)) for number in range(3)]
    assert all(reply["ranking"] == replies[0]["ranking"] for reply in replies)


async def test_a_damaged_model_is_named_as_such(model: Path, tmp_path: Path) -> None:
    from rasa.shared.exceptions import RasaException

    folder = tmp_path / "model"
    with tarfile.open(model) as archive:
        archive.extractall(folder)
    next(folder.rglob("ranker.npz")).write_bytes(b"not a model")
    damaged = tmp_path / "damaged.tar.gz"
    with tarfile.open(damaged, "w:gz") as archive:
        for part in folder.iterdir():
            archive.add(part, arcname=part.name)
    with pytest.raises(RasaException, match="The trained model is damaged"):
        Agent.load(str(damaged))
