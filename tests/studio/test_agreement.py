"""Reviewers label by themselves; kappa says how far they agree, and which topics are badly defined."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.storage.database import Database
from gateway.studio.errors import StudioError
from gateway.studio.inbox.agreement import Labels, agreement, badly_defined, by_topic, kappa
from gateway.studio.inbox.inbox import Inbox
from tests.support.shipped import shipped_personal

NOW = datetime(2026, 11, 27, tzinfo=UTC)
PERSONAL = shipped_personal()


def test_kappa_is_that_of_the_textbook() -> None:
    # Two raters, 50 grants: 20 both yes, 15 both no, 5 and 10 apart. Expected .50, so kappa is .40.
    pairs = [("y", "y")] * 20 + [("n", "n")] * 15 + [("y", "n")] * 5 + [("n", "y")] * 10
    assert kappa(pairs) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("pairs", "value"),
    [([], 0.0), ([("a", "a")], 1.0), ([("a", "b"), ("b", "a")], -1.0), ([("a", "a"), ("b", "b")], 1.0)],
)
def test_the_ends_of_the_scale(pairs: list[tuple[str, str]], value: float) -> None:
    assert kappa(pairs) == value


def test_the_interval_holds_kappa_and_shrinks_with_more_labels() -> None:
    pairs = [("a", "a"), ("b", "b"), ("a", "b"), ("c", "c"), ("b", "b")]
    few, many = agreement(pairs), agreement(pairs * 30)
    assert few.interval[0] <= few.kappa <= few.interval[1]
    assert many.interval[1] - many.interval[0] < few.interval[1] - few.interval[0]


def test_a_topic_that_reviewers_mix_up_is_badly_defined() -> None:
    pairs = [("cost", "cost")] * 20 + [("soreness", "side_effects")] * 4 + [("soreness", "soreness")] * 2
    found = badly_defined(by_topic(pairs), {"cost": 0.9, "needles": 0.5}, 0.6, 0.7)
    assert set(found) == {"soreness", "needles"}
    assert "most often taken for side_effects" in found["soreness"]
    assert "F1 0.50" in found["needles"]


def work(tmp_path: Path, do: Callable[[Labels, Inbox], Awaitable[None]]) -> None:
    async def run() -> None:
        database = Database(f"sqlite:///{tmp_path / 'x.sqlite3'}")
        await database.upgrade()
        try:
            await do(Labels(database, lambda: NOW), Inbox(database, PERSONAL, lambda: NOW))
        finally:
            await database.close()

    asyncio.run(run())


def test_a_reviewer_gets_first_what_somebody_else_has_labelled(tmp_path: Path) -> None:
    async def do(labels: Labels, inbox: Inbox) -> None:
        await inbox.bring(["one thing", "other thing"])
        await labels.set(2, "ana", "cost")
        first = await labels.next("ben")
        assert first and first.text == "other thing"
        await labels.set(2, "ben", "needles")
        await labels.set(2, "ben", "cost")
        assert await labels.pairs() == [("cost", "cost")]
        with pytest.raises(StudioError, match="no message 99"):
            await labels.set(99, "ben", "cost")
        await labels.set(1, "ben", "none")
        assert await labels.next("ben") is None

    work(tmp_path, do)


def test_labels_by_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMS_DATABASE", f"sqlite:///{tmp_path / 'x.sqlite3'}")
    monkeypatch.setenv("IMS_VAR", str(tmp_path / "var"))

    async def do(labels: Labels, inbox: Inbox) -> None:
        await inbox.bring(["one thing", "other thing"])

    work(tmp_path, do)
    run = CliRunner()
    assert "1: one thing" in run.invoke(app, ["inbox", "label", "--reviewer", "ana"]).stdout
    assert "2: other thing" in run.invoke(app, ["inbox", "label", "1", "cost", "--reviewer", "ana"]).stdout
    assert run.invoke(app, ["inbox", "label", "1", "no_such", "--reviewer", "ana"]).exit_code == 1
    assert "labelled by two" in run.invoke(app, ["agreement", "--measured", str(tmp_path / "none")]).stdout
    run.invoke(app, ["inbox", "label", "1", "cost", "--reviewer", "ben"])
    found = run.invoke(app, ["agreement", "--measured", str(tmp_path / "none")])
    assert "Kappa 1.00" in found.stdout
    (tmp_path / "bad.json").write_text("[")
    assert run.invoke(app, ["agreement", "--measured", str(tmp_path / "bad.json")]).exit_code == 1
