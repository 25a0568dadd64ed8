"""The client of the engine (Rasa behind our own channel, `nlu/channel.py`): one message in, one decision out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

Json = dict[str, Any]
PATH = "/webhooks/gateway/webhook"
HEALTH = "/webhooks/gateway/"
ALARMS = ("emergency", "urgent", "crisis")
RED_FLAG = "red_flag"


class EngineUnavailable(Exception):
    """No usable answer: `reason` is refused, slow, status or malformed. Never holds what was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the engine gave no answer ({reason})")
        self.reason = reason


@dataclass(frozen=True)
class EngineReply:
    """What the engine decided about one message."""

    kind: str
    intent: str = ""
    topics: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    confidence: float = 0.0
    slots: Json = field(default_factory=dict)
    messages: tuple[Json, ...] = ()
    red_flag: Json | None = None  # the sign of danger that the engine's net found, as a conversation keeps it

    @classmethod
    def read(cls, given: Any) -> EngineReply:
        """Check the shape; ValueError if it is not what the channel promises."""
        try:
            reply = cls(
                kind=given["kind"],
                intent=str(given.get("intent") or ""),
                topics=tuple(given.get("topics") or ()),
                offered=tuple(given.get("offered") or ()),
                confidence=float(given.get("confidence") or 0.0),
                slots=dict(given.get("slots") or {}),
                messages=tuple(given.get("messages") or ()),
                red_flag=_red_flag(given.get("entities") or ()),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not the reply of the channel") from error
        names = (reply.kind, *reply.topics, *reply.offered)
        if not all(isinstance(name, str) for name in names) or not all(isinstance(m, dict) for m in reply.messages):
            raise ValueError("not the reply of the channel")
        return reply

    def kind_of(self, message: Json) -> str:
        """The kind of one of the messages: its own where it has one."""
        kind = _custom(message).get("kind")
        return kind if isinstance(kind, str) else self.kind

    @property
    def alarm(self) -> str | None:
        """The kind of alarm that is among the messages, if any: nothing else may be said then."""
        kinds = (self.kind, *map(self.kind_of, self.messages))
        return next((kind for kind in kinds if kind in ALARMS), None)

    @property
    def handoff(self) -> str | None:
        """Why a person is needed, if one is."""
        if any(self.kind_of(m) == "handoff" and _custom(m).get("reason") == "screening" for m in self.messages):
            return "screening"
        return "asked" if self.kind == "handoff" else None


def _red_flag(entities: Sequence[Json]) -> Json | None:
    """The sign, its level and what to say, from the entity of `nlu/red_flags.py`."""
    found = next((e for e in entities if e["entity"] == RED_FLAG), None)
    if not found or not all(isinstance(found.get(name), str) for name in ("value", "level", "reply")):
        return None
    return {"level": found["level"], "sign": found["value"], "signs": [found["value"]], "reply": found["reply"]}


def _custom(message: Json) -> Json:
    custom = message.get("custom")
    return custom if isinstance(custom, dict) else {}


class Engine(Protocol):
    """Whatever understands messages; tests put a simple one in its place."""

    async def ask(self, sender: str, text: str, choice: Json | None, slots: Json | None) -> EngineReply: ...

    async def ready(self) -> str: ...


class HttpEngine:
    """The engine over HTTP on loopback. A dead one is found anew with the next message: nothing to recover."""

    def __init__(self, client: httpx.AsyncClient, token: str, timeout: float) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"}
        self._timeout = timeout

    async def ask(self, sender: str, text: str, choice: Json | None, slots: Json | None) -> EngineReply:
        """Have the engine decide; EngineUnavailable if it does not do so in time."""
        request = {"sender": sender, "message": text, "choice": choice, "slots": slots}
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._client.post(PATH, json=request, headers=self._headers)
        except TimeoutError:
            raise EngineUnavailable("slow") from None
        except httpx.TimeoutException:
            raise EngineUnavailable("slow") from None
        except httpx.HTTPError:
            raise EngineUnavailable("refused") from None
        if response.status_code != 200:
            raise EngineUnavailable("status")
        try:
            return EngineReply.read(response.json())
        except (ValueError, RecursionError):
            raise EngineUnavailable("malformed") from None

    async def ready(self) -> str:
        """`ok`, or in a few words why not."""
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._client.get(HEALTH, headers=self._headers)
        except (TimeoutError, httpx.TimeoutException):
            return "does not answer in time"
        except httpx.HTTPError:
            return "not running, or still loading"
        return "ok" if response.status_code == 200 else f"answers with status {response.status_code}"
