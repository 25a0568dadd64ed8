"""The engine's only entrance: the gateway asks with one message and gets the decision and the wording in one answer.

The engine remembers nothing. Each request brings what counts of its conversation, Rasa's tracker is built from that,
and it is thrown away with the answer. So any engine may answer any message, as often as it is asked.
"""

import hmac
import logging
import os
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from rasa.exceptions import ActionLimitReached
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import RasaException
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

from nlu.context import FollowUps, mix
from nlu.in_order import InOrder
from nlu.labels import answer_of, topic_of
from nlu.local_actions import LocalActions
from nlu.message_reader import CONTEXT
from nlu.red_flags import JUDGED
from nlu.topic_matcher import ANSWERS_IN_CONTEXT, NEAREST_IN_CONTEXT, RANKING_IN_CONTEXT

TOKEN_VARIABLE = "IMS_ENGINE_TOKEN"
NO_TOKEN = f"The engine does not open without a token. Set {TOKEN_VARIABLE} in the environment; `ims run` does so."
NOT_ALLOWED = "The token is missing or wrong."
NO_MODEL = "No model is loaded. Train one: rasa train"
NOT_READABLE = "The request is not a JSON object with a message as text, or with a choice."
NO_SUCH_CHOICE = "There is no intent of this name."
FAILED = "The message could not be handled."
RANKING = 5
RED_FLAG = "red_flag"
SAID = "said"  # the slot that holds the name of the response that was said last
OF_THE_MESSAGE = ("told", "on_screen", "language")  # slots that the gateway sets again with each message

logger = logging.getLogger(__name__)
Json = dict[str, Any]


class BadRequest(ValueError):
    """The request cannot be understood; the message says why, without repeating what was sent."""


class Collector(OutputChannel):
    """Keeps what Rasa says: text, buttons and custom content of each response, the kind that the first one declares,
    whether a question was answered, and the name of the last response.
    """

    @classmethod
    def name(cls) -> str:
        """The name that responses can be written for."""
        return "gateway"

    def __init__(self) -> None:
        self.messages: list[Json] = []
        self.kind: str | None = None
        self.answered = False
        self.last: str | None = None

    async def send_response(self, recipient_id: str, message: Json) -> None:
        """Keep one response."""
        self.messages.append({key: message[key] for key in ("text", "buttons", "custom") if message.get(key)})
        metadata = message.get("metadata") or {}
        if len(self.messages) == 1:  # what comes after the first, such as the next question of a form, is beside it
            self.kind = (message.get("custom") or {}).get("kind") or metadata.get("kind")
        self.last = message.get("utter_action")
        self.answered = self.answered or str(self.last or "").startswith("utter_faq")


class GatewayInput(InputChannel):
    """POST webhooks/gateway/webhook with {"message", "choice", "slots", "before", "judged"}, and a bearer token.

    A message is always text, also when it begins with "/". A choice ({"intent": "faq/soreness"}) is carried out without
    reading any text. The slots are those of the last answer; `before` is what the patient typed just before; in what
    is `judged` the gateway's red-flag net found nothing.
    The answer holds kind, topics, answers (of each topic, or null), also (a second answer of the topic), offered,
    answer_ranking, confidence, intent, ranking, entities, slots and messages.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    @classmethod
    def name(cls) -> str:
        """Part of the path."""
        return "gateway"

    @classmethod
    def from_credentials(cls, credentials: Json | None) -> "GatewayInput":
        """The token comes from the environment, never from a file. Raises RasaException without one."""
        token = os.environ.get(TOKEN_VARIABLE, "").strip()
        if not token:
            raise RasaException(NO_TOKEN)
        return cls(token)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The two routes: is the engine ready, and one turn of a conversation. Rasa's own way in is not taken: it
        remembers.
        """
        routes = Blueprint("gateway_channel")
        actions = LocalActions()
        follow_ups()  # read now, so that no patient waits for it

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
                return json(await converse(agent, read_request(request)))
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
    """The request's JSON, checked. Raises BadRequest if it does not have the expected form."""
    try:
        body = request.json
    except Exception:
        raise BadRequest(NOT_READABLE) from None
    if not isinstance(body, dict):
        raise BadRequest(NOT_READABLE)
    given = {name: value for name, value in body.items() if value is not None}
    body = {"message": None, "choice": None, "slots": {}, "before": [], "judged": False, **given}
    expected = {"message": str | None, "choice": dict | None, "slots": dict, "before": list, "judged": bool}
    if not all(isinstance(body.get(name), kind) for name, kind in expected.items()):
        raise BadRequest(NOT_READABLE)
    if body["message"] is None and body["choice"] is None:
        raise BadRequest(NOT_READABLE)
    if not all(isinstance(text, str) for text in body["before"]):
        raise BadRequest(NOT_READABLE)
    return body


