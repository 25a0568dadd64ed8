"""What a patient typed, made fit to be stored: always text, never a command."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import BeforeValidator, StrictStr

from gateway.web.error_replies import Refused
from knowledge import Knowledge


def storable(text: str) -> str:
    """The text without halves of surrogate pairs, which cannot be stored; browsers send them when they cut an emoji."""
    return text.encode("utf-8", "ignore").decode("utf-8")


Text = Annotated[StrictStr, BeforeValidator(lambda value: storable(value) if isinstance(value, str) else value)]


def clean(text: str) -> str:
    """The text without control characters and broken characters, and without white space around it.

    What is left of a message that shows nothing at all (only spaces, joiners, control characters) is empty.
    """
    kept = "".join(
        c for c in storable(text).replace("\r\n", "\n") if c in "\n\t" or unicodedata.category(c) != "Cc"
    ).strip()
    return kept if any(_shows(c) for c in kept) else ""


def _shows(character: str) -> bool:
    return not (character.isspace() or unicodedata.category(character) in {"Cf", "Cn", "Co", "Mn"})


def check_text(text: str, limit: int, knowledge: Knowledge) -> str:
    """The text as it is stored; Refused with a sentence for the patient if it is empty or too long."""
    if (length := len(text)) <= limit:  # one character can stand for eighteen, which are then read
        length = max(length, len(unicodedata.normalize("NFKC", text)))
    if length > limit:
        message = knowledge.wording("message_too_long", limit=f"{limit:,}", length=f"{length:,}")
        raise Refused(413, "message_too_long", message)
    if not (cleaned := clean(text)):
        raise Refused(400, "message_empty", knowledge.wording("message_empty"))
    return cleaned
