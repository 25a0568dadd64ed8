"""The words of the chat window, by language."""

from __future__ import annotations

from tests.knowledge.conftest import Data
from tests.support.shipped import shipped_knowledge


def test_what_the_window_fills_in_stays_and_the_clinics_facts_are_filled(data: Data) -> None:
    knowledge = data.load()
    strings = knowledge.catalogues["en"].strings
    assert knowledge.fill_clinic(strings["call"]) == "Call {number}"
    assert knowledge.fill_clinic(strings["unavailable"]) == "Please call 250-555-0100."


def test_a_text_that_english_does_not_have_is_refused(data: Data) -> None:
    data.write("interface/fr.yml", 'language: fr\nname: Français\nstrings: {appel: "Appeler {number}"}\n')
    file, line, message = data.only_problem()
    assert (file, line) == ("interface/fr.yml", 3)
    assert "appel" in message


def test_a_translation_with_other_values_than_english_is_refused(data: Data) -> None:
    data.write("interface/fr.yml", "language: fr\nname: Français\nstrings:\n  call: Appeler\n")
    file, line, message = data.only_problem()
    assert (file, line) == ("interface/fr.yml", 4)
    assert "values" in message


def test_the_english_catalogue_has_to_be_there(data: Data) -> None:
    (data.folder / "interface" / "en.yml").unlink()
    assert data.only_problem() == ("interface/en.yml", 1, "the file is missing")


def test_a_file_that_is_named_for_another_language_is_refused(data: Data) -> None:
    data.write("interface/fr.yml", "language: de\nname: Deutsch\nstrings: {}\n")
    assert data.only_problem()[:2] == ("interface/fr.yml", 1)


FRENCH = "language: fr\nname: Français\nstrings: {}\nsentences:\n"


def test_a_sentence_is_said_in_another_language_and_in_english_where_it_is_missing(data: Data) -> None:
    data.write("interface/fr.yml", FRENCH + '  wait: "Attendez {seconds} secondes."\n')
    knowledge = data.load()
    assert knowledge.wording_in("fr", "wait", seconds=5) == "Attendez 5 secondes."
    assert knowledge.wording_in("fr-CA", "wait", seconds=5) == "Attendez 5 secondes."
    assert knowledge.wording_in("fr", "unknown_booking_link") == knowledge.wording("unknown_booking_link")


def test_a_sentence_without_the_value_that_english_has_is_refused(data: Data) -> None:
    data.write("interface/fr.yml", FRENCH + "  wait: Attendez.\n")
    file, line, message = data.only_problem()
    assert (file, line) == ("interface/fr.yml", 5)
    assert "seconds" in message


def test_a_sentence_that_english_does_not_say_is_refused(data: Data) -> None:
    data.write("interface/fr.yml", FRENCH + "  attente: Attendez.\n")
    file, line, message = data.only_problem()
    assert (file, line) == ("interface/fr.yml", 5)
    assert "attente" in message


def test_nobody_is_told_half_of_a_handoff_in_another_language(data: Data) -> None:
    english = (data.folder / "wording.yml").read_text(
        "utf-8"
    ) + "  handoff_back: I am back.\n  handoff_left: They left.\n"
    data.write("wording.yml", english)
    data.write("interface/fr.yml", FRENCH + "  handoff_back: Me revoici.\n")
    file, line, message = data.only_problem()
    assert (file, line) == ("interface/fr.yml", 5)
    assert "missing" in message


def test_the_window_of_the_shipped_clinic_is_whole_in_french() -> None:
    catalogues = shipped_knowledge().catalogues
    assert set(catalogues["fr"].strings) == set(catalogues["en"].strings)
