"""The list beside every chat of the desk: emergencies first, then one's own chats, who waits, and the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.desk.blocking import BLOCKED
from gateway.desk.names import ChatNames
from gateway.desk.service import ALARMS, ClosedChat, Desk, QueueRow
from gateway.desk.tags import Tags
from gateway.staff.accounts import Person
from gateway.staff.page_views import Pages
from knowledge import Knowledge
from knowledge.interface import DEFAULT_LANGUAGE

Json = dict[str, Any]
FILTERS = {
    "open": "All open",
    "waiting": "Waiting",
    "mine": "Mine",
    "emergencies": "Emergencies",
    "closed": "Closed",
}
REASONS: dict[str, str] = {
    "asked": "asked for a person",
    "screening": "sent a screening result",
    "desk": "taken by the desk",
    "emergency": "emergency words",
    "urgent": "urgent words",
    "crisis": "crisis words",
    "engine_down": "the assistant was down",
    "failed": "no answer was possible",
    "net_failed": "the red-flag net does not work",
    "looks_wrong": "says an answer looks wrong",
}
# What does not work, and what the desk does meanwhile.
FAULTS = {
    "database": "Messages cannot be stored. They are sent again later; until then the phone is the way to you.",
    "engine": "The assistant gives no answers: patients are told to call.",
    "net": "Signs of danger may be missed: read each new chat yourself.",
    "mail": "No e-mail goes out: who left an address waits for you.",
    "disk": "The disk is nearly full: soon no message can be stored.",
}
ENDED = {"handed_back": "handed back", "cancelled": "the patient ended it", "closed": "closed", "blocked": "blocked"}


@dataclass(frozen=True)
class ListRow:
    """One chat in the list."""

    id: str
    name: str
    last_words: str
    who: str
    unread: int = 0
    alarm: bool = False
    unopened: bool = False
    late: bool = False
    closable: bool = False
    alarms: tuple[str, ...] = ()  # what it rang for, in words
    tags: tuple[str, ...] = ()
    own: tuple[str, ...] = ()  # tags that the desk put on it, in words


class Listing:
    """Makes the list for one person. One object for one state of the knowledge."""

    def __init__(
        self,
        desk: Desk,
        knowledge: Knowledge,
        names: ChatNames,
        pages: Pages,
        tags: Tags,
        faults: Callable[[], Mapping[str, float]],
    ) -> None:
        self._desk = desk
        self.tags = tags
        self._knowledge = knowledge
        self.names = names
        self._pages = pages
        self.faults = faults

    async def shown(self, me: Person, show: str, current: str = "", tag: str = "") -> Json:
        """All that the template of the list needs. `tag` leaves only chats with this tag."""
        show = show if show in FILTERS else "open"
        rows = await self._desk.queue(reader=me.id)
        closed = await self._desk.closed() if show == "closed" else []
        ids = [row.conversation_id for row in rows] + [chat.conversation_id for chat in closed]
        tagged = await self.tags.of(ids)
        tag = tag if tag in self.tags.words else ""
        there = await self._desk.availability()
        waits = [row.waiting_since for row in rows if row.state == "waiting" and row.waiting_since]
        if show == "closed":
            groups = [(FILTERS[show], [self._closed(chat, tagged[chat.conversation_id]) for chat in closed])]
        else:
            chosen = [row for row in rows if _belongs(row, show, me)]
            groups = [
                (
                    title,
                    [
                        self._row(row, me, there.open, tagged[row.conversation_id])
                        for row in chosen
                        if _group(row, me) == title
                    ],
                )
                for title in GROUPS
            ]
        used = Counter(words for _, all_ in groups for row in all_ for words in row.own)
        if tag:
            groups = [(title, [row for row in all_ if self.tags.words[tag] in row.own]) for title, all_ in groups]
        return {
            "faults": [FAULTS[part] for part in self.faults()],
            "show": show,
            "current": current,
            "filters": FILTERS,
            "tag": tag,
            "tag_filters": [
                (id, words, used[words]) for id, words in self.tags.words.items() if used[words] or id == tag
            ],
            "there": there,
            "longest": min(waits, default=None),
            "groups": groups,
            "counts": {
                **{id: sum(_belongs(row, id, me) for row in rows) for id in FILTERS},
                "closed": 0,
                "shown": sum(len(rows) for _, rows in groups),
            },
        }

    def _row(self, row: QueueRow, me: Person, is_open: bool, own: list[str]) -> ListRow:
        who = {"person": "yours" if row.staff_id == me.id else f"{row.staff_name} has it", "waiting": "nobody yet"}
        # That a person was asked for is plain where somebody waits.
        tags = [REASONS[reason] for reason in row.reasons if reason not in (*ALARMS, "asked")]
        if row.after_hours and not is_open:
            tags.append("after hours")
        if row.contact:
            tags.append("left a contact")
        if (language := (row.language or DEFAULT_LANGUAGE)[:2]) != DEFAULT_LANGUAGE:
            known = self._knowledge.catalogues.get(language)
            tags.append(known.name if known else language)
        if row.waiting_since:
            tags.append(f"{'waits' if row.state != 'assistant' else 'since'} {self._pages.ago(row.waiting_since)}")
        return ListRow(
            id=row.conversation_id,
            name=self.names.short(row.started_at, row.record),
            last_words=row.last_words,
            who=who.get(row.state, "assistant"),
            unread=row.unread if row.state != "person" or row.staff_id == me.id else 0,
            alarm=row.alarm,
            unopened=bool(row.unopened),
            late=bool(row.alerts),
            closable=not row.alarm and (row.state != "person" or row.staff_id == me.id),
            alarms=tuple(REASONS[reason] for reason in ALARMS if reason in row.reasons),
            tags=tuple(tags),
            own=tuple(self.tags.words[tag] for tag in own),
        )

    def _closed(self, chat: ClosedChat, own: list[str]) -> ListRow:
        words = self._knowledge.desk
        why = {**words.closing, **words.blocking}.get(chat.closed_as or "", "")
        how = f"blocked: {why}" if why and chat.ended == BLOCKED else why or ENDED.get(chat.ended, chat.ended)
        return ListRow(
            id=chat.conversation_id,
            name=self.names.short(chat.started_at, chat.record),
            last_words=chat.last_words,
            who=chat.staff_name or "",
            tags=(how, self._pages.when(chat.ended_at)),
            own=tuple(self.tags.words[tag] for tag in own),
        )


def _belongs(row: QueueRow, show: str, me: Person) -> bool:
    return {
        "open": True,
        "waiting": row.state == "waiting",
        "mine": row.staff_id == me.id,
        "emergencies": row.alarm,
    }.get(show, False)


GROUPS = ("Emergencies", "Yours", "Waiting", "With colleagues", "Needs attention")


def _group(row: QueueRow, me: Person) -> str:
    if row.alarm:
        return "Emergencies"
    if row.state == "person":
        return "Yours" if row.staff_id == me.id else "With colleagues"
    return "Waiting" if row.state == "waiting" else "Needs attention"
