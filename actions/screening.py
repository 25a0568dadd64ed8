"""The safety questions in the conversation: the form, its result, and changing an answer at any later time.

The form `screening_form` asks for one slot, `screening_finished`; which card comes next is decided by the sheet in the
slot `screening`, so a new question in data/screening.yml needs no change here or in domain.yml.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecutionRejected, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.cards import Cards
from actions.reading import Reading, mentioned, read
from actions.sheet import Sheet, ticked
from knowledge import Knowledge
from knowledge.screening import Screening

DATA = Path("data")
FORM = "screening_form"
RED_FLAG = "red_flag"
# What answers a question of the patient's inside the form; after it the form goes on.
ANSWERED_ELSEWHERE = {"faq", "refuse", "help", "follow_up", RED_FLAG}
UNKNOWN = {"clarify": "utter_clarify", "nlu_fallback": "utter_unknown", "out_of_scope": "utter_out_of_scope"}
COMMAND_OF = {
    "screening_stop": "stop",
    "goodbye": "stop",
    "screening_change": "back",
    "follow_up/why": "why",
    "screening": "repeat",
}

Json = dict[str, Any]
Events = list[EventType]


@cache
def knowledge() -> Knowledge:
    """What is known; read when first needed."""
    return Knowledge.load(DATA)


def screening() -> Screening:
    """The questions."""
    return knowledge().screening


@cache
def cards() -> Cards:
    """The messages."""
    return Cards(knowledge(), screening())


class StartScreening(Action):
    """Begins anew, with what the first message already says ("I'm pregnant, is it safe for me?")."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_screening_start"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Json) -> Events:
        """Say what is coming; the form asks."""
        before = _sheet(tracker)
        kept = {} if tracker.get_slot("screening_done") else before.answers
        told = {name: answer for name, answer in mentioned(_text(tracker), screening()).items() if answer != "no"}
        sheet = Sheet(style=_style(tracker), alarmed=before.alarmed).answered(screening(), {**kept, **told})
        if screening().ended_by(sheet.answers):
            return [*_slots(sheet), FollowupAction("action_screening_result")]
        dispatcher.utter_message(**cards().said("start", kind="screening"))
        return _slots(sheet)


class AskScreening(Action):
    """Asks the next card, or the next question where it goes one by one."""

    def name(self) -> str:
        """Rasa calls it because the form asks for this slot."""
        return "action_ask_screening_finished"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Json) -> Events:
        """Send the card."""
        sheet = _sheet(tracker)
        sheet = replace(sheet, at=sheet.at or sheet.open(screening()))
        dispatcher.utter_message(**cards().ask(sheet))
        return [SlotSet("screening", sheet.slot())]


class ValidateScreening(Action):
    """Reads a message while the form is open: an answer, a command, or something that is answered elsewhere."""

    def name(self) -> str:
        """Rasa calls it because of the form's name."""
        return f"validate_{FORM}"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Json) -> Events:
        """Note what was said; reject what others answer, so that they do and the form goes on after it."""
        if not _just_said(tracker):
            return []
        intent, sheet = _intent(tracker), _sheet(tracker)
        if intent == RED_FLAG:
            return [ActionExecutionRejected(FORM)]
        chosen = ticked(screening(), _card(tracker))
        reading = Reading(answers=chosen) if chosen else read(_text(tracker), screening(), sheet)
        if reading.answers or reading.again:
            return self._answered(dispatcher, tracker, sheet, reading)
        if command := reading.command or COMMAND_OF.get(intent):
            return self._command(dispatcher, sheet, command)
        if _group(intent) in ANSWERED_ELSEWHERE or (reading.asks and intent in UNKNOWN):
            return [ActionExecutionRejected(FORM)]
        dispatcher.utter_message(**cards().said("not_read", kind="screening"))
        return [SlotSet("screening", sheet.slot())]

    def _answered(self, dispatcher: CollectingDispatcher, tracker: Tracker, sheet: Sheet, reading: Reading) -> Events:
        asked = {question.id for question in sheet.asked(screening())}
        after = sheet.reopened(screening(), reading.again) if reading.again else sheet
        after = after.answered(screening(), reading.answers)
        events: Events = [SlotSet("screening", after.slot())]
        if after.open(screening()) is None:
            events.append(SlotSet("screening_finished", True))
        elif unasked := [name for name in reading.answers if name not in asked]:
            dispatcher.utter_message(**cards().said("noted", kind="screening", labels=cards().labels(unasked)))
        if reading.asks and _group(_intent(tracker)) in ANSWERED_ELSEWHERE and not cards().alarm(after):
            events.append(ActionExecutionRejected(FORM))
        return events

    def _command(self, dispatcher: CollectingDispatcher, sheet: Sheet, command: str) -> Events:
        if command == "stop":
            return [SlotSet("screening", replace(sheet, stopped=True).slot()), SlotSet("requested_slot", None)]
        if command == "skip":
            asked = [question.id for question in sheet.asked(screening())]
            sheet = sheet.answered(screening(), {name: "skipped" for name in asked if name not in sheet.answers})
            if sheet.open(screening()) is None:
                return [SlotSet("screening", sheet.slot()), SlotSet("screening_finished", True)]
            dispatcher.utter_message(**cards().said("skipped", kind="screening"))
        elif command == "back":
            if (before := sheet.before(screening())) is None:
                dispatcher.utter_message(**cards().said("first", kind="screening"))
            else:
                sheet = replace(sheet, at=before)
        elif command == "why":
            dispatcher.utter_message(text=cards().why(sheet), json_message={"kind": "screening"})
        elif command == "one_by_one":
            dispatcher.utter_message(**cards().said("one_by_one", kind="screening"))
            sheet = replace(sheet, style="one_by_one", at=None)
        return [SlotSet("screening", sheet.slot())]


