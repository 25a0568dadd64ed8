"""What the engine remembers of conversations: in memory only, the newest ones, for a while.

Rasa needs the tracker of a conversation from one turn to the next; the gateway keeps what has to last. A message that
comes after its tracker went begins a new session.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker


class RecentConversations(InMemoryTrackerStore):
    """Keeps the `newest` conversations in which something was said in the last `minutes`; nothing goes to disk.

    A timer lets go of old ones, so what the last patient of the day typed does not wait for the first of the next.
    Rasa's own memory store keeps JSON; this one keeps the events as they are, as nobody changes one that has happened.
    """

    store: dict[str, tuple[Event, ...]]

    def __init__(
        self,
        domain: Domain,
        event_broker: EventBroker | None = None,
        newest: int = 1000,
        minutes: float = 60,
        clock: Callable[[], float] = time.monotonic,
        **kwargs: Any,
    ) -> None:
        super().__init__(domain, event_broker, **kwargs)
        self._newest = newest
        self._seconds = minutes * 60
        self._clock = clock
        self._saved_at: dict[str, float] = {}  # oldest first
        self._timer: asyncio.TimerHandle | None = None

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keep a conversation, as the newest one."""
        await self.stream_events(tracker)
        self.store[tracker.sender_id] = tuple(tracker.events)
        self._saved_at.pop(tracker.sender_id, None)
        self._saved_at[tracker.sender_id] = self._clock()
        self._evict()

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The conversation, if it is still remembered."""
        self._evict()
        return await super().retrieve(sender_id)

    def deserialise_tracker(self, sender_id: str, kept: tuple[Event, ...]) -> DialogueStateTracker:
        """A new tracker in the state that these events lead to."""
        tracker = self.init_tracker(sender_id)
        tracker.events.extend(kept)
        tracker.replay_events()
        return tracker

    def _evict(self) -> None:
        """Let go of what is too old or too much, and look again when the next one gets too old."""
        oldest = self._clock() - self._seconds
        for sender, saved_at in list(self._saved_at.items()):
            if len(self._saved_at) <= self._newest and saved_at > oldest:
                break
            del self._saved_at[sender]
            self.store.pop(sender, None)
        if self._timer:
            self._timer.cancel()
        first = next(iter(self._saved_at.values()), None)
        wait = None if first is None else max(first - oldest, 0)
        self._timer = None if wait is None else asyncio.get_running_loop().call_later(wait, self._evict)
