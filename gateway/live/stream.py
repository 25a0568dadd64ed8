"""Server-sent events: whoever listens gets what there is, and then whatever comes, until one side ends it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from starlette.responses import StreamingResponse

from gateway.live.signals import Signals

Tell = Callable[[], AsyncIterator[str | None]]


@dataclass(frozen=True)
class Aside:
    """What is told between the news, without asking for them: `name` wakes it, `tell` gives the event, or nothing."""

    name: str
    tell: Callable[[], str | None]


async def stream(
    signals: Signals,
    names: Sequence[str],
    tell: Tell,
    *,
    heartbeat: float,
    settle: float = 0.0,
    ended: asyncio.Event | None = None,
    aside: Aside | None = None,
) -> AsyncIterator[str]:
    """The text of a stream. `tell` gives the events that are new, and None to end it; it is asked at the start, after
    each signal for one of the names, and every `heartbeat` seconds, which also shows that the line still holds. Signals
    that come within `settle` seconds count as one. It ends when `ended` is set.
    """
    with ExitStack() as stack:
        heard = [stack.enter_context(signals.listen(name)) for name in names]
        beside = stack.enter_context(signals.listen(aside.name)) if aside else asyncio.Event()
        yield "retry: 2000\n\n"
        over = ended or asyncio.Event()
        clock = asyncio.get_running_loop().time
        while not (signals.closed or over.is_set()):
            for one in heard:
                one.clear()
            async for event in tell():
                if event is None:
                    return
                yield event
            due, news = clock() + heartbeat, [*heard, over]
            while not any(one.is_set() for one in news) and clock() < due:
                beside.clear()
                if aside and (event := aside.tell()):
                    yield event
                if not await _any_of([*news, beside], max(due - clock(), 0)):
                    yield ": still here\n\n"
            if settle:
                await asyncio.sleep(settle)


async def _any_of(heard: Sequence[asyncio.Event], seconds: float) -> bool:
    """Whether one of them is set before this many seconds are over."""
    waits = [asyncio.ensure_future(one.wait()) for one in heard]
    try:
        done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for wait in waits:
            wait.cancel()


def event(data: Any, name: str = "", number: int | None = None) -> str:
    """One event. JSON leaves no line break in the data, whatever somebody typed."""
    head = "" if number is None else f"id: {number}\n"
    return f"{head}{f'event: {name}' + chr(10) if name else ''}data: {json.dumps(data)}\n\n"


def reply(text: AsyncIterator[str], headers: dict[str, str]) -> StreamingResponse:
    """The stream as a reply that no web server holds back."""
    return StreamingResponse(text, media_type="text/event-stream", headers={**headers, "X-Accel-Buffering": "no"})
