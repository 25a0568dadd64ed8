"""The safety questions in Rasa itself: the form, interruptions, changes, and how it ends."""

from __future__ import annotations

from typing import Any

import pytest

from nlu.channel import BadRequest, converse
from tests.support.dialogue import Patient, agent

CARDS = ["age", "emergency", "you", "blood", "needles", "health", "body", "checks", "visit"]


@pytest.fixture
def patient() -> Patient:
    """Somebody who was never here before."""
    return Patient()


async def to_the_card(patient: Patient, card: str) -> list[dict[str, Any]]:
    """The replies when this card is asked; nothing was ticked before."""
    said = await patient.says("is it safe for me", "screening")
    for done in CARDS[: CARDS.index(card)]:
        said = await patient.ticks(done)
    return said


async def finish(patient: Patient, **ticked: str) -> list[dict[str, Any]]:
    """The replies to the last card."""
    said = await patient.says("check me", "screening")
    for card in CARDS:
        said = await patient.ticks(card, *([ticked[card]] if card in ticked else []))
    return said


def kinds(said: list[dict[str, Any]]) -> list[str]:
    return [message.get("custom", {}).get("kind", "") for message in said]


def shown(said: list[dict[str, Any]]) -> str:
    """The card that was sent last."""
    return str(said[-1]["custom"]["card"]["id"])


def outcomes(said: list[dict[str, Any]]) -> list[str]:
    return [outcome["id"] for outcome in said[-1]["custom"]["result"]["outcomes"]]


async def test_it_says_what_is_kept_and_shows_the_first_card(patient: Patient) -> None:
    said = await patient.says("is it safe for me", "screening")
    assert kinds(said) == ["screening", "screening"]
    assert "front desk" in said[0]["text"]
    card = said[1]["custom"]["card"]
    assert (card["id"], card["number"], card["of"]) == ("age", 1, 9)
    assert [item["id"] for item in card["items"]] == ["Q01"]
    assert (card["yes_label"], card["no_label"]) == ("Yes", "No")
    assert "9 short lists" in said[0]["text"]
    assert "{" not in said[0]["text"] + said[1]["text"]


async def test_nothing_ticked_ends_with_nothing_to_report_but_no_permission(patient: Patient) -> None:
    said = await finish(patient)
    assert kinds(said) == ["screening_result"]
    assert outcomes(said) == ["OK"]
    assert "250-555-0142" in said[0]["text"]
    assert patient.form is None
    assert patient.slots.get("screening_done") is True


async def test_each_reason_is_named_with_whom_to_talk_to(patient: Patient) -> None:
    said = await finish(patient, you="Q02", blood="Q06", checks="Q17b")
    assert outcomes(said) == ["NOT_RECOMMENDED", "DOCTOR_FIRST"]
    reasons = said[0]["custom"]["result"]["reasons"]
    assert [reason["question"] for reason in reasons] == ["Q02", "Q17b", "Q06"]
    for reason in reasons:
        assert reason["text"] in said[0]["text"] and reason["talk_to"] in said[0]["text"]


async def test_an_emergency_ends_it_at_once_and_stands_alone(patient: Patient) -> None:
    await to_the_card(patient, "emergency")
    said = await patient.ticks("emergency", "Q00.2")
    assert kinds(said) == ["emergency"] and "911" in said[0]["text"]
    assert patient.form is None


async def test_the_warning_stays_when_the_emergency_is_taken_back(patient: Patient) -> None:
    await to_the_card(patient, "emergency")
    await patient.ticks("emergency", "Q00.2")
    said = await finish(patient)
    assert outcomes(said) == ["OK"]
    assert "sign of an emergency before" in said[0]["text"]


@pytest.mark.parametrize("rest", ["not_sure", "skipped"])
async def test_not_sure_and_skipped_are_never_ok(patient: Patient, rest: str) -> None:
    await to_the_card(patient, "you")
    for card in CARDS[2:]:
        said = await patient.ticks(card, rest=rest)
    assert outcomes(said)[0] == ("NOT_RECOMMENDED" if rest == "not_sure" else "TELL_THERAPIST")


