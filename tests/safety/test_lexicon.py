"""Mistakes in the rules are told when they are loaded, not found out by a patient."""

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from safety import Rules, RulesError
from tests.support.fuzzing import tries

VALUES = st.none() | st.text(max_size=5) | st.integers() | st.lists(st.integers() | st.text(max_size=5), max_size=3)
LEXICON = Path(__file__).resolve().parents[2] / "data" / "lexicon"


@pytest.fixture
def lexicon() -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for file in sorted(LEXICON.glob("red_flag*.yml")):
        whole.update(YAML(typ="safe").load(file.read_text(encoding="utf-8")))
    return whole


@tries(60)
@given(content=st.binary(max_size=200) | st.text(alphabet="ab:-?[]{}&*!|>'\"#%@ \n\t1.~", max_size=60).map(str.encode))
def test_any_file_of_rules_is_refused_in_our_own_words(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "lexicon").mkdir()
        (Path(folder) / "lexicon" / "red_flags.yml").write_bytes(content)
        with pytest.raises(RulesError, match="What to do: fix the file"):
            Rules.load(Path(folder))


@pytest.mark.slow
@tries(8)
@given(name=st.sampled_from(["signs", "context", "words", "bridge", "voids"]), value=VALUES)
def test_any_rules_of_another_shape_are_taken_or_refused(name: str, value: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(LEXICON, Path(folder) / "lexicon")
        with (Path(folder) / "lexicon" / "red_flags_other.yml").open("w", encoding="utf-8") as file:
            YAML(typ="safe", pure=True).dump({name: value}, file)
        with contextlib.suppress(RulesError):
            Rules.load(Path(folder))


def test_a_rule_that_names_a_missing_list_is_refused(lexicon: dict[str, Any]) -> None:
    lexicon["signs"][0]["find"].append("NO_SUCH_LIST ~3 chest")
    with pytest.raises(ValueError, match="NO_SUCH_LIST"):
        Rules(lexicon)


def test_context_words_given_twice_are_refused(lexicon: dict[str, Any]) -> None:
    lexicon["context"].append(dict(lexicon["context"][0]))
    with pytest.raises(ValueError, match="two entries"):
        Rules(lexicon)


def test_a_new_line_under_find_is_enough_to_teach_a_wording(lexicon: dict[str, Any]) -> None:
    message = "my gubbins went kaputt"
    assert Rules(lexicon).check(message) is None
    next(sign for sign in lexicon["signs"] if sign["id"] == "U06")["find"].append("gubbins ~3 kaputt")
    finding = Rules(lexicon).check(message)
    assert finding is not None and finding.sign == "U06"
