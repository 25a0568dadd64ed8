"""`python -m knowledge.check`: what loads but does not meet the standards is found too."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from knowledge.check import BESIDE_THE_ALARMS, check, main
from tests.knowledge.conftest import Data

TODAY = date(2026, 11, 21)
FILE = "answers/soreness.yml"
DOCUMENT = '- {id: "003", section: after treatment}\n'
SHORT = "You may ache for a day or two. Call {clinic_phone} if it gets worse."
MORE = "You may ache for a day or two. A cool pack can help."

# what is spoiled: old text, new text, line of the finding, message
SPOILED = {
    "a short text that is long": (SHORT, SHORT + " Ask us." * 24, 32, "'short' has 61 words, more than 60"),
    "a longer text that is long": (MORE, MORE + " Ask." * 183, 36, "'more' has 201 words, more than 200"),
    "a short text that is hard": (SHORT, SHORT + " Physiotherapists individualize recommendations.", 32, "at grade"),
    "a longer text that is hard": (MORE, MORE + " Individualized recommendations" * 9, 36, "'more' reads at grade"),
    "a short text with a long sentence": (SHORT, SHORT + " It is" * 11, 32, "'short' has a sentence of 22 words"),
    "a longer text with a long sentence": (MORE, MORE + " It is" * 13, 36, "'more' has a sentence of 26 words"),
    "no source": (f"sources:\n      {DOCUMENT}      - {{id: brady2014}}", "sources: []", 40, "names no source"),
    "a claim without its document": (DOCUMENT, "", 41, "the claim F001 comes from 003"),
    "a claim that the short text leaves out": (SHORT, "Yes.", 44, "of claim F001 does not stand in 'short'"),
    "a claim that the longer text leaves out": (MORE, "Yes.", 44, "of claim F001 does not stand in 'more'"),
    "a far review date": ('"2027-05-21"', '"2028-11-22"', 49, "more than 24 months away"),
    "a past review date": ('"2027-05-21"', '"2026-11-20"', 49, "was to be reviewed by 2026-11-20"),
    "a promise": (SHORT, SHORT + " It cures you.", 32, "'short' says 'cures', but it is not known to"),
    "a promise in the longer text": (MORE, MORE + " It cures you.", 36, "'more' says 'cures'"),
    "a promise in the title": ("Will I be sore?", "A cure", 35, "'title' says 'cure'"),
}  # fmt: skip


def test_good_data_has_nothing_to_mend(data: Data) -> None:
    assert check(data.folder, TODAY) == []


@pytest.mark.parametrize("old, new, line, message", SPOILED.values(), ids=SPOILED)
def test_an_answer_below_the_standard_loads_and_is_found(
    data: Data, old: str, new: str, line: int, message: str
) -> None:
    data.replace(FILE, old, new)
    data.load()
    found = [problem for problem in check(data.folder, TODAY) if message in problem.message]

    assert len(found) == 1, check(data.folder, TODAY)
    assert found[0].severity == "finding"
    assert (found[0].file, found[0].line) == ((data.folder / FILE).as_posix(), line)


def test_the_last_day_of_24_months_is_near_enough(data: Data) -> None:
    data.replace(FILE, '"2027-05-21"', '"2028-11-21"')

    assert check(data.folder, TODAY) == []


def test_a_placeholder_counts_as_what_it_is_filled_with(data: Data) -> None:
    data.replace("clinic.yml", "name: Test Clinic", "name: " + "The Clinic of Many Long Names " * 3)
    data.replace(FILE, SHORT, SHORT + " This is {clinic_name} where we work with you.")

    assert any("'short' has a sentence of 25 words" in problem.message for problem in check(data.folder, TODAY))


def test_a_promise_that_is_denied_is_let_through(data: Data) -> None:
    data.replace(FILE, SHORT, SHORT + " No one can promise a cure.")

    assert check(data.folder, TODAY) == []


def test_a_claim_that_no_answer_states_is_found_in_the_claims(data: Data) -> None:
    data.replace(FILE, "more_claims: [F002]", "more_claims: []")
    [found] = check(data.folder, TODAY)

    assert (Path(found.file).name, found.line, found.message) == ("claims.yml", 3, "no answer states the claim F002")


def test_a_claim_that_is_left_out_and_stated_is_found(data: Data) -> None:
    data.replace(FILE, "more_claims: [F002]", "more_claims: [F002, F003]")
    [found] = check(data.folder, TODAY)

    assert (found.line, found.message) == (4, "the claim F003 is left out, but soreness states it")


def test_a_province_that_does_not_exist_is_found(data: Data) -> None:
    data.replace("clinic.yml", "province: BC", "province: XX")
    [found] = check(data.folder, TODAY)

    assert (Path(found.file).name, found.severity) == ("clinic.yml", "finding")
    assert "XX" in found.message


def test_errors_do_not_hide_what_can_be_checked(data: Data) -> None:
    data.replace(FILE, "[human]", "[nobody]")
    data.replace(FILE, SHORT, SHORT + " It cures you.")

    assert {problem.severity for problem in check(data.folder, TODAY)} == {"error", "finding"}


@pytest.mark.parametrize("name", ["standards.yml", "wording.yml", "clinic.yml", "lexicon/syllables.yml"])
def test_a_check_without_a_file_tells_that_it_is_missing(data: Data, name: str) -> None:
    (data.folder / name).unlink()

    assert "the file is missing" in {problem.message for problem in check(data.folder, TODAY)}


def test_the_command_shows_what_to_mend_and_fails(data: Data, capsys: pytest.CaptureFixture[str]) -> None:
    data.replace(FILE, SHORT, SHORT + " It cures you.")

    assert main([str(data.folder)]) == 1
    shown = capsys.readouterr()
    assert f"{(data.folder / FILE).as_posix()}:32: finding: " in shown.out
    assert "What to do: say that it may ease pain." in shown.out
    assert "0 errors, 1 findings." in shown.err


def test_the_command_shows_one_file_alone_if_asked(data: Data, capsys: pytest.CaptureFixture[str]) -> None:
    data.replace(FILE, SHORT, SHORT + " It cures you.")

    assert main([str(data.folder), "--only", str(data.folder / "answers" / "human.yml")]) == 0
    assert capsys.readouterr().out == ""


def test_the_command_does_not_write_pages_from_data_that_do_not_load(
    data: Data, capsys: pytest.CaptureFixture[str]
) -> None:
    (data.folder / "claims.yml").unlink()

    assert main([str(data.folder), "--write-docs"]) == 1
    assert "the file is missing" in capsys.readouterr().out
    assert not (data.folder.parent / "docs").exists()


def test_pages_that_are_not_up_to_date_are_found(data: Data) -> None:
    docs = data.folder.parent / "docs"
    assert main([str(data.folder), "--write-docs"]) == 0
    assert {path.name for path in docs.iterdir()} == {"coverage.md", "sources.md"}

    data.replace("claims.yml", "It aches", "It aches much")
    found = check(data.folder, TODAY)

    assert {Path(problem.file).name for problem in found} == {"coverage.md", "sources.md"}
    assert all("--write-docs" in problem.remedy for problem in found)


def test_the_pages_tell_where_each_claim_is_and_why_one_is_not(data: Data) -> None:
    main([str(data.folder), "--write-docs"])
    coverage = (data.folder.parent / "docs" / "coverage.md").read_text(encoding="utf-8")
    sources = (data.folder.parent / "docs" / "sources.md").read_text(encoding="utf-8")

    assert "| F001 | 003 | It aches | [soreness](../data/answers/soreness.yml) |" in coverage
    assert "| F003 | 003 | It cures | left out: no one can promise a cure |" in coverage
    assert "[soreness](../data/answers/soreness.yml) (after treatment)" in sources
    assert "- F003: It cures. Why: no one can promise a cure" in sources
    assert '- F001 (soreness): It aches. Caution: Say "may"' in sources


def test_an_alarm_that_names_a_number_nobody_set_is_found(data: Data) -> None:
    for name in BESIDE_THE_ALARMS:
        data.write(f"lexicon/{name}", "{}\n")
    data.write("lexicon/red_flags.yml", "signs:\n- {id: E01, reply: 'Call {emergency} or {fire_line} now.'}\n")

    (found,) = check(data.folder, TODAY)
    assert (Path(found.file).name, found.line, found.severity) == ("red_flags.yml", 2, "error")
    assert "{fire_line} is unknown" in found.message


@pytest.mark.parametrize("missing", BESIDE_THE_ALARMS)
def test_what_belongs_to_the_alarms_has_to_be_there(data: Data, missing: str) -> None:
    for name in BESIDE_THE_ALARMS:
        data.write(f"lexicon/{name}", "{}\n")
    data.write("lexicon/red_flags.yml", "signs:\n- {id: E01, reply: 'Call {emergency} now.'}\n")
    assert check(data.folder, TODAY) == []

    (data.folder / "lexicon" / missing).unlink()
    (found,) = check(data.folder, TODAY)
    assert (Path(found.file).name, found.severity) == (missing, "error")
