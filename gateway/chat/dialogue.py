"""Holds a conversation: what was told is noted and used, short answers go to what was offered, "simpler" and the like
do what they say, and nothing long is said twice.

Pure: the record of the chat goes in, and the replies and the new record come out. `turns.py` asks the engine between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.chat.again import Again, first_sentence, fresh_paragraphs, with_text
from gateway.chat.noting import Noting
from gateway.chat.record import ChatRecord, Offer, is_long, specific_of, topic_of
from gateway.chat.replies import CONDITION_HELP, UNSURE, Replies
from gateway.engine.client import EngineReply
from gateway.handoff.contact import contact_in
from gateway.handoff.patient_words import HUMAN
from gateway.handoff.patients import MORE_THAN_CONTACT
from gateway.storage import screening_slots
from gateway.storage.records import Draft, Kind, Turn, TurnOutcome
from knowledge import Knowledge, normalise
from knowledge.talk import Fact
from safety import LEVELS

Json = dict[str, Any]
FOLLOW_UP = "follow_up/"
SAID_AGAIN = ("simpler", "shorter", "repeat", "more")  # these are about the last answer, also among safety questions
WHICH, ANYTHING = "which", "anything"  # what an open question of the assistant is about
OWN_TOPICS = 2  # facts that are brought up before one answer
NOT_KNOWN = ("clarify", "nlu_fallback")  # intents of a message that was not understood, not one that lies outside
ELLIPSIS = 6  # words up to which what was not understood leans on the last answer
BUTTONS = 4
FEW = 8  # words up to which a file that is named is what the message is about
PHOTO, CONTACT = "chat/photo", "chat/contact_left"


@dataclass(frozen=True)
class Chosen:
    """A short answer that stands for a button: what it says, and does."""

    label: str
    does: Json


class Dialogue:
    """Decides what a message means in its chat, as far as no engine is needed for it."""

    def __init__(self, knowledge: Knowledge, replies: Replies) -> None:
        self._knowledge = knowledge
        self._talk = knowledge.talk
        self.replies = self._replies = replies
        self._noting = Noting(knowledge)
        self._again = Again(knowledge, replies)

    # before the engine

    def heard(self, turn: Turn) -> ChatRecord:
        """The record with what this message tells; a button tells nothing."""
        record = ChatRecord.read(turn.conversation.record)
        return record if turn.does else self._noting.note(record, turn.message.body["text"])

    def short_answer(self, turn: Turn, record: ChatRecord) -> Chosen | TurnOutcome | None:
        """What "yes", "the second" or "i meant my sister" leads to; None for every other message."""
        text = turn.message.body["text"]
        if turn.does or turn.conversation.red_flag or screening_slots.at(turn.conversation.slots):
            return None
        if intent := self._beside_words(turn):
            return Chosen(text, {"intent": intent})
        answered = screening_slots.answers(turn.conversation.slots)  # a correction of these renews their result
        if not answered and (who := self._noting.correction(text)) is not None:
            return self._about(record, who)
        offers = record.offers
        plain = normalise(text)
        if named := next((offer for offer in offers if normalise(offer.label) == plain), None):
            return Chosen(named.label, named.does)
        for number, words in enumerate(self._talk.ordinals):
            if plain in words and offers:
                offer = offers[min(number, len(offers) - 1)]
                return Chosen(offer.label, offer.does)
        if self._talk.is_one_of(text, "last") and offers:
            return Chosen(offers[-1].label, offers[-1].does)
        if self._talk.is_one_of(text, "both") and (both := self._known(offers)):
            return TurnOutcome(replies=both)
        if self._talk.is_one_of(text, "yes"):
            return self._yes(record)
        if self._talk.is_one_of(text, "no"):
            return self._own("chat", "talk_all_right")
        return None

    def carried_out(self, does: Json, record: ChatRecord, slots: Json) -> TurnOutcome | None:
        """What a button leads to that needs no engine."""
        if self._replies.knows(topic := str(does.get("more") or "")):
            return TurnOutcome(replies=(self._replies.answer(topic, long=True, slots=slots),))
        topic_name = topic_of(str(does.get("answer") or ""))
        if self._replies.knows(topic_name):
            id = specific_of(str(does["answer"]))
            known = id in self._knowledge.topics[topic_name].answers
            draft = (
                self._replies.specific(topic_name, id, slots)
                if known
                else self._replies.answer(topic_name, slots=slots)
            )
            return TurnOutcome(replies=(draft,), slots={**slots, "topic": topic_name, "answer": id})
        if check := self._talk.checks.get(str(does.get("check"))):
            return TurnOutcome(replies=(self._check(check.topic, does.get("choice")),))
        return None

    def told_slots(self, record: ChatRecord) -> Json:
        """What the safety questions need not ask as if it were new."""
        told = record.answers_told(self._talk.facts)
        return {"told": told} if told else {}

    def asked(self, text: str, record: ChatRecord, reply: EngineReply) -> str:
        """The message as its answer has to be about it: "will it help" after "low back" is about the low back."""
        if CONDITION_HELP not in reply.topics or not record.named:
            return text
        found = self._knowledge.conditions.find(text)
        return text if found else f"{text} {record.named[0]}"

    # after the engine

    def follow_up(self, reply: EngineReply, record: ChatRecord, text: str) -> tuple[Draft, ...] | None:
        """What "more", "simpler", "i read that" or "not what i asked" leads to; None where it is not for this."""
        kind = reply.intent.removeprefix(FOLLOW_UP)
        topic_name = topic_of(record.last)
        asks = [message for message in reply.messages if reply.kind_of(message) in screening_slots.KINDS]
        # "Why do you ask?" is about the safety questions while they are open.
        if kind == reply.intent or not self._replies.knows(topic_name) or (asks and kind not in SAID_AGAIN):
            return None
        if asks:
            alone = replace(reply, messages=tuple(m for m in reply.messages if m not in asks))
            return (*(self.follow_up(alone, record, text) or ()), *map(self._replies.asks, asks))
        if self._replies.withheld(topic_name):
            return (self._replies.answer(topic_name),)
        topic, specific = self._knowledge.topics[topic_name], specific_of(record.last)
        last = topic.answers[specific].text if specific in topic.answers else topic.short
        if kind == "more":
            long = not specific or topic_name in record.given
            return (self._replies.answer(topic_name, long=long and bool(topic.more)),)
        if kind == "why" and (reason := self._again.next_paragraph(topic_name, record, text)):
            return (reason,)
        if kind == "already_read" and (unread := self._again.next_paragraph(topic_name, record, text)):
            return (unread,)
        if kind == "not_asked":
            return (self._not_asked(topic_name, record, reply, text),)
        if kind == "simpler" and topic.simple and not record.has_said(self._filled(topic.simple)):
            return (self._replies.part(topic_name, topic.simple),)
        return (self._again.narrower(topic_name, record, text, first_sentence(last)),)

    def narrowed(self, replies: Sequence[Draft], reply: EngineReply, record: ChatRecord, text: str) -> Sequence[Draft]:
        """A few words that were not understood, such as "the day after?", are asked back about the last answer."""
        topic = self._knowledge.topics.get(topic_of(record.last))
        # "Go back" and "stop" are understood by the safety questions alone.
        unsure = reply.intent in NOT_KNOWN and replies[0].kind in UNSURE
        lost = len(replies) == 1 and unsure and not replies[0].body["topics"]
        if presumed := self._presumed(reply, record, text):
            if kept := [draft for draft in replies if draft.body["topic"] != presumed]:
                return kept
            lost = topic is not None
        short = len(text.split()) <= ELLIPSIS
        telling = self._talk.is_statement(text) and (short or bool(reply.offered))
        leans = topic is not None and short and not self._replies.withheld(topic.name)
        if not lost or not (leans or telling):
            return replies
        others = [(self._title(name), _does(name)) for name in reply.offered if self._replies.knows(name)]
        questions = self._again.questions(topic, record, text) if topic and leans else []
        if not questions and not telling:
            return replies
        buttons = [*questions[:2], *others, *questions[2:]][:BUTTONS]
        said = self._say("talk_noted" if telling else "talk_not_followed")
        draft = self._replies.own_words("clarify", said, buttons, offer=["human"])
        draft.body["offered"] = list(dict.fromkeys((*([topic.name] if topic else []), *reply.offered)))
        return (draft,)

    def _presumed(self, reply: EngineReply, record: ChatRecord, text: str) -> str | None:
        """The topic of an answer that takes for granted what nobody told: "three months in" is not always pregnancy."""
        last = topic_of(record.last)
        for fact in self._talk.facts.values() if last else ():
            told = fact.topic == last or any(each.fact == fact.id for each in record.told)
            if fact.topic in reply.topics and not told and not fact.is_asked(text):
                return fact.topic
        return None

    def in_view(self, replies: Sequence[Draft], record: ChatRecord) -> tuple[Draft, ...]:
        """The replies in the light of what was told, where the sources say something about it."""
        if self._knowledge.translation:  # what was told is known in English words alone
            return tuple(replies)
        first, *others = replies
        topic_name = first.body.get("topic")
        if first.role != "assistant" or first.kind != "answer" or not topic_name or first.body.get("withheld"):
            return tuple(replies)
        told = [self._talk.facts[t.fact] for t in record.told if t.who == record.about and t.fact in self._talk.facts]
        before: list[str] = []
        sources: list[Json] = []
        for fact in [fact for fact in told if fact.topic != topic_name][:OWN_TOPICS]:
            if (id := self._unread_of(fact, topic_name, record)) is not None:
                own = self._replies.specific(fact.topic, id)
                own = with_text(own, f"{self._as_told(fact, record)}\n\n{own.body['text']}")
                return (own, *others)
            if fact.line and topic_name in fact.line.topics:
                said = f"{self._as_told(fact, record)} {self._filled(fact.line.text)}"
                new = not record.has_said(said)
                before.append(said if new else self._say("talk_as_told_again", clause=self._clause(fact, record)))
                sources += self._replies.cited(fact.line.sources) if new else []
        if not before:
            return tuple(replies)
        known = {source["id"] for source in first.body["sources"]}
        cited = [*first.body["sources"], *(source for source in sources if source["id"] not in known)]
        return (with_text(first, "\n\n".join((*before, first.body["text"])), sources=cited), *others)

    def finished(self, outcome: TurnOutcome, record: ChatRecord, asked: str = "") -> TurnOutcome:
        """The outcome without anything long that is in the chat already, and with the record after it."""
        replies: list[Draft] = []
        for draft in outcome.replies:
            if draft.role == "assistant" and draft.kind not in LEVELS:
                draft = self._fresh(draft, record, asked, outcome)
                self._offer_check(draft, record)
                record = self._saying(record, draft)
            replies.append(self._replies.linked(draft))
        record = replace(record, near=tuple(outcome.near), offers=_offers(replies), asks=_asks(replies))
        return replace(outcome, replies=tuple(replies), record=record.stored())

    # parts

    def _beside_words(self, turn: Turn) -> str | None:
        """What is meant by a sign, the name of a file, or nothing but a number or address to be reached at."""
        text, clinic = turn.typed or turn.message.body["text"], self._knowledge.clinic
        if intent := self._talk.without_words(text):
            return intent
        if len(text.split()) <= FEW and self._talk.names_file(text):
            return PHOTO
        found = contact_in(text, clinic.country, but=clinic.phone)
        if found and "?" not in text and len(text.replace(found[0], "").split()) <= MORE_THAN_CONTACT:
            return CONTACT
        return None

    def _yes(self, record: ChatRecord) -> Chosen | TurnOutcome:
        offers = record.offers
        if record.asks == ANYTHING:
            return self._own("chat", "talk_go_ahead")
        if not offers:
            return self._own("clarify", "talk_yes_to_what")
        if len(offers) > 1 and record.asks == WHICH:
            buttons = [(offer.label, offer.does) for offer in offers]
            return TurnOutcome(replies=(self._replies.own_words("clarify", self._say("talk_which_one"), buttons),))
        return Chosen(offers[0].label, offers[0].does)

    def _known(self, offers: Sequence[Offer]) -> tuple[Draft, ...]:
        found: list[Draft] = []
        for offer in offers[:3]:
            topic = str(offer.does.get("intent", "")).removeprefix("faq/")
            name = str(offer.does.get("answer") or topic)
            topic_name, id = topic_of(name), specific_of(name)
            if self._replies.knows(topic_name):
                known = id in self._knowledge.topics[topic_name].answers
                found.append(self._replies.specific(topic_name, id) if known else self._replies.answer(topic_name))
        return tuple(found)

    def _about(self, record: ChatRecord, who: str) -> TurnOutcome:
        person = self._talk.person(who)
        text = self._say("talk_about", who=person.name) if person else self._say("talk_about_me")
        topic = self._knowledge.topics.get(topic_of(record.last))
        buttons = self._again.questions(topic, record) if topic else []
        return TurnOutcome(replies=(self._replies.own_words("chat", text, buttons),))

    def _not_asked(self, topic_name: str, record: ChatRecord, reply: EngineReply, text: str) -> Draft:
        topics = self._knowledge.topics
        others = [name for name in (*record.near, *reply.offered) if name not in record.given]
        buttons = [(self._title(name), _does(name)) for name in others if self._replies.knows(topic_of(name))]
        buttons += self._again.questions(topics[topic_name], record, text)
        return self._replies.own_words("clarify", self._say("talk_not_asked"), buttons[:4], offer=["human"])

    def _title(self, name: str) -> str:
        topic, id = self._knowledge.topics[topic_of(name)], specific_of(name)
        return topic.answers[id].title if id in topic.answers else topic.title

    def _check(self, topic_name: str, choice: object) -> Draft:
        check = self._talk.checks[topic_name]
        if not isinstance(choice, int):
            choices = sorted(enumerate(check.choices), key=lambda numbered: numbered[1])
            buttons = [(self._filled(text), {"check": topic_name, "choice": number}) for number, text in choices]
            return self._replies.own_words("clarify", check.question, buttons)
        return self._replies.part(topic_name, check.wrong if choice else check.right)

    def _offer_check(self, draft: Draft, record: ChatRecord) -> None:
        topic = draft.body.get("topic")
        new = topic_of(record.last) != topic and draft.body.get("more")
        if new and draft.kind == "answer" and topic in self._talk.checks and not draft.body.get("withheld"):
            self._replies.add_button(draft, self._say("label_check"), {"check": topic})

    def _unread_of(self, fact: Fact, topic_name: str, record: ChatRecord) -> str | None:
        if not self._replies.knows(fact.topic) or self._replies.withheld(fact.topic):
            return None
        answers = self._knowledge.topics[fact.topic].answers
        found = (id for id in fact.first.get(topic_name, ()) if id in answers and not answers[id].fields)
        return next((id for id in found if f"{fact.topic}.{id}" not in record.given), None)

    def _clause(self, fact: Fact, record: ChatRecord) -> str:
        person = self._talk.person(record.about)
        return fact.clause(person.name if person else "")

    def _as_told(self, fact: Fact, record: ChatRecord) -> str:
        return self._say("talk_as_told", clause=self._clause(fact, record))

    def _fresh(self, draft: Draft, record: ChatRecord, asked: str, outcome: TurnOutcome) -> Draft:
        fresh = fresh_paragraphs(draft, record)
        text = "\n\n".join(fresh)
        if text == draft.body["text"] and not record.has_said(text):
            return draft
        if "engine_down" in outcome.desk and not draft.body["topic"]:
            return with_text(draft, self._say("talk_still_down"))
        if draft.kind in screening_slots.KINDS:
            return with_text(draft, text or self._say("talk_still_open"))
        if any(map(is_long, fresh)):
            return with_text(draft, text)
        topic = draft.body.get("topic") if not self._knowledge.translation else None
        if draft.body.get("topic") == HUMAN:  # what is true of the front desk now is said before it
            return with_text(draft, self._say("talk_told_them"))
        if topic and self._replies.knows(topic) and not draft.body.get("withheld"):
            other = self._again.next(topic, record, asked, outcome.near, outcome.slots or {})
            if not record.has_said(other.body["text"]):
                return other
        key = f"talk_short_{draft.kind}"
        return with_text(draft, self._say(key if key in self._knowledge.sentences else "talk_said"))

    def _saying(self, record: ChatRecord, draft: Draft) -> ChatRecord:
        text = str(draft.body["text"])
        record = record.saying((*text.split("\n\n"), text))
        topic = draft.body.get("topic")
        if not topic or draft.kind not in ("answer", "clarify"):
            return record
        name = str(draft.body.get("answer") or topic)
        if name == topic and text == self._filled(self._knowledge.topics[topic].more):
            name = f"{topic}#more"
        return record.giving(name)

    def _own(self, kind: Kind, key: str) -> TurnOutcome:
        return TurnOutcome(replies=(self._replies.own_words(kind, self._say(key)),))

    def _filled(self, text: str) -> str:
        return self._knowledge.fill(text)

    def _say(self, key: str, **values: object) -> str:
        return self._knowledge.wording(key, **values)


def _does(name: str) -> Json:
    return {"answer": name} if "." in name else {"intent": f"faq/{name}"}


def _offers(replies: Sequence[Draft]) -> tuple[Offer, ...]:
    """What can be chosen now, in the order in which it stands on the screen."""
    found = []
    for draft in replies:
        for button in draft.body.get("buttons", ()):
            if choice := draft.choices.get(button.get("id", "")):
                found.append(Offer(choice["label"], choice["does"]))
    return tuple(found)


def _asks(replies: Sequence[Draft]) -> str:
    last = replies[-1] if replies else None
    if last is None:
        return ""
    if last.kind == "clarify":
        return WHICH
    return ANYTHING if last.kind == "chat" and str(last.body["text"]).rstrip().endswith("?") else ""
