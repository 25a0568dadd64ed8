"""Mistakes in the rules are told when the net is loaded, not found out by a patient."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from safety import Net

LEXICON = Path(__file__).resolve().parents[2] / "data" / "lexicon"


@pytest.fixture
def lexicon() -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for file in sorted(LEXICON.glob("red_flag*.yml")):
        whole.update(YAML(typ="safe").load(file.read_text(encoding="utf-8")))
    return whole


def test_a_rule_that_names_a_missing_list_is_refused(lexicon: dict[str, Any]) -> None:
    lexicon["signs"][0]["find"].append("NO_SUCH_LIST ~3 chest")
    with pytest.raises(ValueError, match="NO_SUCH_LIST"):
        Net(lexicon)


def test_context_words_given_twice_are_refused(lexicon: dict[str, Any]) -> None:
    lexicon["context"].append(dict(lexicon["context"][0]))
    with pytest.raises(ValueError, match="two entries"):
        Net(lexicon)


def test_a_new_line_under_find_is_enough_to_teach_a_wording(lexicon: dict[str, Any]) -> None:
    message = "my gubbins went kaputt"
    assert Net(lexicon).check(message) is None
    next(sign for sign in lexicon["signs"] if sign["id"] == "U06")["find"].append("gubbins ~3 kaputt")
    finding = Net(lexicon).check(message)
    assert finding is not None and finding.sign == "U06"
