"""The safety questions in Rasa itself: the form, interruptions, changes, and how it ends."""

from __future__ import annotations

from typing import Any

import pytest

from nlu.channel import BadRequest, converse
from tests.engine.dialogue import Patient, agent

CARDS = ["emergency", "you", "blood", "needles", "health", "checks", "visit"]


@pytest.fixture
def patient(request: pytest.FixtureRequest) -> Patient:
    """Somebody who was never here before."""
    return Patient(request.node.name)


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
    assert (card["id"], card["number"], card["of"]) == ("emergency", 1, 7)
    assert card["items"][0]["id"] == "Q00.1"
    assert card["none_label"] and card["not_sure_label"]
    assert "{" not in said[0]["text"] + said[1]["text"]


async def test_nothing_ticked_ends_with_nothing_to_report_but_no_permission(patient: Patient) -> None:
    said = await finish(patient)
    assert kinds(said) == ["screening_result"]
    assert outcomes(said) == ["OK"]
    assert "250-555-0142" in said[0]["text"]
    assert await patient.form() is None
    assert await patient.slot("screening_done") is True


async def test_each_reason_is_named_with_whom_to_talk_to(patient: Patient) -> None:
    said = await finish(patient, you="Q02", blood="Q06", checks="Q17b")
    assert outcomes(said) == ["NOT_RECOMMENDED", "DOCTOR_FIRST"]
    reasons = said[0]["custom"]["result"]["reasons"]
    assert [reason["question"] for reason in reasons] == ["Q02", "Q17b", "Q06"]
    for reason in reasons:
        assert reason["text"] in said[0]["text"] and reason["talk_to"] in said[0]["text"]


async def test_an_emergency_ends_it_at_once_and_stands_alone(patient: Patient) -> None:
    await patient.says("check me", "screening")
    said = await patient.ticks("emergency", "Q00.2")
    assert kinds(said) == ["emergency"] and "911" in said[0]["text"]
    assert await patient.form() is None


async def test_the_warning_stays_when_the_emergency_is_taken_back(patient: Patient) -> None:
    await patient.says("check me", "screening")
    await patient.ticks("emergency", "Q00.2")
    said = await finish(patient)
    assert outcomes(said) == ["OK"]
    assert "sign of an emergency before" in said[0]["text"]


@pytest.mark.parametrize("rest", ["not_sure", "skipped"])
async def test_not_sure_and_skipped_are_never_ok(patient: Patient, rest: str) -> None:
    await patient.says("check me", "screening")
    await patient.ticks("emergency")
    for card in CARDS[1:]:
        said = await patient.ticks(card, rest=rest)
        if said[-1]["custom"]["kind"] == "screening_result":
            break
    assert outcomes(said) == ["ASK_CLINIC"]  # nobody knows whether they are 19


async def test_under_19_goes_to_the_clinic_with_no_other_result(patient: Patient) -> None:
    await to_the_card(patient, "you")
    said = await patient.ticks("you", "Q01", "Q02")
    assert outcomes(said) == ["ASK_CLINIC"]
    assert [reason["question"] for reason in said[0]["custom"]["result"]["reasons"]] == ["Q01"]
    assert await patient.form() is None


async def test_a_question_is_answered_and_the_form_goes_on(patient: Patient) -> None:
    await to_the_card(patient, "blood")
    said = await patient.says("how sore will i be?", "faq/soreness")
    assert len(said) == 2 and kinds(said) == ["", "screening"]
    assert shown(said) == "blood"


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
    assert await patient.form() is None
    assert not await patient.slot("screening") and not await patient.slot("requested_slot")
    assert kinds(await patient.says("ok thanks", "thanks")) == ["chat"]


async def test_going_back_shows_what_was_ticked(patient: Patient) -> None:
    await to_the_card(patient, "blood")
    await patient.ticks("blood", "Q06")
    said = await patient.says("go back")
    assert shown(said) == "blood"
    assert [item.get("answer") for item in said[-1]["custom"]["card"]["items"]] == ["no", "yes", "no"]
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
    assert shown(await patient.says("not sure")) == "checks"
    assert (await patient.slot("screening"))["answers"]["Q06"] == "yes"


async def test_what_cannot_be_read_is_asked_again(patient: Patient) -> None:
    await to_the_card(patient, "you")
    said = await patient.says("purple elephants")
    assert kinds(said) == ["screening", "screening"] and shown(said) == "you"


async def test_a_card_with_ids_of_others_changes_nothing(patient: Patient) -> None:
    await to_the_card(patient, "blood")
    before = await patient.slot("screening")
    for card in (
        {"id": "blood", "ticked": ["Q13"]},
        {"id": "nope", "ticked": []},
        {"id": 5},
        {"id": "blood", "rest": "OK"},
    ):
        said = await patient.says("", "screening_card", card)
        assert shown(said) == "blood"
    assert (await patient.slot("screening"))["answers"] == before["answers"]


