"""First component of the pipeline: the message in plain spelling, and the questions in it."""

from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from ruamel.yaml import YAML

from encoder import vocabulary
from nlu.courtesy import Courtesy
from nlu.fingerprint import fingerprint
from nlu.normalise import Normaliser
from nlu.segments import is_question, questions

READINGS = "readings"
IN_CONTEXT = "readings_in_context"
CONTEXT = "context"  # in a message's metadata: what was answered before, if the message may lean on it


def read_names(path: Path) -> tuple[str, ...]:
    """The words that the subject goes by; none without the file."""
    if not path.exists():
        return ()
    return tuple(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))["names"])


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class MessageReader(GraphComponent):
    """Sets `readings` on every message: the ways to read it, each one a text for the encoder and the matcher.

    The first reading is the whole message in plain spelling, without courtesy around a question. If it has several
    parts, each part that asks something follows twice: alone, and together with the part before it. Training examples
    have one reading. A message with a `context` in its metadata also gets `readings_in_context`, the same of the
    message with the context before it.

    Config: `spelling`, `subject` and `courtesy`, the paths of the lexicons.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The lexicons of this assistant."""
        return {name: f"data/lexicon/{name}.yml" for name in ("spelling", "subject", "courtesy")}

    def __init__(self, normaliser: Normaliser, names: tuple[str, ...] = (), courtesy: Courtesy | None = None) -> None:
        self._normaliser = normaliser
        self._names = names
        self._courtesy = courtesy or Courtesy()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "MessageReader":
        """Read the lexicons."""
        return cls(
            Normaliser.load(Path(config["spelling"]), known=vocabulary()),
            read_names(Path(config["subject"])),
            Courtesy.load(Path(config["courtesy"])),
        )

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """The lexicons count too."""
        given = cls.get_default_config() | config
        return fingerprint(*(Path(given[name]) for name in ("spelling", "subject", "courtesy")))

    def process(self, messages: list[Message]) -> list[Message]:
        """Read what people typed."""
        for message in messages:
            text = message.get(TEXT) or ""
            message.set(READINGS, self._readings(text))
            if context := (message.get("metadata") or {}).get(CONTEXT):
                message.set(IN_CONTEXT, self._readings(f"{context} {text}"))
        return messages

    def _readings(self, text: str) -> list[str]:
        whole = self._courtesy.without(self._normaliser(text), is_question)
        readings = [whole]
        for part in questions(whole, self._names):
            readings += [part.with_before if part.points else part.text, part.with_before]
        return readings

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Read the training examples, each as a whole."""
        for message in training_data.training_examples:
            message.set(READINGS, [self._normaliser(message.get(TEXT) or "")])
        return training_data
