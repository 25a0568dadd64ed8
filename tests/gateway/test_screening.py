"""The safety questions through the gateway: cards in, results out, and what is kept of them."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from knowledge import Knowledge
from tests.gateway.conftest import Chat, Gateway, Start

Json = dict[str, Any]
YOU = {"id": "you", "ticked": ["Q02"], "not_sure": [], "rest": "no"}
BLOOD = {"id": "blood", "ticked": [], "not_sure": [], "rest": "no"}


async def result(chat: Chat) -> Json:
    """The event body of a result with one reason."""
    await chat.ask("check me")
    await chat.ask(card=YOU)
    (body,) = await chat.ask(card=BLOOD)
    return body


def button(body: Json, label: str) -> str:
    return next(str(it["id"]) for it in body["buttons"] if it["label"].startswith(label))


async def database(gateway: Gateway, chat: Chat) -> str:
    """All that is stored of a conversation, as text."""
    events = await gateway.store.history(chat.id)
    return f"{events} {await gateway.store.conversation(chat.id)}"


# cards


async def test_a_card_is_shown_flat_and_its_answer_reaches_the_engine(chat: Chat, gateway: Gateway) -> None:
    (first,) = await chat.ask("check me")
    assert first["kind"] == "screening"
    assert [item["id"] for item in first["card"]["items"]] == ["Q01", "Q02"]
    (second,) = await chat.ask(card=YOU)
    assert second["card"]["id"] == "blood"
    assert gateway.engine.heard[-1]["choice"] == {"intent": "screening_card", "entities": {"card": YOU}}


async def test_the_log_says_which_card_was_answered_and_not_what_was_ticked(chat: Chat, gateway: Gateway) -> None:
    await chat.ask("check me")
    await chat.ask(card=YOU)
    answered = [event for event in await gateway.store.history(chat.id) if event.role == "patient"][-1]
    assert answered.body == {"text": "Answered: You and today", "card": {"id": "you"}}
    assert answered.choices == {}


@pytest.mark.parametrize(
    "card, status",
    [
        ({"id": "blood"}, 410),
        ({"id": "nothing"}, 410),
        ({"id": "you", "event": 1}, 410),
        ({"id": "you", "ticked": ["Q06.1"]}, 422),
        ({"id": "you", "not_sure": ["Q99"]}, 422),
        ({"id": "you", "rest": "yes"}, 422),
        ({"id": "you", "ticked": "Q01"}, 422),
        ({"id": "you", "ticked": [1]}, 422),
        ({"id": "you", "ticked": ["Q01"] * 101}, 422),
        ({"ticked": ["Q01"]}, 422),
        ("you", 422),
    ],
)
async def test_only_the_card_that_was_sent_can_be_answered(chat: Chat, card: Any, status: int) -> None:
    await chat.ask("check me")
    reply = await chat.send(card=card)
    assert reply.status_code == status
    assert reply.json()["error"]["message"]
    assert len(await chat.history()) == 3, "nothing was stored"


async def test_a_card_cannot_be_answered_before_one_was_sent(chat: Chat) -> None:
    assert (await chat.send(card=YOU)).status_code == 410


async def test_a_card_of_another_conversation_is_unknown(chat: Chat, gateway: Gateway) -> None:
    await chat.ask("check me")
    assert (await (await gateway.chat()).send(card=YOU)).status_code == 410


async def test_a_card_is_sent_alone(chat: Chat) -> None:
    await chat.ask("check me")
    assert (await chat.send("hello", card=YOU)).status_code == 422


async def test_sending_the_same_answer_again_is_harmless(chat: Chat, gateway: Gateway) -> None:
    await chat.ask("check me")
    first = (await chat.send(card=YOU, key="once")).json()
    await chat.answer_to(first["seq"])
    again = await chat.send(card=YOU, key="once")
    assert again.json() == {"seq": first["seq"], "repeated": True}, "although the next card was sent meanwhile"
    assert sum(bool(asked["choice"]) for asked in gateway.engine.heard) == 1


async def test_an_acknowledged_card_survives_a_restart(start: Start) -> None:
    async with start() as gateway:
        chat = await gateway.chat()
        await chat.ask("check me")
        gateway.engine.pause = 5
        seq = (await chat.send(card=YOU)).json()["seq"]
    gateway.engine.pause = 0
    async with start() as gateway:
        chat.client = gateway.client
        (event,) = await chat.answer_to(seq)
        assert event["body"]["card"]["id"] == "blood"
        assert gateway.engine.heard[-1]["choice"]["entities"]["card"]["ticked"] == ["Q02"]


async def test_a_question_between_is_answered_with_its_own_kind(
    chat: Chat, gateway: Gateway, knowledge: Knowledge
) -> None:
    gateway.engine.answer_text = knowledge.fill(knowledge.topics["soreness"].short)
    answer, card = await chat.ask("go on with this")
    assert (answer["kind"], answer["topics"]) == ("answer", ["soreness"])
    assert (card["kind"], card["card"]["id"]) == ("screening", "you")


# results


async def test_a_result_is_shown_and_renewed_by_a_later_word(chat: Chat) -> None:
    body = await result(chat)
    assert body["kind"] == "screening_result"
    assert body["result"]["answers"] == {"Q01": "no", "Q02": "yes", "Q06": "no"}
    (renewed,) = await chat.ask("actually I take warfarin")
    assert renewed["kind"] == "screening_result"
    assert renewed["result"]["answers"]["Q06"] == "yes"


async def test_nothing_goes_to_the_desk_by_itself(chat: Chat, gateway: Gateway) -> None:
    await result(chat)
    assert await gateway.store.open_desk_items() == []


async def test_what_the_patient_sends_is_an_item_for_the_desk_with_the_result(chat: Chat, gateway: Gateway) -> None:
    body = await result(chat)
    (sent,) = await chat.ask(choice=button(body, "Send"))
    assert sent["kind"] == "handoff"
    (item,) = await gateway.store.open_desk_items()
    assert (item.conversation_id, item.reason) == (chat.id, "screening")
    (reply,) = await gateway.store.answer_to(item.conversation_id, item.seq) or []
    assert reply.body["result"]["answers"]["Q02"] == "yes"


async def test_what_was_sent_stays_with_the_desk_when_the_answers_are_deleted(chat: Chat, gateway: Gateway) -> None:
    body = await result(chat)
    await chat.ask(choice=button(body, "Send"))
    await chat.ask("stop the questions")
    (item,) = await gateway.store.open_desk_items()
    (reply,) = await gateway.store.answer_to(item.conversation_id, item.seq) or []
    assert reply.body["result"]["answers"]["Q02"] == "yes"


async def test_deleted_answers_are_deleted_everywhere(chat: Chat, gateway: Gateway, knowledge: Knowledge) -> None:
    await result(chat)
    assert "Q02" in await database(gateway, chat)
    await chat.ask("stop the questions")
    stored = await database(gateway, chat)
    assert "Q0" not in stored
    texts = [event["body"]["text"] for event in await chat.history()]
    assert texts.count(knowledge.wording("screening_deleted")) == 3
    assert texts[-1] == "I deleted your answers."
    assert (await chat.send(card=BLOOD)).status_code == 410


# red flags


async def test_a_red_flag_ends_the_questions_and_keeps_nothing_but_a_warning(chat: Chat, gateway: Gateway) -> None:
    await chat.ask("check me")
    await chat.ask(card=YOU)
    (alarm,) = await chat.ask("I cannot breathe")
    assert alarm["kind"] == "emergency"
    assert "Q0" not in await database(gateway, chat)
    slots = (await gateway.store.conversation(chat.id)).slots
    assert slots["screening"] == {"alarmed": True}
    assert "requested_slot" not in slots
    await chat.ask("hello there")
    assert gateway.engine.heard[-1]["slots"] == slots


async def test_what_is_urgent_leaves_no_warning_of_an_emergency(chat: Chat, gateway: Gateway) -> None:
    await chat.ask("check me")
    await chat.ask("I have a fever")
    assert "screening" not in (await gateway.store.conversation(chat.id)).slots


async def test_an_alarm_after_an_answer_stands_alone(chat: Chat, gateway: Gateway, knowledge: Knowledge) -> None:
    gateway.engine.answer_text = knowledge.fill(knowledge.topics["soreness"].short)
    await result(chat)
    (alarm,) = await chat.ask("and chest pain")
    assert (alarm["kind"], alarm["text"]) == ("emergency", "Call 911 now.")
    assert [item.reason for item in await gateway.store.open_desk_items()] == ["emergency"]
    assert "Q0" not in await database(gateway, chat)


# without the engine


@pytest.mark.parametrize("mode", ["dead", "status", "slow", "malformed"])
async def test_without_the_engine_the_truth_is_told_and_the_card_can_be_answered_again(
    chat: Chat, gateway: Gateway, knowledge: Knowledge, mode: str
) -> None:
    await chat.ask("check me")
    await chat.ask(card=YOU)
    gateway.engine.mode = mode
    said, again = await chat.ask(card={**BLOOD, "ticked": ["Q06.2"]})
    assert said["text"] == knowledge.wording("engine_down")
    assert (again["kind"], again["card"]["id"]) == ("screening", "blood")
    gateway.engine.mode = "ok"
    (body,) = await chat.ask(card={**BLOOD, "ticked": ["Q06.2"]})
    assert body["result"]["answers"] == {"Q01": "no", "Q02": "yes", "Q06": "yes"}, "nothing had to be said twice"


async def test_a_typed_answer_without_the_engine_shows_the_card_again_too(chat: Chat, gateway: Gateway) -> None:
    await chat.ask("check me")
    gateway.engine.mode = "dead"
    _, again = await chat.ask("none of these")
    assert again["card"]["id"] == "you"


async def test_no_card_is_shown_again_where_none_was_open(chat: Chat, gateway: Gateway) -> None:
    await result(chat)
    gateway.engine.mode = "dead"
    assert len(await chat.ask("what is it like")) == 1


# offers


def offers(body: Json) -> list[str]:
    return [it["label"] for it in body["buttons"]]


async def test_the_questions_are_offered_where_they_belong(chat: Chat, gateway: Gateway, knowledge: Knowledge) -> None:
    label = knowledge.wording("label_screening")
    (clarify,) = await chat.ask("what needle")
    assert label not in offers(clarify)
    gateway.engine.topics = ["pregnancy"]
    (answer,) = await chat.ask("something about a topic")
    assert label in offers(answer)
    (more,) = await chat.ask(choice=button(answer, knowledge.wording("label_more")))
    assert label in offers(more)
    (card,) = await chat.ask(choice=button(answer, label))
    assert card["card"]["id"] == "you"
    answer, *_ = await chat.ask("something about a topic")
    assert label not in offers(answer), "they are being asked"
    await chat.ask(card=YOU)
    await chat.ask(card=BLOOD)
    (answer,) = await chat.ask("something about a topic")
    assert label not in offers(answer), "they are answered"


# the REST channel


async def test_the_rest_channel_goes_one_by_one(gateway: Gateway) -> None:
    await gateway.rest("hello")
    assert gateway.engine.heard[-1]["slots"]["screening_style"] == "one_by_one"
    await (await gateway.chat()).ask("hello")
    assert "screening_style" not in gateway.engine.heard[-1]["slots"]


async def test_the_first_item_of_the_rest_channel_is_the_answer(gateway: Gateway, knowledge: Knowledge) -> None:
    gateway.engine.answer_text = knowledge.fill(knowledge.topics["soreness"].short)
    first, second = await gateway.rest("go on with this")
    assert (first["custom"]["kind"], first["custom"]["topics"]) == ("answer", ["soreness"])
    assert second["custom"]["kind"] == "screening"


# the sheet


async def sheet(chat: Chat, **headers: str) -> httpx.Response:
    return await chat.client.get(f"/api/conversations/{chat.id}/sheet", headers=headers or chat.headers)


async def test_the_sheet_names_each_reason_answer_and_person(chat: Chat, knowledge: Knowledge) -> None:
    body = await result(chat)
    assert next(it for it in body["buttons"] if it["label"].startswith("Print"))["opens"] == "sheet"
    page = await sheet(chat)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    text = re.sub(r"<[^>]+>", " ", page.text)
    questions = knowledge.screening
    pregnant = questions.questions["Q02"]
    for expected in (
        pregnant.label,
        pregnant.question,
        pregnant.answers["yes"].reason,
        knowledge.fill(questions.people[pregnant.answers["yes"].talk_to]),
        questions.outcomes["NOT_RECOMMENDED"].title,
        knowledge.clinic.name,
        "November 21, 2026",
        knowledge.wording("sheet_note"),
    ):
        assert expected in text
    assert "{" not in text


async def test_the_sheet_opens_in_a_tab_with_the_token_in_a_form(chat: Chat) -> None:
    await result(chat)
    address = f"/api/conversations/{chat.id}/sheet"
    page = await chat.client.post(address, data={"token": chat.token})
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert chat.token not in page.text
    assert (await chat.client.post(address, data={"token": "wrong"})).status_code == 404
    assert (await chat.client.post(address)).status_code == 422


async def test_the_sheet_needs_the_token(chat: Chat, gateway: Gateway) -> None:
    await result(chat)
    other = await gateway.chat()
    assert (await sheet(chat, Authorization="Bearer wrong")).status_code == 404
    assert (await sheet(chat, Authorization=f"Bearer {other.token}")).status_code == 404
    assert (await sheet(chat, Accept="text/html")).status_code == 401


async def test_there_is_no_sheet_without_a_result(chat: Chat, knowledge: Knowledge) -> None:
    assert (await sheet(chat)).status_code == 404
    await result(chat)
    await chat.ask("stop the questions")
    page = await sheet(chat)
    assert page.status_code == 404
    assert knowledge.fill(knowledge.screening.sentences["nothing_to_send"]) in page.text
    assert page.headers["cache-control"] == "no-store"