async def converse(agent: Agent, body: Json) -> Json:
    """One turn: understand (once), let Rasa act, and report both."""
    in_order(agent)
    tracker = tracker_of(agent, body)
    text = plain(body["message"] or "")
    parsed = (
        chosen(agent, body["choice"])
        if body["choice"]
        else await understand(agent, tracker, text, body.get("judged", False))
    )
    output = Collector()
    await act(agent, UserMessage(text, output, parse_data=parsed, input_channel=Collector.name()), tracker)
    if not output.answered:  # an open form may take as its answer what would be a topic elsewhere
        parsed["topics"] = []
        parsed["answers"] = []
        parsed["also"] = None
    slots = known_after(tracker, output)
    if topics := parsed.get("topics", []):  # what the next message leans on: the last of several, the likelier of two
        number = len(topics) - 1 if parsed.get("several") else 0
        slots["topic"] = topics[number]
        slots.pop("answer", None)
        if answer := answers_of(parsed)[number]:
            slots["answer"] = answer
    return reply(parsed, output, slots)


async def act(agent: Agent, message: UserMessage, tracker: DialogueStateTracker) -> None:
    """What Rasa does with a message, on a tracker that no store holds: no action more than the answer takes."""
    processor, runner = agent.processor, in_order(agent)
    assert processor is not None
    await processor._handle_message_with_tracker(message, tracker)
    await processor.run_action_extract_slots(message.output_channel, tracker)
    goes_on = True
    while goes_on:
        try:
            action, prediction = processor.predict_next_with_tracker_if_should(tracker)
        except ActionLimitReached:
            logger.error("the rules lead round in a circle")
            return
        goes_on = await processor._run_action(action, tracker, message.output_channel, processor.nlg, prediction)
        meant = tracker.latest_message.intent_name if tracker.latest_message else None
        goes_on = goes_on and not runner.waits_after(action.name(), meant, tracker)


def in_order(agent: Agent) -> InOrder:
    """The runner of the agent's pipeline; it takes the place of Rasa's own when the model is new."""
    processor = agent.processor
    assert processor is not None
    if not isinstance(processor.graph_runner, InOrder):
        processor.graph_runner = InOrder(processor.graph_runner)
    return processor.graph_runner


def tracker_of(agent: Agent, body: Json) -> DialogueStateTracker:
    """A tracker in the state that the conversation is in; slots that the domain does not know are left out.

    A form that was asking for something goes on asking.
    """
    assert agent.domain is not None
    slots, known = body["slots"], {slot.name for slot in agent.domain.slots}
    events: list[Event] = [UserUttered(text) for text in body["before"]]
    events += [ActionExecuted(ACTION_SESSION_START_NAME), SessionStarted(), ActionExecuted(ACTION_LISTEN_NAME)]
    events += [SlotSet(name, value) for name, value in slots.items() if name in known]
    if said := slots.get(SAID):
        events.append(BotUttered(metadata={"utter_action": said}))
    asked = slots.get("requested_slot")
    events += [ActiveLoop(f) for f in agent.domain.form_names if asked in agent.domain.required_slots_for_form(f)]
    tracker = DialogueStateTracker("this message", agent.domain.slots)
    tracker.update_with_events(events, agent.domain)
    return tracker


@cache
def follow_ups() -> FollowUps:
    """How a message leans on the last answer: read once, where the engine works."""
    return FollowUps.load()


