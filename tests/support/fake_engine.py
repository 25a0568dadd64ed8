"""An engine for tests: a small app that speaks the channel's contract, and misbehaves when told to."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

TOKEN = "engine-token-of-the-tests"
Json = dict[str, Any]

# What it understands: words in the message -> what the channel would say.
ANSWERS: list[tuple[str, Json]] = [
    ("sore and how often", {"kind": "answer", "topics": ["soreness", "how_often"], "confidence": 0.9}),
    ("sore", {"kind": "answer", "topics": ["soreness"], "confidence": 0.93}),
    ("can it help my", {"kind": "answer", "topics": ["condition_help"], "confidence": 0.9}),
    ("feel", {"kind": "answer", "topics": ["what_it_feels_like"], "confidence": 0.88}),
    ("needle", {"kind": "clarify", "offered": ["needles", "needle_fear"], "confidence": 0.4,
                "messages": [{"text": "Did you mean one of these?",
                              "buttons": [{"title": "What kind of needles are used?", "payload": "/faq/needles"}]}]}),
    ("tell me more", {"kind": "clarify", "intent": "follow_up/more", "messages": [{"text": "About what?"}]}),
    ("shorter", {"kind": "clarify", "intent": "follow_up/shorter", "messages": [{"text": "About what?"}]}),
    ("person", {"kind": "handoff", "topics": ["human"], "confidence": 0.97}),
    ("go on with", {"kind": "answer", "topics": ["soreness"], "confidence": 0.9, "messages": [
        {"text": "THE ANSWER"},
        {"text": "Are you pregnant?", "custom": {"kind": "screening", "card": {"id": "you"}}}]}),
    ("thank", {"kind": "chat", "intent": "thanks", "confidence": 0.99, "messages": [{"text": "You are welcome."}]}),
    ("hello", {"kind": "chat", "confidence": 0.99, "messages": [
        {"text": "Hello!", "buttons": [{"title": "Yes", "payload": '/affirm{"sure": "yes"}'}],
         "custom": {"kind": "chat", "offer": ["soreness", "help"]}}]}),
    ("screen me", {"kind": "screening", "confidence": 1.0, "slots": {"requested_slot": "pregnant"}, "messages": [
        {"text": "Are you pregnant?", "buttons": [{"title": "No", "payload": "/deny"}]}]}),
    ("stabbing", {"kind": "emergency", "confidence": 1.0, "messages": [{"text": "Call {emergency} now."}]}),
]  # fmt: skip
UNKNOWN: Json = {"kind": "unknown", "confidence": 0.1, "messages": [
    {"text": "I am not sure about that.", "custom": {"kind": "unknown", "offer": ["help", "human"]}}]}  # fmt: skip


# Two cards of the safety questions; of what comes back it only notes the answers.
CARDS: list[Json] = [
    {"id": "you", "title": "You and today", "ask": "Do any of these fit you?", "number": 1, "of": 2,
     "items": [{"id": "Q01", "label": "I am under 19"}, {"id": "Q02", "label": "I am pregnant"}]},
    {"id": "blood", "title": "Bleeding", "ask": "Do any of these fit you?", "number": 2, "of": 2,
     "items": [{"id": "Q06.1", "label": "I take a blood thinner"}, {"id": "Q06.2", "label": "I take aspirin"}]},
]  # fmt: skip
RESULT_BUTTONS = [
    {"title": "Print it for my physio", "payload": "/screening_print"},
    {"title": "Send it to the front desk", "payload": "/screening_send"},
]


class FakeEngine:
    """`mode` is ok, slow, status, malformed, wrong_shape or dead (set by tests while it runs)."""

    def __init__(self) -> None:
        self.mode = "ok"
        self.pause = 0.0
        self.heard: list[Json] = []
        self.answer_text = ""  # stands for THE ANSWER
        self.topics: list[str] = []  # what "something about a topic" is about
        self.slots: Json = {}  # of the message that it is asked about
        self.app = Starlette(
            routes=[
                Route("/webhooks/gateway/", self._health),
                Route("/webhooks/gateway/webhook", self._message, methods=["POST"]),
            ]
        )

    async def _health(self, request: Request) -> Response:
        return PlainTextResponse("ok", 200 if self.mode != "status" else 500)

    async def _message(self, request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return PlainTextResponse("who are you?", 401)
        asked = await request.json()
        self.heard.append(asked)
        await asyncio.sleep(self.pause)
        if self.mode == "slow":
            await asyncio.sleep(30)
        if self.mode == "status":
            return PlainTextResponse("broken", 500)
        if self.mode == "malformed":
            return PlainTextResponse('{"kind": "ans')
        if self.mode == "wrong_shape":
            return JSONResponse([{"recipient_id": "x", "text": "plain Rasa"}])
        said = self.decide(asked)
        said["messages"] = [
            {**message, "text": self.answer_text} if message.get("text") == "THE ANSWER" else message
            for message in said["messages"]
        ]
        return JSONResponse(said)

    def decide(self, asked: Json) -> Json:
        base: Json = {"topics": [], "offered": [], "intent": "", "ranking": [], "entities": [], "messages": []}
        self.slots = asked["slots"]
        base["slots"] = {**self.slots, "turns_heard": len(self.heard)}
        if questions := self.safety_questions(asked["choice"] or {}, asked["message"]):
            return {**base, "confidence": 1.0, **questions, "slots": self.slots}
        if "something about a topic" in (asked["message"] or ""):
            return {**base, "kind": "answer", "topics": self.topics, "confidence": 1.0}
        if asked["choice"]:
            intent = asked["choice"]["intent"]
            if intent.startswith("faq/"):
                return {**base, "kind": "answer", "topics": [intent.removeprefix("faq/")], "confidence": 1.0}
            return {**base, "kind": "chat", "confidence": 1.0, "messages": [{"text": f"You chose {intent}."}]}
        if asked["message"] == "it all drains out of me":  # danger in words that the gateway's rules do not know
            found = {"entity": "red_flag", "value": "E01", "level": "emergency", "reply": "Call {emergency} now."}
            alarm = {"text": "Call 911 now.", "custom": {"kind": "emergency"}}
            return {**base, "kind": "emergency", "intent": "red_flag", "entities": [found], "messages": [alarm]}
        for words, said in ANSWERS:
            if words in asked["message"].lower():
                self.slots = {**base["slots"], **said.get("slots", {})}
                if said.get("topics"):
                    self.slots["topic"] = said["topics"][-1]
                return {**base, **said, "slots": self.slots}
        return {**base, **UNKNOWN}

    def safety_questions(self, choice: Json, text: str) -> Json | None:
        """Two cards, a result, and what can be done with it."""
        intent = choice.get("intent")
        said: Json = (choice.get("entities") or {}).get("card") or {}
        sheet = self.slots.get("screening") or {"answers": {}}
        if intent == "screening" or text == "check me":
            return self._asks(0, {"answers": {}})
        if intent == "screening_card":
            card = next(card for card in CARDS if card["id"] == said["id"])
            ticked = {item.partition(".")[0] for item in said["ticked"]}
            names = dict.fromkeys(item["id"].partition(".")[0] for item in card["items"])
            answers = {**sheet["answers"], **{name: "yes" if name in ticked else said["rest"] for name in names}}
            return self._asks(CARDS.index(card) + 1, {"answers": answers})
        if text == "actually I take warfarin":
            return self._asks(len(CARDS), {"answers": {**sheet["answers"], "Q06": "yes"}})
        if text == "and chest pain":  # an answer, and then an alarm among the questions
            self.slots = {"screening": {"answers": {}, "alarmed": True}}
            alarm = {"text": "Call {emergency} now.", "custom": {"kind": "emergency"}}
            return {"kind": "answer", "topics": ["soreness"], "messages": [{"text": self.answer_text}, alarm]}
        if text == "stop the questions":
            self.slots = {name: value for name, value in self.slots.items() if not name.startswith("screening")}
            self.slots.pop("requested_slot", None)
            return {"kind": "chat", "messages": [{"text": "I deleted your answers.", "custom": {"kind": "chat"}}]}
        if intent == "screening_send":
            custom = {"kind": "handoff", "reason": "screening", "result": {"answers": sheet["answers"]}}
            return {"kind": "handoff", "messages": [{"text": "I sent it.", "custom": custom}]}
        return None

    def _asks(self, number: int, sheet: Json) -> Json:
        """The card of this number, or the result after the last."""
        kept = {name: value for name, value in self.slots.items() if not name.startswith("screening")}
        if number < len(CARDS):
            card = CARDS[number]
            at = {"screening": {**sheet, "at": card["id"]}, "requested_slot": "screening_finished"}
            self.slots = {**kept, **at}
            shown = {"text": card["ask"], "custom": {"kind": "screening", "card": card}}
            return {"kind": "screening", "messages": [shown]}
        kept.pop("requested_slot", None)
        self.slots = {**kept, "screening": sheet, "screening_done": True}
        ticked = [name for name, answer in sheet["answers"].items() if answer == "yes"]
        result = {"text": f"You ticked {ticked}.", "buttons": RESULT_BUTTONS,
                  "custom": {"kind": "screening_result", "result": {"answers": sheet["answers"]}}}  # fmt: skip
        return {"kind": "screening_result", "messages": [result]}
