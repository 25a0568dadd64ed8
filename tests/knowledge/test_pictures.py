"""Pictures are checked before patients see them: the drawing is there, harmless, and told in words."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import Knowledge
from tests.knowledge.conftest import Data
from tests.support.fuzzing import tries

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
DRAWN = """\
pictures:
- id: hours
  title: The hours after
  topics: [soreness]
  sources: ["003"]
  words: An ache for a day or two.
"""
TABLE = """\
pictures:
- id: compared
  title: Side by side
  topics: [soreness]
  sources: ["003"]
  columns: [IMS, Rest]
  rows:
  - {about: Ache, cells: [a day, none]}
"""


def drawn(data: Data, pictures: str = DRAWN, svg: str | None = SVG) -> list[str]:
    """What is wrong with these pictures."""
    data.write("pictures.yml", pictures)
    (data.folder / "pictures").mkdir()
    if svg is not None:
        (data.folder / "pictures" / "hours.svg").write_text(svg, encoding="utf-8")
    return [problem.message for problem in Knowledge.read(data.folder)[1]]


PIECES = (
    *("<!DOCTYPE svg [<!ENTITY a 'aa'>]>", "&a;", "&#0;", "<?xml version='1.0' encoding='utf-16'?>", "<svg ", ">", "é"),
    *("xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'", "<g ", "onload='x'", "</svg>", "</g>", "<!--"),
)


@tries(150)
@given(
    content=st.binary(max_size=200)
    | st.lists(st.sampled_from(PIECES)).map(lambda pieces: "".join(pieces).encode())
    | st.just(b"<g>" * 9_000)
)
def test_any_drawing_is_taken_or_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Data(Path(folder) / "data")
        data.write("pictures.yml", DRAWN)
        (data.folder / "pictures").mkdir()
        (data.folder / "pictures" / "hours.svg").write_bytes(content)
        problems = Knowledge.read(data.folder)[1]
        assert problems or content.startswith(b"<svg ")


def test_a_good_picture_belongs_to_its_topics(data: Data) -> None:
    before = data.load().topics["soreness"].version
    assert drawn(data) == []
    topics = data.load().topics
    assert topics["soreness"].picture and topics["soreness"].picture.words == "An ache for a day or two."
    assert topics["human"].picture is None
    assert topics["soreness"].version != before, "who signs an answer signs its picture"


def test_a_table_needs_no_drawing(data: Data) -> None:
    assert drawn(data, TABLE, None) == []
    picture = data.load().topics["soreness"].picture
    assert picture and picture.table and picture.table.rows == (("Ache", "a day", "none"),)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  words: An ache for a day or two.\n", "", "has no 'words'"),
        ("An ache", "Call {nobody}", "the placeholder {nobody} is unknown"),
        ("[soreness]", "[nothing]", "the topic 'nothing' is unknown"),
        ('["003"]', "[nowhere]", "the source 'nowhere' is unknown"),
        ('["003"]', "[]", "the picture names no source"),
        ("id: hours", "id: days", "there is no drawing days.svg"),
    ],
)
def test_a_spoiled_entry_is_refused(data: Data, old: str, new: str, message: str) -> None:
    assert any(message in problem for problem in drawn(data, DRAWN.replace(old, new)))


@pytest.mark.parametrize(
    ("svg", "message"),
    [
        (SVG.replace("<rect", "<script>alert(1)</script><rect"), "has an element 'script'"),
        (SVG.replace("<rect", '<rect onclick="x()"'), "has an attribute 'onclick'"),
        (SVG.replace("<rect", '<rect style="fill:red"'), "has an attribute 'style'"),
        (SVG.replace("<rect", "<image/><rect"), "has an element 'image'"),
        (SVG.replace(' viewBox="0 0 9 9"', ""), "has no viewBox"),
        (SVG.replace("</svg>", ""), "is not valid SVG"),
        (SVG.replace("<rect", '<rect data-part="knee"'), "the part 'knee' stands only in one"),
        (SVG.replace("<rect", f"<path d='{'M0 0 ' * 5000}'/><rect"), "is larger than 20 kB"),
    ],
)
def test_a_drawing_that_could_do_harm_or_does_not_fit_is_refused(data: Data, svg: str, message: str) -> None:
    assert any(message in problem for problem in drawn(data, svg=svg))


def test_a_drawing_that_no_picture_uses_is_told(data: Data) -> None:
    assert "no picture uses this file" in drawn(data, TABLE)


def test_a_topic_has_one_picture(data: Data) -> None:
    both = DRAWN + TABLE.removeprefix("pictures:\n")
    assert "the topic 'soreness' has a picture already, hours" in drawn(data, both)


def test_a_row_has_a_cell_for_each_column(data: Data) -> None:
    assert "the row has 1 cells, not 2" in drawn(data, TABLE.replace("[a day, none]", "[a day]"), None)
