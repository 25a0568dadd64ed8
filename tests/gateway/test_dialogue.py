"""A conversation is held: what was told counts, short answers go to what was offered, nothing long is said twice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.answers.withdrawals import Withdrawals
from gateway.chat.dialogue import Chosen, Dialogue
from gateway.chat.noting import Noting
from gateway.chat.record import ChatRecord, Told, is_long, specific_of, topic_of
from gateway.chat.replies import Replies
from gateway.engine.client import EngineReply
from gateway.storage.database import Database
from gateway.storage.records import Conversation, Draft, Event, Turn, TurnOutcome
from knowledge import Knowledge, normalise
from tests.gateway.conftest import Chat

Json = dict[str, Any]
NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)


class Talker:
    """A conversation without engine, network or store: what the engine would decide is given."""

    def __init__(self, knowledge: Knowledge, database: Database) -> None:
        replies = Replies(knowledge, lambda: NOW, Withdrawals(database, lambda: NOW))
        self.knowledge = knowledge
        self.replies = replies
        self.dialogue = Dialogue(knowledge, replies)
        self.kept: Json | None = None
        self.said: list[Draft] = []

    def say(self, text: str, *named: str, intent: str = "") -> list[Draft]:
        topics = tuple(map(topic_of, named))
        answers = tuple(specific_of(name) or None for name in named)
        conversation = Conversation("c", "assistant", 1, {}, None, "hash", record=self.kept)
        message = Event("c", 1, "patient", "message", {"text": text}, {}, None, None, NOW)
        turn = Turn(conversation, message, None)
        record = self.dialogue.heard(turn)
        outcome = self.dialogue.short_answer(turn, record)
        if isinstance(outcome, Chosen):
            topic = str(outcome.does.get("more") or outcome.does.get("intent", "")).removeprefix("faq/")
            outcome = self.dialogue.carried_out(outcome.does, record, {}) or TurnOutcome(
                replies=(self.replies.answer(topic, long="more" in outcome.does),)
                if self.replies.knows(topic)
                else (self.replies.own_words("chat", "Here is a list."),)
            )
        if outcome is None:
            kind = "answer" if topics else "unknown"
            unknown = {"text": self.knowledge.wording("unknown"), "custom": {"kind": "unknown"}}
            messages = () if topics else (unknown,)
            reply = EngineReply(kind, intent=intent, topics=topics, answers=answers, messages=messages)
            found = self.dialogue.follow_up(reply, record, text)
            decided = self.replies.decided(reply, self.dialogue.asked(text, record, reply))
            narrowed = self.dialogue.narrowed(decided, reply, record, text)
            first = self.dialogue.doctor_first(narrowed, record, text)
            outcome = TurnOutcome(replies=found or self.dialogue.in_view(first, record))
        outcome = self.dialogue.finished(outcome, record, text)
        self.kept = outcome.record
        self.said += outcome.replies
        return list(outcome.replies)

    @property
    def record(self) -> ChatRecord:
        return ChatRecord.read(self.kept)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return Database(f"sqlite:///{tmp_path_factory.mktemp('talk') / 'unused.sqlite3'}")


@pytest.fixture
def talker(knowledge: Knowledge, database: Database) -> Talker:
    return Talker(knowledge, database)


def noted(knowledge: Knowledge, *texts: str) -> ChatRecord:
    record = ChatRecord()
    for text in texts:
        record = Noting(knowledge).note(record, text)
    return record


@pytest.mark.parametrize(
    ("text", "who", "fact"),
    [
        ("i am 30 weeks pregnant", "me", "pregnant"),
        ("Hi there, I'm 22 weeks pregnant and my low back is killing me", "me", "pregnant"),
        ("I take warfarin for afib, can I have dry needling", "me", "blood_thinner"),
        ("my wife is pregnant", "wife", "pregnant"),
        ("asking for my mom she takes xarelto", "mother", "blood_thinner"),
        ("my son is 15 and has shoulder pain", "son", "under_19"),
        ("and a pacemaker", "me", "pacemaker"),
    ],
)
def test_what_is_told_is_noted_with_whom_it_is_about(knowledge: Knowledge, text: str, who: str, fact: str) -> None:
    assert (who, fact) in [(told.who, told.fact) for told in noted(knowledge, text).told]


@pytest.mark.parametrize(
    "text",
    [
        "no not pregnant",
        "can pregnant women have it",
        "i dont take warfarin",
        "what is a pacemaker",
        "is it ok in pregnancy?",
    ],
)
def test_what_is_denied_or_only_asked_is_not_noted(knowledge: Knowledge, text: str) -> None:
    assert noted(knowledge, text).told == ()


def test_a_slip_about_whom_it_is_can_be_taken_back(knowledge: Knowledge) -> None:
    record = noted(knowledge, "i am pregnant", "sorry i meant my sister is pregnant, not me")
    assert record.told == (Told("sister", "pregnant"),)
    assert noted(knowledge, "i am pregnant", "i meant my sister").told == (Told("sister", "pregnant"),)


def test_what_is_told_of_somebody_else_is_not_told_of_me(knowledge: Knowledge) -> None:
    record = noted(
        knowledge, "my sister is on blood thinners after a clot", "no, sister, not me, i only take vitamin D"
    )
    assert {told.who for told in record.told} == {"sister"}


def test_the_record_survives_being_stored(knowledge: Knowledge) -> None:
    record = noted(knowledge, "my wife is 30 weeks pregnant", "her low back hurts").giving("soreness")
    assert ChatRecord.read(record.stored()) == record


def test_pregnancy_is_in_view_when_something_else_is_asked(talker: Talker) -> None:
    talker.say("i am 30 weeks pregnant", "pregnancy")
    (reply,) = talker.say("what about acupuncture then", "vs_acupuncture")
    assert "you are pregnant" in reply.body["text"]
    (reply,) = talker.say("how often would i come", "how_often")
    assert "not advised in pregnancy" in reply.body["text"]
    assert {"000", "003"} <= {source["id"] for source in reply.body["sources"]}


def test_what_was_told_goes_to_the_safety_questions(talker: Talker) -> None:
    talker.say("i take eliquis", "blood_thinners")
    assert talker.dialogue.told_slots(talker.record) == {"told": {"Q06": "yes"}}


@pytest.mark.parametrize(
    ("told", "named", "says"),
    [
        ("i am on xarelto, paused for the oral surgeon", "now my left shin aches", "ruled out"),
        ("my sister had a dvt in march", "she would like her hamstring done", "is not needled"),
        ("i have type 2", "there is a blister on my heel", "open sore"),
        ("i take coumadin", "i banged my head on the cupboard", "emergency room"),
        ("i am in chemo", "my temperature is 38.5", "cannot wait"),
        ("i am 20 weeks pregnant", "i keep getting migraines", "midwife"),
        ("i had lymph nodes removed on the right", "my hand on that side is swollen", "new swelling"),
    ],
)
def test_what_was_told_makes_a_later_word_a_matter_for_the_doctor_first(
    talker: Talker, told: str, named: str, says: str
) -> None:
    talker.say(told)
    (reply,) = talker.say(named, "soreness")
    assert reply.kind == "answer" and says in reply.body["text"]
    assert reply.body["text"].startswith("You told me that your sister" if "sister" in told else "You told me that you")


def test_without_what_was_told_the_same_words_are_no_matter_for_the_doctor(talker: Talker) -> None:
    (reply,) = talker.say("now my left shin aches", "soreness")
    assert "ruled out" not in reply.body["text"]
    talker.say("my uncle takes warfarin")
    (reply,) = talker.say("and what do i pay for my sore calf", "cost")
    assert reply.body["topic"] == "cost"


def test_what_else_was_asked_stands_below_what_is_for_the_doctor(talker: Talker) -> None:
    talker.say("i take warfarin", "blood_thinners")
    first, fee = talker.say("my calf is sore, what would you charge", "cost")
    assert "ruled out" in first.body["text"] and fee.body["topic"] == "cost"


def test_an_age_that_was_told_answers_the_question_about_it(talker: Talker) -> None:
    talker.say("i am 82 and my knees creak")
    assert talker.dialogue.told_slots(talker.record) == {"told": {"Q01": "no"}}
    talker.say("sorry, i am 12")
    assert talker.dialogue.told_slots(talker.record) == {"told": {"Q01": "yes"}}


def test_each_answer_that_sends_to_the_doctor_first_is_there(knowledge: Knowledge) -> None:
    for case in knowledge.talk.doctor_first:
        topic, _, id = case.answer.partition(".")
        assert case.text or id in knowledge.topics[topic].answers


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("my platelets were 95 in april", "reading"),
        ("it is the left side", "which side"),
        ("my birthday trip is on saturday", "date"),
        ("im sorry, rough night", "No need to be sorry"),
        ("my cat is laughing at me", "Ha,"),
        ("i work as a roofer", "what your days ask"),
        ("my surgeon is happy with it", "what they told you"),
        ("i miss my garden", "sounds hard"),
        ("my last visit was awful", "went that way"),
        ("it feels a lot better now", "glad"),
        ("it is what it is", "Thank you for telling me"),
    ],
)
def test_who_only_tells_something_is_met_with_words_that_fit(talker: Talker, text: str, says: str) -> None:
    talker.say("what happens at a visit", "session")
    (reply,) = talker.say(text, intent="nlu_fallback")
    assert says in reply.body["text"]
    assert reply.body["buttons"], "there is something to go on with"


def test_a_fact_that_only_is_told_is_said_back_with_what_follows_from_it(talker: Talker) -> None:
    (reply,) = talker.say("they took my nodes out", intent="nlu_fallback")
    assert reply.body["text"].startswith("Thank you. I will keep in mind that you had breast surgery")
    assert reply.body["sources"]


@pytest.mark.parametrize(
    ("text", "part"),
    [("it is my forearm", "forearm"), ("i have a tight wrist", "wrist"), ("you guys do hamstrings", "hamstring")],
)
def test_a_body_part_that_is_named_is_what_they_come_for(talker: Talker, text: str, part: str) -> None:
    (reply,) = talker.say(text, intent="nlu_fallback")
    assert reply.body["topic"] == "condition_help" and part in reply.body["text"].lower()


def test_no_answer_is_nothing_but_what_was_told(talker: Talker) -> None:
    talker.say("i have very loose joints, ehlers danlos")
    for text in ("my wrist hurts", "and the other wrist hurts", "both wrists hurt"):
        (reply,) = talker.say(text, "condition_help")
        assert not reply.body["text"].endswith("you have very loose joints.")


def test_a_specific_answer_on_the_same_is_left_as_it_is(talker: Talker) -> None:
    talker.say("i am diabetic", "medical_device_history")
    (legs,) = talker.say("my calves are numb, any needles there?", "medical_device_history.diabetes_feet")
    assert legs.body["answer"] == "medical_device_history.diabetes_feet"


@pytest.mark.parametrize(
    "text",
    [
        "my cousin had it too, can she come with me",
        "i paint ceilings, is it bad to reach up",
        "my hip is old will you do it anyway",
    ],
)
def test_who_asks_beside_telling_is_not_only_thanked(talker: Talker, text: str) -> None:
    talker.say("what happens at a visit", "session")
    (reply,) = talker.say(text, intent="nlu_fallback")
    assert not reply.body["text"].startswith("Thank you")


@pytest.mark.parametrize("text", ["not pregnant", "he isnt diabetic", "no blood thinners, no pacemaker"])
def test_who_only_denies_something_is_not_told_about_it(talker: Talker, text: str) -> None:
    (reply,) = talker.say(text, "pregnancy")
    assert reply.body["text"].startswith("Good, I have noted that.")


def test_an_age_is_no_denial(talker: Talker) -> None:
    (reply,) = talker.say("i am 44 years old", "children_age")
    assert reply.body["topic"] == "children_age"


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("my elbow is sore from painting the fence", "condition_help"),
        ("my shoulder is sore from the needles", "soreness"),
        ("my neck is sore since my visit", "soreness"),
        ("will my elbow be sore", "soreness"),
    ],
)
def test_a_sore_part_is_what_they_come_for_unless_needling_is_spoken_of(talker: Talker, text: str, topic: str) -> None:
    (reply,) = talker.say(text, "soreness")
    assert reply.body["topic"] == topic


def test_an_ache_in_no_part_is_asked_back(talker: Talker) -> None:
    (reply,) = talker.say("im sore from moving house", "soreness")
    assert {b["label"] for b in reply.body["buttons"]} == {"The pain that I come for", "An ache after needling"}
    (answer,) = talker.say("the first")
    assert answer.body["topic"] == "condition_help"


def test_what_was_told_stands_before_the_safety_questions(talker: Talker) -> None:
    talker.say("i take eliquis and i am 77", "blood_thinners")
    start = talker.replies.own_words("screening", "I will show you the questions.")
    (reply,) = talker.dialogue.begun([start], talker.record)
    assert reply.body["text"].startswith("You told me that you take a blood thinner.")
    assert "19 or older" not in reply.body["text"]


def test_a_question_after_a_problem_was_named_is_about_that_problem(talker: Talker) -> None:
    talker.say("my low back hurts", "condition_help")
    reply = EngineReply("answer", topics=("condition_help",))
    assert "low back" in talker.dialogue.asked("will it work for that", talker.record, reply)


def test_yes_the_second_and_no_go_to_what_was_offered(talker: Talker, knowledge: Knowledge) -> None:
    talker.say("will i be sore", "soreness")
    (more,) = talker.say("yes please")
    assert more.body["text"] == knowledge.fill(knowledge.topics["soreness"].more)
    talker.say("that is not what i asked", intent="follow_up/not_asked")
    offers = talker.record.offers
    (second,) = talker.say("the second")
    assert second.body["title"] == offers[1].label
    (no,) = talker.say("no")
    assert no.body["text"].startswith("All right")


def test_an_old_yes_is_not_taken_for_anything(talker: Talker) -> None:
    (reply,) = talker.say("yes")
    assert reply.body["text"].startswith("Yes to what?")


@pytest.mark.parametrize("kind", ["more", "shorter", "simpler", "why", "repeat", "already_read", "not_asked"])
def test_each_way_of_coming_back_says_something_new(talker: Talker, kind: str) -> None:
    (first,) = talker.say("will i be sore", "soreness")
    (again,) = talker.say("...", intent=f"follow_up/{kind}")
    assert again.body["text"] != first.body["text"]
    if kind == "not_asked":
        assert again.body["buttons"]


@pytest.mark.parametrize("text", ["on one day?", "the other side", "and with a brace"])
def test_a_few_words_that_are_not_understood_are_asked_back_about_the_last_answer(
    talker: Talker, knowledge: Knowledge, text: str
) -> None:
    talker.say("what happens at a visit", "session")
    (reply,) = talker.say(text, intent="nlu_fallback")
    titles = {answer.title for answer in knowledge.topics["session"].answers.values()}
    assert reply.kind == "clarify"
    assert titles & {button["label"] for button in reply.body["buttons"]}
    assert reply.body["offered"][0] == "session"


@pytest.mark.parametrize(
    ("text", "intent"),
    [("do you fix bikes", "out_of_scope"), ("my uncle builds boats by the river every summer", "nlu_fallback")],
)
def test_what_does_not_lean_on_the_last_answer_is_not_asked_back_about_it(
    talker: Talker, text: str, intent: str
) -> None:
    talker.say("what happens at a visit", "session")
    (reply,) = talker.say(text, intent=intent)
    assert reply.kind == "unknown"


def test_before_any_answer_a_few_words_are_simply_not_known(talker: Talker) -> None:
    (reply,) = talker.say("on one day?", intent="nlu_fallback")
    assert reply.kind == "unknown"


def test_understanding_can_be_checked_and_is_explained_again_in_other_words(
    talker: Talker, knowledge: Knowledge
) -> None:
    talker.say("i take warfarin", "blood_thinners")
    (question,) = talker.say("check that i understood")
    wrong = next(b["label"] for b in question.body["buttons"] if b["label"] == "Stop it the day before")
    (explained,) = talker.say(wrong)
    assert explained.body["text"] == knowledge.talk.checks["blood_thinners"].wrong


TOPICS = [
    "soreness",
    "needle_fear",
    "pregnancy",
    "cost",
    "hours_location",
    "blood_thinners",
    "condition_help",
    "booking",
]
TEXTS = [
    "will it hurt",
    "how long for",
    "i am pregnant",
    "i take warfarin",
    "my low back",
    "yes",
    "no",
    "the second",
    "what?",
    "1",
]
KINDS = ["", "follow_up/more", "follow_up/shorter", "follow_up/simpler", "follow_up/why", "follow_up/not_asked"]
TURN = st.tuples(st.sampled_from(TEXTS), st.sampled_from([(), *((topic,) for topic in TOPICS)]), st.sampled_from(KINDS))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(turns=st.lists(TURN, min_size=4, max_size=25))
def test_no_long_text_is_said_twice_whatever_is_asked(
    knowledge: Knowledge, database: Database, turns: list[tuple[str, tuple[str, ...], str]]
) -> None:
    talker = Talker(knowledge, database)
    for text, topics, intent in turns:
        talker.say(text, *topics, intent=intent)
    texts = [normalise(draft.body["text"]) for draft in talker.said if is_long(draft.body["text"])]
    assert len(texts) == len(set(texts))
    assert all(draft.body["text"].strip() for draft in talker.said)


async def test_the_same_question_asked_again_gets_something_else(chat: Chat) -> None:
    (first,) = await chat.ask("will I be sore?")
    (second,) = await chat.ask("will I be sore?")
    (third,) = await chat.ask("will I be sore?")
    assert len({first["text"], second["text"], third["text"]}) == 3


def taken_for(knowledge: Knowledge, database: Database, text: str, typed: str | None = None) -> object:
    """What a message that needs no engine to be understood asks for."""
    conversation = Conversation("c", "assistant", 1, {}, None, "hash")
    message = Event("c", 1, "patient", "message", {"text": text}, {}, None, None, NOW)
    turn = Turn(conversation, message, None, typed=typed)
    dialogue = Talker(knowledge, database).dialogue
    found = dialogue.short_answer(turn, dialogue.heard(turn))
    return found.does["intent"] if isinstance(found, Chosen) else found


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("👍", "chat/ok"),
        ("👍🏽👍🏽", "chat/ok"),
        (" 🙏🙏 ", "thanks"),
        ("❤️", "thanks"),
        ("😭", "chat/despair"),
        ("🤬", "chat/insult"),
        ("???", "follow_up/simpler"),
        ("IMG_2210.HEIC", "chat/photo"),
        ("[image: bruise-day2.jpeg]", "chat/photo"),
        ("can you look at shoulder.png?", "chat/photo"),
        ("250 555 0187", "chat/contact_left"),
        ("sure, it's (604) 555-0164", "chat/contact_left"),
        ("best to write to kim.lee@example.com", "chat/contact_left"),
    ],
)
def test_what_is_no_question_gets_what_a_receptionist_would_say(
    knowledge: Knowledge, database: Database, text: str, intent: str
) -> None:
    assert taken_for(knowledge, database, text) == intent


def test_a_number_is_recognized_also_where_the_log_leaves_it_out(knowledge: Knowledge, database: Database) -> None:
    assert taken_for(knowledge, database, "my number is [number]", "my number is 250 555 0187") == "chat/contact_left"


@pytest.mark.parametrize(
    "text",
    [
        "is 250-555-0142 your number",
        "can you call me at 604 555 0164 about the bruise that i have since my visit on monday",
        "can i wear my www.jpg shirt while i get the needles and what should i bring along",
        "...",
        "it hurts 👍",
        "is 604 555 0164 the fax?",
    ],
)
def test_a_message_that_says_more_is_left_to_the_engine(knowledge: Knowledge, database: Database, text: str) -> None:
    assert taken_for(knowledge, database, text) is None


@pytest.mark.parametrize(
    "texts",
    [
        ("Lena has a pacemaker",),
        ("a guy at work is on warfarin, he loves it",),
        ("pacemaker? nope",),
        ("we are trying to get pregnant",),
        ("and what if i get pregnant later",),
        ("my neighbour takes xarelto",),
    ],
)
def test_what_is_told_of_others_asked_or_not_yet_so_is_not_noted_of_the_patient(
    knowledge: Knowledge, texts: tuple[str, ...]
) -> None:
    assert not [told for told in noted(knowledge, *texts).told if told.who == "me"]


@pytest.mark.parametrize(
    "text", ["im on xarelto, is that ok?", "warfarin", "i am 20 weeks pregnant can i come?", "got a pacemaker"]
)
def test_what_is_told_beside_a_question_is_noted(knowledge: Knowledge, text: str) -> None:
    assert [told.who for told in noted(knowledge, text).told] == ["me"]


@pytest.mark.parametrize(
    "text",
    [
        "i'm right handed by the way",
        "my boss says it is nonsense",
        "the pain is a 4",
        "we drive there from duncan",
        "11 of them",
    ],
)
def test_what_only_tells_something_is_thanked_for(talker: Talker, text: str) -> None:
    talker.say("is it normal to be sore", "soreness")
    (said,) = talker.say(text, intent="nlu_fallback")

    assert said.body["text"].startswith("Thank you for telling me.")
    assert "Talk to a person" in [button["label"] for button in said.body["buttons"]]


@pytest.mark.parametrize(
    "text", ["i wonder about that", "so who picks", "is it the same", "tell her that", "what now", "rain?"]
)
def test_what_asks_something_is_not_thanked_for(talker: Talker, text: str) -> None:
    talker.say("is it normal to be sore", "soreness")
    (said,) = talker.say(text, intent="nlu_fallback")

    assert "Thank you" not in said.body["text"]


@pytest.mark.parametrize("text", ["two months already", "how about 8 weeks", "at 5 months then?"])
def test_pregnancy_is_not_taken_for_granted(talker: Talker, text: str) -> None:
    talker.say("can i come after an operation", "painkillers_surgery")
    (said,) = talker.say(text, "pregnancy")

    assert said.kind == "clarify"
    assert "pregnan" not in said.body["text"].lower()


@pytest.mark.parametrize("text", ["and with a baby on the way?", "what about my third trimester"])
def test_pregnancy_is_answered_where_it_is_named(talker: Talker, text: str) -> None:
    talker.say("can i come after an operation", "painkillers_surgery")
    (said,) = talker.say(text, "pregnancy")

    assert said.body["topic"] == "pregnancy"


def test_weeks_are_pregnancy_to_who_is_pregnant(talker: Talker) -> None:
    talker.say("i am pregnant, what does it cost", "cost")
    (said, *_) = talker.say("and at 30 weeks", "pregnancy")

    assert said.body["topic"] == "pregnancy"


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("for how long will my shoulder be sore", ["soreness"]),
        ("and how sore will i be if i come often", ["soreness"]),
        ("will i be sore, and how often do i have to come?", ["soreness", "how_often"]),
        ("soreness and number of visits", ["soreness", "how_often"]),
    ],
)
def test_one_question_gets_one_answer_and_the_other_as_a_button(talker: Talker, text: str, given: list[str]) -> None:
    said = talker.say(text, "soreness", "how_often")

    assert [draft.body["topic"] for draft in said] == given
    labels = [button["label"] for draft in said for button in draft.body["buttons"]]
    assert ("How often are treatments?" in labels) == (len(given) == 1)


@pytest.mark.parametrize(
    ("intent", "text"), [("follow_up/simpler", "simpler please"), ("follow_up/shorter", "too long")]
)
def test_an_answer_is_said_more_simply_among_the_safety_questions_too(talker: Talker, intent: str, text: str) -> None:
    talker.say("is it normal to be sore", "soreness")
    card = {"text": "1 of 9 is still open.", "custom": {"kind": "screening", "asks": "age", "docked": True}}
    reply = EngineReply("clarify", intent=intent, messages=({"text": "About what?"}, card))
    said = talker.dialogue.follow_up(reply, talker.record, text) or ()

    assert [draft.kind for draft in said][1:] == ["screening"]
    assert said[0].body["topic"] == "soreness"
