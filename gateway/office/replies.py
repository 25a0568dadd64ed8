"""What is said and sent besides the answers: replies of the dialogue, and the replies that the front desk shares.

The dialogue is learned as a whole, so all of it reaches patients with the next publication in the studio.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from gateway.office.kinds import COUNT, SAID, SHORT, Column, One, Rows, Typed, clean, said
from gateway.office.parts import Page, Part
from gateway.studio.topics.changes import text_on_disk
from gateway.studio.topics.round_trip import folded, load
from knowledge.desk import IN_REPLIES
from knowledge.placeholders import CLINIC

EXAMPLES = 3  # of what patients write, in each question
FILLED = "The clinic's facts are filled in: {}."
# Files of the dialogue whose replies can be changed: the address of the page, its title, and what it is for.
DIALOGUE = {
    "small_talk": ("small-talk", "Hello, thanks and goodbye", "What the assistant says around the questions."),
    "refusals": ("refusals", "What the assistant does not do", "How it says no, kindly and with a way on."),
    "self_treatment": (
        "self-treatment",
        "Needling oneself",
        "How it says no to people who want to do it at home.",
    ),
    "unknown": ("not-understood", "Not understood, or not about this", "What it says when it has no answer."),
    "help": ("what-it-can-do", "What the assistant can do", "What it says about itself when somebody asks."),
    "follow_up": (
        "once-more",
        "Asked for more, or in other words",
        "What it says when nothing was asked before.",
    ),
}
# When a reply is given for which nobody writes examples.
WITHOUT_EXAMPLES = {
    "utter_unknown": "When a message was not understood",
    "utter_unknown_again": "When the next one was not understood either",
    "utter_out_of_scope": "When somebody asks for what you do not do here",
    "utter_clarify": "When it may be one of several questions",
}
READY = Page(
    "ready-replies",
    "The front desk's ready replies",
    f"What everybody at the desk can insert into a chat, reasons for closing or blocking one, and tags. "
    f"{FILLED.format(', '.join(f'{{{name}}}' for name in IN_REPLIES))} {{me}} is whoever sends it.",
    (
        Part("replies", "Ready replies", Rows((
            Column("name", "Name", SHORT, needed=True),
            Column("text", "What is sent", One("long", said(IN_REPLIES)), needed=True),
        ), "reply")),
        Part("closing", "Why is a chat closed?", Rows((
            Column("words", "Reason, as the desk reads it", SHORT, needed=True),
            Column("id", "Name in the report, one word: booked", SHORT, needed=True),
        ), "reason")),
        Part("blocking", "Why is somebody blocked who abuses the chat?", Rows((
            Column("words", "Reason, as the desk reads it", SHORT, needed=True),
            Column("id", "Name in the report, one word: spam", SHORT, needed=True),
        ), "reason")),
        Part("block_days", "For how many days?", COUNT, needed=True, hint="From 1 to 30."),
        Part("tags", "What can a chat be tagged with?", Rows((
            Column("words", "Tag, as the desk reads it", SHORT, needed=True),
            Column("id", "Its name in one word: booking", SHORT, needed=True),
        ), "tag")),
    ),
    file="desk.yml",
)  # fmt: skip


@dataclass(frozen=True)
class Reply(Part):
    """What is said to one kind of message; its key is the response's."""

    def typed(self, document: Any) -> Typed:
        return clean(str(document["responses"][self.key][0]["text"]))

    def write(self, document: Any, typed: Typed, plain: Any) -> None:
        entry = document["responses"][self.key][0]
        entry["text"] = folded(plain, entry["text"])


def reply_pages(data: Path) -> dict[str, Page]:
    """The pages by name, of the files that this data folder has."""
    found = []
    for stem, about in DIALOGUE.items():
        file = f"dialogue/{stem}.yml"
        text = text_on_disk(data / file)
        if text and (page := _dialogue(text, file, *about)).parts:
            found.append(page)
    if (data / READY.file).is_file():
        found.append(READY)
    return {page.name: page for page in found}


@lru_cache(maxsize=32)
def _dialogue(text: str, file: str, name: str, title: str, about: str) -> Page:
    document = load(text)
    names = ", ".join(f"{{{name}}}" for name in CLINIC)
    return Page(name, title, f"{about} {FILLED.format(names)}", tuple(_replies(document)), file=file)


def _replies(document: Any) -> Iterator[Part]:
    asked = {f"utter_{block['intent']}": block for block in document.get("nlu") or []}
    for key in document.get("responses") or {}:
        when = WITHOUT_EXAMPLES.get(key) or (f"When a patient writes {_said(asked[key])}" if key in asked else "")
        if when:
            yield Reply(key, when, SAID, needed=True)


def _said(block: Any) -> str:
    examples = [line.removeprefix("- ") for line in str(block["examples"]).splitlines() if line.strip()]
    return ", ".join(f"“{example}”" for example in examples[:EXAMPLES])