@pytest.mark.parametrize("words", ["not sure", "skip", "next"])
async def test_who_is_not_sure_of_the_age_is_asked_only_that_again(patient: Patient, words: str) -> None:
    await patient.says("is it safe for me", "screening")
    said = await patient.says(words)
    assert "Are you under 19?" in said[0]["text"] and said[-1]["custom"]["docked"]
    assert shown(said) == "age"
    assert shown(await patient.says("no")) == "emergency"


async def test_who_is_not_sure_of_an_emergency_is_asked_whether_a_word_is_unclear(patient: Patient) -> None:
    await to_the_card(patient, "emergency")
    said = await patient.ticks("emergency", rest="not_sure")
    assert "is a word unclear" in said[0]["text"] and shown(said) == "emergency"
    said = await patient.ticks("emergency", rest="not_sure")
    assert kinds(said) == ["emergency"], "who is still not sure gets help"


async def test_the_age_in_ones_own_words_is_an_answer(patient: Patient) -> None:
    await patient.says("is it safe for me", "screening")
    assert shown(await patient.says("i am 45", "faq/children_age")) == "emergency"
    assert patient.slots["screening"]["answers"]["Q01"] == "no"


async def test_under_19_goes_to_the_clinic_with_no_other_result(patient: Patient) -> None:
    await patient.says("is it safe for me", "screening")
    said = await patient.ticks("age", "Q01")
    assert outcomes(said) == ["ASK_CLINIC"]
    assert [reason["question"] for reason in said[0]["custom"]["result"]["reasons"]] == ["Q01"]
    assert patient.form is None


async def test_a_question_is_answered_and_the_form_goes_on(patient: Patient) -> None:
    await to_the_card(patient, "blood")
    said = await patient.says("how sore will i be?", "faq/soreness")
    assert len(said) == 2 and kinds(said) == ["", "screening"]
    assert shown(said) == "blood" and said[-1]["custom"]["docked"]
    assert said[-1]["text"] == "4 of 9: Bleeding is still open."


async def test_an_answer_and_a_question_in_one_message(patient: Patient) -> None:
    await to_the_card(patient, "blood")
    said = await patient.says("I take warfarin, should I stop it?", "faq/medication_advice")
    assert "custom" not in said[0] or "card" not in said[0]["custom"]
    assert shown(said) == "blood"
    assert said[-1]["custom"]["card"]["items"][1]["answer"] == "yes"


async def test_the_last_answer_and_a_question_in_one_message(patient: Patient) -> None:
    await to_the_card(patient, "visit")
    said = await patient.says("none. how sore will i be?", "faq/soreness")
    assert kinds(said) == ["", "screening_result"]
    assert outcomes(said) == ["OK"]


async def test_why_do_you_ask(patient: Patient) -> None:
    await to_the_card(patient, "blood")
    for said in (await patient.says("why do you ask that?"), await patient.says("hm?", "follow_up/why")):
        assert "clot" in said[0]["text"]
        assert shown(said) == "blood"


async def test_stop_ends_it_and_keeps_nothing(patient: Patient) -> None:
    await to_the_card(patient, "health")
    said = await patient.says("forget it", "thanks")
    assert kinds(said) == ["chat"]
    assert patient.form is None
    assert not patient.slots.get("screening") and not patient.slots.get("requested_slot")
    assert kinds(await patient.says("ok thanks", "thanks")) == ["chat"]


async def test_going_back_shows_what_was_ticked(patient: Patient) -> None:
    await to_the_card(patient, "blood")
    await patient.ticks("blood", "Q06")
    said = await patient.says("go back")
    assert shown(said) == "blood"
    assert [item.get("answer") for item in said[-1]["custom"]["card"]["items"]] == ["no", "yes", "no", "no", "no"]
    assert "docked" not in said[-1]["custom"], "another card is shown in full"
    assert shown(await patient.ticks("blood")) == "needles"


