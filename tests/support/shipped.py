"""What the assistant is shipped with, read once in each process of the tests: to read it takes a second or two."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from gateway.studio.personal import Personal
from knowledge import Knowledge
from safety import Net

DATA = Path("data")


@cache
def shipped_knowledge() -> Knowledge:
    """All of `data/`."""
    return Knowledge.load(DATA)


@cache
def shipped_net() -> Net:
    """Both halves of the red-flag net."""
    return Net.load(DATA)


@cache
def shipped_personal() -> Personal:
    """What removes personal details."""
    return Personal.load(DATA)
