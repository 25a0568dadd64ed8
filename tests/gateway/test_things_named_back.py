"""A thing that is named is spoken of first, beside nothing graver, and never said twice."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from gateway.answers.compose import compose, home_of
from gateway.chat.replies import Replies
from gateway.engine.client import EngineReply
from gateway.storage.records import Body
from tests.support.shipped import shipped_knowledge

NOW = datetime(2026, 11, 30, 18, tzinfo=UTC)
KNOWLEDGE = shipped_knowledge()
OWN = "The topic's own text."


class NothingWithdrawn:
    """Nothing is withheld."""

    def withheld(self, answer: Any, today: date) -> bool:
        return False


def composed(asked: str, topic: str, answer: str | None = None) -> tuple[str, tuple[str, ...]]:
    specific = KNOWLEDGE.topics[topic].answers[answer] if answer else None
    said = compose(KNOWLEDGE, asked, topic, OWN, specific)
    return said.text, said.things


def unsure(asked: str) -> Body:
    withdrawals: Any = NothingWithdrawn()
    reply = EngineReply("unknown", intent="nlu_fallback", messages=({"text": "I am not sure."},))
    return Replies(KNOWLEDGE, lambda: NOW, withdrawals).decided(reply, asked)[0].body


def test_the_line_for_the_topic_is_the_answer() -> None:
    text, things = composed("can i have it on eliquis", "blood_thinners")
    assert text.startswith("Eliquis is a blood thinner.")
    assert things == ("Eliquis (apixaban)",)
    assert OWN not in text


def test_two_things_get_both_and_no_more_than_two() -> None:
    text, things = composed("can i go swimming, have a beer and go to the gym after", "aftercare")
    assert len(things) == 2
    assert "swimming pool" in text and "beer" in text


def test_beside_pregnancy_nothing_is_said_of_coffee() -> None:
    text, things = composed("im pregnant can i have coffee before", "preparation")
    assert not any("coffee" in name for name in things)
    assert "coffee" not in text.lower()


@pytest.mark.parametrize("grave", ["i take warfarin", "i have a pacemaker", "i have hemophilia", "i have cancer"])
def test_beside_something_grave_nothing_is_said_of_a_sport(grave: str) -> None:
    assert not any("swimming" in name for name in composed(f"{grave}, can i go swimming after", "aftercare")[1])


def test_an_answer_about_the_thing_itself_is_not_said_twice() -> None:
    topic = KNOWLEDGE.topics["aftercare"]
    about = next((answer for answer in topic.answers.values() if "shower" in answer.title.lower()), None)
    if about:
        assert composed("can i shower after", "aftercare", about.id) == (OWN, ())


def test_a_sure_answer_stands_before_a_general_line() -> None:
    answer = next(iter(KNOWLEDGE.topics["what_it_feels_like"].answers))
    text, things = composed("does it hurt? i have diabetes", "what_it_feels_like", answer)
    assert text.startswith(OWN)
    assert things


def test_a_sure_answer_stands_before_the_line_of_the_topic_too() -> None:
    text, things = composed("i had two coffees, should i eat first", "preparation", "eat_first")
    assert text.startswith(OWN)
    assert "coffee" in things


@pytest.mark.parametrize(
    "asked, topic, told",
    [
        ("my mother takes apixaban", "blood_thinners", "Eliquis (apixaban) is a blood thinner."),
        ("im on coumadin", "blood_thinners", "Warfarin (Coumadin) is a blood thinner."),
        ("do i skip my atorvastatin", "medication_advice", "your statin (atorvastatin)"),
        ("i take pristiq", "medication_advice", "Effexor or a similar pill (pristiq)"),
        ("i take eliquis", "blood_thinners", "Eliquis is a blood thinner."),
    ],
)
def test_who_typed_the_other_name_of_a_medicine_knows_it_again(asked: str, topic: str, told: str) -> None:
    assert told in composed(asked, topic)[0]


def test_what_goes_for_two_medicines_is_said_once() -> None:
    text, things = composed("im on methotrexate and humira", "side_effects")
    assert len(things) == 2
    assert "The same goes for Humira." in text
    assert text.count("infected more easily") == 1


def test_beside_a_condition_nothing_is_said_of_a_splint_but_of_a_blood_thinner() -> None:
    for asked, others in (
        ("can it help carpal tunnel, i have the splints", 0),
        ("help my neck pain, im on eliquis", 1),
    ):
        said = compose(KNOWLEDGE, asked, "condition_help", OWN, keep=True)
        assert said.text.startswith(OWN)
        assert len(said.things) == others


def test_nothing_is_said_of_things_where_the_clinic_is_asked() -> None:
    assert composed("how much is it, i take ozempic", "cost") == (OWN, ())
    assert composed("can i book online, i have diabetes", "booking") == (OWN, ())


def test_a_medicine_that_nobody_knows_is_named_back() -> None:
    text, things = composed("i take flurbinol every day", "medication_advice")
    assert text.startswith('"flurbinol" is not in our sources.')
    assert things == ()


def test_a_problem_is_said_to_be_unknown_only_to_who_named_one() -> None:
    withdrawals: Any = NothingWithdrawn()
    replies = Replies(KNOWLEDGE, lambda: NOW, withdrawals)
    named, none = "can it help my blorgitis", "does it help people"
    said = [replies.answer("condition_help", asked=asked).body["text"] for asked in (named, none)]
    assert "blorgitis" in said[0]
    assert said[1].startswith(KNOWLEDGE.fill(KNOWLEDGE.topics["condition_help"].short))


@pytest.mark.parametrize(
    "asked, topic",
    [("eliquis?", "blood_thinners"), ("i got sugar", "medical_device_history"), ("ibuprofen", "medication_advice")],
)
def test_a_bare_name_is_answered_from_its_home(asked: str, topic: str) -> None:
    body = unsure(asked)
    assert body["topic"] == topic
    assert body["things"]


def test_what_names_no_thing_stays_not_understood() -> None:
    assert unsure("my dog ate it")["topic"] is None
    assert home_of(KNOWLEDGE, "xjklsd", ()) is None


@pytest.mark.parametrize(
    "asked",
    [
        "where can i buy crutches near here",
        "should my kid get the measles shot this fall",
        "what should a type 1 diabetic have for lunch",
        "is it ok to mix advil and cough syrup",
        "can your doctor renew my zoloft",
    ],
)
def test_a_question_about_a_thing_alone_is_not_ours(asked: str) -> None:
    assert home_of(KNOWLEDGE, asked, ()) is None
    assert unsure(asked)["topic"] is None


@pytest.mark.parametrize("asked", ["eliquis?", "i have lupus, that ok", "im on warfarin", "needles near a pacemaker"])
def test_a_thing_of_oneself_or_beside_the_treatment_is_answered(asked: str) -> None:
    assert home_of(KNOWLEDGE, asked, ()) is not None


def test_what_is_out_of_scope_stays_so_though_a_thing_is_named() -> None:
    withdrawals: Any = NothingWithdrawn()
    reply = EngineReply("unknown", intent="out_of_scope", messages=({"text": "That is not something I know."},))
    body = Replies(KNOWLEDGE, lambda: NOW, withdrawals).decided(reply, "tattoo removal?")[0].body
    assert body["topic"] is None


def of_a_problem(asked: str) -> str:
    withdrawals: Any = NothingWithdrawn()
    return str(Replies(KNOWLEDGE, lambda: NOW, withdrawals).answer("condition_help", asked=asked).body["text"])


@pytest.mark.parametrize("asked", ["does it do anything for migraines", "i get tinnitus, will needling help",
                                   "vertigo - any use?", "is it good for menstrual cramps"])  # fmt: skip
def test_a_problem_is_spoken_of_once(asked: str) -> None:
    said = of_a_problem(asked)
    assert said.count("not in our IMS material") + said.count("Our leaflets do not name") <= 1, said
    assert len(said.split("\n\n")) == 2, said


def test_a_muscle_or_the_skin_is_not_spoken_of_beside_the_part_that_was_meant() -> None:
    said = of_a_problem("would it hurt if the muscle in my jaw was done")
    assert "your muscle" not in said and "jaw" in said
    assert "your muscle" in of_a_problem("is it any good for a muscle")


def said(**given: Any) -> list[Body]:
    withdrawals: Any = NothingWithdrawn()
    reply = EngineReply("answer", intent="faq/x", **given)
    asked = "how many needles, and do they stay in? i take eliquis"
    return [draft.body for draft in Replies(KNOWLEDGE, lambda: NOW, withdrawals).decided(reply, asked)]


def test_two_questions_about_one_topic_get_an_answer_each() -> None:
    first, second = list(KNOWLEDGE.topics["needles"].answers)[:2]
    bodies = said(topics=("needles",), answers=(first,), also=second)
    assert [body["answer"] for body in bodies] == [f"needles.{first}", f"needles.{second}"]
    assert bodies[0]["topics"] == ["needles"] and bodies[0]["answers"] == [f"needles.{first}"]
    assert len(said(topics=("needles",), answers=(first,), also=first)) == 1
    assert len(said(topics=("needles",), answers=(first,), also="no_such_answer")) == 1


@pytest.mark.parametrize(
    "one, other",
    [
        ("needles.how_long_in", "session.needles_left_in"),
        ("needles.gloves_and_skin", "session.skin_and_gloves"),
        ("needle_fear.numbing", "what_it_feels_like.numbing"),
        ("medical_device_history.lymphedema", "who_should_not.lymphedema"),
        ("medical_device_history.autoimmune", "who_should_not.autoimmune"),
        ("soreness.bruise", "side_effects.i_got_a_bruise"),
        ("needles.catch_something", "side_effects.hepatitis_hiv"),
        ("aftercare.sex", "exercise_after.sex"),
    ],
)
def test_twins_in_two_topics_make_one_bubble(one: str, other: str) -> None:
    topics, answers = zip(*(name.split(".") for name in (one, other)), strict=True)
    bodies = said(topics=topics, answers=answers)
    assert len(bodies) == 1
    assert bodies[0]["answer"] == one


def test_a_thing_is_spoken_of_in_one_of_two_answers() -> None:
    bodies = said(topics=("blood_thinners", "side_effects"), answers=(None, None))
    assert [bool(body.get("things")) for body in bodies] == [True, False]
