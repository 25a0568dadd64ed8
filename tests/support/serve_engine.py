"""The fake engine with what the window has to show besides: cards, lists, one's own words."""

from __future__ import annotations

import sys
from typing import Any

import uvicorn

from tests.support.fake_engine import FakeEngine

Json = dict[str, Any]

LABELS = {
    "none_label": "None of these",
    "not_sure_label": "Not sure",
    "skip_label": "Skip",
    "done_label": "Done",
    "stop_label": "Stop",
    "why_label": "Why do you ask?",
}
BLOOD: Json = {
    "id": "blood",
    "title": "Bleeding",
    "ask": "Do any of these fit you?",
    "number": 1,
    "of": 2,
    "items": [
        {"id": "Q05", "label": "A bleeding problem, such as hemophilia", "help": "Also von Willebrand disease.",
         "why": "Bleeding can be hard to stop."},
        {"id": "Q06", "label": "I take a blood thinner", "help": "", "why": "Bruises can be bigger."},
        {"id": "Q07", "label": "I bruise or bleed very easily", "help": "", "why": "", "answer": "not_sure"},
    ],
    "back_label": None,
    **LABELS,
}  # fmt: skip
NEEDLES: Json = {
    **BLOOD,
    "id": "needles",
    "title": "Needles and swelling",
    "number": 2,
    "items": [
        {"id": "Q08", "label": "I am very afraid of needles", "help": "", "why": "We can help with that."},
        {"id": "Q09", "label": "I fainted with a needle before", "help": "", "why": "", "answer": "yes"},
    ],
    "back_label": "Go back",
}
LONG = "Common: soreness for a day.\n\nAfter a visit:\n- walk\n- drink water\n\nIn this order:\n1. rest\n2. move"


class BrowserEngine(FakeEngine):
    """Answers to cards are repeated in words, so that a test sees what arrived."""

    def decide(self, asked: Json) -> Json:
        base: Json = {"topics": [], "offered": [], "confidence": 1.0, "slots": {}}
        choice, text = asked["choice"] or {}, asked["message"]
        if choice.get("intent") == "screening_card":
            return {**base, "kind": "screening", "messages": self.card_after(choice["entities"]["card"])}
        if "safety questions" in text:
            return {**base, "kind": "screening", "messages": [card(BLOOD)]}
        if text == "Go back":
            return {**base, "kind": "screening", "messages": [card(BLOOD)]}
        if text.startswith("about "):
            return {**base, "kind": "answer", "topics": [text.removeprefix("about ")], "messages": []}
        if "lists" in text:
            return {**base, "kind": "chat", "messages": [{"text": LONG}]}
        if text.startswith("say "):
            return {**base, "kind": "chat", "messages": [{"text": text.removeprefix("say ")}]}
        return super().decide(asked)

    def card_after(self, answered: Json) -> list[Json]:
        if answered["id"] == "blood":
            return [card(NEEDLES)]
        told = f"ticked {answered['ticked']}, not sure {answered['not_sure']}, rest {answered['rest']}"
        return [{"text": f"Your result: {told}", "custom": {"kind": "screening_result", "result": {"outcomes": []}},
                 "buttons": [{"title": "Change an answer", "payload": "/screening_change"}]}]  # fmt: skip


def card(shown: Json) -> Json:
    lines = [f"{shown['number']} of {shown['of']}: {shown['title']}", *(item["label"] for item in shown["items"])]
    return {"text": "\n".join(lines), "custom": {"kind": "screening", "card": shown}}


if __name__ == "__main__":
    engine = BrowserEngine()
    engine.pause = float(sys.argv[3])
    uvicorn.run(engine.app, port=int(sys.argv[2]), log_level="warning")
