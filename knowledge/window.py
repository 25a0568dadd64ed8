"""What the chat window offers besides answers (``data/window.yml``): questions to begin with, and under which answers
patients can call or book with one tap.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from knowledge.problems import Problem
from knowledge.yaml import Section, read


@dataclass(frozen=True)
class Starter:
    """A question to begin with: its words, and what it asks for."""

    label: str
    intent: str
    answer: str = ""  # the specific answer that it leads to, without asking the engine


@dataclass(frozen=True)
class Window:
    """Nothing of it is needed: an assistant without the file has a window without starters."""

    starters: tuple[Starter, ...] = ()
    reach_under: tuple[str, ...] = ()


def read_window(path: Path, problems: list[Problem]) -> Window:
    """What the file says; topics that this assistant does not have are passed over where they would be shown."""
    if not path.exists():
        return Window()
    file = read(path, problems)
    if file is None:
        return Window()
    file.only("starters", "reach_under")
    return Window(tuple(map(_starter, file.sections("starters"))), tuple(file.texts("reach_under")))


def _starter(section: Section) -> Starter:
    section.only("label", "intent")
    return Starter(section.text("label"), section.text("intent"))
