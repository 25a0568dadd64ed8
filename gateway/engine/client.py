"""The client of the engine (Rasa behind our own channel, `nlu/channel.py`): one message in, one decision out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from safety import LEVELS, Level

Json = dict[str, Any]
PATH = "/webhooks/gateway/webhook"
HEALTH = "/webhooks/gateway/"
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
    answers: tuple[str | None, ...] = ()  # the specific answer of each topic, or None for the topic's own text
    also: str | None = None  # a second specific answer of the only topic, which another part of the message asks for
    answer_ranking: tuple[tuple[str, float], ...] = ()
    ranking: tuple[tuple[str, float], ...] = ()  # topics and what else a message may be, the likeliest first
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
                answers=tuple(given.get("answers") or ()),
                also=given.get("also"),
                answer_ranking=tuple((str(name), float(sure)) for name, sure in given.get("answer_ranking") or ()),
                ranking=tuple((str(each["topic"]), float(each["confidence"])) for each in given.get("ranking") or ()),
                offered=tuple(given.get("offered") or ()),
                confidence=float(given.get("confidence") or 0.0),
                slots=dict(given.get("slots") or {}),
                messages=tuple(given.get("messages") or ()),
                red_flag=_red_flag(given.get("entities") or ()),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not the reply of the channel") from error
        given_answers = (name for name in (*reply.answers, reply.also) if name is not None)
        names = (reply.kind, *reply.topics, *reply.offered, *given_answers)
        if not all(isinstance(name, str) for name in names) or not all(isinstance(m, dict) for m in reply.messages):
            raise ValueError("not the reply of the channel")
        return reply

    def kind_of(self, message: Json) -> str:
        """The kind of one of the messages: its own where it has one."""
        kind = _custom(message).get("kind")
        return kind if isinstance(kind, str) else self.kind

    @property
    def alarm(self) -> Level | None:
        """The kind of alarm that is among the messages, if any: nothing else may be said then."""
        kinds = (self.kind, *map(self.kind_of, self.messages))
        return next((level for kind in kinds for level in LEVELS if kind == level), None)

    @property
    def handoff(self) -> Literal["asked", "screening"] | None:
        """Why a person is needed, if one is."""
        if any(self.kind_of(m) == "handoff" and _custom(m).get("reason") == "screening" for m in self.messages):
            return "screening"
        return "asked" if self.kind == "handoff" else None


@dataclass(frozen=True)
class Asked:
    """All that an engine is told for one message: it remembers nothing."""

    chat: str  # picks the engine where there are several; the engine does not hear it
    text: str
    choice: Json | None = None
    slots: Json = field(default_factory=dict)
    before: tuple[str, ...] = ()  # what the patient typed just before, oldest first
    judged: bool = False  # the red-flag net has read it and found nothing: the engine need not look again

    def request(self) -> Json:
        """As the channel takes it."""
        given = {"message": self.text, "choice": self.choice, "slots": self.slots, "before": list(self.before)}
        return {**given, "judged": self.judged}


@dataclass(frozen=True)
class Heard:
    """A typed message as the live engine got it, and what it decided."""

    asked: Asked
    reply: EngineReply


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

    async def ask(self, asked: Asked) -> EngineReply: ...

    async def ready(self) -> str: ...


class Answered(Protocol):
    """What came back over HTTP."""

    @property
    def status_code(self) -> int: ...

    @property
    def content(self) -> bytes: ...


class Http(Protocol):
    """What sends requests to one address; OSError or EOFError if nobody answers there, ValueError if it is not HTTP."""

    async def request(
        self, method: str, url: str, *, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answered: ...


class HttpEngine:
    """The engine over HTTP on loopback. A dead one is found again with the next message: nothing to recover."""

    def __init__(self, http: Http, token: str, timeout: float) -> None:
        self._http = http
        self._headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        self._timeout = timeout

    async def ask(self, asked: Asked) -> EngineReply:
        """Have the engine decide; EngineUnavailable if it does not do so in time."""
        content = json.dumps(asked.request()).encode()
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._http.request("POST", PATH, content=content, headers=self._headers)
        except TimeoutError:
            raise EngineUnavailable("slow") from None
        except (OSError, EOFError):
            raise EngineUnavailable("refused") from None
        except ValueError:
            raise EngineUnavailable("malformed") from None
        if answer.status_code != 200:
            raise EngineUnavailable("status")
        try:
            return EngineReply.read(json.loads(answer.content))
        except (ValueError, RecursionError):
            raise EngineUnavailable("malformed") from None

    async def ready(self) -> str:
        """`ok`, or in a few words why not."""
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._http.request("GET", HEALTH, headers=self._headers)
        except TimeoutError:
            return "does not answer in time"
        except (OSError, EOFError, ValueError):
            return "not running, or still loading"
        return "ok" if answer.status_code == 200 else f"answers with status {answer.status_code}"
