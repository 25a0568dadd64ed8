"""How many event streams are open: each holds a connection for as long as its listener likes."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Callable

OF_CHAT = 8  # a patient's tabs; what is beyond ends the oldest, whose listener may be gone for long
OF_PLACE = 60  # a clinic's waiting room
IN_ALL = 0.7  # of the connections that this process may have


class OpenStreams:
    """Counts streams by chat and by the place that they lead to."""

    def __init__(self, in_all: int) -> None:
        self._in_all = in_all
        self._count = 0
        self._of_chat: defaultdict[str, list[asyncio.Event]] = defaultdict(list)
        self._of_place: Counter[str] = Counter()

    def full(self, place: str | None) -> bool:
        """Whether no more can be opened, at all or from there; no place is one that is not counted."""
        return self._count >= self._in_all or (place is not None and self._of_place[place] >= OF_PLACE)

    async def counted(
        self, chat: str, place: str | None, opened: Callable[[asyncio.Event], AsyncIterator[str]]
    ) -> AsyncGenerator[str]:
        """The stream, counted while it is read. It has to end when the event that it is given is set."""
        ended, own = asyncio.Event(), self._of_chat[chat]
        own.append(ended)
        self._count += 1
        self._of_place.update([place] if place else [])
        if len(own) > OF_CHAT:
            next(one for one in own if not one.is_set()).set()
        try:
            async for part in opened(ended):
                yield part
        finally:
            self._count -= 1
            own.remove(ended)
            if not own:
                self._of_chat.pop(chat, None)
            if place:
                self._of_place.subtract([place])
                self._of_place += Counter()  # without those at 0
