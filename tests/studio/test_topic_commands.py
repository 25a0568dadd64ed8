"""`ims topic ...` as a programmer types it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli.main import app
from tests.knowledge.conftest import Data

Ims = Callable[..., Result]


@pytest.fixture
def ims(data: Data, monkeypatch: pytest.MonkeyPatch) -> Ims:
    monkeypatch.setenv("IMS_DATA", str(data.folder))
    monkeypatch.setenv("IMS_VAR", str(data.folder.parent / "var"))

    def run(*arguments: str, typed: str | bytes | None = None) -> Result:
        return CliRunner().invoke(app, ["topic", *arguments], input=typed)

    return run


def test_a_topic_from_the_first_question_to_retirement(ims: Ims, data: Data) -> None:
    questions = "\n".join(f"what is cupping {number}" for number in range(30))
    assert ims("new", "cupping", "--from", "-", "--title", "What is cupping?", typed=questions).exit_code == 0
    assert "lacks: short, more, review-by, sources" in ims("show", "cupping").stdout.replace("\n", " ")
    parts = ("--short", "Cups on skin.", "--more", "-", "--source", "003:cups", "--review-by", "2027-05-21")
    assert ims("set", "cupping", *parts, "--see-also", "human", typed="Cups on skin.\n\n- for a while").exit_code == 0
    assert ims("adopt", "cupping").exit_code == 0
    assert ims("rename", "cupping", "cups").exit_code == 0
    assert ims("examples", "cups").stdout.count("\n") == 30
    assert data.load().topics["cups"].more == "Cups on skin.\n\n- for a while"
    assert ims("merge", "cups", "human").exit_code == 0
    assert len(data.load().topics["human"].examples) == 55
    assert "merged into human" in ims("history", "cups").stdout


def test_a_signature_holds_until_the_text_changes(ims: Ims, data: Data) -> None:
    signed = ims("sign", "soreness", "--reviewer", "Ada Physio", "--review-by", "2099-05-21")
    assert signed.exit_code == 0
    assert data.load().topics["soreness"].reviewer == "Ada Physio"
    assert ims("set", "soreness", "--short", "You may ache for a day or two.").exit_code == 0
    assert data.load().topics["soreness"].reviewer == ""


def test_what_cannot_be_done_is_said_in_a_sentence(ims: Ims) -> None:
    for arguments in (
        ("show", "nothing"),
        ("set", "soreness", "--review-by", "soon"),
        ("set", "soreness", "--source", "nowhere"),
        ("retire", "../clinic"),
        ("sign", "soreness", "--reviewer", " ", "--review-by", "2099-01-01"),
        ("sign", "soreness", "--reviewer", "Ada", "--review-by", "2020-01-01"),
        ("remove", "soreness", "no such example"),
        ("revert", "soreness", "abc"),
    ):
        result = ims(*arguments)
        assert result.exit_code == 1
        assert "What to do" in result.stderr, arguments
        assert "Traceback" not in result.stderr


def test_examples_in_a_wrong_encoding_are_refused(ims: Ims, tmp_path: Path) -> None:
    file = tmp_path / "examples.txt"
    file.write_bytes("tut es weh, Jörg?\n".encode("latin-1"))
    result = ims("add", "soreness", "--from", str(file))

    assert result.exit_code == 1
    assert "UTF-8" in result.stderr
