"""Which topic a message is about, or that it is not known: the intent classifier and the response selector in one."""

import json
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.decision import Decision, close_calls, learn
from nlu.encoder_featurizer import VECTORS, VECTORS_IN_CONTEXT, EncoderFeaturizer
from nlu.fingerprint import fingerprint
from nlu.message_reader import IN_CONTEXT, READINGS
from nlu.ranker import Ranker, RankerConfig
from nlu.variants import VARIANT_OF

DECISION = "decision.json"
RANKING_IN_CONTEXT = "ranking_in_context"
UNKNOWN = "nlu_fallback"
CLARIFY = "clarify"
OUT_OF_SCOPE = "out_of_scope"
DAMAGED = "The trained model is damaged ({reason}). Train it again: rasa train"
NO_EXAMPLES = "There is nothing to learn from: the training data has no example of any intent."

# This component is the response selector; Rasa only knows its own by class and would say that there is none.
warnings.filterwarnings("ignore", message="You have defined training data with examples for training a response")


@dataclass(frozen=True)
class HeldOut:
    """What was learned, and how the examples (not their variants) score when they are held out: examples x labels."""

    ranker: Ranker
    decision: Decision
    texts: list[str]
    wanted: np.ndarray
    scores: np.ndarray


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicMatcher(IntentClassifier, GraphComponent):
    """Ranks all intents, also the ones with a topic (`faq/soreness`), and decides between answer, clarify and unknown.

    In: `readings` and `reading_vectors`. Out: `intent`, `intent_ranking`, `response_selector` as Rasa's own selector
    would set it, `topics` (all topics that are answered), `several` (whether its parts ask for different ones),
    `offered` (topics for "did you mean"), and `ranking_in_context` if the message was read in its context as well.
    Below the lower border the intent is `nlu_fallback`, which still offers the nearest topics unless the message looks
    out of scope; between the borders it is `clarify`. Training data without topics works too; there is then no
    `clarify`.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """Vectors must be there."""
        return [EncoderFeaturizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """How bold to be, and how much to offer. Everything else is in `ranker` (see RankerConfig)."""
        return {
            "topics": "faq",  # the intent whose sub-intents are topics that can be offered
            "answer_misses": 0.06,  # share of known questions that may be asked back, for fewer wrong answers
            "offer_misses": 0.02,  # share of known questions that may be called unknown
            "part_weight": 0.85,  # a score of one part of a message against a score of the whole
            "tie": 0.2,  # a runner-up with at least this share of the best score is answered too
            "pair": 0.78,  # two close topics are answered from this share of the border for one
            "doubt": 0.4,  # nothing is answered when out of scope has at least this share of the best score
            "close": 0.02,  # a topic with at least this share is offered beside the answer
            "offers": 3,
            "offers_beside": ["follow_up", "refuse"],  # intents beside whose reply the nearest topics are offered
            "most_topics": 3,
            "ranking_length": 20,
            "ranker": {},
        }

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._ranker: Ranker | None = None
        self._decision = Decision(answer=0.0, offer=0.0)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "TopicMatcher":
        """An untrained matcher."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the examples and keep what was learned."""
        self.learn(training_data)
        self.persist()
        return self._resource

    def learn(self, training_data: TrainingData) -> HeldOut:
        """Learn from the examples' first readings; the borders come from scores of examples that were held out."""
        examples = [m for m in training_data.intent_examples if m.get(TEXT) and m.get(READINGS)]
        if not examples:
            raise RasaException(NO_EXAMPLES)
        texts = [m.get(READINGS)[0] for m in examples]
        vectors = np.stack([np.asarray(m.get(VECTORS)[0]) for m in examples])
        targets = [m.get(INTENT_RESPONSE_KEY) or m.get(INTENT) for m in examples]
        groups = [m.get(VARIANT_OF) or text for m, text in zip(examples, texts, strict=True)]
        self._ranker, scores = Ranker.fit(texts, vectors, targets, groups, RankerConfig(**self._config["ranker"]))
        wanted = np.array([self._ranker.labels.index(target) for target in targets])
        real = np.flatnonzero([m.get(VARIANT_OF) is None for m in examples])
        misses = self._config["answer_misses"], self._config["offer_misses"]
        self._decision = learn(scores[real], wanted[real], *misses)
        return HeldOut(self._ranker, self._decision, [examples[i].get(TEXT) for i in real], wanted[real], scores[real])

    def persist(self) -> None:
        """Write the ranker and the borders; no pickle."""
        assert self._ranker is not None
        with self._model_storage.write_to(self._resource) as folder:
            self._ranker.save(folder)
            (folder / DECISION).write_text(json.dumps(asdict(self._decision)), encoding="utf-8")

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "TopicMatcher":
        """Read what `persist` wrote; a damaged model ends with a sentence that says so."""
        matcher = cls(config, model_storage, resource)
        try:
            with model_storage.read_from(resource) as folder:
                matcher._ranker = Ranker.load(folder)
                matcher._decision = Decision(**json.loads(Path(folder, DECISION).read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RasaException(DAMAGED.format(reason=type(error).__name__)) from error
        return matcher

    def process(self, messages: list[Message]) -> list[Message]:
        """Decide for each message."""
        for message in messages:
            self._set(message)
        return messages

    def _set(self, message: Message) -> None:
        assert self._ranker is not None
        readings, vectors = message.get(READINGS), np.asarray(message.get(VECTORS))
        if not readings[0]:
            self._publish(message, np.zeros(len(self._ranker.labels)), UNKNOWN, [], [])
            return
        if in_context := message.get(IN_CONTEXT):
            readings = [*readings, *in_context]
            vectors = np.vstack([vectors, message.get(VECTORS_IN_CONTEXT)])
        scores = self._ranker.scores(readings, vectors)
        if in_context:
            _, pooled = self._pooled(scores[-len(in_context) :])
            message.set(RANKING_IN_CONTEXT, self._ranking(pooled)[: self._config["ranking_length"]], add_to_output=True)
            scores = scores[: -len(in_context)]
        parts, pooled = self._pooled(scores)
        best = int(pooled.argmax())
        asked = self._topics_asked(parts, best)
        topics = asked or self._topics_meant(pooled, best)
        message.set("several", bool(asked), add_to_output=True)
        if topics:
            offered = self._close(pooled, "close", topics)[: self._config["offers"] - 1]
            self._publish(message, pooled, self._ranker.labels[topics[0]], topics, offered)
        elif pooled[best] >= self._decision.answer and not self._is_topic(best):
            beside = self._group(best) in self._config["offers_beside"]
            offered = [i for i in self._nearest(pooled) if beside and pooled[i] >= self._decision.offer]
            self._publish(message, pooled, self._ranker.labels[best], [], offered)
        else:
            offered = [] if self._group(best) == OUT_OF_SCOPE else self._nearest(pooled)
            near = bool(offered) and pooled[offered[0]] >= self._decision.offer
            self._publish(message, pooled, CLARIFY if near else UNKNOWN, [], offered)

    def _pooled(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The scores of the parts, and for each label the best of the whole's and the parts' scores."""
        parts = self._part_scores(scores)
        return parts, np.vstack([scores[:1], parts]).max(axis=0)

    def _ranking(self, scores: np.ndarray) -> list[dict[str, Any]]:
        """All labels in Rasa's shape, best first."""
        assert self._ranker is not None
        confidences = self._decision.confidence(scores).tolist()
        return [{"name": self._ranker.labels[i], "confidence": confidences[i]} for i in np.argsort(-scores)]

    def _part_scores(self, scores: np.ndarray) -> np.ndarray:
        """One row a question: read alone if that is clear, otherwise the surer of alone and with what stands before.

        The part before would otherwise drown a short question: "i faint at needles, should i eat first".
        """
        rows = []
        for alone, after in zip(scores[1::2], scores[2::2], strict=True):
            rows.append(alone if alone.max() >= self._decision.answer else max(alone, after, key=np.max))
        return self._config["part_weight"] * np.array(rows).reshape(len(rows), scores.shape[1])

    def _topics_asked(self, parts: np.ndarray, best: int) -> list[int]:
        """The topics that several parts ask for with certainty, in the order of the message, and the whole's first."""
        sure = [row for row in parts if row.max() >= self._decision.answer and not self._doubtful(row)]
        asked = list(dict.fromkeys(i for i in (int(row.argmax()) for row in sure) if self._is_topic(i)))
        if len(asked) < 2:
            return []
        if self._is_topic(best) and best not in asked:
            asked.insert(0, best)
        return asked[: self._config["most_topics"]]

    def _topics_meant(self, scores: np.ndarray, best: int) -> list[int]:
        """The best topic, and the runner-up if it is close; none if that is not sure enough.

        Of two, one is right more often than the best alone, so that a lower border does for them.
        """
        if not self._is_topic(best) or self._doubtful(scores):
            return []
        meant = [best, *self._close(scores, "tie", [best])[:1]]
        border = self._decision.answer * (self._config["pair"] if len(meant) > 1 else 1.0)
        return meant if scores[best] >= border else []

    def _doubtful(self, scores: np.ndarray) -> bool:
        """Whether the message looks out of scope as well."""
        assert self._ranker is not None
        outside = [i for i in range(len(scores)) if self._group(i) == OUT_OF_SCOPE]
        return bool(outside) and float(scores[outside].max()) >= self._config["doubt"] * float(scores.max())

    def _close(self, scores: np.ndarray, how: str, asked: list[int]) -> list[int]:
        """Other topics that come near the best score, nearest first."""
        return [i for i in close_calls(scores.tolist(), self._config[how]) if self._is_topic(i) and i not in asked]

    def _nearest(self, scores: np.ndarray) -> list[int]:
        """The topics to ask back with."""
        return [int(i) for i in np.argsort(-scores) if self._is_topic(int(i))][: self._config["offers"]]

    def _is_topic(self, label: int) -> bool:
        assert self._ranker is not None
        return self._ranker.labels[label].startswith(self._config["topics"] + "/")

    def _group(self, label: int) -> str:
        assert self._ranker is not None
        return self._ranker.labels[label].split("/")[0]

    def _publish(self, message: Message, scores: np.ndarray, label: str, topics: list[int], offered: list[int]) -> None:
        """Write the decision in Rasa's own shapes."""
        assert self._ranker is not None
        labels = self._ranker.labels
        ranking = self._ranking(scores)
        confidence = next((r["confidence"] for r in ranking if r["name"] == label), ranking[0]["confidence"])
        shown = ranking[: self._config["ranking_length"]]
        message.set("intent", {"name": label.split("/")[0], "confidence": confidence}, add_to_output=True)
        message.set("intent_ranking", shown, add_to_output=True)
        message.set("topics", [labels[i].partition("/")[2] for i in topics], add_to_output=True)
        message.set("offered", [labels[i].partition("/")[2] for i in offered], add_to_output=True)
        groups = sorted({name.split("/")[0] for name in labels if "/" in name})
        if groups:
            selected: dict[str, Any] = {"all_retrieval_intents": groups, "default": {"response": {}, "ranking": []}}
            for group in groups:
                own = [r for r in ranking if r["name"].startswith(group + "/")]
                own.sort(key=lambda r: r["name"] != label)
                selected[group] = _selection(own[: self._config["ranking_length"]])
            message.set("response_selector", selected, add_to_output=True)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """The ranker counts, too."""
        return fingerprint()

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """An unknown setting of the ranker is found before training."""
        RankerConfig(**config.get("ranker", {}))


def _selection(ranking: list[dict[str, Any]]) -> dict[str, Any]:
    best = ranking[0]
    return {
        "response": {
            "responses": [],
            "confidence": best["confidence"],
            "intent_response_key": best["name"],
            "utter_action": "utter_" + best["name"],
        },
        "ranking": [{"confidence": r["confidence"], "intent_response_key": r["name"]} for r in ranking],
    }