async def test_what_belongs_to_another_card_is_noted(patient: Patient) -> None:
    await to_the_card(patient, "health")
    said = await patient.says("oh wait, I also take Xarelto", "faq/blood_thinners")
    assert "blood thinner" in said[0]["text"]
    assert shown(said) == "health"


async def test_typed_answers_to_a_card(patient: Patient) -> None:
    assert shown(await to_the_card(patient, "you")) == "you"
    assert shown(await patient.says("none of these")) == "blood"
    assert shown(await patient.says("2")) == "needles"
    assert shown(await patient.says("skip")) == "health"
    assert shown(await patient.says("not sure")) == "body"
    assert patient.slots["screening"]["answers"]["Q06"] == "yes"


@pytest.mark.parametrize("words", ["no", "none of these", "2", "skip", "go back"])
async def test_what_is_typed_counts_only_for_the_card_that_was_on_the_screen(patient: Patient, words: str) -> None:
    await to_the_card(patient, "needles")
    before = patient.slots["screening"]["answers"]
    patient.on_screen = "blood"
    said = await patient.says(words)
    assert "did not count" in said[0]["text"] and shown(said) == "needles"
    assert patient.slots["screening"]["answers"] == before
    await patient.says("I take warfarin")
    assert patient.slots["screening"]["answers"]["Q06"] == "yes", "what says itself what it means counts at any time"


async def test_a_no_to_another_question_is_noted_for_that_one(patient: Patient) -> None:
    await to_the_card(patient, "emergency")
    said = await patient.says("no not pregnant", "faq/pregnancy")
    assert [m["text"] for m in said[:-1]] == ["I noted a no for: I am pregnant, or could be."]
    assert shown(said) == "emergency"
    answers = patient.slots["screening"]["answers"]
    assert answers == {"Q01": "no", "Q02": "no"}
    said = await patient.says("no, no warfarin", "faq/blood_thinners")
    assert "one of several" in said[0]["text"] and patient.slots["screening"]["answers"] == answers


async def test_what_is_ticked_by_a_word_is_said_in_one_line(patient: Patient) -> None:
    await to_the_card(patient, "you")
    said = await patient.says("i am pregnant", "faq/pregnancy")
    assert said[0]["text"] == "I ticked: I am pregnant, or could be. Anything else on this list?"
    assert len(said) == 2 and said[-1]["custom"]["docked"]


@pytest.mark.parametrize("words", ["sorry, i meant no", "i meant no to all of them", "my sister is pregnant, not me",
                                   "sorry I meant my sister is pregnant", "i meant i am not pregnant"])  # fmt: skip
async def test_a_slip_is_taken_back(patient: Patient, words: str) -> None:
    await to_the_card(patient, "you")
    await patient.ticks("you", "Q02")
    said = await patient.says(words, "faq/pregnancy")
    assert patient.slots["screening"]["answers"]["Q02"] == "no"
    assert "pregnant" in said[0]["text"] and shown(said) == "blood"


@pytest.mark.parametrize("words", ["i meant no", "sorry, i meant no", "i mean none of these"])
async def test_a_slip_with_nothing_to_take_back_answers_no_open_question(patient: Patient, words: str) -> None:
    await to_the_card(patient, "you")
    before = patient.slots["screening"]["answers"]
    said = await patient.says(words, "nlu_fallback")
    assert patient.slots["screening"]["answers"] == before
    assert shown(said) == "you"


async def test_a_slip_is_taken_back_after_the_result_and_the_sheet_follows(patient: Patient) -> None:
    await finish(patient, you="Q02")
    await patient.says("", "screening_send")
    said = await patient.says("sorry i meant my sister is pregnant, not me", "nlu_fallback")
    assert outcomes(said) == ["OK"] and "front desk has your answers from before" in said[-1]["text"]
    assert "I am pregnant, or could be: No" in (await patient.says("print it", "screening_print"))[0]["text"]
    sent = await patient.says("", "screening_send")
    assert sent[0]["custom"]["result"]["answers"]["Q02"] == "no"


