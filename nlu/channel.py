"""The engine's only entrance: the gateway asks with one message and gets the decision and the wording in one answer."""

import hmac
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from rasa.shared.core.events import ActiveLoop, Event, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import RasaException
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

from nlu.context import FollowUps, mix
from nlu.local_actions import LocalActions
from nlu.message_reader import CONTEXT
from nlu.topic_matcher import RANKING_IN_CONTEXT

TOKEN_VARIABLE = "IMS_ENGINE_TOKEN"
NO_TOKEN = f"The engine does not open without a token. Set {TOKEN_VARIABLE} in the environment; `ims run` does so."
NOT_ALLOWED = "The token is missing or wrong."
NO_MODEL = "No model is loaded. Train one: rasa train"
NOT_READABLE = "The request is not a JSON object with sender and message as text, or with a choice."
NO_SUCH_CHOICE = "There is no intent of this name."
FAILED = "The message could not be handled."
RANKING = 5
RED_FLAG = "red_flag"

FOLLOW_UPS = FollowUps.load()
logger = logging.getLogger(__name__)
Json = dict[str, Any]


class BadRequest(ValueError):
    """The request cannot be understood; the message says why, without repeating what was sent."""


class Collector(OutputChannel):
    """Keeps what Rasa says: text, buttons and custom content of each response, the kind that the first one declares,
    and whether a question was answered.
    """

    @classmethod
    def name(cls) -> str:
        """The name that responses can be written for."""
        return "gateway"

    def __init__(self) -> None:
        self.messages: list[Json] = []
        self.kind: str | None = None
        self.answered = False

    async def send_response(self, recipient_id: str, message: Json) -> None:
        """Keep one response."""
        self.messages.append({key: message[key] for key in ("text", "buttons", "custom") if message.get(key)})
        metadata = message.get("metadata") or {}
        if len(self.messages) == 1:  # what comes after the first, such as the next question of a form, is beside it
            self.kind = (message.get("custom") or {}).get("kind") or metadata.get("kind")
        self.answered = self.answered or str(message.get("utter_action", "")).startswith("utter_faq")


class GatewayInput(InputChannel):
    """POST webhooks/gateway/webhook with {"sender", "message", "choice", "slots"}; a bearer token is required.

    A message is always text, also when it begins with "/". A choice ({"intent": "faq/soreness"}) is carried out without
    reading any text. The slots are those of an earlier tracker: they count where there is none yet.
    The answer holds kind, topics, offered, confidence, intent, ranking, entities, slots and messages.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    @classmethod
    def name(cls) -> str:
        """Part of the path."""
        return "gateway"

    @classmethod
    def from_credentials(cls, credentials: Json | None) -> "GatewayInput":
        """The token comes from the environment, never from a file."""
        token = os.environ.get(TOKEN_VARIABLE, "").strip()
        if not token:
            raise RasaException(NO_TOKEN)
        return cls(token)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The two routes: is the engine ready, and one turn of a conversation."""
        routes = Blueprint("gateway_channel")
        actions = LocalActions()

        @routes.get("/")
        async def ready(request: Request) -> HTTPResponse:
            loaded = request.app.ctx.agent is not None and request.app.ctx.agent.is_ready()
            return json({"status": "ok"}) if loaded else json({"error": NO_MODEL}, status=503)

        @routes.post("/webhook")
        async def turn(request: Request) -> HTTPResponse:
            if not self._allowed(request):
                return json({"error": NOT_ALLOWED}, status=401)
            agent = request.app.ctx.agent
            if agent is None or not agent.is_ready():
                return json({"error": NO_MODEL}, status=503)
            agent.processor.action_endpoint = actions
            try:
                return json(await converse(agent, read_request(request), on_new_message))
            except BadRequest as problem:
                return json({"error": str(problem)}, status=400)
            except Exception as error:  # whatever it is, the gateway needs an answer, and no log may hold the message
                logger.error("a message could not be handled (%s)", type(error).__name__)
                return json({"error": FAILED}, status=500)

        return routes

    def _allowed(self, request: Request) -> bool:
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode())


def read_request(request: Request) -> Json:
    """The request's JSON after its shape was checked."""
    try:
        body = request.json
    except Exception:
        raise BadRequest(NOT_READABLE) from None
    if not isinstance(body, dict):
        raise BadRequest(NOT_READABLE)
    body = {"message": None, "choice": None, "slots": None, **{k: v for k, v in body.items() if v is not None}}
    expected = {"sender": str, "message": str | None, "choice": dict | None, "slots": dict | None}
    if not all(isinstance(body.get(name), kind) for name, kind in expected.items()):
        raise BadRequest(NOT_READABLE)
    if body["message"] is None and body["choice"] is None:
        raise BadRequest(NOT_READABLE)
    return body


async def converse(agent: Agent, body: Json, handle: Callable[[UserMessage], Awaitable[Any]]) -> Json:
    """One turn: understand (once), let Rasa act, and report both."""
    assert agent.processor is not None and agent.domain is not None
    sender, text = body["sender"], plain(body["message"] or "")
    if body["slots"] and await agent.tracker_store.retrieve(sender) is None:
        await carry_over(agent, sender, body["slots"])
    if body["choice"]:
        parsed = chosen(agent, body["choice"])
    else:
        parsed = await understand(agent, sender, text)
    output = Collector()
    await handle(UserMessage(text, output, sender, parse_data=parsed, input_channel=Collector.name()))
    if not output.answered:  # an open form may take as its answer what would be a topic elsewhere
        parsed["topics"] = []
    topics = parsed.get("topics", [])
    if topics:  # what the next message leans on: the last of several questions, the likelier of two close topics
        tracker = await carry_over(agent, sender, {"topic": topics[-1] if parsed.get("several") else topics[0]})
    else:
        tracker = await agent.tracker_store.get_or_create_tracker(sender, append_action_listen=False)
    return reply(parsed, output, {name: value for name, value in tracker.current_slot_values().items() if value})


