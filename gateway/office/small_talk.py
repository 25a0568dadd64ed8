"""What the assistant says around the questions: hello, thanks, goodbye. It stands in `data/dialogue/small_talk.yml`.

It is learned with the rest of the dialogue, so it reaches patients with the next publication in the studio.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.office.kinds import Mistake, One, Typed, clean, text
from gateway.office.parts import Page, Part
from gateway.studio.topics.round_trip import folded
from knowledge.placeholders import CLINIC, PLACEHOLDER

FILE = "dialogue/small_talk.yml"
EXAMPLES = 3  # of what patients write, in each question


@dataclass(frozen=True)
class Reply(Part):
    """What is said to one kind of small talk; its key is the response's."""

    def typed(self, document: Any) -> Typed:
        return clean(str(document["responses"][self.key][0]["text"]))

    def write(self, document: Any, typed: Typed, plain: Any) -> None:
        entry = document["responses"][self.key][0]
        entry["text"] = folded(plain, entry["text"])


def small_talk(document: Any) -> Page:
    """The page on which it is changed; `document` is what the file holds."""
    replies = document.get("responses") or {}
    parts = tuple(
        Reply(f"utter_{block['intent']}", f"When a patient writes {_said(block)}", One("long", _reply), needed=True)
        for block in document.get("nlu") or []
        if f"utter_{block['intent']}" in replies
    )
    names = ", ".join(f"{{{name}}}" for name in CLINIC)
    return Page(
        "small-talk",
        "Hello, thanks and goodbye",
        f"What the assistant says around the questions. The clinic's facts are filled in: {names}.",
        parts,
        file=FILE,
    )


def _said(block: Any) -> str:
    examples = [line.removeprefix("- ") for line in str(block["examples"]).splitlines() if line.strip()]
    return ", ".join(f"“{example}”" for example in examples[:EXAMPLES])


def _reply(typed: str) -> str:
    text(PLACEHOLDER.sub("", typed))
    for name in PLACEHOLDER.findall(typed):
        if name not in CLINIC:
            raise Mistake(f"There is no fact {{{name}}}. Use one of those above, or write it out.")
    return typed