class ScreeningResult(Action):
    """Says what the answers lead to; an emergency stands alone."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_screening_result"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Json) -> Events:
        """The result, or a polite end."""
        sheet = _sheet(tracker)
        if sheet.stopped:
            dispatcher.utter_message(**cards().said("stopped", offer=["screening"]))
            return [*_cleared(sheet), FollowupAction("action_listen")]
        return [*_show(dispatcher, sheet), FollowupAction("action_listen")]


class ChangeScreening(Action):
    """Takes up what changes an answer, at any time: "actually I do take warfarin".

    It also stands after other answers once there is a result, and then says nothing unless something changed.
    """

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_screening_change"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Json) -> Events:
        """Renew the result, ask again what a "no" leaves open, or ask what should be changed."""
        intent, sheet = _intent(tracker), _sheet(tracker)
        card = _card(tracker)
        if card and (again := _names_of(card)):
            return [*_slots(replace(sheet.reopened(screening(), ()), at=again)), FollowupAction(FORM)]
        said = mentioned(_text(tracker), screening())
        told = {name: a for name, a in said.items() if a != "no" and sheet.answers.get(name) != a}
        denied = [name for name, answer in said.items() if answer == "no" and sheet.answers.get(name, "no") != "no"]
        if not tracker.get_slot("screening_done"):
            return self._without_result(dispatcher, sheet.answered(screening(), told), told)
        if denied:
            return [*_slots(sheet.reopened(screening(), denied).answered(screening(), told)), FollowupAction(FORM)]
        if told:
            return _show(dispatcher, sheet.answered(screening(), told), renewed=True)
        if intent == "screening_change":
            dispatcher.utter_message(**cards().which())
        elif intent in UNKNOWN:
            dispatcher.utter_message(response=UNKNOWN[intent])
        return []

    def _without_result(self, dispatcher: CollectingDispatcher, sheet: Sheet, told: Json) -> Events:
        if not told:
            dispatcher.utter_message(**cards().said("nothing_open", offer=["screening"]))
            return []
        if alarm := cards().alarm(sheet):
            dispatcher.utter_message(**alarm)
            return _cleared(sheet)
        alone = {**dict.fromkeys(screening().questions, "no"), **told}
        reasons = screening().outcome(alone).reasons
        dispatcher.utter_message(**cards().said("mentioned", ["screening"], reasons=f"\n{cards().reasons(reasons)}\n"))
        return [SlotSet("screening", sheet.slot())]


class AnswerCard(Action):
    """A card that is answered while no form is open: after the result, or after the engine was started anew."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_screening_card"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Json) -> Events:
        """Note it and go on from there."""
        answers = ticked(screening(), _card(tracker))
        if not answers:
            dispatcher.utter_message(**cards().said("nothing_open", offer=["screening"]))
            return []
        sheet = replace(_sheet(tracker), at=None, stopped=False).answered(screening(), answers)
        if sheet.open(screening()) is None:
            return _show(dispatcher, sheet, renewed=bool(tracker.get_slot("screening_done")))
        return [*_slots(sheet), FollowupAction(FORM)]


