"""From what was decided to what the patient reads: bodies of events, in the form that page and REST channel share.

FAQ answers are rendered by topic from `knowledge` (short or long, sources, see-also, withheld when their review is
overdue); everything else shows the engine's own messages. What a button does stays here, on the server; the patient
gets an id for it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, cast

from gateway.answers.answer_parts import about_conditions, source_refs
from gateway.answers.compose import Composed, compose, home_of, unknown_problem
from gateway.answers.fact_tables import fact_tables
from gateway.answers.picture_routes import shown
from gateway.answers.withdrawals import Withdrawals
from gateway.chat.after_alarm import CHIPS, DOES
from gateway.engine.client import EngineReply
from gateway.handoff.patient_words import HUMAN
from gateway.storage import screening_slots
from gateway.storage.records import Body, Button, Draft, Kind, Role
from knowledge import Knowledge, SourceRef, SpecificAnswer, Topic
from knowledge.interface import DEFAULT_LANGUAGE
from knowledge.links import links
from knowledge.placeholders import PLACEHOLDER
from nlu.segments import names_several
from safety import LEVELS, Level

Json = dict[str, Any]
CONDITION_HELP = "condition_help"
# Whom to call where the words of an alarm name nobody.
FIRST_CALL = {"emergency": "emergency", "urgent": "nurse_line", "crisis": "crisis_line"}
UNSURE = ("unknown", "clarify")
OUT_OF_SCOPE = "out_of_scope"
PRINT = {"intent": "screening_print"}
# What these ask for is the last answer again, in another length: True for the long one.
FOLLOW_UPS = {"follow_up/more": True, "follow_up/why": True, "follow_up/shorter": False, "follow_up/repeat": False}


class Replies:
    """Renders replies from one state of the knowledge."""

    def __init__(
        self,
        knowledge: Knowledge,
        now: Callable[[], datetime],
        withdrawals: Withdrawals,
        english: Knowledge | None = None,  # where the knowledge is that of another language
    ) -> None:
        self._knowledge = knowledge
        self._english = english or knowledge
        self._clock = now
        self._withdrawals = withdrawals

    def speaking(self, language: str | None) -> Replies:
        """The same in another language ("fr", or "fr-CA" as browsers say it), as far as it is translated."""
        spoken = self._knowledge.spoken(language)
        return self if spoken is self._knowledge else Replies(spoken, self._clock, self._withdrawals, self._english)

    def greeting(self) -> list[Draft]:
        """What a new conversation begins with."""
        greeting = self._said("chat", self._knowledge.wording("greeting"))
        greeting.body["home"] = True
        for starter in self._knowledge.window.starters:
            if starter.answer:
                self._button(greeting, starter.label, {"answer": starter.answer})
            elif (topic := starter.intent.removeprefix("faq/")) == starter.intent or self.knows(topic):
                self._button(greeting, starter.label, {"intent": starter.intent})
        self._offer(greeting, ["help"])
        return [greeting]

    def decided(self, reply: EngineReply, asked: str = "") -> list[Draft]:
        """What the engine decided about what was asked, as one event or several."""
        if alarm := reply.alarm:
            texts = [m["text"] for m in reply.messages if m.get("text") and reply.kind_of(m) == alarm]
            return self.alarm(alarm, "\n\n".join(map(self._filled, texts)) or self._knowledge.wording("engine_down"))
        topics = [topic for topic in reply.topics if self.knows(topic)]
        beside = topics[1:] if asked and len(topics) > 1 and not names_several(asked.lower()) else []
        topics = topics[: len(topics) - len(beside)]  # one question gets one answer, and the other topic as a button
        unsure = reply.kind in UNSURE and reply.intent != OUT_OF_SCOPE and not topics
        if named := home_of(self._knowledge, asked, reply.offered) if unsure else None:
            return [self.answer(named, asked=asked, slots=reply.slots)]
        asks = [m for m in reply.messages if reply.kind_of(m) in screening_slots.KINDS]
        # "Why do you ask?" is about the safety questions while they are open.
        again = reply.intent in FOLLOW_UPS and reply.kind not in screening_slots.KINDS
        if again and self.knows(last := str(reply.slots.get("topic"))):
            before = str(reply.slots.get("answer"))
            answer = self.answer(last, long=FOLLOW_UPS[reply.intent], slots=reply.slots, specific=before)
            return [answer, *(self._message(reply.kind_of(message), message) for message in asks)]
        specific = dict(zip(reply.topics, reply.answers, strict=False))
        drafts: list[Draft] = []
        spoken_of = self._spoken_of(topics, specific, reply.also)
        for topic in topics:
            told = spoken_of | {name for draft in drafts for name in draft.body.get("things", ())}
            answers_it = specific.get(topic)
            draft = self.answer(topic, asked=asked, slots=reply.slots, specific=answers_it, told=told)
            if not any(draft.body["text"] in said.body["text"] for said in drafts):  # two topics may say the same
                drafts.append(draft)
        if len(topics) == 1 and (second := self._knowledge.topics[topics[0]].answers.get(reply.also or "")):
            drafts += self._besides(drafts[0], self._knowledge.topics[topics[0]], second, reply.slots, asked)
        # The engine says the same answers in its own messages; what else it says, it says besides: a form goes on.
        answers = {
            self._english.fill(text) for topic in (*topics, *beside) for text in self._english.topics[topic].texts
        }
        for message in reply.messages:
            if _says_something(message) and self._filled(str(message.get("text") or "")) not in answers:
                drafts.append(self._message(reply.kind_of(message), message))
        if not drafts:
            drafts = [self._said("unknown", self._knowledge.wording("unknown"), offer=["help", "human"])]
        first = drafts[0].body
        given = {draft.body["topic"]: draft.body["answer"] or "" for draft in reversed(drafts)}
        answered = [topic for topic in reply.topics if topic not in beside]
        first["topics"] = answered
        first["answers"] = [given.get(topic) or None for topic in answered]
        first["topic"] = next(iter(answered), None)
        first["confidence"] = round(reply.confidence, 4)
        first["offered"] = [name for name in reply.offered if name in self._knowledge.topics]
        self._offer(drafts[-1], [*beside, *first["offered"]])
        return drafts

    def _spoken_of(self, topics: Sequence[str], specific: Mapping[str, str | None], also: str | None) -> set[str]:
        """The things that one of the specific answers is about, so that no line on them is needed beside another."""
        known = self._knowledge.topics
        names = [(topic, specific.get(topic)) for topic in topics] + [(topic, also) for topic in topics[:1]]
        titles = [answer.title for topic, name in names if (answer := known[topic].answers.get(name or ""))]
        return {found.thing.name for title in titles for found in self._knowledge.things.find(title)}

    def knows(self, topic_name: str) -> bool:
        """Whether there is an answer of this name."""
        return topic_name in self._knowledge.topics

    def answer(
        self,
        topic_name: str,
        *,
        long: bool = False,
        asked: str = "",
        slots: Mapping[str, Any] | None = None,
        specific: str | None = None,
        told: Collection[str] = (),
    ) -> Draft:
        """The answer of a topic, short or long; withheld when its review is overdue or it was withdrawn.

        Nothing more is said of the things that are `told` of in a reply before it.

        The safety questions are offered where they belong, unless `slots` say that they are asked or answered already.
        """
        topic = self._knowledge.topics[topic_name]
        named = topic_name == CONDITION_HELP and about_conditions(self._knowledge, asked) is not None
        answer = topic.answers.get(specific or "") if not long and not named else None
        if answer and not self._withdrawals.withheld(answer, self._now().date()):
            return self._specific(topic, answer, slots, asked, told)
        if self._withdrawals.withheld(topic, self._now().date()):
            withheld = self._said("answer", self._knowledge.wording("withheld"), offer=["human"])
            _about(topic, withheld.body)
            withheld.body["withheld"] = True
            return withheld
        text = self._knowledge.fill(topic.more if long else topic.short)
        refs = source_refs(topic)
        picture = None if long else topic.picture
        found, fact = None, None
        if topic_name == CONDITION_HELP and (found := about_conditions(self._knowledge, asked)):
            text, own = found
            picture = None  # it asks what was said already
            refs = [*(SourceRef(source, "") for source in own), *refs]
        elif topic_name == CONDITION_HELP and not long and (name := unknown_problem(self._knowledge, asked)):
            text = f"{self._knowledge.wording('condition_unknown', name=name)}\n\n{text}"
        # Whether anybody is there is told with more than the hours to whoever asks for a person.
        elif asked and not long and (fact := self._knowledge.clinic_pick(topic_name, self._now(), asked)):
            text, picture = fact[1], None
        elif topic_name != HUMAN and (facts := self._knowledge.clinic_facts(topic_name, self._now())):
            text = "\n\n".join([" ".join(facts), text])
        composed = (
            Composed(text)
            if long or fact
            else compose(self._knowledge, asked, topic_name, text, keep=bool(found), told=told)
        )
        draft = self._said(cast(Kind, topic.kind), composed.text)
        refs = [*(SourceRef(source, "") for source in composed.sources), *refs]
        _about(topic, draft.body)
        draft.body["things"] = list(composed.things)
        draft.body["more"] = bool(topic.more) and not long
        draft.body["sources"] = [self._source(ref) for ref in {ref.id: ref for ref in reversed(refs)}.values()][::-1]
        draft.body["reviewed"] = topic.reviewed is not None
        if picture:
            draft.body["picture"] = shown(self._knowledge, picture)
        self._go_on(draft, topic, topic.see_also, slots)
        return self._told_in(draft, f"{topic_name}#more" if long else topic_name)

    def _besides(
        self, first: Draft, topic: Topic, answer: SpecificAnswer, slots: Mapping[str, Any] | None, asked: str
    ) -> list[Draft]:
        """A second answer of the same topic, unless it is withheld or the first one says it."""
        if first.body.get("answer") == answer.name or self._withdrawals.withheld(answer, self._now().date()):
            return []
        told = {found.thing.name for found in self._knowledge.things.find(asked)}
        second = self._specific(topic, answer, slots, asked, told)
        return [] if second.body["text"] == first.body["text"] else [second]

    def _specific(
        self,
        topic: Topic,
        answer: SpecificAnswer,
        slots: Mapping[str, Any] | None,
        asked: str,
        told: Collection[str] = (),
    ) -> Draft:
        """One specific answer, with the topic's text behind "tell me more"."""
        text = self._knowledge.said(answer, self._now(), asked)
        translated = self._translated(answer.name)
        composed = (
            Composed(text) if translated else compose(self._knowledge, asked, topic.name, text, answer, told=told)
        )
        draft = self._said(cast(Kind, topic.kind), composed.text)
        _about(topic, draft.body)
        draft.body["title"], draft.body["version"] = answer.title, answer.version
        draft.body["link"] = f"/answers/{topic.name}#q-{answer.id}"
        draft.body["answer"], draft.body["answers"] = answer.name, [answer.name]
        draft.body["things"] = list(composed.things)
        draft.body["more"] = bool(topic.more)
        own = [SourceRef(source, "") for source in composed.sources if source not in {ref.id for ref in answer.sources}]
        draft.body["sources"] = [self._source(ref) for ref in (*answer.sources, *own)]
        draft.body["reviewed"] = answer.reviewed is not None
        self._go_on(draft, topic, answer.see_also or topic.see_also, slots)
        return self._told_in(draft, answer.name)

    def _translated(self, name: str) -> bool:
        translation = self._knowledge.translation
        return translation is not None and name in translation.answers

    def _told_in(self, draft: Draft, name: str) -> Draft:
        """The answer of this name with a word on its language, where that is not the chat's own, or a draft."""
        if (translation := self._knowledge.translation) is None:
            return draft
        text = draft.body["text"]
        if self._translated(name):
            draft.body["text"] = f"{text}\n\n{translation.draft}"
        else:
            draft.body["text"] = f"{self._knowledge.wording('answer_in_english')}\n\n{text}"
            draft.body["language"] = DEFAULT_LANGUAGE
        return draft

    def _go_on(self, draft: Draft, topic: Topic, see_also: Sequence[str], slots: Mapping[str, Any] | None) -> None:
        """What can be done next: call or book, see prices and hours as tables, ask for more or for something else."""
        if topic.name in self._knowledge.window.reach_under:
            draft.body["reach"] = self._reach()
        draft.body["tables"] = fact_tables(self._knowledge, str(draft.body["text"]), self._now())
        if draft.body["more"]:
            self._button(draft, self._knowledge.wording("label_more"), {"more": topic.name})
        if topic.name in self._knowledge.screening.offered_by and not screening_slots.open_or_done(slots or {}):
            self._offer(draft, ["screening"])
        for other in self._known(see_also):
            if (chosen := self._chosen(other)) is not None:
                choice = self._choice(draft, *chosen)
                draft.body["see_also"].append({"topic": other.name, "title": chosen[0], "id": choice})

    def specific(self, topic_name: str, answer_id: str, slots: Mapping[str, Any] | None = None) -> Draft:
        """A specific answer of a topic, or the topic's own where that is withheld."""
        return self.answer(topic_name, slots=slots, specific=answer_id)

    def part(self, topic_name: str, text: str, buttons: Iterable[tuple[str, Json]] = ()) -> Draft:
        """A part of what is known of a topic, in its name and with its sources; with buttons to go on."""
        topic = self._knowledge.topics[topic_name]
        kind = "answer" if topic.kind == "handoff" else topic.kind
        draft = self._said(cast(Kind, kind), self._filled(text))
        _about(topic, draft.body)
        draft.body["sources"] = [self._source(ref) for ref in {ref.id: ref for ref in source_refs(topic)}.values()]
        for label, does in buttons:
            self._button(draft, label, does)
        return draft

    def asks(self, message: Json) -> Draft:
        """A safety question of the engine, after an answer to something else."""
        custom = message.get("custom") or {}
        return self._message(str(custom.get("kind")), message)

    def own_words(
        self, kind: Kind, text: str, buttons: Iterable[tuple[str, Json]] = (), offer: Iterable[str] = ()
    ) -> Draft:
        """Words of the assistant about the conversation itself."""
        draft = self._said(kind, self._filled(text), offer=offer)
        for label, does in buttons:
            self._button(draft, label, does)
        return draft

    def add_button(self, draft: Draft, label: str, does: Json) -> None:
        """One button more."""
        self._button(draft, label, does)

    def linked(self, draft: Draft) -> Draft:
        """The reply with the links and tables of the words that it has now."""
        text = str(draft.body["text"])
        tables = fact_tables(self._knowledge, text, self._now()) if draft.body.get("tables") else []
        return replace(draft, body={**draft.body, "links": self._links(text), "tables": tables})

    def cited(self, sources: Iterable[str]) -> list[Json]:
        """Sources as a reply names them."""
        return [self._source(SourceRef(source, "")) for source in sources]

    def withheld(self, topic_name: str) -> bool:
        """Whether nothing of this topic may be said now."""
        return self._withdrawals.withheld(self._knowledge.topics[topic_name], self._now().date())

    def alarm(self, kind: Level, text: str, language: str | None = None, chips: Iterable[str] = CHIPS) -> list[Draft]:
        """An emergency, alone in its turn, with the numbers to call and ways to answer (`chips`).

        It is also said while a person has the chat.
        """
        draft = self._said(kind, self._filled(text), role="system")
        draft.body["buttons"] = self._calls(kind, text, language)
        self._answer_chips(draft, kind, language, chips)
        return [draft]

    def in_english(self, level: str) -> str:
        """What an alarm says in English below its words in another language."""
        return self._knowledge.sentences[f"red_flag_reminder_{level}"].text

    def not_understood(self, text: str) -> Draft:
        """That only English is answered, in the patient's language, with the way to a person."""
        draft = self._said("unknown", self._filled(text), offer=["human"])
        draft.body["buttons"] = [*self._calls("emergency", text), *draft.body["buttons"]]
        return draft

    def alarm_again(self, level: str, which: str, language: str | None = None) -> Draft:
        """What is said while an alarm is open, with the numbers and the ways to answer it; `which` sentence."""
        draft = self._alarm_words(level, which, language, role="system")
        self._answer_chips(draft, level, language)
        return draft

    def after_alarm(self, level: str, answered: str, language: str | None = None) -> Draft:
        """What is said to a patient's answer to an alarm, with the numbers still in sight."""
        return self._alarm_words(level, f"after_alarm_{answered}_{level}", language)

    def reminder(self, kind: str, language: str | None = None) -> Draft:
        """What an emergency was answered with, in short, for whoever goes on with small talk."""
        draft = self._alarm_words(kind, f"red_flag_reminder_{kind}", language)
        self._offer(draft, ["human"])
        return draft

    def reminded(
        self, kind: str, drafts: Sequence[Draft], language: str | None = None, *, again: bool = False
    ) -> tuple[Draft, ...]:
        """The same with the reminder before it, a shorter one if it was said before (`again`); an alarm needs none."""
        first, *others = drafts
        if first.kind in LEVELS:
            return tuple(drafts)
        way = "_2" if again else ""
        reminder = self._filled(self._with_english(f"red_flag_reminder_{kind}{way}", language))
        body: Body = {**first.body, "text": f"{reminder}\n\n{first.body['text']}"}
        return (replace(first, body=body), *others)

    def engine_down(self) -> list[Draft]:
        """The truth when no answer came: that it did not, and whom to call."""
        return [self._said("handoff", self._knowledge.wording("engine_down"))]

    def card_again(self, body: Body) -> Draft:
        """A card that was answered, but not heard: to be answered again."""
        draft = self._said(screening_slots.KINDS[0], body["text"])
        draft.body["card"] = body["card"]
        if "asks" in body:
            draft.body["asks"] = body["asks"]
        return draft

    def screening_deleted(self) -> Body:
        """What stands in place of the safety questions and their result once the answers were deleted."""
        return self._said(screening_slots.KINDS[0], self._knowledge.wording("screening_deleted")).body

    def refused(self, sentence: str) -> Draft:
        """Why a message was not taken, for channels that have no other way to say it."""
        return self._said("unknown", sentence)

    # parts

    def _alarm_words(self, level: str, name: str, language: str | None, role: Role = "assistant") -> Draft:
        text = self._with_english(name, language)
        draft = self._said("chat", self._filled(text), role=role)
        draft.body["buttons"] = self._calls(level, text, language)
        return draft

    def _with_english(self, name: str, language: str | None) -> str:
        """A sentence about an alarm: in the patient's language, and in English below, for whoever helps."""
        english = self._knowledge.sentences[name].text
        theirs = self._knowledge.catalogue(language).sentences.get(name)
        return f"{theirs}\n\n{english}" if theirs else english

    def _answer_chips(self, draft: Draft, level: str, language: str | None, chips: Iterable[str] = CHIPS) -> None:
        """Buttons with which a patient answers an alarm."""
        for answered in chips:
            label = self._label(f"alarm_{answered}", language)
            self._button(draft, label, {DOES: answered, "level": level})

    def _label(self, name: str, language: str | None, **values: object) -> str:
        return self._knowledge.wording_in(language or DEFAULT_LANGUAGE, f"label_{name}", **values)

    def _calls(self, kind: str, text: str, language: str | None = None) -> list[Button]:
        """Buttons that call: the numbers that the text names, in its order, and the emergency line in any case."""
        clinic = self._knowledge.clinic
        known = {**clinic.numbers.named(), "clinic_phone": clinic.phone}
        named = [name for name in PLACEHOLDER.findall(text) if name in known] or [FIRST_CALL[kind]]
        calls = {known[name]: known[name] for name in (*named, "emergency")}
        if "crisis_line" in named:
            calls |= {number: f"{name} {number}" for name, number in clinic.more_crisis_lines if number not in calls}
        buttons: list[Button] = []
        for number, label in calls.items():
            buttons.append({"label": self._label("call", language, number=label), "tel": number})
            if number == clinic.numbers.crisis_line and (sms := clinic.crisis_text):
                buttons.append({"label": self._label("text", language, number=sms), "sms": sms})
        return buttons

    def _reach(self) -> list[Json]:
        """The ways to the front desk."""
        clinic, say = self._knowledge.clinic, self._knowledge.wording
        ways = [{"label": say("label_call", number=clinic.phone), "href": f"tel:{clinic.phone}"}]
        if clinic.booking_link:
            ways.append({"label": say("label_book"), "href": clinic.booking_link})
        return ways

    def _now(self) -> datetime:
        """The time at the clinic."""
        return self._clock().astimezone(self._knowledge.clinic.timezone)

    def _said(self, kind: Kind, text: str, *, role: Role = "assistant", offer: Iterable[str] = ()) -> Draft:
        body: Body = {
            "text": text,
            "links": self._links(text),
            "topic": None,
            "topics": [],
            "answer": None,
            "answers": [],
            "things": [],
            "offered": [],
            "confidence": 1.0,
            "sources": [],
            "see_also": [],
            "buttons": [],
            "more": False,
            "link": None,
        }
        if self._knowledge.translation:
            body["language"] = self._knowledge.translation.code
        draft = Draft(role, kind, body)
        self._offer(draft, offer)
        return draft

    def _links(self, text: str) -> list[Json]:
        """What a page can make tappable in it."""
        return [asdict(link) for link in links(text, self._knowledge.clinic)]

    def _source(self, ref: SourceRef) -> Json:
        source = self._knowledge.sources[ref.id]
        return {"id": source.id, "title": source.title, "section": ref.section, "url": source.url}

    def _message(self, kind: str, message: Json) -> Draft:
        """One message of the engine. Its `custom` may name topics to offer, or hold a card, or a result."""
        custom: Json = given if isinstance(given := message.get("custom"), dict) else {}
        # A kind of its own passes through: what shows it knows what to do with it.
        draft = self._said(
            cast(Kind, kind), self._in_words(str(message.get("text") or "")), offer=custom.get("offer") or ()
        )
        for button in message.get("buttons") or ():
            if isinstance(button, dict) and button.get("title"):
                does = _meaning(str(button.get("payload") or ""))
                label = self._filled(str(button["title"]))
                if topic := self._knowledge.topics.get(str(does.get("intent")).removeprefix("faq/")):
                    label, does = self._chosen(topic) or (label, does)
                self._button(draft, label, does, opens="sheet" if does == PRINT else None)
        if isinstance(card := custom.get("card"), dict):
            draft.body["card"] = card
        if isinstance(result := custom.get("result"), dict):
            draft.body["result"] = result
        if isinstance(custom.get("asks"), str):
            draft.body["asks"] = custom["asks"]
        if custom.get("docked") is True:
            draft.body["docked"] = True
        return draft

    def _offer(self, draft: Draft, names: Iterable[str]) -> None:
        """Buttons for topics, or for other intents that have a label."""
        for name in names:
            if (topic := self._knowledge.topics.get(name)) and (chosen := self._chosen(topic)):
                self._button(draft, *chosen)
            elif f"label_{name}" in self._knowledge.sentences:
                self._button(draft, self._knowledge.wording(f"label_{name}"), {"intent": name})

    def _chosen(self, topic: Topic) -> tuple[str, Json] | None:
        """The label of a button for a topic, and what it does; in another language None where nothing of it is told."""
        if (translation := self._knowledge.translation) is None:
            return topic.title, {"intent": topic.intent}
        told = translation.first_of.get(topic.name)
        return (told.title, {"answer": told.name}) if told else None

    def _button(self, draft: Draft, label: str, does: Json, opens: str | None = None) -> None:
        """A button. A page may show what it `opens`; others take it as a choice."""
        if all(button["label"] != label for button in draft.body["buttons"]):
            button: Button = {"id": self._choice(draft, label, does), "label": label}
            if opens:
                button["opens"] = opens
            draft.body["buttons"].append(button)

    def _choice(self, draft: Draft, label: str, does: Json) -> str:
        name = secrets.token_urlsafe(6)
        draft.choices[name] = {"label": label, "does": does}
        return name

    def _in_words(self, text: str) -> str:
        """What the engine says by itself, in the language of these replies."""
        if translation := self._knowledge.translation:
            told = (said for english, said in translation.said.items() if self._filled(english) == self._filled(text))
            text = next(told, text)
        return self._filled(text)

    def _known(self, names: Iterable[str]) -> list[Topic]:
        return [self._knowledge.topics[name] for name in names if name in self._knowledge.topics]

    def _filled(self, text: str) -> str:
        try:
            return self._knowledge.fill(text)
        except KeyError:  # braces that are no placeholder of ours
            return text


def _about(topic: Topic, body: Body) -> None:
    """Say in what is sent which answer it is."""
    body["topic"], body["topics"] = topic.name, [topic.name]
    body["title"], body["version"] = topic.title, topic.version
    body["link"] = f"/answers/{topic.name}"


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
