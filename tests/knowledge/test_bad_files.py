"""Whatever a file holds, the reader answers with a KnowledgeError or not at all."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from knowledge import KnowledgeError
from knowledge.problems import Problem
from knowledge.yaml import MAX_BYTES, read
from tests.knowledge.conftest import FILES, Data
from tests.support.fuzzing import tries

BROKEN: dict[str, tuple[bytes, int, str]] = {
    "empty": (b"", 1, "the file holds nothing"),
    "comments alone": (b"# soon\n", 1, "the file holds nothing"),
    "a list": (b"- one\n- two\n", 1, "the file holds a list, not keys"),
    "text": (b"hello\n", 1, "the file holds text, not keys"),
    "malformed": (b"a: 1\nb: [1, 2\nc: 3\n", 3, "this is not valid YAML"),
    "badly indented": (b"a:\n  b: 1\n c: 2\n", 3, "this is not valid YAML"),
    "a tab": (b"a:\n\tb: 1\n", 2, "this is not valid YAML"),
    "two documents": (b"a: 1\n---\nb: 2\n", 2, "this is not valid YAML"),
    "binary": (b"a: 1\n\x89PNG\xff\xfe", 2, "the file is not UTF-8 text"),
    "control characters": (b"a: 1\nb: \x00\n", 2, "the file holds control characters"),
    "huge": (b"a: " + b"x" * MAX_BYTES, 1, "the file is larger than 1 MB"),
    "a Python object": (b"a: 1\nb: !!python/object/apply:os.system ['true']\n", 2, "the tag"),
    "a tag": (b"a: !secret x\n", 1, "the tag '!secret' is not allowed"),
    "a binary tag": (b"a: !!binary aGVsbG8=\n", 1, "the tag '!!binary' is not allowed"),
    "an anchor": (b"a: 1\nb: &b [1]\nc: *b\n", 2, "the anchor '&b' is not allowed"),
    "a billion laughs": (
        b"a: &a [x]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (i + 1, i + 1, i, i) for i in range(97, 120)),
        1,
        "the anchor '&a' is not allowed",
    ),
    "an alias of nothing": (b"a: *b\n", 1, "this is not valid YAML"),
    "a key twice": (b"a: 1\nb: 2\na: 3\n", 3, "the key 'a' stands twice"),
    "a key that is a list": (b"? [a, b]\n: 1\n", 1, "a key is not plain text"),
    "nested deeply": (b"a: " + b"[" * 30 + b"]" * 30, 1, "nested too deeply"),
    "nested beyond the parser": (b"a: " + b"[" * 600, 1, "this is not valid YAML"),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("raw, line, message", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_refused_at_its_line(data: Data, name: str, raw: bytes, line: int, message: str) -> None:
    path = data.write_bytes(name, raw)
    problems = [problem for problem in data.problems() if problem.file == path.as_posix()]

    assert len(problems) == 1
    assert problems[0].line == line
    assert message in problems[0].message


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("answers/")])
def test_a_missing_file_is_refused(data: Data, name: str) -> None:
    (data.folder / name).unlink()
    problems = [problem for problem in data.problems() if problem.file == (data.folder / name).as_posix()]

    assert [(problem.line, problem.message) for problem in problems] == [(1, "the file is missing")]


def test_a_folder_in_place_of_a_file_is_refused(data: Data) -> None:
    (data.folder / "clinic.yml").unlink()
    (data.folder / "clinic.yml").mkdir()

    assert "cannot be read" in data.only_problem()[2]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    data = Data(tmp_path / "data")
    data.folder = tmp_path / "nowhere"

    assert all("is missing" in problem.message for problem in data.problems())


SPOILED = {
    "an unknown kind of source": ("sources.yml", "document,", "rumour,", 2, "'kind' is 'rumour'"),
    "a source twice": ("sources.yml", "id: brady2014", 'id: "003"', 3, "the source '003' stands twice"),
    "a link that is none": ("sources.yml", "https://example.org/brady", "brady", 3, "is not a web address"),
    "a claim twice": ("claims.yml", "id: F002", "id: F001", 3, "the claim 'F001' stands twice"),
    "a claim without text": ("claims.yml", ", claim: It aches", "", 2, "has no 'claim'"),
    "a group with an unknown topic": ("groups.yml", "[soreness]", "[sorenes]", 2, "the topic 'sorenes' is unknown"),
    "a topic in two places": ("groups.yml", "[soreness]", "[soreness, soreness]", 2, "is already in 'After a visit'"),
    "a standard that is text": ("standards.yml", "examples: 25", "examples: many", 4, "not a whole number"),
    "an unknown value in a sentence": ("wording.yml", "{seconds}", "{minutes}", 3, "{minutes} is unknown here"),
    "a brace in a sentence": ("wording.yml", "{clinic_phone}", "{clinic phone}", 2, "the text contains braces"),
    "syllables that are text": ("lexicon/syllables.yml", "needle: 2", "needle: two", 1, "not a whole number"),
    "a pattern that is none": ("lexicon/overclaims.yml", r"\bcures?\b", "(cure", 3, "is no pattern"),
    "an allowed pattern that is none": ("lexicon/overclaims.yml", "no one can", "(no one can", 1, "is no pattern"),
    "a treatment without its full name": ("clinic.yml", ", in_full: IMS (dry needling)", "", 22, "no 'in_full'"),
    "an unknown time zone": ("clinic.yml", "America/Vancouver", "Mars/Olympus", 7, "'Mars/Olympus' is unknown"),
    "a region without numbers": ("clinic.yml", "region: BC", "region: AB", 6, "no phone numbers for the region 'AB'"),
    "a number that is missing": ("clinic.yml", ', crisis_line: "988"', "", 6, "'BC' has no 'crisis_line'"),
    "a number that is empty": ("clinic.yml", '"988"', '""', 6, "'crisis_line' is empty"),
    "an emergency line for less": ("clinic.yml", 'poison_line: "1", ', "", 6, "'BC' has no 'poison_line'"),
    "a number that is no text": ("clinic.yml", '"911"', "911", 6, "'emergency' is a number, not text"),
    "hours that end before they begin": ("clinic.yml", "13:00-17:00", "17:00-13:00", 9, "are no opening hours"),
    "hours that are none": ("clinic.yml", "13:00-17:00", "1 to 5", 9, "are no opening hours"),
    "hours that overlap": ("clinic.yml", "13:00-17:00", "11:00-17:00", 9, "the hours of monday overlap"),
    "a day that is missing": ("clinic.yml", "  saturday: []\n", "", 9, "the hours have no 'saturday'"),
    "a day that is none": ("clinic.yml", "saturday: []", "caturday: []", 14, "unknown key 'caturday'"),
    "a colour that is none": ("clinic.yml", "#1f6f5c", "green", 21, "the colour 'primary' is 'green'"),
    "a closure on no day": ("clinic.yml", "2026-12-24", "Christmas", 18, "which is not a date"),
    "no retention": ("clinic.yml", "retention_days: 30", "retention_days: 0", 20, "is less than 1"),
    "a site that is a page": (
        "clinic.yml", "demo: true", "website_origins: [https://a.ca/chat]\ndemo: true", 1, "'https://a.ca/chat' is not"
    ),
    "every site": ("clinic.yml", "demo: true", 'website_origins: ["*"]\ndemo: true', 1, "'*' is not the name of"),
    "consent that is text": ("clinic.yml", "consent_required: true", "consent_required: yes", 19, "not true or false"),
    "a link to book that is none": ("clinic.yml", "demo: true", "booking_link: x\ndemo: true", 1, "'x' is not a web"),
}  # fmt: skip


@pytest.mark.parametrize("name, old, new, line, message", SPOILED.values(), ids=SPOILED)
def test_a_spoiled_file_is_refused_at_its_line(
    data: Data, name: str, old: str, new: str, line: int, message: str
) -> None:
    data.replace(name, old, new)
    problems = [problem for problem in data.problems() if message in problem.message]

    assert len(problems) == 1, data.problems()
    assert problems[0].file == (data.folder / name).as_posix()
    assert problems[0].line == line


def test_the_sentence_in_place_of_a_booking_link_is_required(data: Data) -> None:
    data.replace("wording.yml", "unknown_booking_link", "booking")

    assert data.only_problem() == ("wording.yml", 1, "a sentence is missing")


def loads_or_refuses(name: str, raw: bytes) -> None:
    """Loads a good folder with one file replaced; anything but a KnowledgeError escapes."""
    with tempfile.TemporaryDirectory() as folder:
        data = Data(Path(folder) / "data")
        data.write_bytes(name, raw)
        try:
            data.load()
        except KnowledgeError as error:
            assert all(isinstance(problem, Problem) and problem.line >= 1 for problem in error.problems)


@tries(150)
@given(name=st.sampled_from(sorted(FILES)), raw=st.binary(max_size=300))
def test_random_bytes_never_raise_anything_else(name: str, raw: bytes) -> None:
    loads_or_refuses(name, raw)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.dates().map(str),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@tries(150)
@given(name=st.sampled_from(sorted(FILES)), choice=st.data())
def test_random_values_in_place_of_good_ones_never_raise_anything_else(name: str, choice: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        text = (Data(Path(folder) / "data").folder / name).read_text(encoding="utf-8")
        good = YAML(typ="safe", pure=True).load(text)
        container = good
        while True:
            keys = list(container) if isinstance(container, dict) else list(range(len(container)))
            key = choice.draw(st.sampled_from(keys))
            inner = container[key]
            if not (isinstance(inner, (dict, list)) and inner and choice.draw(st.booleans())):
                break
            container = inner
        container[key] = choice.draw(PLAIN)
        path = Path(folder) / "spoiled.yml"
        with path.open("w", encoding="utf-8") as file:
            YAML(typ="safe", pure=True).dump(good, file)
        loads_or_refuses(name, path.read_bytes())


@tries(300)
@given(text=st.text(alphabet="ab:-?[]{}&*!|>'\"#%@ \n\t1.~", max_size=80))
def test_text_full_of_yaml_signs_never_raises_anything_else(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.yml"
        path.write_text(text, encoding="utf-8")
        problems: list[Problem] = []
        assert (read(path, problems) is None) == bool(problems)
