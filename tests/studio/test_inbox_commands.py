"""The inbox by command line: teaching a group, and taking that back."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.studio.meaning import Meaning
from tests.support.studio_site import encode, small_data

LIST = "question\ndoes it ache on day 77 or so\ndoes it ache on day 78 or so\nhow much is the parking\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    small_data(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    for name in ("DATA", "VAR"):
        monkeypatch.setenv(f"IMS_{name}", str(tmp_path / name.lower()))
    monkeypatch.setattr(Meaning, "_by_engine", lambda _, texts: encode(texts))
    (tmp_path / "asked.csv").write_text(LIST)
    return tmp_path


def ims(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code, result.output
    return result.output


def test_what_was_taught_begun_and_put_aside_is_undone_one_by_one(folder: Path) -> None:
    assert "Took in 3 messages" in ims("inbox", "import", "asked.csv")
    topic = folder / "data" / "answers" / "soreness.yml"
    before = topic.read_bytes()
    assert "soreness has 2 more examples." in ims("inbox", "teach", "1", "soreness", "--by", "Kim")
    assert "parking has 1 examples." in ims("inbox", "teach", "3", "parking", "--new", "--by", "Kim")
    assert topic.read_bytes() != before
    assert "nothing of yours" in ims("inbox", "undo", "--by", "Lee", code=1)

    assert "Undone for parking: 1 messages are back in the inbox." in ims("inbox", "undo", "--by", "Kim")
    assert not list((folder / "drafts").iterdir())
    assert "Undone for soreness: 2 messages are back in the inbox." in ims("inbox", "undo", "--by", "Kim")
    assert topic.read_bytes() == before
    assert "Dismissed 2 messages." in ims("inbox", "dismiss", "1", "--by", "Kim")
    assert "Undone: 2 messages are back in the inbox." in ims("inbox", "undo", "--by", "Kim")
    assert "nothing of yours" in ims("inbox", "undo", "--by", "Kim", code=1)
