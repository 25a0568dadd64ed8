"""What the gateway knows of the safety questions (docs/screening.md): how far they are, and what is let go in the end.

The answers live in the engine and in the slots of their conversation, nowhere else, unless the patient sends them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.storage.records import Kind

Json = dict[str, Any]
SLOT = "screening"  # the answers; `screening_done` and others stand beside it
ASKS = "screening_finished"  # what its form asks for
KINDS: tuple[Kind, ...] = ("screening", "screening_result")
# One question after the other, for channels that show text and buttons alone.
ONE_BY_ONE = {"screening_style": "one_by_one"}


def open_or_done(slots: Mapping[str, Any]) -> bool:
    """Whether the questions are being asked, or were answered already."""
    return bool(slots.get("screening_done")) or slots.get("requested_slot") == ASKS


def answers(slots: Mapping[str, Any]) -> Json:
    """The answers given so far, by question."""
    sheet = slots.get(SLOT)
    return dict(sheet.get("answers") or {}) if isinstance(sheet, dict) else {}


def at(slots: Mapping[str, Any]) -> str | None:
    """The id of the card, or of the question, that is open."""
    sheet = slots.get(SLOT)
    return sheet.get("at") if isinstance(sheet, dict) else None


def answered(does: Json | None) -> str | None:
    """The id of the card that a message answers, if it answers one."""
    card = ((does or {}).get("entities") or {}).get("card")
    return card.get("id") if isinstance(card, dict) else None


def deleted(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether there were answers that the engine has let go of."""
    return bool(answers(before)) and not answers(after) and not open_or_done(after)


def without_answers(slots: Mapping[str, Any], *, emergency: bool) -> Json:
    """The slots when a red flag has ended the questions. Of an emergency every later result still warns."""
    kept = {name: value for name, value in slots.items() if not name.startswith(SLOT) and name != "requested_slot"}
    return {**kept, **({SLOT: {"alarmed": True}} if emergency else {})}