async def test_one_by_one_in_a_plain_channel(patient: Patient) -> None:
    patient.channel = "rest"
    said = await patient.says("is it safe for me", "screening")
    assert "card" not in said[-1]["custom"]
    asked = 0
    while kinds(said)[-1] == "screening" and asked < 40:
        asked += 1
        assert [button["title"] for button in said[-1]["buttons"]] == ["Yes", "No", "Not sure"]
        said = await patient.says("yes" if "blood thinner" in said[-1]["text"] else "no", "thanks")
    assert asked == 29
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
    assert not await patient.slot("screening") and not await patient.slot("screening_done")


async def test_a_word_about_health_before_any_question_offers_them_and_is_remembered(patient: Patient) -> None:
    said = await patient.says("I forgot to say that I take Eliquis", "screening_change")
    assert "Do not stop" in said[0]["text"] and said[0]["custom"]["offer"] == ["screening"]
    said = await finish(patient)
    assert outcomes(said) == ["OK"]  # the card was shown with the tick, and came back without it


async def test_the_first_message_may_already_say_something(patient: Patient) -> None:
    await patient.says("I am 20 weeks pregnant. Is it safe for me?", "screening")
    said = await patient.ticks("emergency")
    assert said[-1]["custom"]["card"]["items"][1]["answer"] == "yes"


async def test_the_first_message_may_already_end_it(patient: Patient) -> None:
    said = await patient.says("I am 15 years old. Is it safe for me?", "screening")
    assert outcomes(said) == ["ASK_CLINIC"]
    assert await patient.form() is None
    assert kinds(await patient.says("thanks", "thanks")) == ["chat"]


async def test_a_card_goes_on_where_the_engine_lost_the_form(patient: Patient) -> None:
    said = await patient.ticks("blood", "Q06")
    assert shown(said) == "emergency"
    assert await patient.form() == "screening_form"


async def test_it_can_be_done_again(patient: Patient) -> None:
    await finish(patient, you="Q02")
    assert outcomes(await finish(patient)) == ["OK"]


async def test_a_red_flag_ends_it_alone_and_keeps_a_warning(patient: Patient) -> None:
    await to_the_card(patient, "blood")
    said = await patient.says("i suddenly cant breathe and my chest hurts", "red_flag")
    assert kinds(said) == ["emergency"] and "911" in said[0]["text"]
    assert await patient.form() is None
    assert await patient.slot("requested_slot") is None
    assert await patient.slot("screening") == {"alarmed": True}
    said = await finish(patient)
    assert outcomes(said) == ["OK"] and said[-1]["custom"]["result"]["alarmed"]


async def test_a_red_flag_at_any_other_time(patient: Patient) -> None:
    said = await patient.says("i want to kill myself", "red_flag")
    assert kinds(said) == ["crisis"]
    said = await patient.says("is it safe for me", "screening")
    assert shown(said) == "emergency"
    await finish(patient, blood="Q06")
    said = await patient.says("i cant breathe", "red_flag")
    assert kinds(said) == ["emergency"]
    assert await patient.slot("screening_done") is None


@pytest.mark.parametrize("words, after", [("none of these", "health"), ("2", "health"), ("go back", "blood")])
async def test_a_new_tracker_goes_on_where_the_old_one_was(patient: Patient, words: str, after: str) -> None:
    async def turn(sender: str, message: str, slots: dict[str, Any] | None = None) -> dict[str, Any]:
        body = {"sender": sender, "message": message, "choice": None, "slots": slots}
        return await converse(agent(), body, agent().handle_message)

    await to_the_card(patient, "needles")
    slots = (await turn(patient.name, "none of the others make sense"))["slots"]
    reply = await turn(f"{patient.name}-2", words, slots)
    assert shown(reply["messages"]) == after
    assert slots["screening"]["answers"].items() <= reply["slots"]["screening"]["answers"].items()


async def test_the_channel_carries_cards_and_names_only_topics_that_were_answered() -> None:
    async def turn(message: str = "", choice: dict[str, Any] | None = None) -> dict[str, Any]:
        body = {"sender": "channel", "message": message, "choice": choice, "slots": None}
        return await converse(agent(), body, agent().handle_message)

    def card(name: str) -> dict[str, Any]:
        return {"intent": "screening_card", "entities": {"card": {"id": name, "ticked": [], "rest": "no"}}}

    assert (await turn(choice={"intent": "screening"}))["kind"] == "screening"
    assert shown((await turn(choice=card("emergency")))["messages"]) == "you"
    between = await turn(choice={"intent": "faq/soreness"})
    assert (between["kind"], between["topics"]) == ("answer", ["soreness"])
    assert shown(between["messages"]) == "you"
    with pytest.raises(BadRequest):
        await turn(choice={"intent": "screening_card", "entities": ["card"]})
