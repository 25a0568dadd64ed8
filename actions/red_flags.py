"""What is said to a sign of danger in plain Rasa. Behind the gateway the same net speaks before the engine hears."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.screening import knowledge

Json = dict[str, Any]


class AnswerRedFlag(Action):
    """Says the words of the sign that `nlu/red_flags.py` found, alone, and lets go of any safety answers."""

    def name(self) -> str:
        """Its name in domain.yml."""
        return "action_red_flag"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Json) -> list[EventType]:
        """Whom to call now; a rule ends the form."""
        found = [e for e in (tracker.latest_message or {}).get("entities", []) if e["entity"] == "red_flag"]
        if found:
            text, level = found[0]["reply"], found[0]["level"]
        else:  # the intent was set by somebody else: rather one alarm too many
            text, level = knowledge().screening.outcomes[next(iter(knowledge().screening.outcomes))].text, "emergency"
        dispatcher.utter_message(text=knowledge().fill(text), json_message={"kind": level})
        warned = {"alarmed": True} if level == "emergency" else None
        return [
            SlotSet("screening", warned),
            SlotSet("screening_finished", None),
            SlotSet("screening_done", None),
            SlotSet("requested_slot", None),
        ]
