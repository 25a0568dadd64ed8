"""French, in the French window and to a French message: answers, buttons, safety questions, and what else is told."""

from __future__ import annotations

import pytest

from actions.cards import Cards
from actions.sheet import Sheet
from actions.steps import Said, Steps
from knowledge import Knowledge
from tests.gateway.conftest import Chat, Gateway, Json
from tests.support.shipped import shipped_knowledge

FRENCH = shipped_knowledge().translations["fr"]
LEAST_ANSWERS = 20


@pytest.fixture
async def clavardage(gateway: Gateway) -> Chat:
    return await gateway.chat("fr")


# In words that data/translations/fr.yml does not have.
@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("Est-ce que c’est douloureux, votre affaire?", "what_it_feels_like.does_it_hurt"),
        ("Bonjour, combien coûterait une séance svp", "cost.price"),
        ("Pouvez-vous me dire combien de séances il me faudra?", "how_many_treatments.how_many"),
        ("Je suis enceinte de six mois", "pregnancy.while_pregnant"),
        ("Mon père prend du Coumadin, est-ce un problème?", "blood_thinners.on_a_thinner"),
        ("est-ce qu'il faut une référence de mon médecin", "referral.need"),
        ("C’est quoi la différence entre l’acupuncture et l’IMS?", "vs_acupuncture.difference"),
        ("Mon assurance va-t-elle me rembourser?", "insurance.covered"),
        ("Je voudrais un rendez-vous cette semaine", "booking.how_to_book"),
        ("à quelle heure vous fermez le vendredi", "hours_location.hours"),
        ("y a-t-il des effets indésirables", "side_effects.what_side_effects"),
        ("vous parlez français?", "bot_identity.languages"),
    ],
)
@pytest.mark.parametrize("window", ["fr", "en", None])
async def test_a_french_question_gets_its_french_answer_in_any_window(
    gateway: Gateway, asked: str, answer: str, window: str | None
) -> None:
    (body,) = await (await gateway.chat(window)).ask(asked)

    assert body["answer"] == answer
    assert body["text"].startswith(shipped_knowledge().fill(FRENCH.answers[answer].text))
    assert body["text"].endswith(FRENCH.draft)
    assert body["language"] == "fr"
    assert not gateway.engine.heard


@pytest.mark.parametrize(
    "asked", ["does it hurt", "is a massage session ok", "parking", "can I pay by Visa", "on me a dit"]
)
async def test_what_is_not_french_is_not_taken_for_it(chat: Chat, asked: str) -> None:
    (body,) = await chat.ask(asked)

    assert body.get("language") is None


def test_the_twenty_most_asked_answers_are_there_and_each_finds_itself(knowledge: Knowledge) -> None:
    assert len(FRENCH.answers) >= LEAST_ANSWERS
    for name, answer in FRENCH.answers.items():
        assert FRENCH.find(answer.title, sure=True) == {"answer": name}, answer.title


async def test_what_is_not_among_them_is_told_so_with_the_number_a_person_and_the_languages_of_the_desk(
    chat: Chat, clavardage: Chat
) -> None:
    for each in (chat, clavardage):
        (body,) = await each.ask("Est-ce que vous avez une place pour mon vélo dans votre garage?")

        assert "anglais" in body["text"] and "250-555-0142" in body["text"]
        assert "English, Français" in body["text"]
        assert "Parler à une personne" in [button["label"] for button in body["buttons"]]
        assert body["language"] == "fr"


async def test_another_language_hears_which_languages_the_desk_speaks(chat: Chat) -> None:
    (body,) = await chat.ask("请问多少钱？")

    assert "前台使用的语言：English, Français。" in body["text"]


async def test_the_french_window_begins_in_french(gateway: Gateway) -> None:
    begun = (await gateway.client.post("/api/conversations", json={"language": "fr-CA"})).json()
    (greeting,) = [event["body"] for event in begun["events"]]

    assert greeting["text"].startswith("Bonjour!")
    labels = [button["label"] for button in greeting["buttons"]]
    assert labels == [starter.label for starter in FRENCH.starters] + ["Voir les questions"]
    assert greeting["language"] == "fr"


async def test_each_french_starter_that_is_a_question_leads_to_a_french_answer(gateway: Gateway) -> None:
    begun = (await gateway.client.post("/api/conversations", json={"language": "fr"})).json()
    chat = Chat(gateway.client, begun["id"], begun["token"])
    buttons = begun["events"][0]["body"]["buttons"]
    asked = {starter.label for starter in FRENCH.starters if starter.answer}

    for button in [button for button in buttons if button["label"] in asked]:
        (body,) = await chat.ask(choice=button["id"])
        assert body["text"].endswith(FRENCH.draft), button["label"]


