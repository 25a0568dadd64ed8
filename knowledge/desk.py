"""What the front desk's pages offer (``data/desk.yml``): why chats are closed or blocked, tags, and replies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from knowledge.placeholders import CLINIC, check_placeholders
from knowledge.problems import Problem
from knowledge.yaml import Section, read

ME = "me"  # the placeholder for the name of whoever sends a reply
IN_REPLIES = (*CLINIC, ME)
MOST_DAYS = 30  # for which a chat can be blocked


@dataclass(frozen=True)
class ReadyReply:
    """A reply that is sent often, with its placeholders."""

    name: str
    text: str


@dataclass(frozen=True)
class DeskWords:
    """The reasons for closing and for blocking a chat and the tags, by id, the replies that all of the desk share, and
    for how many days a chat is blocked.
    """

    closing: Mapping[str, str] = field(default_factory=dict)
    replies: tuple[ReadyReply, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    blocking: Mapping[str, str] = field(default_factory=dict)
    block_days: int = 7


def read_desk(path: Path, problems: list[Problem]) -> DeskWords:
    """All in the order of the file; without the file there are none."""
    file = read(path, problems) if path.exists() else None
    if file is None:
        return DeskWords()
    file.only("closing", "replies", "tags", "blocking", "block_days")
    replies = tuple(_reply(section) for section in file.sections("replies"))
    return DeskWords(
        _words(file, "closing"),
        replies,
        _words(file, "tags") if "tags" in file else {},
        _words(file, "blocking") if "blocking" in file else {},
        _days(file) if "block_days" in file else DeskWords.block_days,
    )


def _days(file: Section) -> int:
    days = file.integer("block_days")
    if not 1 <= days <= MOST_DAYS:
        file.report(f"block_days is {days}", f"write a number from 1 to {MOST_DAYS}", "block_days")
    return days


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