async def test_the_wrong_button_leads_back_to_the_card(patient: Patient) -> None:
    await to_the_card(patient, "you")
    await patient.ticks("you", "Q02")
    assert shown(await patient.says("oops wrong button", "screening_change")) == "you"


async def test_an_alarm_by_the_wrong_button_is_not_the_end(patient: Patient) -> None:
    await to_the_card(patient, "emergency")
    await patient.ticks("emergency", "Q00.1")
    said = await patient.says("sorry I pressed the wrong button", "screening_change")
    assert "911" in said[0]["text"] and said[0]["custom"]["offer"] == ["screening"]


async def test_the_result_has_its_headline(patient: Patient) -> None:
    said = await finish(patient, blood="Q06")
    assert said[-1]["text"].startswith("Tell your physio first\n")


async def test_driving_is_advice_and_no_reason(patient: Patient) -> None:
    said = await finish(patient, visit="Q24")
    assert outcomes(said) == ["OK"]
    assert "plan a rest or a ride" in said[-1]["text"]


async def test_a_question_about_the_result_is_answered_from_it(patient: Patient) -> None:
    await finish(patient, blood="Q06")
    said = await patient.says("so its safe then?", "screening")
    assert "Tell your physio first" in said[0]["text"] and outcomes(said) == ["TELL_THERAPIST"]
    assert patient.slots["screening_done"] and patient.form is None
    assert said[0]["buttons"][-1]["title"] == "Start again"
    assert shown(await patient.says("", "screening", {"again": True})) == "age"


async def test_what_was_told_before_stands_ticked(patient: Patient) -> None:
    patient.slots["told"] = {"Q02": "yes"}
    await patient.says("is it safe for me", "screening")
    for card in ("age", "emergency"):
        said = await patient.ticks(card)
    assert said[-1]["custom"]["card"]["items"][0]["answer"] == "yes"


async def test_how_long_it_takes_is_told(patient: Patient) -> None:
    await to_the_card(patient, "visit")
    said = await patient.says("how long does this take", "faq/how_soon")
    assert "1 lists left" in said[0]["text"] and shown(said) == "visit"


async def test_what_cannot_be_read_is_asked_again(patient: Patient) -> None:
    await to_the_card(patient, "you")
    said = await patient.says("purple elephants")
    assert kinds(said) == ["screening", "screening"] and shown(said) == "you"


async def test_a_card_with_ids_of_others_changes_nothing(patient: Patient) -> None:
    await to_the_card(patient, "blood")
    before = patient.slots["screening"]
    for card in (
        {"id": "blood", "ticked": ["Q13"]},
        {"id": "nope", "ticked": []},
        {"id": 5},
        {"id": "blood", "rest": "OK"},
    ):
        said = await patient.says("", "screening_card", card)
        assert shown(said) == "blood"
    assert patient.slots["screening"]["answers"] == before["answers"]


async def test_one_by_one_in_a_plain_channel(patient: Patient) -> None:
    patient.channel = "rest"
    said = await patient.says("is it safe for me", "screening")
    assert "card" not in said[-1]["custom"]
    asked = 0
    while kinds(said)[-1] == "screening" and asked < 40:
        asked += 1
        assert [button["title"] for button in said[-1]["buttons"]] == ["Yes", "No", "Not sure"]
        said = await patient.says("yes" if "blood thinner" in said[-1]["text"] else "no", "thanks")
    assert asked == 38
    assert outcomes(said) == ["TELL_THERAPIST"]


@pytest.mark.parametrize("intent", ["screening_change", "faq/blood_thinners", "nlu_fallback", "clarify"])
async def test_a_later_word_renews_the_result(patient: Patient, intent: str) -> None:
    await finish(patient)
    await patient.says("hello", "greeting")
    said = await patient.says("actually I do take warfarin", intent)
    assert outcomes(said) == ["TELL_THERAPIST"]
    assert said[-1]["custom"]["result"]["reasons"][0]["question"] == "Q06"


