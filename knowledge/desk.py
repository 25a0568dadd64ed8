"""What the front desk's pages offer (``data/desk.yml``): why a chat was closed, and replies that are sent often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from knowledge.placeholders import CLINIC, check_placeholders
from knowledge.problems import Problem
from knowledge.yaml import Section, read

ME = "me"  # the placeholder for the name of who sends a reply
IN_REPLIES = (*CLINIC, ME)


@dataclass(frozen=True)
class ReadyReply:
    """A reply that is sent often, with its placeholders."""

    name: str
    text: str


@dataclass(frozen=True)
class DeskWords:
    """The reasons for closing a chat, by id, and the replies that all of the desk share."""

    closing: Mapping[str, str] = field(default_factory=dict)
    replies: tuple[ReadyReply, ...] = ()


def read_desk(path: Path, problems: list[Problem]) -> DeskWords:
    """Both in the order of the file; without the file there are none."""
    file = read(path, problems) if path.exists() else None
    if file is None:
        return DeskWords()
    file.only("closing", "replies")
    closing: dict[str, str] = {}
    for section in file.sections("closing"):
        section.only("id", "words")
        if (id := section.text("id")) in closing:
            section.report(f"the reason '{id}' is there twice", "keep one of them", "id")
        closing[id] = section.text("words")
    return DeskWords(closing, tuple(_reply(section) for section in file.sections("replies")))


def _reply(section: Section) -> ReadyReply:
    section.only("name", "text")
    text = section.text("text")
    check_placeholders(section, text, section.line_of("text"), IN_REPLIES)
    return ReadyReply(section.text("name"), text)
