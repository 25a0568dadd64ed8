"""What the front desk's pages offer (``data/desk.yml``): why a chat was closed, tags, and replies sent often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from knowledge.placeholders import CLINIC, check_placeholders
from knowledge.problems import Problem
from knowledge.yaml import Section, read

ME = "me"  # the placeholder for the name of whoever sends a reply
IN_REPLIES = (*CLINIC, ME)


@dataclass(frozen=True)
class ReadyReply:
    """A reply that is sent often, with its placeholders."""

    name: str
    text: str


@dataclass(frozen=True)
class DeskWords:
    """The reasons for closing a chat and the tags, by id, and the replies that all of the desk share."""

    closing: Mapping[str, str] = field(default_factory=dict)
    replies: tuple[ReadyReply, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


def read_desk(path: Path, problems: list[Problem]) -> DeskWords:
    """All in the order of the file; without the file there are none."""
    file = read(path, problems) if path.exists() else None
    if file is None:
        return DeskWords()
    file.only("closing", "replies", "tags")
    replies = tuple(_reply(section) for section in file.sections("replies"))
    return DeskWords(_words(file, "closing"), replies, _words(file, "tags") if "tags" in file else {})


def _words(file: Section, key: str) -> dict[str, str]:
    """Words by their ids."""
    words: dict[str, str] = {}
    for section in file.sections(key):
        section.only("id", "words")
        if (id := section.text("id")) in words:
            section.report(f"'{id}' is there twice under {key}", "keep one of them", "id")
        words[id] = section.text("words")
    return words


def _reply(section: Section) -> ReadyReply:
    section.only("name", "text")
    text = section.text("text")
    check_placeholders(section, text, section.line_of("text"), IN_REPLIES)
    return ReadyReply(section.text("name"), text)
