"""A patient's message: stored, acknowledged, answered once, in order, whatever else is down."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from gateway.settings import Settings
from gateway.storage.store import Store
from knowledge import Knowledge
from tests.gateway.conftest import Chat, FakeNet, Gateway, Start, until


async def test_a_new_conversation_greets_as_an_automated_assistant_and_names_the_emergency_number(
    gateway: Gateway,
) -> None:
    started = await gateway.client.post("/api/conversations")
    assert started.status_code == 201
    (greeting,) = started.json()["events"]
    assert greeting["seq"] == 1
    assert "automated assistant" in greeting["body"]["text"]
    assert "911" in greeting["body"]["text"]


async def test_a_question_gets_the_short_answer_of_its_topic_with_sources(chat: Chat, knowledge: Knowledge) -> None:
    (body,) = await chat.ask("will I be sore?")
    topic = knowledge.topics["soreness"]
    assert body["text"] == knowledge.fill(topic.short)
    assert (body["kind"], body["topic"], body["topics"]) == ("answer", "soreness", ["soreness"])
    assert body["confidence"] == pytest.approx(0.93)
    assert [source["id"] for source in body["sources"]] == [source.id for source in topic.sources]
    assert all(source["title"] for source in body["sources"])
    assert body["link"] == "/answers/soreness"
    assert body["reviewed"] is False


async def test_a_problem_that_nobody_knows_is_said_to_be_unknown(chat: Chat, knowledge: Knowledge) -> None:
    unknown, general = knowledge.wording("condition_unknown", name="blarghitis"), knowledge.topics["condition_help"]
    (stranger,) = await chat.ask("can it help my blarghitis")
    assert stranger["text"] == f"{unknown}\n\n{knowledge.fill(general.short)}"
    (known,) = await chat.ask("can it help my sciatica")
    assert "sciatica" in known["text"] and unknown not in known["text"]
    more = next(button for button in stranger["buttons"] if button["label"] == "Tell me more")
    (long,) = await chat.ask(choice=more["id"])
    assert long["text"] == knowledge.fill(general.more)


async def test_tell_me_more_gives_the_long_answer_without_the_engine(
    chat: Chat, gateway: Gateway, knowledge: Knowledge
) -> None:
    (body,) = await chat.ask("will I be sore?")
    gateway.engine.mode = "dead"
    (more,) = await chat.ask(choice=body["buttons"][0]["id"])
    assert more["text"] == knowledge.fill(knowledge.topics["soreness"].more)
    assert not more["more"]


async def test_tell_me_more_and_shorter_can_be_typed_too(chat: Chat, knowledge: Knowledge) -> None:
    (lost,) = await chat.ask("tell me more")
    assert lost["kind"] == "clarify"
    await chat.ask("will I be sore?")
    (more,) = await chat.ask("tell me more")
    assert (more["kind"], more["text"]) == ("answer", knowledge.fill(knowledge.topics["soreness"].more))
    (short,) = await chat.ask("shorter please")
    assert short["text"].startswith("In short: A deep ache")
    assert len(short["text"]) < len(knowledge.topics["soreness"].short)


async def test_see_also_can_be_chosen(chat: Chat, knowledge: Knowledge) -> None:
    (body,) = await chat.ask("will I be sore?")
    other = body["see_also"][0]
    (answer,) = await chat.ask(choice=other["id"])
    assert answer["topic"] == other["topic"]


async def test_a_compound_question_gets_each_part_answered_in_one_turn(chat: Chat) -> None:
    first, second = await chat.ask("will I be sore and how often must I come")
    assert first["topics"] == ["soreness", "how_often"]
    assert (first["topic"], second["topic"]) == ("soreness", "how_often")


async def test_a_close_call_offers_topics_and_the_choice_is_executed_not_parsed(chat: Chat, gateway: Gateway) -> None:
    (body,) = await chat.ask("needle")
    assert body["kind"] == "clarify"
    assert body["offered"] == ["needles", "needle_fear"]
    assert len(body["buttons"]) == 2, "the engine's own button for the same topic is not shown twice"
    (answer,) = await chat.ask(choice=body["buttons"][1]["id"])
    assert answer["topic"] == "needle_fear"
    assert gateway.engine.heard[-1]["choice"] == {"intent": "faq/needle_fear"}


async def test_a_question_in_the_middle_of_a_form_is_answered_and_the_form_goes_on(
    chat: Chat, knowledge: Knowledge, gateway: Gateway
) -> None:
    gateway.engine.answer_text = knowledge.fill(knowledge.topics["soreness"].short)
    answer, question = await chat.ask("go on with this")
    assert (answer["kind"], answer["topic"], answer["reviewed"]) == ("answer", "soreness", False)
    assert (question["kind"], question["text"]) == ("screening", "Are you pregnant?")
    assert question["card"]["id"] == "you"


async def test_buttons_show_no_payload(chat: Chat) -> None:
    (body,) = await chat.ask("hello")
    assert {button["label"] for button in body["buttons"]} > {"Yes"}
    assert "affirm" not in str(body)
    yes = next(button for button in body["buttons"] if button["label"] == "Yes")
    await chat.ask(choice=yes["id"])


async def test_a_rasa_button_is_executed_with_its_entities(chat: Chat, gateway: Gateway) -> None:
    (body,) = await chat.ask("hello")
    yes = next(button for button in body["buttons"] if button["label"] == "Yes")
    await chat.ask(choice=yes["id"])
    assert gateway.engine.heard[-1]["choice"] == {"intent": "affirm", "entities": {"sure": "yes"}}


async def test_what_is_not_understood_gets_ways_on(chat: Chat) -> None:
    (body,) = await chat.ask("purple elephants")
    assert body["kind"] == "unknown"
    assert len(body["buttons"]) == 2


async def test_an_expired_answer_is_withheld(start: Start, knowledge: Knowledge) -> None:
    topic = replace(knowledge.topics["soreness"], review_by=date(2026, 11, 20))
    old = replace(knowledge, topics={**knowledge.topics, "soreness": topic})
    async with start(knowledge=old) as gateway:
        (body,) = await (await gateway.chat()).ask("will I be sore?")
    assert body["text"] == knowledge.wording("withheld")
    assert body["withheld"]
    assert body["sources"] == []
    assert not body["more"]


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [("I cannot breathe", "emergency", "911"), ("I have a fever", "urgent", "811"), ("end my life", "crisis", "988")],
)
async def test_a_red_flag_is_alone_in_its_turn_with_numbers_to_call(
    chat: Chat, gateway: Gateway, text: str, kind: str, number: str
) -> None:
    gateway.engine.mode = "dead"
    (body,) = await chat.ask(text)
    assert body["kind"] == kind
    assert number in body["text"]
    assert body["buttons"][0] == {"label": f"Call {number}", "tel": number}
    assert gateway.engine.heard == []
    (item,) = await gateway.store.open_desk_items()
    assert (item.conversation_id, item.reason) == (chat.id, kind)


async def test_a_danger_told_in_pieces_raises_the_alarm_when_the_last_piece_comes(chat: Chat, gateway: Gateway) -> None:
    await chat.ask("he fell")
    await chat.ask("just now")
    (body,) = await chat.ask("on his head")
    assert body["kind"] == "emergency"
    assert [item.reason for item in await gateway.store.open_desk_items()] == ["emergency"]


async def test_a_danger_told_in_pieces_is_noticed_while_a_person_has_the_chat(chat: Chat, gateway: Gateway) -> None:
    await chat.ask("he fell")
    await gateway.app.state.exchange.edition.desk.claim(chat.id, 1, "Robin")
    (body,) = await chat.ask("on his head")
    assert body["kind"] == "emergency"


async def test_pieces_count_for_three_messages_and_not_again_after_the_alarm(chat: Chat) -> None:
    for text in ("he fell", "will I be sore?", "how long?"):
        await chat.ask(text)
    assert (await chat.ask("on his head"))[0]["kind"] != "emergency"
    await chat.ask("he fell")
    assert (await chat.ask("on his head"))[0]["kind"] == "emergency"
    assert (await chat.ask("on his head"))[0]["kind"] != "emergency"


async def test_a_danger_that_only_the_engine_hears_counts_like_one_of_the_rules(chat: Chat, gateway: Gateway) -> None:
    (body,) = await chat.ask("it all drains out of me")
    assert body["kind"] == "emergency"
    assert [item.reason for item in await gateway.store.open_desk_items()] == ["emergency"]
    (again,) = await chat.ask("it is probably nothing")
    assert again["kind"] == "emergency", "nobody is talked out of it"


async def test_nobody_is_talked_out_of_a_red_flag_and_no_card_is_sent_twice(chat: Chat) -> None:
    (card,) = await chat.ask("I cannot breathe")
    (again,) = await chat.ask("it is probably nothing")
    (third,) = await chat.ask("I cannot breathe")
    assert [body["kind"] for body in (again, third)] == ["emergency", "emergency"]
    assert len({body["text"] for body in (card, again, third)}) == 3


@pytest.mark.parametrize("danger", ["I cannot breathe", "end my life"])
async def test_while_an_emergency_or_crisis_is_open_other_questions_wait(
    chat: Chat, knowledge: Knowledge, danger: str
) -> None:
    await chat.ask(danger)
    (held,) = await chat.ask("will I be sore?")
    assert knowledge.fill(knowledge.topics["soreness"].short) not in held["text"]
    assert any("tel" in button for button in held["buttons"])


async def test_a_chip_answers_the_alarm_is_kept_for_the_desk_and_lets_questions_be_answered(
    chat: Chat, gateway: Gateway, knowledge: Knowledge
) -> None:
    (card,) = await chat.ask("I cannot breathe")
    chips = {button["label"]: button["id"] for button in card["buttons"] if "id" in button}
    assert list(chips) == [knowledge.wording(f"label_alarm_{kind}") for kind in ("called", "not_it", "other")]
    (said,) = await chat.ask(choice=chips[knowledge.wording("label_alarm_not_it")])
    assert said["text"] == knowledge.wording("after_alarm_not_it_emergency")
    assert "911" in [button.get("tel") for button in said["buttons"]]
    (item,) = await gateway.store.open_desk_items()
    assert (item.reason, item.note) == ("emergency", knowledge.wording("label_alarm_not_it"))
    (answer,) = await chat.ask("will I be sore?")
    assert answer["text"] == knowledge.fill(knowledge.topics["soreness"].short)


async def test_a_call_for_help_gets_a_card_with_a_way_to_go_on_with_a_question(
    chat: Chat, gateway: Gateway, knowledge: Knowledge
) -> None:
    (card,) = await chat.ask("please, somebody call an ambulance")
    assert [button.get("tel") for button in card["buttons"]][:2] == ["911", "811"]
    (chip,) = [button for button in card["buttons"] if "id" in button]
    assert chip["label"] == "I have a question"
    (said,) = await chat.ask(choice=chip["id"])
    assert said["text"] == knowledge.wording("after_alarm_question_emergency")
    (answer,) = await chat.ask("will I be sore?")
    assert answer["text"] == knowledge.fill(knowledge.topics["soreness"].short)


async def test_who_has_a_question_does_not_close_an_alarm(chat: Chat, knowledge: Knowledge) -> None:
    await chat.ask("I cannot breathe")
    (card,) = await chat.ask("help me")
    await chat.ask(choice=next(button["id"] for button in card["buttons"] if "id" in button))
    (held,) = await chat.ask("will I be sore?")
    assert held["text"] == knowledge.wording("alarm_held_emergency")


@pytest.mark.parametrize(
    ("language", "calls"), [("fr", "Appeler le 911"), ("fr-CA", "Appeler le 911"), ("en", "Call 911")]
)
async def test_an_alarm_is_in_the_language_of_the_window_with_the_english_below(
    gateway: Gateway, knowledge: Knowledge, language: str, calls: str
) -> None:
    chat = await gateway.chat(language)
    (card,) = await chat.ask("I cannot breathe")
    assert card["text"].endswith("Call 911 now.")
    assert card["text"].startswith("Appelez le 911") is (language != "en")
    assert calls in [button["label"] for button in card["buttons"]]
    chips = {button["label"]: button["id"] for button in card["buttons"] if "id" in button}
    wanted = [knowledge.wording_in(language, f"label_alarm_{kind}") for kind in ("called", "not_it", "other")]
    assert list(chips) == wanted
    (said,) = await chat.ask(choice=chips[wanted[0]])
    english = knowledge.wording("after_alarm_called_emergency")
    theirs = knowledge.wording_in(language, "after_alarm_called_emergency")
    assert said["text"] == (f"{theirs}\n\n{english}" if language != "en" else english)


async def test_small_talk_after_an_alarm_in_a_french_window_is_reminded_in_french_first(
    gateway: Gateway, knowledge: Knowledge
) -> None:
    chat = await gateway.chat("fr")
    await chat.ask("I have a fever")
    (said,) = await chat.ask("thanks")
    assert said["text"].startswith(knowledge.wording_in("fr", "red_flag_reminder_urgent"))
    assert said["text"].endswith(knowledge.wording("red_flag_reminder_urgent"))


async def test_a_danger_told_in_spanish_in_a_french_window_is_answered_in_spanish(gateway: Gateway) -> None:
    chat = await gateway.chat("fr")
    (card,) = await chat.ask("no puedo respirar")
    assert card["kind"] == "emergency" and not card["text"].startswith("Appelez")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("no its just the muscle", "not_it"),
        ("I meant my sister", "other"),
        ("I called them", "called"),
        ("jk", "joking"),
    ],
)
async def test_a_typed_answer_to_an_alarm_is_answered_in_its_own_words(
    chat: Chat, gateway: Gateway, knowledge: Knowledge, text: str, kind: str
) -> None:
    await chat.ask("I cannot breathe")
    (said,) = await chat.ask(text)
    assert said["text"] == knowledge.wording(f"after_alarm_{kind}_emergency")
    (item,) = await gateway.store.open_desk_items()
    assert item.note == text


@pytest.mark.parametrize("danger", ["I cannot breathe", "I have a fever"])
async def test_what_waits_for_an_alarm_is_not_said_twice_in_the_same_words(chat: Chat, danger: str) -> None:
    await chat.ask(danger)
    held = [(await chat.ask("something that nobody knows"))[0] for _ in range(3)]
    assert held[0]["text"] != held[1]["text"]
    assert len(held[1]["text"].split()) < 12
    assert all(any("id" in button for button in body["buttons"]) for body in held), "it can still be answered"


async def test_another_danger_after_an_answer_to_the_alarm_is_a_new_card(chat: Chat) -> None:
    await chat.ask("I have a fever")
    await chat.ask("false alarm")
    (card,) = await chat.ask("I cannot breathe")
    assert card["kind"] == "emergency"


async def test_small_talk_after_a_red_flag_is_not_gone_on_with(chat: Chat, knowledge: Knowledge) -> None:
    reminder = knowledge.wording("red_flag_reminder_emergency")
    await chat.ask("I cannot breathe")
    for _ in range(2):
        (body,) = await chat.ask("thank you")
        assert (body["kind"], body["text"]) == ("chat", reminder)
        first, offered = body["buttons"]
        assert first == {"label": "Call 911", "tel": "911"}
        assert offered["label"] == knowledge.wording("label_human")


async def test_with_a_dead_engine_the_reminder_comes_too(chat: Chat, gateway: Gateway, knowledge: Knowledge) -> None:
    await chat.ask("I cannot breathe")
    gateway.engine.mode = "dead"
    (sorry,) = await chat.ask("will I be sore?")
    reminder = knowledge.wording("red_flag_reminder_emergency")
    assert sorry["text"] == f"{reminder}\n\n{knowledge.wording('engine_down')}"


async def test_a_crisis_has_its_own_words_and_lines_to_choose_from(chat: Chat, knowledge: Knowledge) -> None:
    (body,) = await chat.ask("end my life")
    numbers = knowledge.clinic.numbers
    assert [button["tel"] for button in body["buttons"] if "tel" in button] == [
        numbers.crisis_line,
        numbers.emergency,
        *(number for _, number in knowledge.clinic.more_crisis_lines),
    ]
    (more,) = await chat.ask("thank you")
    assert numbers.crisis_line in more["text"]
    assert more["text"] != knowledge.wording("red_flag_reminder_emergency")


async def test_a_red_flag_that_the_engine_finds_is_also_alone_and_told_to_the_desk(
    chat: Chat, gateway: Gateway
) -> None:
    (body,) = await chat.ask("stabbing pain")
    assert (body["kind"], body["text"]) == ("emergency", "Call 911 now.")
    assert [item.reason for item in await gateway.store.open_desk_items()] == ["emergency"]


async def test_a_net_that_fails_does_not_silence_the_chat(chat: Chat) -> None:
    (body,) = await chat.ask("trip the net, will I be sore?")
    assert body["topic"] == "soreness"


async def test_who_asks_again_while_the_engine_is_away_still_hears_whom_to_call(chat: Chat, gateway: Gateway) -> None:
    gateway.engine.mode = "dead"
    await chat.ask("will I be sore?")
    (again,) = await chat.ask("what does it cost?")
    assert "250-555-0142" in again["text"] and "911" in again["text"]


@pytest.mark.parametrize("mode", ["dead", "slow", "status", "malformed", "wrong_shape"])
async def test_without_a_usable_engine_the_patient_is_told_the_truth_and_it_recovers(
    chat: Chat, gateway: Gateway, knowledge: Knowledge, mode: str
) -> None:
    gateway.engine.mode = mode
    (body,) = await chat.ask("will I be sore?")
    assert (body["kind"], body["text"]) == ("handoff", knowledge.wording("engine_down"))
    assert "911" in body["text"]
    assert [item.reason for item in await gateway.store.open_desk_items()] == ["engine_down"]
    gateway.engine.mode = "ok"
    (body,) = await chat.ask("will I be sore?")
    assert body["topic"] == "soreness"


async def test_asking_for_a_person_makes_a_desk_item(chat: Chat, gateway: Gateway, knowledge: Knowledge) -> None:
    (body,) = await chat.ask("I want a person")
    assert body["kind"] == "handoff"
    assert knowledge.clinic.phone in body["text"]
    assert [item.reason for item in await gateway.store.open_desk_items()] == ["asked"]


async def test_while_a_person_has_the_chat_the_assistant_is_silent_but_red_flags_are_not(
    chat: Chat, gateway: Gateway
) -> None:
    await gateway.app.state.exchange.edition.desk.claim(chat.id, 1, "Robin")
    await chat.send("will I be sore?")
    danger = await chat.send("I cannot breathe")
    (alarm,) = await chat.answer_to(danger.json()["seq"])
    assert (alarm["role"], alarm["body"]["kind"]) == ("system", "emergency")
    assert gateway.engine.heard == []
    assert [event["role"] for event in await chat.history(chat.seen)] == ["system", "patient", "patient", "system"]


async def test_a_late_reply_from_before_the_claim_is_dropped(chat: Chat, gateway: Gateway) -> None:
    gateway.engine.pause = 0.1
    await chat.send("will I be sore?")
    await until(lambda: bool(gateway.engine.heard))
    await gateway.app.state.exchange.edition.desk.claim(chat.id, 1, "Robin")
    await asyncio.sleep(0.15)
    assert [event["role"] for event in await chat.history(chat.seen)] == ["patient", "system"]


async def test_two_sends_at_once_are_answered_in_order(chat: Chat, gateway: Gateway) -> None:
    gateway.engine.pause = 0.05
    sent = await asyncio.gather(chat.send("will I be sore?"), chat.send("what does it feel like?"), chat.send("hello"))
    numbers = sorted(reply.json()["seq"] for reply in sent)
    assert numbers == [2, 3, 4]
    for number in numbers:
        await chat.answer_to(number)
    replies = [event["in_reply_to"] for event in await chat.history() if event["role"] == "assistant"]
    assert replies == [None, 2, 3, 4]
    assert len(gateway.engine.heard) == 3


async def test_a_database_that_is_locked_for_a_while_delays_but_loses_nothing(
    chat: Chat, gateway: Gateway, settings: Settings
) -> None:
    with sqlite3.connect(settings.var / "ims.sqlite3", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        sending = asyncio.create_task(chat.ask("will I be sore?"))
        await asyncio.sleep(0.3)
        assert not sending.done()
        other.execute("COMMIT")
    (body,) = await sending
    assert body["topic"] == "soreness"


async def test_the_same_key_sends_once(chat: Chat, gateway: Gateway) -> None:
    first = await chat.send("will I be sore?", key="abc")
    again = await chat.send("will I be sore?", key="abc")
    assert (first.json()["repeated"], again.json()["repeated"]) == (False, True)
    assert first.json()["seq"] == again.json()["seq"]
    await chat.answer_to(first.json()["seq"])
    assert len(await chat.history()) == 3
    assert len(gateway.engine.heard) == 1


async def test_the_same_key_sends_once_also_after_a_restart(start: Start) -> None:
    async with start() as gateway:
        chat = await gateway.chat()
        first = await chat.send("will I be sore?", key="abc")
        await chat.answer_to(first.json()["seq"])
    async with start() as gateway:
        chat.client = gateway.client
        again = await chat.send("will I be sore?", key="abc")
        assert again.json() == {"seq": first.json()["seq"], "repeated": True}
        assert len(await chat.history()) == 3


async def test_a_key_used_for_another_message_is_refused(chat: Chat) -> None:
    await chat.send("will I be sore?", key="abc")
    other = await chat.send("hello", key="abc")
    assert (other.status_code, other.json()["error"]["code"]) == (409, "key_reused")


async def test_what_was_acknowledged_before_a_stop_is_answered_after_the_start_and_once(start: Start) -> None:
    async with start() as gateway:
        chat = await gateway.chat()
        gateway.engine.pause = 0.25
        sent = [(await chat.send(text)).json()["seq"] for text in ("will I be sore?", "hello")]
        await until(lambda: bool(gateway.engine.heard))
    assert len(gateway.engine.heard) == 1
    gateway.engine.pause = 0
    async with start() as gateway:
        chat.client = gateway.client
        for seq in sent:
            assert len(await chat.answer_to(seq)) == 1
        assert [event["seq"] for event in await chat.history()] == [1, 2, 3, 4, 5]


async def test_the_engine_is_told_with_each_message_all_that_it_has_to_know(gateway: Gateway, chat: Chat) -> None:
    for _ in range(3):
        await chat.ask("will I be sore?")
    assert {asked["slots"].pop("on_screen") for asked in gateway.engine.heard} == {""}
    told = [(asked["slots"], asked["before"]) for asked in gateway.engine.heard]
    assert told == [
        ({}, []),
        ({"turns_heard": 1, "topic": "soreness"}, ["will I be sore?"]),
        ({"turns_heard": 2, "topic": "soreness"}, ["will I be sore?"] * 2),
    ]


async def test_the_engine_is_told_what_the_net_has_read_and_reads_the_rest_itself(gateway: Gateway, chat: Chat) -> None:
    (body,) = await chat.ask("will I be sore?")
    await chat.ask("trip the net")
    await chat.ask(choice=body["see_also"][0]["id"])
    assert [asked["judged"] for asked in gateway.engine.heard] == [True, False, False]


async def test_with_half_a_net_the_engine_reads_every_message(
    gateway: Gateway, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeNet, "fault", "the learned half cannot be used")
    await chat.ask("will I be sore?")
    assert [asked["judged"] for asked in gateway.engine.heard] == [False]


async def test_what_was_decided_is_stored_later_and_never_asked_twice(
    gateway: Gateway, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle, failures = Store.settle, iter(range(2))

    async def fails(self: Store, *given: Any) -> Any:
        if next(failures, None) is not None:
            raise OSError("no space left on device")
        return await settle(self, *given)

    monkeypatch.setattr(Store, "settle", fails)
    (answer,) = await chat.ask("will I be sore?")
    assert answer["topics"] == ["soreness"]
    assert len(gateway.engine.heard) == 1


async def test_a_call_for_help_gets_a_card_at_once_and_rings_nobody(chat: Chat, gateway: Gateway) -> None:
    (card,) = await chat.ask("emergency!")
    assert card["kind"] == "emergency"
    assert [button["tel"] for button in card["buttons"] if "tel" in button] == ["911", "811"]
    assert await gateway.store.open_desk_items() == []
    assert (await chat.ask("will I be sore?"))[0]["topic"] == "soreness"


async def test_a_danger_in_another_language_is_answered_in_it_and_in_english(chat: Chat, knowledge: Knowledge) -> None:
    (card,) = await chat.ask("숨을 못 쉬겠어요")
    assert card["kind"] == "emergency"
    assert "전화하세요" in card["text"]
    assert knowledge.wording("red_flag_reminder_emergency") in card["text"]


async def test_another_language_is_never_called_out_of_scope(chat: Chat) -> None:
    (said,) = await chat.ask("请问你们说中文吗？")
    assert "911" in said["text"] and "英文" in said["text"]
