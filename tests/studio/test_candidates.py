"""Old chats and FAQ lists come in whatever program saved them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.studio.errors import StudioError
from gateway.studio.inbox.question_lists import LONGEST, MOST_FAQ, ListedQuestion, ListFile, faq, from_csv, name_for

Read = Callable[[ListFile], list[ListedQuestion]]


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> ListFile:
    file = folder / name
    file.write_bytes(text.encode(encoding))
    return ListFile.read(file)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_read_in_any_usual_encoding(tmp_path: Path, encoding: str, delimiter: str) -> None:
    lines = (("question", "answer"), ("Wie läuft es?", "Gut – danke."), ("Tut es weh?", "Kaum é."))
    file = write(tmp_path, "faq.csv", "\n".join(delimiter.join(line) for line in lines), encoding)

    assert from_csv(file) == [ListedQuestion("Wie läuft es?", "Gut – danke."), ListedQuestion("Tut es weh?", "Kaum é.")]


def test_of_a_chat_only_what_patients_wrote_counts(tmp_path: Path) -> None:
    file = write(tmp_path, "chat.csv", "author,message\npatient,is it sore\nstaff,a bit\nPatient,is it sore\n")
    assert from_csv(file) == [ListedQuestion("is it sore", "")]


def test_a_table_without_headings_is_read_by_its_longest_column(tmp_path: Path) -> None:
    file = write(tmp_path, "old.csv", "1,how long will I be sore\n2,can I swim after it\n")
    assert [asked.question for asked in from_csv(file)] == ["how long will I be sore", "can I swim after it"]


def test_questions_of_a_saved_page_come_with_their_answers(tmp_path: Path) -> None:
    page = """<html><head><script>var a = "is this one?"</script></head><body>
    <nav><h2>Menu?</h2></nav>
    <h2>Do you treat horses?</h2><p>Yes, on <b>Mondays</b>.</p><ul><li>Not in &amp; after rain</li></ul>
    <p><strong>Is it safe?</strong></p><p>Mostly.</p>
    <h2>About us</h2><p>We are here.</p></body>"""
    assert faq(write(tmp_path, "page.html", page)) == [
        ListedQuestion("Do you treat horses?", "Yes, on Mondays.\nNot in & after rain"),
        ListedQuestion("Is it safe?", "Mostly."),
    ]


def test_questions_marked_up_for_search_engines_are_preferred(tmp_path: Path) -> None:
    page = """<script type="application/ld+json">{"@graph": [{"@type": "FAQPage", "mainEntity": [
    {"@type": "Question", "name": "Does it hurt?", "acceptedAnswer": {"text": "<p>A <i>little</i>.</p>"}}]}]}</script>
    <h2>Something else?</h2><p>No.</p>"""
    assert faq(write(tmp_path, "page.html", page)) == [ListedQuestion("Does it hurt?", "A little.")]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"<html></html>", b"\x00\x01\x02"])
@pytest.mark.parametrize("name", ["x.csv", "x.html"])
def test_what_holds_no_question_is_refused_in_a_sentence(name: str, content: bytes) -> None:
    try:
        found = faq(ListFile(name, content))
    except StudioError as error:
        assert "What to do" in str(error)
    else:
        assert name == "x.csv" and all(asked.question.strip() for asked in found)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="cannot be read"):
        ListFile.read(tmp_path / "none.csv")


def test_names_are_made_of_the_words_that_matter() -> None:
    assert name_for("Do you treat horses?", set()) == "treat_horses"
    assert name_for("Do you treat horses?", {"treat_horses"}) == "treat_horses_2"
    assert name_for("¿?", set()) == "topic"
    assert name_for("3 2 1", set()) == "topic"


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"PK\x03\x04", "Excel"),
        (b"\xd0\xcf\x11\xe0", "old Excel"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8b", "packed"),
        (b"\x89PNG\r\n", "not text"),
    ],
)
@pytest.mark.parametrize("read", [faq, from_csv])
def test_a_file_of_another_program_is_named_for_what_it_is(start: bytes, words: str, read: Read) -> None:
    with pytest.raises(StudioError, match=f"{words}.*What to do"):
        read(ListFile("list.csv", start + bytes(range(1, 256)) * 20))


def test_lines_that_end_as_on_an_old_mac_are_lines(tmp_path: Path) -> None:
    assert from_csv(write(tmp_path, "mac.csv", "question\ris it loud\rcan I swim\r")) == [
        ListedQuestion("is it loud", ""),
        ListedQuestion("can I swim", ""),
    ]


@pytest.mark.parametrize("heads", ["Questions,Answers", "Question text,Our answer", "FAQ question,The reply"])
def test_headings_may_say_a_little_more(tmp_path: Path, heads: str) -> None:
    file = write(tmp_path, "faq.csv", f"{heads}\nIs it loud?,Yes\n")
    assert faq(file) == [ListedQuestion("Is it loud?", "Yes")]


def test_a_first_question_is_not_taken_for_headings(tmp_path: Path) -> None:
    file = write(tmp_path, "old.csv", "Any questions?\nis there a question that people often ask\n")
    assert len(from_csv(file)) == 2


def test_a_page_is_read_as_one_whatever_its_name(tmp_path: Path) -> None:
    page = "<!-- saved -->\n<!doctype html><html><body><h2>Is it loud?</h2><p>Yes</p></body></html>"
    assert faq(write(tmp_path, "page.csv", page)) == [ListedQuestion("Is it loud?", "Yes")]
    with pytest.raises(StudioError, match="import-faq"):
        from_csv(write(tmp_path, "page.txt", page))


def test_a_page_that_a_browser_saved_with_its_pictures_is_read(tmp_path: Path) -> None:
    page = (
        "From: <Saved by a browser>\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x\n"
        "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
        "<html><h2>Is it lo=\nud?</h2><p>Yes =E2=80=93 a bit</p></html>\n--x\nContent-Type: image/png\n\nxx\n--x--\n"
    )
    assert faq(write(tmp_path, "page.mhtml", page)) == [ListedQuestion("Is it loud?", "Yes – a bit")]


def test_a_mark_that_is_not_closed_swallows_no_questions(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="quotation mark"):
        from_csv(write(tmp_path, "faq.csv", 'question,answer\n"Is it loud?,yes\nCan I swim?,no\n'))
    assert (
        len(from_csv(write(tmp_path, "odd.csv", 'question,answer\n"Is it "loud" there?",yes\nCan I swim?,no\n'))) == 2
    )


def test_what_is_too_long_for_a_question_is_left_out(tmp_path: Path) -> None:
    file = write(tmp_path, "faq.csv", f"question\n{'word ' * LONGEST}\n{'a' * 200_000}\nis it loud\n")
    assert from_csv(file) == [ListedQuestion("is it loud", "")]


def test_a_list_too_long_for_drafts_is_refused(tmp_path: Path) -> None:
    many = "".join(f"is number {number} loud\n" for number in range(MOST_FAQ + 1))
    file = write(tmp_path, "faq.csv", f"question\n{many}")

    assert len(from_csv(file)) == MOST_FAQ + 1
    with pytest.raises(StudioError, match="inbox import"):
        faq(file)