async def understand(agent: Agent, sender: str, text: str) -> Json:
    """The message as Rasa parses it, read with the last answered topic where it leans on that."""
    assert agent.processor is not None and agent.domain is not None
    tracker = await agent.tracker_store.get_or_create_tracker(sender, append_action_listen=False)
    said = agent.domain.responses.get(f"utter_faq/{tracker.get_slot('topic')}")
    # A form waits for an answer to its own question.
    title = said[0]["metadata"]["title"].rstrip("?") if said and not tracker.active_loop_name else None
    # Where its words alone tell that it leans on the topic, it is read both ways at once.
    context = {CONTEXT: title} if title and FOLLOW_UPS.weight(text, []) else None
    alone = await agent.processor.parse_message(UserMessage(text, metadata=context), tracker)
    in_context = alone.pop(RANKING_IN_CONTEXT, None)
    # A sign of danger means what it means; several topics are a question that stands for itself.
    if not title or alone["intent"]["name"] == RED_FLAG or alone.get("several"):
        return alone
    ranked = ranking(alone["intent_ranking"])
    weight = FOLLOW_UPS.weight(text, ranked)
    if not weight:
        return alone
    if in_context is None:
        in_context = (await agent.processor.parse_message(UserMessage(f"{title} {text}")))["intent_ranking"]
    mixed = mix(ranked, ranking(in_context), weight)
    name, confidence = mixed[0]
    if not name.startswith("faq/") or confidence < FOLLOW_UPS.answer_from or name in alone_topics(alone)[:1]:
        return alone
    if FOLLOW_UPS.unrelated(name, ranked):
        return alone
    return {**alone, **as_parsed(name, confidence), "entities": alone["entities"], "intent_ranking": listed(mixed)}


def ranking(entries: list[Json]) -> list[tuple[str, float]]:
    """Intents with their confidence, best first."""
    return [(entry["name"], float(entry["confidence"])) for entry in entries]


def listed(entries: list[tuple[str, float]]) -> list[Json]:
    """The same in Rasa's form."""
    return [{"name": name, "confidence": confidence} for name, confidence in entries]


def alone_topics(parsed: Json) -> list[str]:
    """The topics that are answered already, as intents."""
    return [f"faq/{topic}" for topic in parsed.get("topics", [])]


def reply(parsed: Json, output: Collector, slots: Json) -> Json:
    """The answer to the gateway."""
    intent = parsed["intent"]
    name = intent.get("full_retrieval_intent_name") or intent["name"]
    kind = output.kind or ("answer" if intent["name"] == "faq" else "chat" if output.messages else "unknown")
    ranking = [
        {"topic": r["name"].partition("/")[2] or r["name"], "confidence": round(float(r["confidence"]), 4)}
        for r in parsed.get("intent_ranking", [])[:RANKING]
    ]
    return {
        "kind": kind,
        "topics": parsed.get("topics", []),
        "offered": parsed.get("offered", []),
        "confidence": round(float(intent["confidence"]), 4),
        "intent": name,
        "ranking": ranking,
        "entities": parsed.get("entities", []),
        "slots": slots,
        "messages": output.messages,
    }


def plain(text: str) -> str:
    """The text without what Rasa would take for a command: whatever a person types is text."""
    return text.lstrip().lstrip("/").lstrip()


def chosen(agent: Agent, choice: Json) -> Json:
    """What a button stands for, in the shape of a parsed message."""
    assert agent.domain is not None
    name = choice.get("intent")
    group, _, topic = str(name).partition("/")
    entities = choice.get("entities") or {}
    if (
        not isinstance(entities, dict)
        or group not in agent.domain.intents
        or (topic and f"utter_{name}" not in agent.domain.responses)
    ):
        raise BadRequest(NO_SUCH_CHOICE)
    values = [{"entity": entity, "value": value} for entity, value in entities.items()]
    return {"text": "", **as_parsed(str(name), 1.0), "entities": values}


def as_parsed(name: str, confidence: float) -> Json:
    """An intent, with or without topic, in the shape that Rasa's pipeline would give it."""
    group, _, topic = name.partition("/")
    intent: Json = {"name": group, "confidence": confidence}
    parsed: Json = {
        "intent": intent,
        "intent_ranking": listed([(name, confidence)]),
        "topics": [topic] if group == "faq" else [],
        "offered": [],
    }
    if topic:
        intent["full_retrieval_intent_name"] = name
        selected = {"intent_response_key": name, "utter_action": f"utter_{name}", "confidence": confidence}
        parsed["response_selector"] = {"all_retrieval_intents": [group], group: {"response": selected, "ranking": []}}
    return parsed


async def carry_over(agent: Agent, sender: str, slots: Json) -> DialogueStateTracker:
    """The tracker, with what an earlier one knew put into it; names that the domain does not know are left out.

    A form that was asking for something goes on asking.
    """
    assert agent.processor is not None and agent.domain is not None
    tracker = await agent.processor.fetch_tracker_with_initial_session(sender)
    known = {slot.name for slot in agent.domain.slots}
    events: list[Event] = [SlotSet(name, slots[name]) for name in slots if name in known]
    asked = slots.get("requested_slot")
    events += [ActiveLoop(f) for f in agent.domain.form_names if asked in agent.domain.required_slots_for_form(f)]
    tracker.update_with_events(events, agent.domain)
    await agent.processor.save_tracker(tracker)
    return tracker
