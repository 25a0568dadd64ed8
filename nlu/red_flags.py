"""The red-flag net as a Rasa NLU component, so that every Rasa channel has it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Optional

import numpy as np
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
    INTENT_RESPONSE_KEY,
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from ruamel.yaml import YAML

from nlu.encoder import Encoder
from nlu.encoder_featurizer import VECTORS
from nlu.fingerprint import fingerprint
from nlu.message_reader import READINGS
from nlu.second_net import SecondNet
from nlu.variants import VARIANT_OF
from safety import READ_TOGETHER, Finding, Net

EXAMPLES = "lexicon/danger_examples.yml"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class RedFlagNet(GraphComponent):
    """Overrules every other classifier when a message holds a red flag.

    In: the text of a message, what the conversation said before, and the encoder's vectors. Out: intent `red_flag` with
    confidence 1.0 and an entity `red_flag` whose value is the leading sign, with the level of each sign beside it.
    Anything else passes untouched. The rules of `safety/` look first; where they find nothing, a second net that was
    trained on examples of danger may. Stands last in the pipeline. Config: `data`, the folder that holds the lexicon.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"data": "data"}

    def __init__(
        self, config: dict[str, Any], storage: ModelStorage, resource: Resource, second: SecondNet | None = None
    ) -> None:
        self.data = Path(config["data"])
        self.net = Net.load(self.data)
        self.levels = {sign.id: sign.level for sign in self.net.signs}
        self.second = second
        self._storage = storage
        self._resource = resource

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> RedFlagNet:
        """The rules alone, before the second net is trained."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> RedFlagNet:
        """The rules, and the second net as it was trained."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, SecondNet.load(folder))

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """The examples of danger count, too."""
        return fingerprint(Path((cls.get_default_config() | config)["data"]) / EXAMPLES)

    def train(self, training_data: TrainingData) -> Resource:
        """Teach the second net the examples of danger against all ordinary examples."""
        given = YAML(typ="safe", pure=True).load(self.data / EXAMPLES)
        dangers = [(text, sign) for sign, texts in given["flags"].items() for text in texts]
        look_alikes = [text for texts in given["quiet"].values() for text in texts]
        ordinary = [
            m
            for m in training_data.intent_examples
            if m.get(READINGS) and m.get(VARIANT_OF) is None and m.get(INTENT_RESPONSE_KEY, m.get(INTENT)) != "red_flag"
        ]
        encoded = Encoder.load(threads=os.cpu_count() or 1).encode_both([text for text, _ in dangers] + look_alikes)
        vectors = np.vstack([encoded, *(m.get(VECTORS)[:1] for m in ordinary)])
        self.second = SecondNet.fit(dangers, look_alikes, [m.get(READINGS)[0] for m in ordinary], vectors)
        with self._storage.write_to(self._resource) as folder:
            self.second.save(folder)
        return self._resource

    def process(
        self,
        messages: list[Message],
        tracker: Optional[DialogueStateTracker] = None,  # noqa: UP045  (Rasa reads the annotation)
    ) -> list[Message]:
        before = _typed_before(tracker) if tracker else []
        for message in messages:
            if text := message.get(TEXT):
                finding = self.net.check(text, None, before) or self._second_look(message, text)
                if finding:
                    self._overrule(message, finding)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data

    def _second_look(self, message: Message, text: str) -> Finding | None:
        vectors = message.get(VECTORS)
        if self.second is None or vectors is None or not len(vectors):
            return None
        sign = self.second.sign(message.get(READINGS)[0], vectors[0])
        return self.net.finding({sign: self.levels[sign]}) if sign else None

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
