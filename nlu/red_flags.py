"""The red-flag net as a Rasa NLU component, so that every Rasa channel has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
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
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from safety import Net


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class RedFlagNet(GraphComponent):
    """Overrules every other classifier when a message holds a red flag.

    In: the text of a message. Out: intent `red_flag` with confidence 1.0 and an entity `red_flag` whose value is the
    leading sign, with its level beside it. Anything else passes untouched. Stands last in the pipeline.
    Config: `data`, the folder that holds `lexicon/red_flags.yml`.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"data": "data"}

    def __init__(self, config: dict[str, Any]) -> None:
        self.net = Net.load(Path(config["data"]))

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> RedFlagNet:
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            self._process(message)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data

    def _process(self, message: Message) -> None:
        text = message.get(TEXT)
        finding = self.net.check(text) if text else None
        if finding is None:
            return
        intent = {INTENT_NAME_KEY: "red_flag", PREDICTED_CONFIDENCE_KEY: 1.0}
        ranking = [r for r in message.get(INTENT_RANKING_KEY) or [] if r[INTENT_NAME_KEY] != "red_flag"]
        message.set(INTENT, intent, add_to_output=True)
        message.set(INTENT_RANKING_KEY, [intent, *ranking], add_to_output=True)
        entity = {
            ENTITY_ATTRIBUTE_TYPE: "red_flag",
            ENTITY_ATTRIBUTE_VALUE: finding.sign,
            "level": finding.level,
            ENTITY_ATTRIBUTE_START: finding.spans[0][0],
            ENTITY_ATTRIBUTE_END: finding.spans[0][1],
            ENTITY_ATTRIBUTE_CONFIDENCE: 1.0,
            "extractor": "RedFlagNet",
        }
        message.set(ENTITIES, [*message.get(ENTITIES, []), entity], add_to_output=True)
