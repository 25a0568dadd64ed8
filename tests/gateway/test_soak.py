"""`python -m benchmarks.soak` counts right: the slope of the memory, and each answer of its patients."""

from __future__ import annotations

import random
from pathlib import Path

import httpx
import pytest

from benchmarks.load import TURNS
from benchmarks.soak import Clinic, memory, picture, slope, valleys
from tests.support.processes import Processes

pytestmark = pytest.mark.slow  # starts processes of its own

NAMES = ("whole", "engine", "gateway")


def test_the_slope_is_told_by_the_hour() -> None:
    samples = [{"at": 10 * number, "whole": 500 + number} for number in range(100)]
    assert slope(samples, "whole") == pytest.approx(360)
    assert slope([{**sample, "whole": 500} for sample in samples], "whole") == pytest.approx(0)


def test_what_erasing_takes_for_a_moment_does_not_count() -> None:
    samples = [{"at": 10 * number, "whole": 540 if number % 7 == 0 else 500} for number in range(205)]
    assert [sample["whole"] for sample in valleys(samples, "whole")] == [500] * 6
    assert slope(valleys(samples, "whole"), "whole") == pytest.approx(0)


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    samples = [{"at": 10 * number, **dict.fromkeys(NAMES, 500 + number)} for number in range(100)]
    picture(samples, dict.fromkeys(NAMES, 360.0), tmp_path / "soak.png")
    assert (tmp_path / "soak.png").read_bytes().startswith(b"\x89PNG")


async def test_a_patient_counts_each_answer(tmp_path: Path) -> None:
    both = Processes(tmp_path / "var")
    try:
        both.start_engine()
        both.start_gateway()
        clinic = Clinic(both.url, ["will I be sore?", "hello"], random.Random(1))
        async with httpx.AsyncClient(timeout=20) as client:
            for _ in range(3):
                await clinic.chat(client, 0)
        assert (clinic.answered, clinic.lost) == (3 * TURNS, 0)
        assert memory(both.running["gateway"].pid)["whole"] > 10
    finally:
        both.close()
