"""The answers in other languages, and what their files have to be like."""

from __future__ import annotations

from tests.knowledge.conftest import Data

FRENCH = """\
language: fr
name_in_english: French
reviewed_by: nobody
draft: Pas encore relu.
days: [lundi, mardi, mercredi, jeudi, vendredi, samedi, dimanche]
closed: fermé
languages: {English: anglais}
answers:
- answer: soreness
  title: Vais-je avoir mal?
  text: Un jour ou deux. Appelez le {clinic_phone}.
  asked: ["est ce que j aurai des courbatures apres", "courbatures"]
intents:
- {intent: faq/human, asked: ["je veux parler a quelqu un"]}
starters:
- {label: "Vais-je avoir mal?", answer: soreness}
said: {}
common: [est, ce, que, j, je, a, de, un, le, la, combien, les]
"""


def test_a_question_in_other_words_finds_its_answer(data: Data) -> None:
    data.write("translations/fr.yml", FRENCH)
    french = data.load().translations["fr"]
    assert french.find("Aurai-je des courbatures après?", sure=True) == {"answer": "soreness"}
    assert french.find("Je voudrais parler à quelqu'un", sure=True) == {"intent": "faq/human"}
    assert french.find("Quelle est la capitale de la France?", sure=True) is None


def test_another_window_needs_a_word_that_only_the_language_has(data: Data) -> None:
    data.write("translations/fr.yml", FRENCH)
    french = data.load().translations["fr"]
    assert french.find("courbatures", sure=True) == {"answer": "soreness"}
    assert french.find("courbatures", sure=False) is None


def test_the_knowledge_is_said_in_the_language_as_far_as_it_is_translated(data: Data) -> None:
    data.write("translations/fr.yml", FRENCH)
    knowledge = data.load()
    spoken = knowledge.spoken("fr-CA")
    assert spoken.topics["soreness"].title == "Vais-je avoir mal?"
    assert spoken.topics["human"].short == knowledge.topics["human"].short
    assert spoken.topics["soreness"].sources == knowledge.topics["soreness"].sources
    assert knowledge.spoken("de") is knowledge


def test_an_answer_that_names_what_the_clinic_has_not_set_is_left_in_english(data: Data) -> None:
    data.write("translations/fr.yml", FRENCH.replace("Un jour ou deux.", "Un jour. La visite coûte {price_first}."))
    assert data.load().translations["fr"].answers == {}


def test_an_answer_that_there_is_not_is_refused(data: Data) -> None:
    data.write("translations/fr.yml", FRENCH.replace("answer: soreness\n  title", "answer: soreness.never\n  title"))
    file, line, message = data.only_problem()
    assert (file, line) == ("translations/fr.yml", 9)
    assert "soreness.never" in message


def test_a_fact_that_nothing_fills_is_refused(data: Data) -> None:
    data.write("translations/fr.yml", FRENCH.replace("{clinic_phone}", "{telephone}"))
    file, line, message = data.only_problem()
    assert (file, line) == ("translations/fr.yml", 11)
    assert "telephone" in message


def test_a_safety_question_that_is_not_translated_is_refused(data: Data) -> None:
    data.write("translations/fr.yml", FRENCH)
    data.write("translations/fr_screening.yml", "outcomes: {}\n")
    assert any("'questions'" in problem.message for problem in data.problems())


def test_a_file_that_is_named_for_another_language_is_refused(data: Data) -> None:
    data.write("translations/de.yml", FRENCH)
    assert data.only_problem()[:2] == ("translations/de.yml", 1)
