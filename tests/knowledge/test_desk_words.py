"""What the front desk's pages offer: reasons for closing, and replies that promise nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from knowledge import Knowledge
from knowledge.check import findings
from knowledge.desk import DeskWords, ReadyReply, read_desk
from knowledge.problems import Problem
from tests.support.shipped import shipped_knowledge


def test_an_assistant_without_this_file_has_none(tmp_path: Path) -> None:
    assert read_desk(tmp_path / "desk.yml", []) == DeskWords()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("replies:\n- {name: Hi, text: 'Call {somebody}.'}\nclosing: []\n", "{somebody} is unknown"),
        ("closing:\n- {id: a, words: One}\n- {id: a, words: Two}\nreplies: []\n", "'a' is there twice"),
        (
            "closing: []\nreplies: []\ntags:\n- {id: b, words: One}\n- {id: b, words: Two}\n",
            "'b' is there twice under tags",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_at_its_line(tmp_path: Path, text: str, message: str) -> None:
    problems: list[Problem] = []
    (tmp_path / "desk.yml").write_text(text)
    read_desk(tmp_path / "desk.yml", problems)
    assert [message in problem.message for problem in problems] == [True]


@pytest.mark.slow
def test_a_ready_reply_may_promise_as_little_as_an_answer() -> None:
    shipped = shipped_knowledge()
    assert shipped.desk.replies and shipped.desk.closing

    def found(knowledge: Knowledge) -> list[str]:
        said = [problem.message for problem in findings(knowledge, date(2026, 11, 30))]
        return [message for message in said if "Heat" in message or "desk.yml" in message]

    assert found(shipped) == []
    words = replace(shipped.desk, replies=(ReadyReply("Heat", "Heat will cure you."),))
    assert len(found(replace(shipped, desk=words))) == 1
