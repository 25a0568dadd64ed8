"""Answer files as trainers edit them: nothing else changes, and a change of the text takes the signature off."""

from __future__ import annotations

from datetime import date
from difflib import unified_diff
from pathlib import Path

import pytest

from gateway.studio.errors import StudioError
from gateway.studio.topics.topic_file import TopicFile
from knowledge import SourceRef
from tests.knowledge.conftest import SORENESS
from tests.knowledge.test_specific_answers import WITH

SHIPPED = sorted(Path("data/answers").glob("*.yml"))
COMMENTED = SORENESS.replace("  examples: |", "  # as patients ask\n  examples: |").replace(
    "      title: Will I be sore?", "      # short, please\n      title: Will I be sore?   # on the page"
)


def changed(old: str, new: str) -> list[str]:
    diff = list(unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0))[2:]
    return [line for line in diff if not line.startswith("@@")]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_file_changes_only_where_it_is_edited(path: Path) -> None:
    text = path.read_text("utf-8")
    file = TopicFile(path.stem, text)
    file.add_examples(["an example that nobody has thought of yet"])
    file.set_title("Another title?")
    diff = changed(text, file.text)

    assert "+    - an example that nobody has thought of yet" in diff
    assert "+      title: Another title?" in diff
    assert len(diff) == 3, diff


def test_comments_and_order_stay() -> None:
    file = TopicFile("soreness", COMMENTED)
    file.set_title("Sore?")
    file.set_see_also(["human", "needles"])

    assert "  # as patients ask\n" in file.text
    assert "      # short, please\n      title: Sore?" in file.text
    assert "# on the page" in file.text
    assert "      see_also: [human, needles]\n" in file.text
    assert list(file.text).count("#") == list(COMMENTED).count("#")


def test_a_comment_between_text_and_metadata_outlives_a_new_text() -> None:
    commented = SORENESS.replace("    metadata:", "    # who signs: see below\n    metadata:")
    file = TopicFile("soreness", commented)
    file.set_short("It aches. " * 30)

    assert "    # who signs: see below\n    metadata:\n" in file.text
    assert file.short == ("It aches. " * 30).strip()


def test_windows_line_ends_stay() -> None:
    file = TopicFile("soreness", SORENESS.replace("\n", "\r\n"))
    file.add_examples(["is it bad"])

    assert file.text.count("\r\n") == file.text.count("\n") == SORENESS.count("\n") + 1


def test_long_texts_are_folded_and_read_back_as_they_were() -> None:
    file = TopicFile("soreness", SORENESS)
    more = "First " + "word " * 60 + "end.\n\n- an item\n\n- another item"
    file.set_more(more)

    assert file.more == more
    assert max(map(len, file.text.splitlines())) <= 120


def test_an_example_is_taken_once_however_it_is_written() -> None:
    file = TopicFile("soreness", SORENESS)
    added = file.add_examples(["Does it ache on day 3?", "- is [it](x) bad?", "IS IT  X BAD", "?!", "/restart"])

    assert added.taken == ("is it x bad?", "restart")
    assert added.known == ("Does it ache on day 3?", "IS IT X BAD")
    assert [text for text, _ in added.refused] == ["?!"]
    assert file.examples[-2:] == ["is it x bad?", "restart"]


def test_ten_thousand_pasted_examples_are_taken() -> None:
    file = TopicFile("soreness", SORENESS)
    added = file.add_examples(f"pasted question {number}" for number in range(10_000))

    assert len(added.taken) == 10_000
    assert len(TopicFile("soreness", file.text).examples) == 10_025


def test_the_last_example_cannot_be_removed() -> None:
    file = TopicFile.new("cupping", ["what is cupping"])
    with pytest.raises(StudioError, match="last example"):
        file.remove_example("What is cupping?")


def test_a_topic_without_a_usable_example_is_refused() -> None:
    with pytest.raises(StudioError, match="needs an example"):
        TopicFile.new("cupping", ["  ", "[]"])


@pytest.mark.parametrize("html", ["<b>no</b>", "<script>x</script>", "see <!-- hidden -->", "a <a href='x'>link</a>"])
def test_html_is_refused(html: str) -> None:
    file = TopicFile("soreness", SORENESS)
    for put in (file.set_short, file.set_more, file.set_title):
        with pytest.raises(StudioError, match="HTML"):
            put(html)
    assert file.text == SORENESS


def test_less_than_as_a_sign_is_no_html() -> None:
    file = TopicFile("soreness", SORENESS)
    file.set_short("It lasts < 3 days.")

    assert file.short == "It lasts < 3 days."


def test_signing_writes_name_and_dates_and_a_new_text_takes_them_off() -> None:
    file = TopicFile("soreness", SORENESS)
    file.sign("Dr. Ada  Physio", date(2026, 11, 27), date(2027, 11, 27))
    assert file.review == ("Dr. Ada Physio", "2026-11-27", "2027-11-27")

    file.add_examples(["one more question"])
    assert file.review[0] == "Dr. Ada Physio"

    file.set_short("You may ache.")
    assert file.review == ("", "", "2027-11-27")


def test_a_change_of_sources_takes_the_signature_off() -> None:
    file = TopicFile("soreness", SORENESS)
    file.sign("Ada", date(2026, 11, 27), date(2027, 11, 27))
    file.set_sources([SourceRef("003", "after treatment"), SourceRef("brady2014", "")])
    assert file.review[0] == "Ada"

    file.set_sources([SourceRef("003", "after treatment"), SourceRef("000", "costs")])

    assert file.review[0] == ""
    assert '- {id: "000", section: "costs"}\n' in file.text


def test_a_draft_cannot_be_signed_before_it_is_complete() -> None:
    with pytest.raises(StudioError, match="not complete"):
        TopicFile.new("cupping", ["what is cupping"]).sign("Ada", date(2026, 11, 27), date(2027, 11, 27))


@pytest.mark.parametrize("text", ["nlu: [", "version: x\n", "nlu:\n- intent: faq/soreness\nresponses: {}\n"])
def test_a_broken_file_is_named_as_such(text: str) -> None:
    with pytest.raises(StudioError):
        TopicFile("soreness", text)


def test_the_examples_of_specific_answers_stay_with_them() -> None:
    file = TopicFile("soreness", WITH)
    file.remove_example("When does it stop aching?")
    file.add_examples(["is day 30 too long"])
    file.set_examples([*file.examples, "is day 31 too long"])

    general, own = file.text.split("- intent: faq/soreness.how_long")
    assert "    - is day 30 too long\n    - is day 31 too long\n" in general
    assert "    - how long will it ache\n" in own.split("responses:")[0]
    assert "when does it stop aching" not in file.text
    with pytest.raises(StudioError, match="last example of soreness"):
        file.remove_example("how long will it ache")


def test_specific_answers_are_renamed_with_their_topic() -> None:
    file = TopicFile("soreness", WITH)
    file.rename("aching")

    assert "soreness.how_long" not in file.text
    assert "- intent: faq/aching.how_long\n" in file.text
    assert "  utter_faq/aching.how_long:\n" in file.text
    assert TopicFile("aching", file.text).examples == TopicFile("soreness", WITH).examples
