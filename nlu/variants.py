"""More training examples from those there are: a word that people use for another is put in its place."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from ruamel.yaml import YAML

from nlu.fingerprint import fingerprint
from nlu.labels import topic_of
from nlu.message_reader import READINGS, MessageReader

VARIANT_OF = "variant_of"


@dataclass(frozen=True)
class SameThing:
    """Words that mean the same to those who ask."""

    says: re.Pattern[str]
    also_called: tuple[str, ...]
    not_in: frozenset[str]
    examples: int


def read_same_thing(path: Path) -> list[SameThing]:
    """The groups of data/lexicon/same_thing.yml; none without the file."""
    if not path.exists():
        return []
    groups = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))["same_thing"]
    return [
        SameThing(
            says=re.compile(rf"\b(?:{'|'.join(map(re.escape, group['says']))})\b"),
            also_called=tuple(group["also_called"]),
            not_in=frozenset(group["except"]),
            examples=group["examples"],
        )
        for group in groups
    ]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class ExampleVariants(GraphComponent):
    """Adds variants to the training data; does nothing to messages.

    Each variant carries the reading it was made from (`variant_of`), so that nothing is tested on its own variant.
    Config: `same_thing`, the lexicon's path; `topics`, the intent whose topics get variants.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """The examples must have been read."""
        return [MessageReader]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The lexicon of this project."""
        return {"same_thing": "data/lexicon/same_thing.yml", "topics": "faq"}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """The lexicon counts too."""
        return fingerprint(Path((cls.get_default_config() | config)["same_thing"]))

    def __init__(self, groups: list[SameThing], topics: str) -> None:
        self._groups = groups
        self._topics = topics

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "ExampleVariants":
        """Read the lexicon."""
        return cls(read_same_thing(Path(config["same_thing"])), config["topics"])

    def process(self, messages: list[Message]) -> list[Message]:
        """People's messages stay as they are."""
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the variants of every topic, spread evenly over its examples."""
        by_topic: dict[str, list[Message]] = {}
        for message in training_data.intent_examples:
            if message.get(INTENT) == self._topics and message.get(INTENT_RESPONSE_KEY):
                topic = topic_of(message.get(INTENT_RESPONSE_KEY)).partition("/")[2]
                by_topic.setdefault(topic, []).append(message)
        made = [
            self._variant(message, group, word)
            for group in self._groups
            for topic, examples in by_topic.items()
            if topic not in group.not_in
            for word in group.also_called
            for message in _spread(self._mentioning(examples, group, word), group.examples)
        ]
        return TrainingData(
            training_data.training_examples + made,
            training_data.entity_synonyms,
            training_data.regex_features,
            training_data.lookup_tables,
            training_data.responses,
        )

    def _mentioning(self, examples: list[Message], group: SameThing, word: str) -> list[Message]:
        return [m for m in examples if group.says.search(m.get(READINGS)[0]) and word not in m.get(READINGS)[0]]

    def _variant(self, message: Message, group: SameThing, word: str) -> Message:
        original = message.get(READINGS)[0]
        text = group.says.sub(word, original)
        data = {INTENT: message.get(INTENT), INTENT_RESPONSE_KEY: message.get(INTENT_RESPONSE_KEY), TEXT: text}
        return Message(data={**data, READINGS: [text], VARIANT_OF: original})


def _spread(messages: list[Message], most: int) -> list[Message]:
    """At most this many, evenly over the list."""
    step = max(1.0, len(messages) / most)
    return [messages[int(i * step)] for i in range(min(most, len(messages)))]
