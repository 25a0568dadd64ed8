"""What plain Rasa says: the responses of data/ with this clinic's facts filled in."""

from pathlib import Path
from typing import Any

from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from knowledge import fill, load_facts

UNKNOWN = "utter_unknown"
UNKNOWN_AGAIN = "utter_unknown_again"
OUT_OF_SCOPE = "utter_out_of_scope"
CLARIFY = "utter_clarify"
NOT_ANSWERED = (UNKNOWN, OUT_OF_SCOPE)


class ClinicWording(TemplatedNaturalLanguageGenerator):
    """Rasa's template generator with three things more.

    Placeholders such as {clinic_phone} are filled from data/clinic.yml; "did you mean" gets a button for each topic
    that the matcher offers; and a second message in a row that is not understood is answered differently.
    """

    def __init__(self, endpoint_config: EndpointConfig, domain: Domain) -> None:
        super().__init__(domain.responses)
        self._facts = load_facts(Path(endpoint_config.kwargs.get("data", "data")))

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> dict[str, Any] | None:
        """The response for an action in this conversation."""
        if utter_action in NOT_ANSWERED and _said_last(tracker) in (*NOT_ANSWERED, UNKNOWN_AGAIN):
            utter_action = UNKNOWN_AGAIN
        response = await super().generate(utter_action, tracker, output_channel, **kwargs)
        if response is None:
            return None
        response["text"] = fill(response.get("text") or "", self._facts)
        if kind := self._kind_of_topic(utter_action):
            response["metadata"] = {**(response.get("metadata") or {}), "kind": kind}
        if utter_action == CLARIFY:
            response["buttons"] = self._buttons(tracker)
        return response

    def _fill_response(
        self, response: dict[str, Any], filled_slots: dict[str, Any] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Leave the braces to `generate`: they name facts of the clinic, not slots."""
        return response

    def _kind_of_topic(self, utter_action: str) -> str | None:
        """What kind of reply the answers of a topic are, where it is another than an answer: specific ones are too."""
        said = self.responses.get(utter_action.partition(".")[0])
        return (said[0].get("metadata") or {}).get("kind") if said else None

    def _buttons(self, tracker: DialogueStateTracker) -> list[dict[str, str]]:
        parsed = tracker.latest_message.parse_data if tracker.latest_message else {}
        buttons = []
        for name in parsed.get("offered", []):
            if said := self.responses.get(f"utter_faq/{name}"):
                buttons.append({"title": said[0]["metadata"]["title"], "payload": f"/faq/{name}"})
        return buttons


def _said_last(tracker: DialogueStateTracker) -> str | None:
    for event in reversed(tracker.events):
        if event.type_name == "bot":
            return event.metadata.get("utter_action")
    return None
