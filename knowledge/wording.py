"""The assistant's own sentences: greeting, apologies, what it says when it cannot answer (``data/wording.yml``).

A sentence is written as plain text, or as ``{text, values}`` where ``values`` names what the code fills in besides
the clinic's own facts::

    rate_limited:
      text: Please wait {seconds} seconds and try again.
      values: [seconds]
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from knowledge.placeholders import CLINIC, check_placeholders
from knowledge.problems import Problem
from knowledge.yaml import Section, read


@dataclass(frozen=True)
class Sentence:
    """A sentence with placeholders, and the names of those that the caller has to give."""

    text: str
    values: tuple[str, ...]


def read_wording(path: Path, problems: list[Problem]) -> dict[str, Sentence]:
    """All sentences by key."""
    file = read(path, problems)
    if file is None:
        return {}
    file.only("wording")
    section = file.section("wording")
    return {key: _sentence(section, key) for key in section.values}


def _sentence(section: Section, key: str) -> Sentence:
    values: tuple[str, ...] = ()
    if isinstance(section.values[key].plain, dict):
        section = section.section(key)
        section.only("text", "values")
        values = tuple(section.texts("values"))
        key = "text"
    text = section.text(key)
    check_placeholders(section, text, section.line_of(key), allowed=(*CLINIC, *values))
    return Sentence(text, values)
