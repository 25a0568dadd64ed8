"""The red-flag net as a Rasa NLU component, so that every Rasa channel has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import (
    ENTITIES,
    ENTITY_ATTRIBUTE_CONFIDENCE,
    ENTITY_ATTRIBUTE_END,
    ENTITY_ATTRIBUTE_START,
    ENTITY_ATTRIBUTE_TYPE,
    ENTITY_ATTRIBUTE_VALUE,
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    METADATA,
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from safety import READ_TOGETHER, Finding, Net, SafetyNet

JUDGED = "judged"  # in the metadata of a message that the gateway's net has read, and found nothing in


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class RedFlagNet(GraphComponent):
    """Overrules every other classifier when a message holds a red flag.

    In: the text of a message, and what the conversation said before. Out: intent `red_flag` with confidence 1.0 and an
    entity `red_flag` whose value is the leading sign, with its level beside it. Anything else passes untouched. Stands
    last in the pipeline. What the gateway says it has judged is not read again: it has the same net, and speaks before
    the engine hears. Config: `data`, the folder that holds the lexicon.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"data": "data"}

    def __init__(self, net: SafetyNet) -> None:
        self.net = net

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> RedFlagNet:
        """With the same net as the gateway's."""
        return cls(Net.load(Path(config["data"])))

    def process(
        self,
        messages: list[Message],
        tracker: Optional[DialogueStateTracker] = None,  # noqa: UP045  (Rasa reads the annotation)
    ) -> list[Message]:
        before = _typed_before(tracker) if tracker else []
        for message in messages:
            text = message.get(TEXT)
            if (
                text
                and not (message.get(METADATA) or {}).get(JUDGED)
                and (finding := self.net.check(text, None, before))
            ):
                self._overrule(message, finding)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data

    def _overrule(self, message: Message, finding: Finding) -> None:
        intent = {INTENT_NAME_KEY: "red_flag", PREDICTED_CONFIDENCE_KEY: 1.0}
        ranking = [r for r in message.get(INTENT_RANKING_KEY) or [] if r[INTENT_NAME_KEY] != "red_flag"]
        message.set(INTENT, intent, add_to_output=True)
        message.set(INTENT_RANKING_KEY, [intent, *ranking], add_to_output=True)
        start, end = finding.spans[0] if finding.spans else (0, len(message.get(TEXT)))
        entity = {
            ENTITY_ATTRIBUTE_TYPE: "red_flag",
            ENTITY_ATTRIBUTE_VALUE: finding.sign,
            "level": finding.level,
            "reply": finding.reply,
            ENTITY_ATTRIBUTE_START: start,
            ENTITY_ATTRIBUTE_END: end,
            ENTITY_ATTRIBUTE_CONFIDENCE: 1.0,
            "extractor": "RedFlagNet",
        }
        message.set(ENTITIES, [*message.get(ENTITIES, []), entity], add_to_output=True)


def _typed_before(tracker: DialogueStateTracker) -> list[str]:
    """What was typed in the two turns before, oldest first, since the last alarm."""
    said: list[str] = []
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            if event.intent_name == "red_flag" or len(said) == READ_TOGETHER - 1:
                break
            said.insert(0, event.text or "")
    return [text for text in said if text and not text.startswith("/")]
