"""How the topics are grouped where all of them are listed (``data/groups.yml``)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from knowledge.problems import Problem
from knowledge.yaml import Section, read

OTHERS = "others"


@dataclass(frozen=True)
class Group:
    """Topics that belong together, in the order in which they are read."""

    name: str
    title: str
    topics: tuple[str, ...]


def read_groups(path: Path, topics: Collection[str], problems: list[Problem]) -> tuple[Group, ...]:
    """All groups in order; topics that none names come last, under the title ``others``."""
    file = read(path, problems)
    if file is None:
        return ()
    file.only("groups", OTHERS)
    seen: dict[str, str] = {}
    groups = [_group(section, topics, seen) for section in file.sections("groups")]
    rest = Group(OTHERS, file.text(OTHERS), tuple(topic for topic in topics if topic not in seen))
    return tuple(group for group in (*groups, rest) if group.topics)


def _group(section: Section, topics: Collection[str], seen: dict[str, str]) -> Group:
    section.only("name", "title", "topics")
    title = section.text("title")
    for name, line in section.texts_with_lines("topics"):
        if name not in topics:
            section.report(f"the topic '{name}' is unknown", "use a name that data/answers/ holds", line)
        elif name in seen:
            section.report(f"the topic '{name}' is already in '{seen[name]}'", "keep it in one group", line)
        seen.setdefault(name, title)
    return Group(section.text("name"), title, tuple(name for name in section.texts("topics") if name in topics))