async def test_a_later_no_asks_that_question_again(patient: Patient) -> None:
    await finish(patient, blood="Q06")
    said = await patient.says("I was wrong, I don't take warfarin", "screening_change")
    assert shown(said) == "blood"
    assert outcomes(await patient.says("none")) == ["OK"]


async def test_a_later_emergency_is_said_alone(patient: Patient) -> None:
    await finish(patient)
    await patient.says("change an answer", "screening_change", {"id": "emergency"})
    assert kinds(await patient.ticks("emergency", "Q00.1")) == ["emergency"]


async def test_a_later_question_that_says_nothing_new_is_only_answered(patient: Patient) -> None:
    await finish(patient)
    assert len(await patient.says("how sore will i be?", "faq/soreness")) == 1


async def test_which_answer_to_change(patient: Patient) -> None:
    await finish(patient, health="Q13")
    said = await patient.says("I want to change an answer", "screening_change")
    assert len(said[0]["buttons"]) == len(CARDS)
    said = await patient.says("", "screening_change", {"id": "health"})
    assert shown(said) == "health" and said[-1]["custom"]["card"]["items"][1]["answer"] == "yes"
    assert outcomes(await patient.ticks("health")) == ["OK"]


async def test_sending_needs_a_wish_and_a_result(patient: Patient) -> None:
    said = await patient.says("send it to the front desk", "screening_send")
    assert kinds(said) == ["chat"]
    await finish(patient, you="Q02")
    said = await patient.says("", "screening_send")
    assert kinds(said) == ["handoff"]
    assert said[0]["custom"]["reason"] == "screening"
    assert said[0]["custom"]["result"]["outcomes"][0]["id"] == "NOT_RECOMMENDED"


async def test_printing(patient: Patient) -> None:
    assert kinds(await patient.says("print it", "screening_print")) == ["chat"]
    await finish(patient, you="Q02")
    said = await patient.says("print it", "screening_print")
    assert "I am pregnant, or could be: Yes" in said[0]["text"]


async def test_deleting_the_answers_afterwards(patient: Patient) -> None:
    await finish(patient, you="Q02")
    assert kinds(await patient.says("delete my answers", "screening_stop")) == ["chat"]
    assert not patient.slots.get("screening") and not patient.slots.get("screening_done")


async def test_a_word_about_health_before_any_question_offers_them_and_is_remembered(patient: Patient) -> None:
    said = await patient.says("I forgot to say that I take Eliquis", "screening_change")
    assert "Do not stop" in said[0]["text"] and said[0]["custom"]["offer"] == ["screening"]
    said = await finish(patient)
    assert outcomes(said) == ["OK"]  # the card was shown with the tick, and came back without it


async def test_the_first_message_may_already_say_something(patient: Patient) -> None:
    await patient.says("I am 20 weeks pregnant. Is it safe for me?", "screening")
    await patient.ticks("age")
    said = await patient.ticks("emergency")
    assert said[-1]["custom"]["card"]["items"][0]["answer"] == "yes"


async def test_the_first_message_may_already_end_it(patient: Patient) -> None:
    said = await patient.says("I am 15 years old. Is it safe for me?", "screening")
    assert outcomes(said) == ["ASK_CLINIC"]
    assert patient.form is None
    assert kinds(await patient.says("thanks", "thanks")) == ["chat"]


async def test_a_card_goes_on_where_the_engine_lost_the_form(patient: Patient) -> None:
    said = await patient.ticks("blood", "Q06")
    assert shown(said) == "age"
    assert patient.form == "screening_form"


async def test_it_can_be_done_again(patient: Patient) -> None:
    await finish(patient, you="Q02")
    said = await patient.says("", "screening", {"again": True})
    for card in CARDS:
        said = await patient.ticks(card)
    assert outcomes(said) == ["OK"]