class StopScreening(Action):
    """ "Forget it" when no question is open: deletes the answers that are left from a result."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_screening_stop"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Json) -> Events:
        """Delete, and say so."""
        sheet = _sheet(tracker)
        dispatcher.utter_message(**cards().said("stopped" if sheet.answers else "nothing_open", offer=["screening"]))
        return _cleared(sheet)


class SendScreening(Action):
    """The patient asked to send the result to the front desk; the gateway carries it there."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_screening_send"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Json) -> Events:
        """Hand over, or say that there is nothing to send."""
        if not tracker.get_slot("screening_done"):
            dispatcher.utter_message(**cards().said("nothing_to_send", offer=["screening"]))
            return []
        message = cards().said("sent", kind="handoff")
        message["json_message"].update(reason="screening", result=cards().data(_sheet(tracker)))
        dispatcher.utter_message(**message)
        return []


class PrintScreening(Action):
    """The answers as a sheet for the physio."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_screening_print"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Json) -> Events:
        """The sheet, or that there is none."""
        if tracker.get_slot("screening_done"):
            dispatcher.utter_message(**cards().sheet(_sheet(tracker)))
        else:
            dispatcher.utter_message(**cards().said("nothing_to_send", offer=["screening"]))
        return []


def _show(dispatcher: CollectingDispatcher, sheet: Sheet, *, renewed: bool = False) -> Events:
    """Say the result; an emergency is said alone, and its answers are not kept."""
    if alarm := cards().alarm(sheet):
        dispatcher.utter_message(**alarm)
        return _cleared(sheet)
    message = cards().result(sheet)
    if renewed:
        message["text"] = f"{cards().say('renewed')}\n\n{message['text']}"
    dispatcher.utter_message(**message)
    return [*_slots(replace(sheet, at=None)), SlotSet("screening_done", True)]


def _slots(sheet: Sheet) -> Events:
    """The slots of an open sheet."""
    return [
        SlotSet("screening", sheet.slot()),
        SlotSet("screening_finished", None),
        SlotSet("screening_done", None),
        SlotSet("requested_slot", None),
    ]


def _cleared(sheet: Sheet) -> Events:
    """Nothing is kept but that there was a sign of an emergency."""
    empty = Sheet(style=sheet.style, alarmed=True).slot() if sheet.alarmed else None
    return [
        SlotSet("screening", empty),
        SlotSet("screening_finished", None),
        SlotSet("screening_done", None),
        SlotSet("requested_slot", None),
    ]


def _sheet(tracker: Tracker) -> Sheet:
    return Sheet.of(tracker.get_slot("screening"), screening())


def _style(tracker: Tracker) -> str:
    """Cards where they can be shown: the gateway says so, other channels get one question at a time."""
    asked = tracker.get_slot("screening_style")
    return asked or ("cards" if tracker.get_latest_input_channel() == "gateway" else "one_by_one")


def _text(tracker: Tracker) -> str:
    return str((tracker.latest_message or {}).get("text") or "")


def _intent(tracker: Tracker) -> str:
    """The intent, and for a reply that leans on the answer before which one."""
    message = tracker.latest_message or {}
    intent = message.get("intent") or {}
    name = str(intent.get("name") or "")
    selected = (message.get("response_selector") or {}).get(name) or {}
    return str(
        intent.get("full_retrieval_intent_name") or (selected.get("response") or {}).get("intent_response_key") or name
    )


def _group(intent: str) -> str:
    return intent.partition("/")[0]


def _card(tracker: Tracker) -> Any:
    return next(iter(tracker.get_latest_entity_values("card")), None)


def _names_of(card: Any) -> str | None:
    """The id of the card to show again, if it is one of ours and was not answered."""
    name = card.get("id") if isinstance(card, dict) and "ticked" not in card else None
    return name if name in {card.id for card in screening().cards} else None


def _just_said(tracker: Tracker) -> bool:
    """Whether nothing was done yet about the last message: the form is not being opened, and not being gone back to."""
    done = [event for event in tracker.events if event["event"] in ("user", "action", "action_execution_rejected")]
    if done and done[-1].get("name") == FORM:  # Rasa notes the form itself before it has its slots read
        done.pop()
    return bool(done) and done[-1]["event"] == "user"
