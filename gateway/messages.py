"""What a patient typed, made fit to be stored: always text, never a command."""

from __future__ import annotations

import unicodedata


def clean(text: str) -> str:
    """The text without control characters and broken characters, and without white space around it.

    What is left of a message that shows nothing at all (only spaces, joiners, control characters) is empty.
    """
    whole = text.encode("utf-8", "ignore").decode("utf-8")  # half of a surrogate pair can't be stored
    kept = "".join(c for c in whole.replace("\r\n", "\n") if c in "\n\t" or unicodedata.category(c) != "Cc").strip()
    return kept if any(_shows(c) for c in kept) else ""


def _shows(character: str) -> bool:
    return not (character.isspace() or unicodedata.category(character) in {"Cf", "Cn", "Co", "Mn"})
