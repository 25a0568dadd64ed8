"""What patients wrote in the chats that are still kept, to ask a new model. Nothing of it is written anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.tables import events
from gateway.studio.personal import Personal
from gateway.studio.understanding import ALARM, NOT_UNDERSTOOD, Understood
from knowledge import Knowledge, normalise

MOST = 1000  # messages, the newest


@dataclass(frozen=True)
class PastChange:
    """A message, without personal details, and how it is understood by the model in use and by the new data."""

    text: str
    old: str
    new: str


async def past_messages(settings: Settings, most: int = MOST) -> list[str]:
    """The newest typed messages that differ."""
    ours = pressed(Knowledge.load(settings.data))
    query = select(events.c.body).where(events.c.role == "patient").order_by(events.c.created_at.desc()).limit(most * 3)

    def read(connection: Connection) -> list[str]:
        found: dict[str, str] = {}
        for body in connection.execute(query).scalars():
            text = str(body.get("text") or "")
            if normalise(text) and not body.get("choice") and normalise(text) not in ours:
                found.setdefault(normalise(text), text)
        return list(found.values())[:most]

    async with Database.opened(settings.database_url) as database:
        return await database.read(read)


def pressed(knowledge: Knowledge) -> set[str]:
    """What stands in a chat as the patient's words when a card was answered or a person asked for by a button."""
    said = set()
    for language in knowledge.catalogues:
        if "card_answered" in knowledge.sentences:
            cards = knowledge.spoken(language).screening.cards
            said |= {knowledge.wording_in(language, "card_answered", title=card.title) for card in cards}
        if "handoff_request" in knowledge.sentences:
            said.add(knowledge.wording_in(language, "handoff_request"))
    return {normalise(text) for text in said}


def changes(
    messages: Sequence[str],
    old: Sequence[Understood],
    new: Sequence[Understood],
    personal: Personal,
    titles: Mapping[str, str],
) -> list[PastChange]:
    """The messages whose answer would be another one: lost alarms first, then lost answers."""
    told = [
        PastChange(personal.remove(text).text, before.told(titles), after.told(titles))
        for text, before, after in zip(messages, old, new, strict=True)
        if not before.same_for_patients(after)
    ]
    return sorted(told, key=lambda change: (change.old != ALARM, change.new != NOT_UNDERSTOOD))
