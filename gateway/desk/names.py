"""What a chat is called at the desk: "Chat with a patient since 10:12, knee". Patients have no names here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from gateway.chat.record import ChatRecord
from knowledge import Knowledge


class ChatNames:
    """Names chats, by when they began and by what they are about."""

    def __init__(self, knowledge: Knowledge, when: Callable[[datetime], str]) -> None:
        self._knowledge = knowledge
        self._when = when

    def name(self, started_at: datetime | None, record: Mapping[str, Any] | None) -> str:
        """The name of a chat of which this is known."""
        return f"Chat with a patient {self.short(started_at, record)}".strip()

    def short(self, started_at: datetime | None, record: Mapping[str, Any] | None) -> str:
        """The same where it is plain that it is a chat: "since 10:12, knee"."""
        since = f"since {self._when(started_at)}" if started_at else ""
        return ", ".join(filter(None, (since, self.about(record))))

    def about(self, record: Mapping[str, Any] | None) -> str:
        """The part of the body or the problem that was named last, else what was answered last."""
        known = ChatRecord.read(record)
        if known.named:
            return known.named[-1]
        answered = self._knowledge.topics.get(re.split("[#.]", known.last)[0])
        return answered.title if answered else ""
