"""Rasa as the tests of the dialogue meet it: the real rules and actions, with the understanding given by the test."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from nlu.quiet import quiet

quiet()

from rasa.core.agent import Agent  # noqa: E402
from rasa.core.channels.channel import UserMessage  # noqa: E402
from rasa.model_training import train  # noqa: E402
from rasa.utils.endpoints import EndpointConfig  # noqa: E402

from nlu.channel import Collector, act, known_after, tracker_of  # noqa: E402
from nlu.local_actions import LocalActions  # noqa: E402

Json = dict[str, Any]


class Patient:
    """A conversation: each turn gives what was typed or chosen, and what it was understood as.

    What is known of it travels from turn to turn as JSON, as it does between gateway and engine.
    """

    def __init__(self) -> None:
        self.channel = Collector.name()
        self.slots: Json = {}
        self.form: str | None = None  # that is open
        self.on_screen: str | None = None  # for the next message, where it is not what is being asked

    async def says(self, text: str, intent: str = "nlu_fallback", card: Json | None = None) -> list[Json]:
        """The replies to one message."""
        output = Collector()
        group = intent.partition("/")[0]
        parsed: Json = {
            "text": text,
            "intent": {"name": group, "confidence": 1.0},
            "entities": [{"entity": "card", "value": card}] if card else [],
        }
        if group != intent:
            parsed["response_selector"] = {
                "all_retrieval_intents": [group],
                group: {
                    "response": {"intent_response_key": intent, "utter_action": f"utter_{intent}", "confidence": 1.0}
                },
            }
        slots = {**self.slots, **({"on_screen": self.on_screen} if self.on_screen else {})}
        self.on_screen = None
        tracker = tracker_of(agent(), {"slots": json.loads(json.dumps(slots)), "before": []})
        await act(agent(), UserMessage(text, output, parse_data=parsed, input_channel=self.channel), tracker)
        self.slots, self.form = known_after(tracker, output), tracker.active_loop_name
        return output.messages

    async def ticks(self, card: str, *ticked: str, rest: str = "no") -> list[Json]:
        """The replies to a card."""
        return await self.says("", "screening_card", {"id": card, "ticked": list(ticked), "rest": rest})


@cache
def agent() -> Agent:
    """The dialogue of this repository, trained without the understanding of language."""
    folder = Path(mkdtemp())
    config = folder / "config.yml"
    parts = {"pipeline": [{"name": "WhitespaceTokenizer"}], "policies": [{"name": "RulePolicy"}]}
    config.write_text(json.dumps({"recipe": "default.v1", "assistant_id": "test", "language": "en", **parts}))
    model = train("domain.yml", str(config), ["data"], str(folder)).model
    endpoint = EndpointConfig(type="nlu.wording.ClinicWording")
    loaded = Agent.load(str(model), generator=endpoint, action_endpoint=LocalActions())
    rmtree(folder)
    return loaded
