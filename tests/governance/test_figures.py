"""The figures of README and docs can be repeated: each listed one is stated, and a change is told."""

from __future__ import annotations

import importlib.util
import shlex
import subprocess
from pathlib import Path

import pytest

from benchmarks.figures import Figure, figures, repeat

LISTED = figures()


@pytest.mark.parametrize("figure", LISTED, ids=[f"{f.page}: {f.stated}" for f in LISTED])
def test_a_listed_figure_is_stated_and_its_command_is_there(figure: Figure) -> None:
    assert figure.on_page()
    first, *words = shlex.split(figure.command)
    assert importlib.util.find_spec(words[1]) if first == "python" else Path(first).exists()


@pytest.fixture
def page(tmp_path: Path) -> Path:
    page = tmp_path / "page.md"
    page.write_text("right 95.6 %, refused 39 of 40, takes 20 ms")
    return page


def test_what_has_changed_is_told(page: Path) -> None:
    share = Figure("x", r"right (\d+)/(\d+)", page, r"right ([\d.]+) %")
    assert share.judge("right 151/158") == "same"
    assert share.judge("right 150/158") == "stated 95.6, measured 94.9"
    counts = Figure("x", r"refused (\d+)/(\d+)", page, r"refused (\d+) of (\d+)")
    assert (counts.judge("refused 39/40"), counts.judge("refused 38/40")) == (
        "same",
        "stated 39 of 40, measured 38 of 40",
    )
    time = Figure("x", r"([\d.]+) ms", page, r"takes (\d+) ms", within=0.3)
    assert (time.judge("25.2 ms"), time.judge("31 ms")) == ("same", "stated 20, measured 31")
    assert "does not tell it" in time.judge("nothing")


def test_a_figure_that_is_not_stated_any_more_is_an_error(page: Path) -> None:
    with pytest.raises(ValueError, match="does not state it"):
        Figure("x", r"(\d+)", page, r"wrong ([\d.]+) %").on_page()


def test_a_run_goes_on_where_it_was_until_something_changes(page: Path, tmp_path: Path) -> None:
    two = [Figure(name, r"(\d+) ms", page, r"takes (\d+) ms") for name in ("quick", "slow", "quick")]
    ran: list[str] = []

    def run(command: str) -> str:
        ran.append(command)
        if ran == ["quick", "slow"]:
            raise subprocess.CalledProcessError(1, command)
        return "20 ms"

    kept = tmp_path / "results" / "figures.json"
    assert [verdict for _, verdict in repeat(two, kept, "one", run)] == [
        "same",
        "'slow' failed (CalledProcessError)",
        "same",
    ]
    assert [verdict for _, verdict in repeat(two, kept, "one", run)] == ["same"] * 3
    assert ran == ["quick", "slow", "slow"]
    repeat(two, kept, "another", run)
    assert ran[3:] == ["quick", "slow"]
