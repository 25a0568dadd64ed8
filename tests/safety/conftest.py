from pathlib import Path

import pytest

from safety import Net, Rules
from tests.support.shipped import shipped_net

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def net() -> Net:
    """Both halves, as the gateway has them."""
    net = shipped_net()
    assert net.fault is None
    return net


@pytest.fixture(scope="session")
def rules(net: Net) -> Rules:
    """The rules alone."""
    return net.rules
