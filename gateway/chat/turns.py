"""One turn: what a patient's message leads to. Nothing is stored here; `conversations.py` does that.

The order is the safety of it: the red-flag net first, always; then who has the conversation; then the engine.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, cast

from gateway.chat.after_alarm import CHIPS, DOES, NOT_IT, QUESTION, UNSURE, AfterAlarm
from gateway.chat.dialogue import Chosen, Dialogue
from gateway.chat.record import ChatRecord
from gateway.chat.replies import Replies
from gateway.engine.busy import Busy
from gateway.engine.client import Asked, Engine, EngineUnavailable, Heard
from gateway.errors import describe
from gateway.handoff.patients import Patients
from gateway.storage import screening_slots
from gateway.storage.records import Body, Conversation, Draft, Turn, TurnOutcome
from knowledge import Knowledge
from safety import LEVELS, Finding, Level, SafetyNet
from safety.languages import FOREIGN, HELP, Languages

Json = dict[str, Any]
SMALL_TALK = ("greeting", "thanks", "goodbye", "chat")
ASKS_WHY = ("follow_up/why", "follow_up/simpler", "follow_up/not_asked")  # intents of who does not see why it was said
ENGLISH = 3  # words from which a message that is not in the language spoken before is taken for English
SCREENING = "screening"  # the intent with which the safety questions begin
NOTE = 300  # characters of what a patient answers to an alarm that the front desk sees beside it
log = logging.getLogger(__name__)


class Turns:
    """Decides what a message leads to."""

    def __init__(
        self,
        net: SafetyNet,
        engine: Engine,
        replies: Replies,
        patients: Patients,
        busy: Busy,
        after: AfterAlarm,
        languages: Languages,
        dialogue: Dialogue,
        knowledge: Knowledge,
    ) -> None:
        self._net = net
        self._after = after
        self._languages = languages
        self._engine = engine
        self._replies = replies
        self._patients = patients
        self._busy = busy
        self._fault_told: str | None = None
        self._dialogue = dialogue
        self._knowledge = knowledge
        self._dialogues = {
            code: Dialogue(knowledge.spoken(code), replies.speaking(code)) for code in knowledge.translations
        }
        # One thread: a long message does not hold up the others, and spaCy is never entered twice at once.
        self._net_thread = ThreadPoolExecutor(1, "red-flag-net")

    async def decide(self, turn: Turn) -> TurnOutcome:
        """What this message leads to, whatever else is down."""
        with self._busy.at_work():
            return self._with_fault(await self._decide(turn))

    async def _decide(self, turn: Turn) -> TurnOutcome:
        conversation, text, does = turn.conversation, turn.message.body["text"], turn.does
        flag = conversation.red_flag
        flag = flag if self._after.is_open(flag, turn.message.created_at) else None
        answered = (does or {}).get(DOES) or (self._after.kind(text) if flag and does is None else None)
        finding, judged = None, False
        if does is None:
            finding, judged = await self._judged(turn.typed or text, _finding(flag), turn.before)
            if flag and finding is None and answered is None and self._after.explains(text, flag["level"]):
                answered = NOT_IT
        if finding and finding.sign == HELP:
            return TurnOutcome(self._alarm(conversation, finding, [QUESTION]), red_flag=flag or {})
        if finding and not (flag and set(finding.signs) <= set(flag["signs"])):
            return self._red_flag(turn, finding)
        if answered:
            return self._answered(turn, str((flag or does or {})["level"]), answered, flag)
        if finding and flag:
            return self._told_again(conversation, flag)
        if conversation.silent_about(turn.message.seq):
            return TurnOutcome(red_flag=flag or {})
        if does and does.get("handoff") == "cancel":
            return TurnOutcome(replies=(self._patients.cancelled(conversation),), cancel_handoff=True)
        left = self._patients.contact_left(conversation, text) if does is None else None
        if left and left[2]:
            return TurnOutcome(replies=(left[1],), contact=left[0], red_flag=flag or {})
        dialogue, language, asks = self._in_language(turn)
        record = replace(dialogue.heard(turn), language=language)
        outcome = await self._without_danger(turn, dialogue, record, asks, judged)
        if does is None and asks is None:
            outcome = self._not_understood(outcome, text, language)
        outcome = dialogue.finished(outcome, record, text)
        if flag:
            outcome = self._meanwhile(turn, outcome, flag)
        if "engine_down" in outcome.desk:
            outcome = self._asked_again(turn, outcome)
        if left:
            outcome = replace(outcome, replies=(*outcome.replies, left[1]), contact=left[0])
        more = bool(does and "more" in does)
        return outcome if more else await self._patients.handed_over(conversation, outcome)

    def _with_fault(self, outcome: TurnOutcome) -> TurnOutcome:
        """A net that does not work is told to the desk, with the first message that it could not read as it should."""
        fault = self._net.fault
        if fault == self._fault_told:
            return outcome
        self._fault_told = fault
        return replace(outcome, desk=(*outcome.desk, "net_failed")) if fault else outcome

    def _in_language(self, turn: Turn) -> tuple[Dialogue, str, Json | None]:
        """Who answers this message: whoever speaks the language of the window, or that of the message. The language, if
        it is not the window's, and what a question in another language than English asks for, as a button would.
        """
        conversation, text = turn.conversation, turn.message.body["text"]
        window, before = self._knowledge.catalogue(conversation.language).code, ChatRecord.read(conversation.record)
        for code, translation in self._knowledge.translations.items():
            asks = None if turn.does else translation.find(text, sure=window == code)
            if asks or (turn.does is None and translation.is_spoken(text)):
                return self._dialogues[code], "" if window == code else code, asks
        stays = before.language if turn.does or len(text.split()) < ENGLISH else ""
        return self._dialogues.get(stays or window, self._dialogue), stays, None

    async def _without_danger(
        self, turn: Turn, dialogue: Dialogue, record: ChatRecord, asks: Json | None, judged: bool
    ) -> TurnOutcome:
        conversation, text, does = turn.conversation, turn.message.body["text"], turn.does or asks
        answered = dialogue.short_answer(turn, record)
        if isinstance(answered, TurnOutcome):
            return answered
        if isinstance(answered, Chosen):
            text, does = answered.label, answered.does
        if does and (outcome := dialogue.carried_out(does, record, conversation.slots)):
            return outcome
        if does and "intent" not in does:
            text, does = does.get("say", text), None
        return await self._ask(turn, dialogue, record, text, does, judged)

    def close(self) -> None:
        """Nothing more comes."""
        self._net_thread.shutdown(wait=False)

    def failed(self, turn: Turn) -> TurnOutcome:
        """What is said when no decision could be made."""
        return self._asked_again(turn, TurnOutcome(replies=tuple(self._replies.engine_down()), desk=("failed",)))

    def _asked_again(self, turn: Turn, outcome: TurnOutcome) -> TurnOutcome:
        """After a failure the card that was open is shown again: what was ticked is lost."""
        open_now = (screening_slots.at(turn.conversation.slots), screening_slots.answered(turn.does))
        if turn.card is None or turn.card["card"]["id"] not in open_now:
            return outcome
        return replace(outcome, replies=(*outcome.replies, self._replies.card_again(cast(Body, turn.card))))

    async def danger(self, text: str, previous: Finding | None = None, before: Sequence[str] = ()) -> Finding | None:
        """What the red-flag net finds in what somebody typed, read with what they wrote just before."""
        return (await self._judged(text, previous, before))[0]

    async def _judged(self, text: str, previous: Finding | None, before: Sequence[str]) -> tuple[Finding | None, bool]:
        """The same, and whether the whole net has read it."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._net_thread, self._net.check, text, previous, before)
            return found or self._in_any_language(text), self._net.fault is None
        except Exception as error:
            # The engine has the same net as a component, so going on is safer than giving no answer.
            log.error("the red-flag net failed (%s)", describe(error))
            return None, False

    def _in_any_language(self, text: str) -> Finding | None:
        """A danger told in another language, answered in it and in English, or a call for help."""
        found = self._languages.check(text)
        if found is None or found.sign == HELP:
            return found
        return replace(found, reply=f"{found.reply}\n\n{self._replies.in_english(found.level)}")

    def _red_flag(self, turn: Turn, finding: Finding) -> TurnOutcome:
        conversation = turn.conversation
        log.info("red flag %s (%s)", finding.sign, finding.level)
        return TurnOutcome(
            replies=self._alarm(conversation, finding),
            desk=(cast(Level, finding.level),),
            record=replace(ChatRecord.read(conversation.record), offers=(), asks="").stored(),
            **self._screening_ends(conversation, conversation.slots, finding.level),
            red_flag={
                "level": finding.level,
                "sign": finding.sign,
                "signs": list(finding.signs),
                "reply": finding.reply,
                "at": turn.message.created_at.isoformat(),
            },
        )

    def _alarm(self, conversation: Conversation, finding: Finding, chips: Sequence[str] = CHIPS) -> tuple[Draft, ...]:
        """The card of an alarm: in the language of the window, too, unless it already speaks that of the message."""
        said = None if finding.sign == FOREIGN else self._languages.say(conversation.language, finding.level)
        reply = f"{said}\n\n{finding.reply}" if said else finding.reply
        return tuple(self._replies.alarm(cast(Level, finding.level), reply, conversation.language, chips))

    def _screening_ends(self, conversation: Conversation, slots: Json, level: str) -> dict[str, Any]:
        """A red flag ends the safety questions, and nothing that was answered is kept."""
        gone = screening_slots.SLOT in conversation.slots
        return {
            "slots": screening_slots.without_answers(slots, emergency=level == "emergency"),
            "screening_gone": self._replies.screening_deleted() if gone else None,
        }

    def _not_understood(self, outcome: TurnOutcome, text: str, language: str) -> TurnOutcome:
        """A message in another language that found no answer is told so in it, with the way to a person.

        Where that language has answers of its own, what the engine read into the words counts for nothing.
        """
        desk = self._knowledge.clinic.languages
        own = next((code for code, each in self._knowledge.translations.items() if each.is_spoken(text)), None)
        words = self._languages.in_its_own_words(own, desk) if own else self._languages.not_understood(text, desk)
        kept = (*LEVELS, *screening_slots.KINDS)
        answered = any(draft.kind in kept or (not own and draft.body.get("topics")) for draft in outcome.replies)
        if words is None or answered or outcome.desk:
            return outcome
        replies = self._replies.speaking(own or language or None)
        return replace(outcome, replies=(replies.not_understood(words),))

    def _answered(self, turn: Turn, level: str, answered: str, flag: Json | None) -> TurnOutcome:
        """What a patient answers to an alarm closes it; after a crisis it stays in mind until a clear new question.

        Who only has a question answers no alarm: one that is open stays so.
        """
        reply = self._replies.after_alarm(level, answered, turn.conversation.language)
        if answered == QUESTION:
            return TurnOutcome((reply,), red_flag=flag or {})
        stays = flag if flag and level == "crisis" else None
        note = turn.message.body["text"][:NOTE]
        return TurnOutcome((reply,), alarm_note=note, red_flag=_later(stays) if stays else {})

    def _told_again(self, conversation: Conversation, flag: Json) -> TurnOutcome:
        """The same danger once more: other words than before, and the front desk hears of it again."""
        level, said = flag["level"], flag.get("said", 0) + 1
        name = f"alarm_again_{level}" + ("" if said % 2 else "_2")
        reply = replace(self._replies.alarm_again(level, name, conversation.language), kind=level)
        return TurnOutcome((reply,), desk=(level,), red_flag={**_later(flag), "said": said})

    def _meanwhile(self, turn: Turn, outcome: TurnOutcome, flag: Json) -> TurnOutcome:
        """What is said to something else while an alarm is open: a reminder before the answer, or instead of it."""
        level, language = flag["level"], turn.conversation.language
        if any(draft.kind in LEVELS for draft in outcome.replies):
            return outcome
        if outcome.small_talk:
            return replace(outcome, replies=(self._replies.reminder(level, language),), red_flag=flag)
        clear = turn.does is not None or self._after.is_question(turn.message.body["text"])
        down = "engine_down" in outcome.desk
        if not down and self._after.holds_back(level, outcome.replies, clear):
            name, said = self._held(turn, outcome, flag)
            held = self._replies.alarm_again(level, name, language)
            return replace(outcome, replies=(held,), desk=(), red_flag={**_later(flag), **said})
        again = bool(flag.get("reminded"))
        replies = self._replies.reminded(level, outcome.replies, language, again=again)
        return replace(outcome, replies=replies, red_flag={**_later(flag), "reminded": True})

    def _held(self, turn: Turn, outcome: TurnOutcome, flag: Json) -> tuple[str, Json]:
        """What is said in place of an answer that waits for the alarm, and what of it is remembered: why there was an
        alarm, to who asks; once that it was noted, to who tells something; else another sentence than the last time.
        """
        level, text, said = flag["level"], turn.message.body["text"], flag.get("waits", ())
        intent = outcome.heard.reply.intent if outcome.heard else ""
        if intent in ASKS_WHY and "why" not in said:
            return f"alarm_why_{level}", {"waits": [*said, "why"]}
        unsure = all(draft.kind in UNSURE for draft in outcome.replies)
        if unsure and self._dialogue.tells(text) and "noted" not in said:
            return f"alarm_noted_{level}", {"waits": [*said, "noted"]}
        times = flag.get("held", 0)
        way = ("", "_2", "_3")[times if times < 2 else 2 - times % 2]  # never the same twice in a row
        return f"alarm_held_{level}{way}", {"held": times + 1}

    async def _ask(
        self, turn: Turn, dialogue: Dialogue, record: ChatRecord, text: str, does: Json | None, judged: bool
    ) -> TurnOutcome:
        conversation = turn.conversation
        judged = judged and text == turn.message.body["text"]  # and not the words of a button
        style = screening_slots.ONE_BY_ONE if conversation.text_only else {}
        # What is typed counts only for what was on the screen; "" is nothing.
        on_screen = {"on_screen": turn.on_screen or ""}
        language = {"language": language} if (language := record.language or conversation.language) else {}
        slots = {**conversation.slots, **style, **on_screen, **language, **dialogue.told_slots(record)}
        typed = turn.typed if turn.typed and text == turn.message.body["text"] else text
        asked = Asked(conversation.id, typed, does, slots, turn.before, judged)
        try:
            reply = await self._engine.ask(asked)
        except EngineUnavailable as error:
            log.warning("%s", error)
            return TurnOutcome(self._without_engine(dialogue, conversation, does), desk=("engine_down",))
        heard = None if does else Heard(asked, reply)
        replies = dialogue.follow_up(reply, record, text)
        if replies is None:
            decided = dialogue.replies.decided(reply, dialogue.asked(text, record, reply))
            if reply.intent == SCREENING and not screening_slots.open_or_done(conversation.slots):
                decided = list(dialogue.begun(decided, record))
            narrowed = dialogue.narrowed(decided, reply, record, text)
            replies = dialogue.in_view(dialogue.doctor_first(narrowed, record, text), record)
        if alarm := reply.alarm:
            ends = self._screening_ends(conversation, reply.slots, alarm)
            found: dict[str, Any] = {"red_flag": reply.red_flag or {}, "heard": heard, **ends}
            return TurnOutcome(replies, desk=(alarm,), **found)
        deleted = screening_slots.deleted(conversation.slots, reply.slots)
        return TurnOutcome(
            replies=replies,
            desk=(reply.handoff,) if reply.handoff else (),
            small_talk=reply.intent.partition("/")[0] in SMALL_TALK,
            near=(*(name for name, _ in reply.answer_ranking), *reply.offered),
            slots=reply.slots,
            screening_gone=self._replies.screening_deleted() if deleted else None,
            heard=heard,
        )

    def _without_engine(self, dialogue: Dialogue, conversation: Conversation, does: Json | None) -> tuple[Draft, ...]:
        """A button that asks for a topic needs no engine to be answered."""
        topic = str((does or {}).get("intent", "")).removeprefix("faq/")
        if dialogue.replies.knows(topic):
            return (dialogue.replies.answer(topic, slots=conversation.slots),)
        return tuple(dialogue.replies.engine_down())


def _finding(flag: Json | None) -> Finding | None:
    return Finding(flag["level"], flag["sign"], tuple(flag["signs"]), flag["reply"]) if flag else None


def _later(flag: Json) -> Json:
    """The alarm one message on."""
    return {**flag, "messages": flag.get("messages", 0) + 1}
