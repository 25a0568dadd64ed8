"""From what was decided to what the patient reads: bodies of events, in the form that page and REST channel share.

FAQ answers are rendered by topic from `knowledge` (short or long, sources, see-also, withheld when their review is
overdue); everything else shows the engine's own messages. What a button does stays here, on the server; the patient
gets an id for it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway import screening
from gateway.answer_parts import about_conditions, source_refs
from gateway.engine import ALARMS, EngineReply
from gateway.pictures import shown
from gateway.store import Draft
from gateway.withdrawals import Withdrawals
from knowledge import Knowledge, SourceRef, Topic
from knowledge.placeholders import PLACEHOLDER

Json = dict[str, Any]
CONDITION_HELP = "condition_help"
HUMAN = "human"  # the topic under which patients ask for a person
# Whom to call where the words of an alarm name nobody.
FIRST_CALL = {"emergency": "emergency", "urgent": "nurse_line", "crisis": "crisis_line"}
PRINT = {"intent": "screening_print"}
# What these ask for is the last answer again, in another length: True for the long one.
FOLLOW_UPS = {"follow_up/more": True, "follow_up/why": True, "follow_up/shorter": False, "follow_up/repeat": False}


class Replies:
    """Renders replies from one state of the knowledge."""

    def __init__(self, knowledge: Knowledge, now: Callable[[], datetime], withdrawals: Withdrawals) -> None:
        self._knowledge = knowledge
        self._clock = now
        self._withdrawals = withdrawals

    def greeting(self) -> list[Draft]:
        """What a new conversation begins with."""
        return [self._said("chat", self._knowledge.wording("greeting"), offer=["help"])]

    def decided(self, reply: EngineReply, asked: str = "") -> list[Draft]:
        """What the engine decided about what was asked, as one event or several."""
        if alarm := reply.alarm:
            texts = [m["text"] for m in reply.messages if m.get("text") and reply.kind_of(m) == alarm]
            return self.alarm(alarm, "\n\n".join(map(self._filled, texts)) or self._knowledge.wording("engine_down"))
        topics = [topic for topic in reply.topics if self.knows(topic)]
        asks = [m for m in reply.messages if reply.kind_of(m) in screening.KINDS]
        # "Why do you ask?" is about the safety questions while they are open.
        again = reply.intent in FOLLOW_UPS and reply.kind not in screening.KINDS
        if again and self.knows(last := str(reply.slots.get("topic"))):
            answer = self.answer(last, long=FOLLOW_UPS[reply.intent], slots=reply.slots)
            return [answer, *(self._message(reply.kind_of(message), message) for message in asks)]
        drafts = [self.answer(topic, asked=asked, slots=reply.slots) for topic in topics]
        # The engine says the same answers in its own messages; what else it says, it says besides: a form goes on.
        answers = {self._knowledge.fill(self._knowledge.topics[topic].short) for topic in topics}
        for message in reply.messages:
            if _says_something(message) and self._filled(str(message.get("text") or "")) not in answers:
                drafts.append(self._message(reply.kind_of(message), message))
        if not drafts:
            drafts = [self._said("unknown", self._knowledge.wording("unknown"), offer=["help", "human"])]
        first = drafts[0].body
        first["topics"] = list(reply.topics)
        first["topic"] = next(iter(reply.topics), None)
        first["confidence"] = round(reply.confidence, 4)
        first["offered"] = [name for name in reply.offered if name in self._knowledge.topics]
        self._offer(drafts[-1], first["offered"])
        return drafts

    def knows(self, topic_name: str) -> bool:
        """Whether there is an answer of this name."""
        return topic_name in self._knowledge.topics

    def answer(
        self, topic_name: str, *, long: bool = False, asked: str = "", slots: Mapping[str, Any] | None = None
    ) -> Draft:
        """The answer of a topic, short or long; withheld when its review is overdue or it was withdrawn.

        The safety questions are offered where they belong, unless `slots` say that they are asked or answered already.
        """
        topic = self._knowledge.topics[topic_name]
        if self._withdrawals.withheld(topic, self._now().date()):
            withheld = self._said("answer", self._knowledge.wording("withheld"), offer=["human"])
            withheld.body.update(self._about(topic), withheld=True)
            return withheld
        text = self._knowledge.fill(topic.more if long else topic.short)
        refs = source_refs(topic)
        picture = None if long else topic.picture
        if topic_name == CONDITION_HELP and (found := about_conditions(self._knowledge, asked)):
            text, own = found
            picture = None  # it asks what was said already
            refs = [*(SourceRef(source, "") for source in own), *refs]
        elif topic_name == CONDITION_HELP and asked and not long:
            text = f"{self._knowledge.wording('condition_unknown')}\n\n{text}"
        # Whether anybody is there is told with more than the hours to who asks for a person.
        elif topic_name != HUMAN and (facts := self._knowledge.clinic_facts(topic_name, self._now())):
            text = "\n\n".join([" ".join(facts), text])
        draft = self._said(topic.kind, text)
        draft.body.update(self._about(topic))
        draft.body["more"] = bool(topic.more) and not long
        draft.body["sources"] = [self._source(ref) for ref in {ref.id: ref for ref in reversed(refs)}.values()][::-1]
        draft.body["reviewed"] = topic.reviewed is not None
        if picture:
            draft.body["picture"] = shown(self._knowledge, picture)
        if draft.body["more"]:
            self._button(draft, self._knowledge.wording("label_more"), {"more": topic.name})
        if topic_name in self._knowledge.screening.offered_by and not screening.open_or_done(slots or {}):
            self._offer(draft, ["screening"])
        for other in self._known(topic.see_also):
            choice = self._choice(draft, other.title, {"intent": other.intent})
            draft.body["see_also"].append({"topic": other.name, "title": other.title, "id": choice})
        return draft

    def alarm(self, kind: str, text: str) -> list[Draft]:
        """An emergency, alone in its turn, with the numbers to call. It is also said while a person has the chat."""
        draft = self._said(kind, self._filled(text), role="system")
        draft.body["buttons"] = self._calls(kind, text)
        return [draft]

    def reminder(self, kind: str) -> Draft:
        """What an emergency was answered with, in short, for who goes on with small talk."""
        text = self._knowledge.sentences[f"red_flag_reminder_{kind}"].text
        draft = self._said("chat", self._filled(text))
        draft.body["buttons"] = self._calls(kind, text)
        self._offer(draft, ["human"])
        return draft

    def reminded(self, kind: str, drafts: Sequence[Draft]) -> tuple[Draft, ...]:
        """The same with the reminder before it; an alarm needs none."""
        first, *others = drafts
        if first.kind in ALARMS:
            return tuple(drafts)
        reminder = self._knowledge.wording(f"red_flag_reminder_{kind}")
        body = {**first.body, "text": f"{reminder}\n\n{first.body['text']}"}
        return (replace(first, body=body), *others)

    def engine_down(self) -> list[Draft]:
        """The truth when no answer came: that it did not, and whom to call."""
        return [self._said("handoff", self._knowledge.wording("engine_down"))]

    def card_again(self, body: Json) -> Draft:
        """A card that was answered, but not heard: to be answered again."""
        draft = self._said(screening.KINDS[0], body["text"])
        draft.body["card"] = body["card"]
        return draft

    def screening_deleted(self) -> Json:
        """What stands in place of the safety questions and their result once the answers were deleted."""
        return self._said(screening.KINDS[0], self._knowledge.wording("screening_deleted")).body

    def refused(self, sentence: str) -> Draft:
        """Why a message was not taken, for channels that have no other way to say it."""
        return self._said("unknown", sentence)

    # parts

    def _calls(self, kind: str, text: str) -> list[Json]:
        """Buttons that call: the numbers that the text names, in its order, and the emergency line in any case."""
        clinic = self._knowledge.clinic
        known = {**clinic.numbers.named(), "clinic_phone": clinic.phone}
        named = [name for name in PLACEHOLDER.findall(text) if name in known] or [FIRST_CALL[kind]]
        calls = {known[name]: known[name] for name in (*named, "emergency")}
        if "crisis_line" in named:
            calls |= {number: f"{name} {number}" for name, number in clinic.more_crisis_lines if number not in calls}
        say = self._knowledge.wording
        return [{"label": say("label_call", number=label), "tel": number} for number, label in calls.items()]

    def _now(self) -> datetime:
        """The time at the clinic."""
        return self._clock().astimezone(self._knowledge.clinic.timezone)

    def _said(self, kind: str, text: str, *, role: str = "assistant", offer: Iterable[str] = ()) -> Draft:
        body: Json = {
            "text": text,
            "topic": None,
            "topics": [],
            "offered": [],
            "confidence": 1.0,
            "sources": [],
            "see_also": [],
            "buttons": [],
            "more": False,
            "link": None,
        }
        draft = Draft(role, kind, body)
        self._offer(draft, offer)
        return draft

    def _source(self, ref: SourceRef) -> Json:
        source = self._knowledge.sources[ref.id]
        return {"id": source.id, "title": source.title, "section": ref.section, "url": source.url}

    def _about(self, topic: Topic) -> Json:
        return {
            "topic": topic.name,
            "topics": [topic.name],
            "title": topic.title,
            "version": topic.version,
            "link": f"/answers/{topic.name}",
        }

    def _message(self, kind: str, message: Json) -> Draft:
        """One message of the engine. Its `custom` may name topics to offer, or hold a card, or a result."""
        custom: Json = given if isinstance(given := message.get("custom"), dict) else {}
        draft = self._said(kind, self._filled(str(message.get("text") or "")), offer=custom.get("offer") or ())
        for button in message.get("buttons") or ():
            if isinstance(button, dict) and button.get("title"):
                does = _meaning(str(button.get("payload") or ""))
                self._button(draft, self._filled(str(button["title"])), does, opens="sheet" if does == PRINT else None)
        draft.body.update({name: custom[name] for name in ("card", "result") if isinstance(custom.get(name), dict)})
        return draft

    def _offer(self, draft: Draft, names: Iterable[str]) -> None:
        """Buttons for topics, or for other intents that have a label."""
        for name in names:
            if topic := self._knowledge.topics.get(name):
                self._button(draft, topic.title, {"intent": topic.intent})
            elif f"label_{name}" in self._knowledge.sentences:
                self._button(draft, self._knowledge.wording(f"label_{name}"), {"intent": name})

    def _button(self, draft: Draft, label: str, does: Json, opens: str | None = None) -> None:
        """A button. A page may show what it `opens`; others take it as a choice."""
        if all(button["label"] != label for button in draft.body["buttons"]):
            button = {"id": self._choice(draft, label, does), "label": label}
            draft.body["buttons"].append({**button, "opens": opens} if opens else button)

    def _choice(self, draft: Draft, label: str, does: Json) -> str:
        name = secrets.token_urlsafe(6)
        draft.choices[name] = {"label": label, "does": does}
        return name

    def _known(self, names: Iterable[str]) -> list[Topic]:
        return [self._knowledge.topics[name] for name in names if name in self._knowledge.topics]

    def _filled(self, text: str) -> str:
        try:
            return self._knowledge.fill(text)
        except KeyError:  # braces that are no placeholder of ours
            return text


def _says_something(message: Json) -> bool:
    return bool(message.get("text") or message.get("buttons") or message.get("custom"))


def _meaning(payload: str) -> Json:
    """What a Rasa button does: its payload `/intent{"entity": "value"}`, or else words to say."""
    if not payload.startswith("/"):
        return {"say": payload}
    intent, brace, entities = payload[1:].partition("{")
    try:
        return {"intent": intent, **({"entities": json.loads(brace + entities)} if brace else {})}
    except ValueError:
        return {"say": payload}
