"""The words of the chat window, by language."""

from __future__ import annotations

from tests.knowledge.conftest import Data


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
