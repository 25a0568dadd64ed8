"""Every kind of bad answer file is refused, with file, line and what to do."""

from __future__ import annotations

import pytest

from tests.knowledge.conftest import SORENESS, Data

FILE = "answers/soreness.yml"

# what is spoiled: old text, new text, line of the problem, message
SPOILED = {
    "no version": ('version: "3.1"\n', "", 1, "the file has no 'version'"),
    "another version": ('"3.1"', '"2.0"', 1, "the version is not 3.1"),
    "an unknown key": ("responses:", "answers: {}\nresponses:", 30, "unknown key 'answers'"),
    "a wrong type": ("title: Will I be sore?", "title: [sore]", 35, "'title' is a list, not text"),
    "a number for text": ("title: Will I be sore?", "title: 7", 35, "'title' is a number, not text"),
    "an empty title": ("title: Will I be sore?", 'title: ""', 35, "'title' is empty"),
    "no title": ("      title: Will I be sore?\n", "", 35, "'metadata' has no 'title'"),
    "no longer text": ("more: >-", "mores: >-", 36, "unknown key 'mores'"),
    "no sources with an id": ('{id: "003", section', "{section", 41, "has no 'id'"),
    "a source id that is a number": ('id: "003"', "id: 003", 41, "'id' is a number, not text"),
    "an unknown source": ("id: brady2014", "id: brady2015", 42, "the source 'brady2015' is unknown"),
    "an unknown claim": ("F001: a day", "F999: a day", 44, "the claim 'F999' is unknown"),
    "an unknown claim of the longer text": ("[F002]", "[F998]", 45, "the claim 'F998' in 'more_claims' is unknown"),
    "a claim in both lists": ("[F002]", "[F002, F001]", 45, "stands in both"),
    "an unknown topic to see": ("[human]", "[nobody]", 46, "the topic 'nobody' in 'see_also' is unknown"),
    "itself as topic to see": ("[human]", "[soreness]", 46, "names itself"),
    "a topic to see that is no list": ("[human]", "human", 46, "'see_also' is text, not a list"),
    "an unknown kind": ("title: Will", "kind: advice\n      title: Will", 35, "'kind' is 'advice'"),
    "a date that is none": ('"2027-05-21"', '"21 May 2027"', 49, "which is not a date"),
    "a day that is not in the calendar": ('"2027-05-21"', '"2027-02-30"', 49, "which is not a date"),
    "a date of another form": ('"2027-05-21"', '"20270521"', 49, "which is not a date"),
    "no review date": ('"2027-05-21"', '""', 49, "'review_by' is empty"),
    "a reviewer who signed on no day": ('reviewer: ""', "reviewer: R. Example", 47, "do not belong together"),
    "an unknown placeholder": ("Call {clinic_phone}", "Call {phone}", 32, "the placeholder {phone} is unknown"),
    "a brace": ("Call {clinic_phone}", "Call {{clinic_phone}", 32, "the text contains braces"),
    "a placeholder in the title": ("Will I be sore?", '"Sore, {clinic_name}?"', 35, "{clinic_name} is unknown here"),
    "another intent": ("faq/soreness\n", "faq/pain\n", 3, "the intent is 'faq/pain' in a file named soreness.yml"),
    "a slash": ("- does it ache on day 3", "- /restart", 7, "begins with '/'"),
    "an entity": ("- does it ache on day 3", "- does my [back](body_part) ache", 7, "holds brackets or braces"),
    "a brace in an example": ("- does it ache on day 3", "- does {it} ache", 7, "holds brackets or braces"),
    "no words": ("- does it ache on day 3", "- ???", 7, "holds no words"),
    "a line without dash": ("- does it ache on day 3", "does it ache on day 3", 7, "is no example"),
    "the same example twice": ("- does it ache on day 3", "- Does it ache, on day 2?", 7, "stands already at"),
    "an example of another topic": ("- does it ache on day 3", "- let me talk to person number 4", 7, "human.yml:8"),
    "two texts": ("  - text: >-", "  - text: Hello.\n  - text: >-", 32, "there are 2 texts"),
}  # fmt: skip


@pytest.mark.parametrize("old, new, line, message", SPOILED.values(), ids=SPOILED)
def test_a_spoiled_answer_is_refused_at_its_line(data: Data, old: str, new: str, line: int, message: str) -> None:
    data.replace(FILE, old, new)
    problems = [problem for problem in data.problems() if message in problem.message]

    assert len(problems) == 1, data.problems()
    assert problems[0].file == (data.folder / FILE).as_posix()
    assert problems[0].line == line
    assert str(problems[0]).startswith(f"{problems[0].file}:{line}: error: ")
    assert "What to do: " in str(problems[0])


def test_too_few_examples_are_refused(data: Data) -> None:
    data.replace(FILE, "    - does it ache on day 25\n", "")

    assert data.only_problem() == (FILE, 4, "there are 24 examples, fewer than 25")


def test_a_file_with_the_name_of_another_topic_is_refused(data: Data) -> None:
    (data.folder / FILE).rename(data.folder / "answers" / "aching.yml")
    problems = data.problems()

    assert {(problem.line, problem.message) for problem in problems} >= {
        (3, "the intent is 'faq/soreness' in a file named aching.yml"),
        (32, "the response is 'utter_faq/soreness' in a file named aching.yml"),
    }


def test_a_file_name_that_is_no_topic_name_is_refused(data: Data) -> None:
    data.write("answers/More Pain.yml", SORENESS)

    assert any("'More Pain.yml' is no name for a topic" in problem.message for problem in data.problems())


def test_a_file_that_is_no_answer_is_refused(data: Data) -> None:
    data.write("answers/notes.txt", "remember the milk")

    assert data.only_problem() == ("answers/notes.txt", 1, "this is not an answer file")


def test_all_problems_of_all_files_are_shown_at_once(data: Data) -> None:
    data.replace(FILE, "[human]", "[nobody]")
    data.replace("answers/human.yml", '"2027-05-21"', '"soon"')
    data.replace("clinic.yml", "timezone: America/Vancouver", "timezone: Mars/Olympus")

    assert len(data.problems()) == 3


def test_a_folder_without_answers_is_refused(data: Data) -> None:
    for path in (data.folder / "answers").iterdir():
        path.unlink()
    assert data.only_problem() == ("answers", 1, "there are no answers")

    (data.folder / "answers").rmdir()
    assert data.only_problem() == ("answers", 1, "the folder is missing")
