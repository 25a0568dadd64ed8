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
from actions.sheet import Sheet
from actions.steps import Said, Step, Steps
from knowledge import Knowledge
from knowledge.screening import Screening

DATA = Path("data")
FORM = "screening_form"
UNKNOWN = {"clarify": "utter_clarify", "nlu_fallback": "utter_unknown", "out_of_scope": "utter_out_of_scope"}

Json = dict[str, Any]
Events = list[EventType]


@cache
def knowledge() -> Knowledge:
    """What is known; read when first needed."""
    return Knowledge.load(DATA)


def screening(language: str | None = None) -> Screening:
    """The questions."""
    return knowledge().spoken(language).screening


@cache
def cards(language: str | None = None) -> Cards:
    """The messages."""
    return Cards(knowledge(), screening(language))


@cache
def steps(language: str | None = None) -> Steps:
    """What a message does."""
    return Steps(cards(language), screening(language))


class StartScreening(Action):
    """Begins, with what was told before standing ticked; a result that is there is said again instead."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_screening_start"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Json) -> Events:
        """Say what is coming; the form asks."""
        step = steps(_language(tracker)).start(
            _sheet(tracker),
            _said(tracker),
            done=bool(tracker.get_slot("screening_done")),
            told=tracker.get_slot("told") or {},
            style=_style(tracker),
        )
        _say(dispatcher, step)
        if step.next == "result":
            return [*_slots(step.sheet), FollowupAction("action_screening_result")]
        if step.next == "listen":
            return [FollowupAction("action_listen")]
        return _slots(step.sheet)


class AskScreening(Action):
    """Asks the next card, or the next question where it goes one by one."""

    def name(self) -> str:
        """Rasa calls it because the form asks for this slot."""
        return "action_ask_screening_finished"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Json) -> Events:
        """Send the card."""
        step = steps(_language(tracker)).ask(_sheet(tracker))
        _say(dispatcher, step)
        return [SlotSet("screening", step.sheet.slot())]


class ValidateScreening(Action):
    """Reads a message while the form is open: an answer, a command, or something that is answered elsewhere."""

    def name(self) -> str:
        """Rasa calls it because of the form's name."""
        return f"validate_{FORM}"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Json) -> Events:
        """Note what was said; reject what others answer, so that they do and the form goes on after it."""
        if not _just_said(tracker):
            return []
        step = steps(_language(tracker)).answer(_sheet(tracker), _said(tracker))
        _say(dispatcher, step)
        events: Events = [SlotSet("screening", step.sheet.slot())]
        if step.next == "stop":
            events.append(SlotSet("requested_slot", None))
        if step.next == "result":
            events.append(SlotSet("screening_finished", True))
        if step.next == "elsewhere" or step.elsewhere:
            events.append(ActionExecutionRejected(FORM))
        return events


class ScreeningResult(Action):
    """Says what the answers lead to; an emergency stands alone."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_screening_result"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Json) -> Events:
        """The result, or a polite end."""
        sheet = _sheet(tracker)
        if sheet.stopped:
            dispatcher.utter_message(**cards(_language(tracker)).said("stopped", offer=["screening"]))
            return [*_cleared(sheet), FollowupAction("action_listen")]
        return [*_show(dispatcher, sheet, _language(tracker)), FollowupAction("action_listen")]


class ChangeScreening(Action):
    """Takes up what changes an answer, at any time: "actually I do take warfarin".

    It also stands after other answers once there is a result, and then says nothing unless something changed.
    """

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_screening_change"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Json) -> Events:
        """Renew the result, ask again what a "no" leaves open, or ask what should be changed."""
        done, said = bool(tracker.get_slot("screening_done")), _said(tracker)
        step = steps(_language(tracker)).change(_sheet(tracker), said, done=done)
        if not step.says and step.next == "listen" and said.intent in UNKNOWN:
            dispatcher.utter_message(response=UNKNOWN[said.intent])
        return _after(dispatcher, step, _language(tracker), renewed=done)


class AnswerCard(Action):
    """A card that is answered while no form is open: after the result, for instance."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_screening_card"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Json) -> Events:
        """Note it and go on from there."""
        step = steps(_language(tracker)).card_late(_sheet(tracker), _said(tracker))
        return _after(dispatcher, step, _language(tracker), renewed=bool(tracker.get_slot("screening_done")))


