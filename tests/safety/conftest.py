from pathlib import Path

import pytest

from safety import Net

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def net() -> Net:
    return Net.load(ROOT / "data")
