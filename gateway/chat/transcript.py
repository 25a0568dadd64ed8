"""A conversation as plain text, for the patient to keep: who said what, when."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.storage.records import Event
from knowledge import Knowledge
from knowledge.interface import DEFAULT_LANGUAGE


def transcript(events: Sequence[Event], knowledge: Knowledge, patient: str = "") -> str:
    """The events as text, with the clinic's times. `patient` is what the patient is called, if not "you"."""
    strings = knowledge.catalogues[DEFAULT_LANGUAGE].strings
    names = {**strings, "patient": patient or strings["you"]}
    zone = knowledge.clinic.timezone
    parts = [knowledge.wording("transcript", zone=zone)]
    day = None
    for event in events:
        at = event.created_at.astimezone(zone)
        if at.date() != day:
            day = at.date()
            parts.append(f"{day:%A}, {day.isoformat()}")
        parts.append(f"{at:%H:%M} {event.body.get('name') or names[event.role]}:\n{event.body['text']}")
    return "\n\n".join(parts) + "\n"
