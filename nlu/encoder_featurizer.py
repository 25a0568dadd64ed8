"""Sentence vectors of all-MiniLM-L6-v2 as a dense featurizer."""

import hashlib
import os
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from encoder import DIMENSIONS, MAX_TOKENS, Encoder
from encoder.store import graph_path
from nlu.message_reader import IN_CONTEXT, READINGS, MessageReader

VECTORS = "reading_vectors"
VECTORS_IN_CONTEXT = "reading_vectors_in_context"
PART_TOKENS = 64  # that are read of a part of a message, from both ends: more than a question has


class Vectors(np.ndarray):
    """An array that Rasa fingerprints by its bytes; it would write out every number otherwise."""

    def fingerprint(self) -> str:
        """The same for the same numbers."""
        return hashlib.sha256(self.tobytes()).hexdigest()


def _tokens_read(message: Message) -> list[int]:
    """How much is read of each reading of a message: of the first, which is the whole, as much as the encoder can."""
    readings = (message.get(READINGS), message.get(IN_CONTEXT) or [])
    return [PART_TOKENS if number else MAX_TOKENS for each in readings for number in range(len(each))]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class EncoderFeaturizer(DenseFeaturizer, GraphComponent):
    """Turns each reading of a message into three vectors of 384 numbers: what it means, how it is worded, what it asks.

    Sets `reading_vectors` (one row a reading, the three side by side) and the first reading's meaning as Rasa's
    dense sentence feature, so that any classifier of Rasa can use it. Config: `threads` for one message; `alias` as
    for every featurizer.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """The reader must come before."""
        return [MessageReader]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """One thread: the fastest for one short message."""
        return {**DenseFeaturizer.get_default_config(), "threads": 1}

    def __init__(self, config: dict[str, Any], name: str, encoder: Encoder) -> None:
        super().__init__(name, config)
        self._encoder = encoder

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "EncoderFeaturizer":
        """Load the encoder; EncoderError says what to do when its files are missing or damaged."""
        return cls(config, execution_context.node_name, Encoder.load(threads=config["threads"]))

    def process(self, messages: list[Message]) -> list[Message]:
        """Encode all readings of all messages at once."""
        self._encode(messages, self._encoder)
        return messages

    def _encode(self, messages: list[Message], encoder: Encoder) -> None:
        texts = [text for message in messages for text in [*message.get(READINGS), *(message.get(IN_CONTEXT) or ())]]
        vectors = encoder.encode_all(texts, [most for message in messages for most in _tokens_read(message)])
        for message in messages:
            alone, in_context = len(message.get(READINGS)), len(message.get(IN_CONTEXT) or ())
            self._set(message, vectors[:alone])
            if in_context:
                message.set(VECTORS_IN_CONTEXT, vectors[alone : alone + in_context])
            vectors = vectors[alone + in_context :]

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Encode the training examples, on all processors: there are thousands."""
        self._encode(training_data.training_examples, Encoder.load(threads=os.cpu_count() or 1))
        return training_data

    def _set(self, message: Message, vectors: np.ndarray) -> None:
        message.set(VECTORS, vectors.view(Vectors))
        alias = self._config[FEATURIZER_CLASS_ALIAS]
        message.add_features(Features(vectors[:1, :DIMENSIONS], FEATURE_TYPE_SENTENCE, TEXT, alias))

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Vectors that Rasa kept from an encoder that was tuned or built otherwise are not used again."""
        return graph_path().name

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Nothing to check."""