def known_after(tracker: DialogueStateTracker, output: Collector) -> Json:
    """The slots that the next message has to bring."""
    slots = {**tracker.current_slot_values(), SAID: output.last}
    return {name: value for name, value in slots.items() if value and name not in OF_THE_MESSAGE}


async def understand(agent: Agent, tracker: DialogueStateTracker, text: str, judged: bool) -> Json:
    """The message as Rasa parses it, read with the last answered topic where it leans on that."""
    assert agent.processor is not None and agent.domain is not None
    said = agent.domain.responses.get(f"utter_faq/{tracker.get_slot('topic')}")
    # A form waits for an answer to its own question.
    title = said[0]["metadata"]["title"].rstrip("?") if said and not tracker.active_loop_name else None
    # Where its words alone tell that it leans on the topic, it is read both ways at once.
    context = {CONTEXT: title} if title and follow_ups().weight(text, []) else {}
    said_of_it = {JUDGED: judged}
    alone = await agent.processor.parse_message(UserMessage(text, metadata=context | said_of_it), tracker)
    in_context, answers = alone.pop(RANKING_IN_CONTEXT, None), alone.pop(ANSWERS_IN_CONTEXT, {})
    nearest = alone.pop(NEAREST_IN_CONTEXT, {})
    # A sign of danger means what it means; several topics are a question that stands for itself.
    if not title or alone["intent"]["name"] == RED_FLAG or alone.get("several"):
        return alone
    ranked = ranking(alone["intent_ranking"])
    weight = follow_ups().weight(text, ranked)
    if not weight or (alone.get("topics") and follow_ups().stands_alone(text, ranked)):
        return alone
    if in_context is None:
        together = await agent.processor.parse_message(UserMessage(f"{title} {text}", metadata=said_of_it))
        in_context = together["intent_ranking"]
        answers = dict(zip(alone_topics(together), answers_of(together), strict=True))
        nearest = dict.fromkeys(alone_topics(together), together.get("answer_ranking", []))
    mixed = mix(ranked, ranking(in_context), weight)
    name, confidence = mixed[0]
    if not name.startswith("faq/") or confidence < follow_ups().answer_from or name in alone_topics(alone)[:1]:
        return alone
    if follow_ups().unrelated(name, ranked) and not follow_ups().only_points(text):
        return alone
    label = f"{name}.{answers[name]}" if answers.get(name) else name
    seen = {"entities": alone["entities"], "intent_ranking": listed(mixed), "answer_ranking": nearest.get(name, [])}
    return {**alone, **as_parsed(label, confidence), **seen}


def ranking(entries: list[Json]) -> list[tuple[str, float]]:
    """Intents with their confidence, best first."""
    return [(entry["name"], float(entry["confidence"])) for entry in entries]


def listed(entries: list[tuple[str, float]]) -> list[Json]:
    """The same in Rasa's form."""
    return [{"name": name, "confidence": confidence} for name, confidence in entries]


def alone_topics(parsed: Json) -> list[str]:
    """The topics that are answered already, as intents."""
    return [f"faq/{topic}" for topic in parsed.get("topics", [])]


def answers_of(parsed: Json) -> list[str | None]:
    """The specific answer of each topic that is answered, or None."""
    given = parsed.get("answers") or []
    return [*given, *[None] * (len(parsed.get("topics", [])) - len(given))]


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
        "answers": answers_of(parsed),
        "also": parsed.get("also"),
        "answer_ranking": parsed.get("answer_ranking", []),
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
    """What a button stands for, in the form of a parsed message. Raises BadRequest if there is no such intent."""
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
        "topics": [topic_of(name).partition("/")[2]] if group == "faq" else [],
        "answers": [answer_of(name)] if group == "faq" else [],
        "also": None,
        "offered": [],
    }
    if topic:
        intent["full_retrieval_intent_name"] = name
        selected = {"intent_response_key": name, "utter_action": f"utter_{name}", "confidence": confidence}
        parsed["response_selector"] = {"all_retrieval_intents": [group], group: {"response": selected, "ranking": []}}
    return parsed