async def test_a_red_flag_ends_it_alone_and_keeps_a_warning(patient: Patient) -> None:
    await to_the_card(patient, "blood")
    said = await patient.says("i suddenly cant breathe and my chest hurts", "red_flag")
    assert kinds(said) == ["emergency"] and "911" in said[0]["text"]
    assert patient.form is None
    assert patient.slots.get("requested_slot") is None
    assert patient.slots.get("screening") == {"alarmed": True}
    said = await finish(patient)
    assert outcomes(said) == ["OK"] and said[-1]["custom"]["result"]["alarmed"]


async def test_a_red_flag_at_any_other_time(patient: Patient) -> None:
    said = await patient.says("i want to kill myself", "red_flag")
    assert kinds(said) == ["crisis"]
    said = await patient.says("is it safe for me", "screening")
    assert shown(said) == "age"
    await finish(patient, blood="Q06")
    said = await patient.says("i cant breathe", "red_flag")
    assert kinds(said) == ["emergency"]
    assert patient.slots.get("screening_done") is None


async def test_the_channel_carries_cards_and_names_only_topics_that_were_answered() -> None:
    slots: dict[str, Any] = {}

    async def turn(message: str = "", choice: dict[str, Any] | None = None) -> dict[str, Any]:
        nonlocal slots
        reply = await converse(agent(), {"message": message, "choice": choice, "slots": slots, "before": []})
        slots = reply["slots"]
        return reply

    def card(name: str) -> dict[str, Any]:
        return {"intent": "screening_card", "entities": {"card": {"id": name, "ticked": [], "rest": "no"}}}

    assert (await turn(choice={"intent": "screening"}))["kind"] == "screening"
    assert shown((await turn(choice=card("age")))["messages"]) == "emergency"
    assert shown((await turn(choice=card("emergency")))["messages"]) == "you"
    between = await turn(choice={"intent": "faq/soreness"})
    assert (between["kind"], between["topics"]) == ("answer", ["soreness"])
    assert shown(between["messages"]) == "you"
    with pytest.raises(BadRequest):
        await turn(choice={"intent": "screening_card", "entities": ["card"]})


async def test_nothing_of_a_conversation_stays_in_the_engine() -> None:
    async def turn(message: str, slots: dict[str, Any]) -> dict[str, Any]:
        return await converse(agent(), {"message": message, "choice": None, "slots": slots, "before": []})

    first = await converse(agent(), {"message": "", "choice": {"intent": "screening"}, "slots": {}, "before": []})
    twice = [await turn("none", first["slots"]) for _ in range(3)]
    assert [shown(reply["messages"]) for reply in twice] == ["emergency"] * 3, "asked again, it decides the same again"
    assert (await turn("none", {}))["kind"] != "screening"
    assert list(await agent().tracker_store.keys()) == []


async def test_a_french_window_gets_the_questions_and_the_result_in_french(patient: Patient) -> None:
    french = {"language": "fr"}
    patient.slots |= french
    start, card = await patient.says("", "screening")
    assert start["text"].startswith("Je vais vous montrer 9 courtes listes")
    while "card" in card["custom"]:
        name = card["custom"]["card"]["id"]
        patient.slots |= french  # the gateway says it with each message
        *_, card = await patient.ticks(name, *(["Q06"] if name == "blood" else []))
    assert card["text"].startswith("Dites-le d’abord à votre physio")
    assert [button["title"] for button in card["buttons"]][1] == "L’envoyer à la réception"
    patient.slots |= french
    (sent,) = await patient.says("", "screening_send")
    assert sent["text"].startswith("J’ai envoyé vos réponses")
    assert "You take a blood thinner" in sent["custom"]["result"]["reasons"][0]["text"], "the desk reads English"


async def test_the_language_is_that_of_the_message_and_not_remembered(patient: Patient) -> None:
    patient.slots["language"] = "fr"
    await patient.says("", "screening")
    assert "language" not in patient.slots
