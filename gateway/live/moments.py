"""What is true for a moment: that somebody is writing, and how far they have read.

It is held in memory, told to the other gateways, and stored nowhere. What is being written is not known here at all.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

from gateway.live import stream
from gateway.live.peers import Peers
from gateway.live.signals import Signals

Whose = Literal["patient", "staff"]
WRITING = 8.0  # seconds for which somebody counts as writing; their page says it again while they do
KEPT = 5_000  # moments, the newest
NEWS = "moment"
NOTHING = (0.0, 0, 0)  # writes until, has seen, how often it was noted


@dataclass(frozen=True)
class Moment:
    """How it stands with one side of a chat. `seen` is the number of the last event that they have before them."""

    writing: bool = False
    seen: int = 0


class Moments:
    """Both sides of all chats. One object for the process."""

    def __init__(self, signals: Signals, peers: Peers, clock: Callable[[], float] = time.monotonic) -> None:
        self._signals = signals
        self._peers = peers
        self._clock = clock
        self._known: OrderedDict[tuple[str, str], tuple[float, int, int]] = (
            OrderedDict()
        )  # writes until, has seen, how often told
        peers.hear(NEWS, self._heard)

    def note(self, chat: str, whose: Whose, *, writing: bool | None = None, seen: int = 0) -> None:
        """One side writes, or has stopped; and has read up to this event. What is not said stays as it is."""
        if self._keep(chat, whose, writing, seen):
            now = "" if writing is None else int(writing)
            self._peers.tell(NEWS, f"{chat} {whose} {now} {seen}")
            self._signals.send(listened(chat))

    def of(self, chat: str, whose: Whose) -> Moment:
        """How it stands now."""
        until, seen, _ = self._known.get((chat, whose), NOTHING)
        return Moment(until > self._clock(), seen)

    def number(self, chat: str, whose: Whose) -> int:
        """Another number after each time that something was noted."""
        return self._known.get((chat, whose), NOTHING)[2]

    def _keep(self, chat: str, whose: str, writing: bool | None, seen: int) -> bool:
        """Whether that is news; that somebody goes on writing is."""
        until, before, number = self._known.get((chat, whose), NOTHING)
        now = self._clock()
        if not writing and seen <= before and (writing is None or until <= now):
            return False
        until = until if writing is None else now + WRITING * writing
        self._known[chat, whose] = (until, max(before, seen), number + 1)
        self._known.move_to_end((chat, whose))
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return True

    def _heard(self, told: str) -> None:
        chat, whose, writing, seen = told.split(" ")
        self._keep(chat, whose, writing == "1" if writing else None, int(seen))


def told(moments: Moments, chat: str, whose: Whose) -> stream.Aside:
    """What the other side of a chat is told of this one, as part of its stream."""
    last = 0

    def tell() -> str | None:
        nonlocal last
        before, last = last, moments.number(chat, whose)
        return stream.event(asdict(moments.of(chat, whose)), NEWS) if last != before else None

    return stream.Aside(listened(chat), tell)


def listened(chat: str) -> str:
    """The name under which one listens for the moments of a chat."""
    return f"{chat} {NEWS}"