class StopScreening(Action):
    """ "Forget it" when no question is open: deletes the answers that are left from a result."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_screening_stop"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Json) -> Events:
        """Delete, and say so."""
        sheet = _sheet(tracker)
        dispatcher.utter_message(
            **cards(_language(tracker)).said("stopped" if sheet.answers else "nothing_open", offer=["screening"])
        )
        return _cleared(sheet)


class SendScreening(Action):
    """The patient asked to send the result to the front desk; the gateway carries it there."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_screening_send"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Json) -> Events:
        """Hand over, or say that there is nothing to send."""
        if not tracker.get_slot("screening_done"):
            dispatcher.utter_message(**cards(_language(tracker)).said("nothing_to_send", offer=["screening"]))
            return []
        sheet = _sheet(tracker)
        message = cards(_language(tracker)).said("sent", kind="handoff")
        # The front desk reads them in English.
        message["json_message"].update(reason="screening", result=cards().data(sheet))
        dispatcher.utter_message(**message)
        return [SlotSet("screening", replace(sheet, sent=True).slot())]


class PrintScreening(Action):
    """The answers as a sheet for the physio."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_screening_print"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Json) -> Events:
        """The sheet, or that there is none."""
        if tracker.get_slot("screening_done"):
            dispatcher.utter_message(**cards(_language(tracker)).sheet(_sheet(tracker)))
        else:
            dispatcher.utter_message(**cards(_language(tracker)).said("nothing_to_send", offer=["screening"]))
        return []


def _say(dispatcher: CollectingDispatcher, step: Step) -> None:
    for message in step.says:
        dispatcher.utter_message(**message)


def _after(dispatcher: CollectingDispatcher, step: Step, language: str | None, *, renewed: bool) -> Events:
    """What a step means while no form is open."""
    _say(dispatcher, step)
    if step.next == "result":
        return _show(dispatcher, step.sheet, language, renewed=renewed)
    if step.next == "ask":
        return [*_slots(step.sheet), FollowupAction(FORM)]
    return [SlotSet("screening", step.sheet.slot())] if step.sheet.answers else []


def _show(dispatcher: CollectingDispatcher, sheet: Sheet, language: str | None, *, renewed: bool = False) -> Events:
    """Say the result; an emergency is said alone, and its answers are not kept."""
    if alarm := cards(language).alarm(sheet):
        dispatcher.utter_message(**alarm)
        return _cleared(sheet)
    dispatcher.utter_message(**cards(language).result(sheet, renewed=renewed))
    return [*_slots(replace(sheet, at=None, shown=None)), SlotSet("screening_done", True)]


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


def _language(tracker: Tracker) -> str | None:
    """That of the chat window, where the gateway says so."""
    return tracker.get_slot("language")


def _style(tracker: Tracker) -> str:
    """Cards where they can be shown: the gateway says so, other channels get one question at a time."""
    asked = tracker.get_slot("screening_style")
    return asked or ("cards" if tracker.get_latest_input_channel() == "gateway" else "one_by_one")


def _said(tracker: Tracker) -> Said:
    """The message that the tracker has heard last."""
    return Said(
        text=str((tracker.latest_message or {}).get("text") or ""),
        intent=_intent(tracker),
        card=next(iter(tracker.get_latest_entity_values("card")), None),
        on_screen=tracker.get_slot("on_screen"),
    )


def _intent(tracker: Tracker) -> str:
    """The intent, and for a reply that leans on the answer before which one."""
    message = tracker.latest_message or {}
    intent = message.get("intent") or {}
    name = str(intent.get("name") or "")
    selected = (message.get("response_selector") or {}).get(name) or {}
    return str(
        intent.get("full_retrieval_intent_name") or (selected.get("response") or {}).get("intent_response_key") or name
    )


def _just_said(tracker: Tracker) -> bool:
    """Whether nothing was done yet about the last message: the form is not being opened, and not being gone back to."""
    done = [event for event in tracker.events if event["event"] in ("user", "action", "action_execution_rejected")]
    if done and done[-1].get("name") == FORM:  # Rasa notes the form itself before it has its slots read
        done.pop()
    return bool(done) and done[-1]["event"] == "user"