async def test_an_answer_that_is_in_english_only_says_so_in_the_french_window(clavardage: Chat) -> None:
    (body,) = await clavardage.ask("how do the needles feel")

    assert body["text"].startswith("Cette réponse n’existe qu’en anglais.")
    assert body["language"] == "en"


async def test_the_buttons_of_a_french_answer_are_french(clavardage: Chat) -> None:
    (body,) = await clavardage.ask("ça fait mal?")

    labels = [button["label"] for button in body["buttons"]] + [see["title"] for see in body["see_also"]]
    english = {topic.title for topic in shipped_knowledge().topics.values()} | {"Tell me more"}
    assert labels and not english & set(labels)


async def test_what_was_answered_in_french_is_not_said_again_word_for_word(clavardage: Chat) -> None:
    (first,) = await clavardage.ask("ça fait mal?")
    (second,) = await clavardage.ask("est-ce que ça fait mal")

    assert second["text"] != first["text"]
    assert second["language"] == "fr"


async def test_a_chat_goes_on_in_the_language_of_its_messages(chat: Chat) -> None:
    await chat.ask("Quels sont les risques du traitement?")
    (body,) = await chat.ask("non")
    assert body["text"] == "D’accord. Que voulez-vous savoir?"

    (english,) = await chat.ask("how sore will I be tomorrow")
    assert english.get("language") is None


async def test_a_person_is_asked_for_in_french(clavardage: Chat) -> None:
    (body,) = await clavardage.ask("Je voudrais parler à quelqu’un de la réception")

    assert body["topic"] == "human"
    assert "réception" in body["text"]


async def test_an_alarm_comes_before_a_french_answer(chat: Chat) -> None:
    (body,) = await chat.ask("Est-ce normal d’avoir mal après? Je ne peux pas respirer.")

    assert body["kind"] == "emergency"
    assert "Appelez le 911" in body["text"]


async def test_the_engine_is_told_the_language_of_the_window(gateway: Gateway, clavardage: Chat) -> None:
    await clavardage.ask("check me")

    assert gateway.engine.heard[-1]["slots"]["language"] == "fr"


def _cards() -> tuple[Steps, Cards]:
    spoken = shipped_knowledge().spoken("fr")
    cards = Cards(spoken, spoken.screening)
    return Steps(cards, spoken.screening), cards


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [value] if isinstance(value, str) else []


def test_the_safety_questions_are_asked_in_french_from_the_first_to_the_result() -> None:
    steps, cards = _cards()
    english = shipped_knowledge().screening
    step = steps.start(Sheet(), Said(), done=False, told={}, style="cards")
    said: list[Json] = list(step.says)
    sheet = step.sheet
    for card in english.cards:
        asked = steps.ask(sheet)
        said += asked.says
        answer = {"id": card.id, "ticked": ["Q06"] if card.id == "blood" else [], "rest": "no"}
        sheet = steps.answer(asked.sheet, Said(card=answer)).sheet
    said.append(cards.result(sheet))

    heard = {text for message in said for text in _texts(message)}
    spoken = {text for q in english.questions.values() for text in (q.question, q.label, q.help, q.why_asked, *q.parts)}
    spoken |= {*english.sentences.values(), *english.labels.values(), *english.people.values()}
    spoken |= {outcome.title for outcome in english.outcomes.values()}
    assert not heard & spoken
    assert any("anticoagulant" in text for text in heard)


@pytest.mark.parametrize(
    ("typed", "answer"), [("Non", "no"), ("oui", "yes"), ("Pas sûr", None), ("Je ne sais pas", None)]
)
def test_typed_french_answers_are_understood(typed: str, answer: str | None) -> None:
    steps, _ = _cards()
    at_age = steps.ask(steps.start(Sheet(), Said(), done=False, told={}, style="cards").sheet).sheet

    after = steps.answer(at_age, Said(text=typed, on_screen=at_age.at)).sheet

    assert after.answers.get("Q01") == answer
    assert after.again == (None if answer else "Q01")


def test_what_an_answer_leads_to_is_the_same_in_french() -> None:
    english, french = shipped_knowledge().screening, shipped_knowledge().spoken("fr").screening
    for name, question in english.questions.items():
        for answer, consequence in question.answers.items():
            told = french.questions[name].answers[answer]
            assert (told.outcome, told.talk_to) == (consequence.outcome, consequence.talk_to)
            assert bool(told.reason) == bool(consequence.reason)


def test_the_minutes_that_are_told_hold_in_french_too() -> None:
    questions = shipped_knowledge().spoken("fr").screening
    lines = [label for question in questions.questions.values() for _, label in question.items]
    shown = [*lines, *(q.help for q in questions.questions.values()), *(card.ask for card in questions.cards)]
    seconds = sum(len(text.split()) for text in shown) / 150 * 60 + 2 * len(lines)
    assert questions.minutes >= seconds / 60
