"""Every fix stays fixed: cases come from teaching, follow their topic, and go only with a reason."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.studio.errors import StudioError
from gateway.studio.topics.changes import Changes
from gateway.studio.topics.regressions import live_cases, missing, outcomes, read_cases, retired, with_cases
from gateway.studio.topics.topics import Topics
from gateway.studio.understanding import Understood
from tests.knowledge.conftest import Data

TODAY = date(2026, 11, 27)


def cases(data: Data) -> list[tuple[str, str]]:
    return [(case.message, case.topic) for case in read_cases(data.folder)[0]]


def test_what_is_taught_becomes_an_example_and_a_case_in_one_change(data: Data, topics: Topics) -> None:
    topics.teach("soreness", ["why does it ache"])
    assert "why does it ache" in topics.open("soreness").examples
    assert cases(data) == [("why does it ache", "soreness")]
    (case,) = read_cases(data.folder)[0]
    assert (case.by, case.since) == ("Kim", date.today().isoformat())

    topics.teach("soreness", ["Why does it ache?"])
    assert len(cases(data)) == 1


def test_cases_of_a_draft_wait_until_it_is_a_topic(data: Data, topics: Topics) -> None:
    topics.begin("cupping", ["what is cupping"])
    assert cases(data) == [("what is cupping", "cupping")]
    assert live_cases(data.folder) == []


def test_cases_follow_a_renamed_and_a_merged_topic(data: Data, topics: Topics) -> None:
    topics.teach("soreness", ["why does it ache"])
    topics.rename("soreness", "ache")
    assert cases(data) == [("why does it ache", "ache")]
    topics.merge("ache", "human")
    assert cases(data) == [("why does it ache", "human")]


def test_cases_of_a_retired_topic_are_kept_with_the_reason(data: Data, topics: Topics) -> None:
    topics.teach("soreness", ["why does it ache"])
    before = data.folder.parent / "before"
    import shutil

    shutil.copytree(data.folder, before)
    topics.retire("soreness")
    assert cases(data) == []
    (case,) = read_cases(data.folder)[1]
    assert "the topic soreness was retired (Kim" in case.why
    assert missing(before, data.folder) == []


def test_a_case_is_retired_with_a_reason_only(data: Data, topics: Topics) -> None:
    topics.teach("soreness", ["why does it ache", "is the ache bad"])
    with pytest.raises(StudioError, match="without a reason"):
        retired(data.folder, "why does it ache", " ", "Kim", TODAY)
    with pytest.raises(StudioError, match="no such case"):
        retired(data.folder, "something else", "wrong", "Kim", TODAY)
    Changes(data.folder, data.folder.parent / "var").make(
        retired(data.folder, "why does it ache", "it is about something else", "Kim", TODAY)
    )
    active, gone = read_cases(data.folder)
    assert [case.message for case in active] == ["is the ache bad"]
    assert gone[0].why == "it is about something else (Kim, 2026-11-27)"


def test_a_case_that_went_without_a_word_is_found(data: Data, topics: Topics) -> None:
    topics.teach("soreness", ["why does it ache"])
    import shutil

    before = shutil.copytree(data.folder, data.folder.parent / "before")
    (data.folder / "regressions" / "soreness.yml").unlink()
    assert [case.message for case in missing(before, data.folder)] == ["why does it ache"]


def test_comments_in_the_file_stay(data: Data, topics: Topics) -> None:
    topics.teach("soreness", ["why does it ache"])
    file = data.folder / "regressions" / "soreness.yml"
    file.write_text(f"# ours\n{file.read_text()}")
    topics.teach("soreness", ["is the ache bad"])
    assert file.read_text().startswith("# ours\n")
    assert len(cases(data)) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("topic: soreness\ncases:\n- {message: a, note: b}\n", "unknown key 'note'"),
        ("cases: []\n", "topic"),
        ("topic: soreness\nretired:\n- {message: a}\n", "no 'why'"),
        ("topic: soreness\ncases: [", "regressions/soreness.yml"),
        ("topic: soreness\ncases: [text]\n", "soreness.yml:2"),
    ],
)
def test_a_broken_file_is_told_with_its_line(data: Data, text: str, said: str) -> None:
    data.write("regressions/soreness.yml", text)
    with pytest.raises(StudioError, match=said):
        read_cases(data.folder)


def test_a_case_is_right_when_its_topic_is_among_the_answers(data: Data) -> None:
    Changes(data.folder, data.folder.parent / "var").make(
        with_cases(data.folder, "soreness", ["a b", "c d", "e f"], "Kim", TODAY)
    )
    said = [
        Understood(("human", "soreness"), (), "faq"),
        Understood(("human",), (), "faq"),
        Understood((), ("soreness",), "clarify"),
    ]
    found = outcomes(live_cases(data.folder), said)
    assert [outcome.right for outcome in found] == [True, False, False]
    assert [outcome.now.words for outcome in found] == ["human and soreness", "human", "did you mean soreness"]
