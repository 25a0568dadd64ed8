"""Which topic a message is about, or that it is not known: the intent classifier and the response selector in one."""

import json
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

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
from scipy.sparse import csr_matrix

from nlu.answer_ranker import AnswerRanker
from nlu.decision import Decision, Sureness, learn, learn_sureness
from nlu.encoder_featurizer import VECTORS, VECTORS_IN_CONTEXT, EncoderFeaturizer
from nlu.fingerprint import fingerprint
from nlu.labels import left_out, topic_of
from nlu.message_reader import IN_CONTEXT, READINGS
from nlu.policy import Policy
from nlu.ranker import Ranker, RankerConfig
from nlu.segments import is_question
from nlu.variants import VARIANT_OF

DECISION, SURENESS = "decision.json", "sureness.json"
ANSWERS_IN_CONTEXT = "answers_in_context"
NEAREST_IN_CONTEXT = "nearest_in_context"
FEWEST = 40  # examples left out of the tuning from which sureness is learned; below, from all
RANKED_ANSWERS = 5
RANKING_IN_CONTEXT = "ranking_in_context"
UNKNOWN = "nlu_fallback"
CLARIFY = "clarify"
KINDS = {"ask back": CLARIFY, "unknown": UNKNOWN}  # the intent that says what was decided, if not the best label
DAMAGED = "The trained model is damaged ({reason}). Train it again: rasa train"
NO_EXAMPLES = "There is nothing to learn from: the training data has no example of any intent."

# This component is the response selector; Rasa only knows its own by class and would say that there is none.
warnings.filterwarnings("ignore", message="You have defined training data with examples for training a response")


@dataclass(frozen=True)
class HeldOut:
    """What was learned, and how the examples (not their variants) score when they are held out: examples x labels.

    `asked` is what each one asks for, with its specific answer where it has one, and `given` the specific answer that
    it would get, or nothing.
    """

    ranker: Ranker
    decision: Decision
    texts: list[str]
    wanted: np.ndarray
    scores: np.ndarray
    asked: list[str]
    given: list[str]


class Read(NamedTuple):
    """The readings of a message as vectors and characters, and how they rank: readings x labels."""

    vectors: np.ndarray
    grams: csr_matrix
    scores: np.ndarray


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicMatcher(IntentClassifier, GraphComponent):
    """Ranks all intents, also the ones with a topic (`faq/soreness`), and decides between answer, clarify and unknown.

    In: `readings` and `reading_vectors`. Out: `intent`, `intent_ranking`, `response_selector` as Rasa's own selector
    would set it, `topics` (all topics that are answered), `answers` (the specific answer of each, or None for its own
    text), `also` (a second specific answer of the one topic, where another part of the message asks for it),
    `answer_ranking`, `several` (whether its parts ask for different topics), `offered` (topics for "did you
    mean"), and `ranking_in_context`, `answers_in_context` and `nearest_in_context` if the message was read in its
    context as well.
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
            **asdict(Policy()),  # what is a topic, and how close calls are treated
            "answer_misses": 0.06,  # share of known questions that may be asked back, for fewer wrong answers
            "offer_misses": 0.02,  # share of known questions that may be called unknown
            "topic_text": 1.0,  # what it costs to give a topic's text where a specific answer was asked for
            "wrong_answer": 1.3,  # what it costs to give another specific answer instead, which often answers as well
            "also": 0.5,  # from here on a second answer of the topic is given to another part of the message
            "alone": 0.7,  # from here on a specific answer is given alone, though another topic is close
            "part_weight": 0.85,  # a score of one part of a message against a score of the whole
            "ranking_length": 20,
            "ranker": {},
        }

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._ranker: Ranker | None = None
        self._policy = Policy.of(config)
        self._answers: AnswerRanker | None = None
        self._decision = Decision(answer=0.0, offer=0.0)
        self._sureness = Sureness()

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
        """Learn from the examples' first readings; the thresholds come from scores of held-out examples.

        Raises RasaException without examples.
        """
        examples = [m for m in training_data.intent_examples if m.get(TEXT) and m.get(READINGS)]
        if not examples:
            raise RasaException(NO_EXAMPLES)
        texts = [m.get(READINGS)[0] for m in examples]
        vectors = np.stack([np.asarray(m.get(VECTORS)[0]) for m in examples])
        asked = [m.get(INTENT_RESPONSE_KEY) or m.get(INTENT) for m in examples]
        targets = list(map(topic_of, asked))
        groups = [m.get(VARIANT_OF) or text for m, text in zip(examples, texts, strict=True)]
        config = RankerConfig(**self._config["ranker"])
        self._ranker, scores = Ranker.fit(texts, vectors, targets, groups, config)
        wanted = np.array([self._ranker.labels.index(target) for target in targets])
        real = np.flatnonzero([m.get(VARIANT_OF) is None for m in examples])
        misses = self._config["answer_misses"], self._config["offer_misses"]
        self._decision = learn(scores[real], wanted[real], *misses)
        self._answers, best, answers = AnswerRanker.fit(self._ranker, texts, vectors, asked, groups)
        unseen = np.array([left_out(m.get(TEXT)) for m in examples])
        given = self._learn_sureness(real, unseen, texts, vectors, asked, scores, best, answers)
        return HeldOut(
            self._ranker,
            self._decision,
            [examples[i].get(TEXT) for i in real],
            wanted[real],
            scores[real],
            [asked[i] for i in real],
            [given[int(i)] for i in real],
        )

    def _learn_sureness(
        self,
        real: np.ndarray,
        unseen: np.ndarray,
        texts: Sequence[str],
        vectors: np.ndarray,
        asked: Sequence[str],
        scores: np.ndarray,
        best: np.ndarray,
        answers: Sequence[str],
    ) -> dict[int, str]:
        """Learn when a specific answer is sure; the ones that the examples would get when they are held out.

        It is learned from the examples that the encoder was not tuned on, where there are some. An example that another
        topic ranks first for is scored by the answers of that topic, which it is none of.
        """
        assert self._ranker is not None and self._answers is not None
        labels, first = self._ranker.labels, scores.argmax(axis=1)
        score, answer = best.copy(), list(answers)
        for number in np.unique(first[real]):
            missed = [i for i in real if first[i] == number and topic_of(asked[i]) != labels[number]]
            if missed and labels[number] in self._answers.topics:
                found = self._answers.best(labels[number], [texts[i] for i in missed], vectors[missed])
                for i, (label, given) in zip(missed, found, strict=True):
                    answer[i], score[i] = label, given
        specific = np.array([i for i in real if topic_of(answer[i]) != answer[i]], dtype=int)
        topic_scores = scores[specific].max(axis=1) if len(specific) else np.zeros(0)
        fresh = unseen[specific] if unseen[specific].sum() >= FEWEST else np.ones(len(specific), dtype=bool)
        right = np.array([answer[i] == asked[i] for i in specific[fresh]], dtype=bool)
        costs = {"topic_text": self._config["topic_text"], "wrong_answer": self._config["wrong_answer"]}
        self._sureness = learn_sureness(topic_scores[fresh], score[specific[fresh]], right, **costs)
        sure = {
            i
            for i, topic in zip(specific, topic_scores, strict=True)
            if self._sureness.of(topic, score[i]) >= self._sureness.border
        }
        return {int(i): answer[i] if i in sure else "" for i in real}

    def persist(self) -> None:
        """Write the ranker and the borders; no pickle."""
        assert self._ranker is not None and self._answers is not None
        with self._model_storage.write_to(self._resource) as folder:
            self._ranker.save(folder)
            self._answers.save(folder)
            (folder / SURENESS).write_text(json.dumps(asdict(self._sureness)), encoding="utf-8")
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
        """Read what `persist` wrote. Raises RasaException if the model is damaged."""
        matcher = cls(config, model_storage, resource)
        try:
            with model_storage.read_from(resource) as folder:
                matcher._ranker = Ranker.load(folder)
                matcher._answers = AnswerRanker.load(folder, matcher._ranker)
                matcher._sureness = Sureness(**json.loads(Path(folder, SURENESS).read_text(encoding="utf-8")))
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
            self._publish(message, np.zeros(len(self._ranker.labels)), UNKNOWN, (), ())
            message.set("answers", [], add_to_output=True)
            message.set("also", None, add_to_output=True)
            return
        if in_context := message.get(IN_CONTEXT):
            self._read_in_context(message, in_context, np.asarray(message.get(VECTORS_IN_CONTEXT)))
        read = self._read(readings, vectors)
        parts, pooled = self._pooled(read.scores)
        borders = {"answer": self._decision.answer, "offer": self._decision.offer}
        ranked = [self._ranked(row) for row in parts]
        choice = self._policy.decide_with_parts(self._ranked(pooled), ranked, **borders)
        near = choice.topics or tuple(label for label, _ in self._ranked(pooled)[:1] if self._policy.is_topic(label))
        found = self._answers_of(near, read, choice.several)
        topics, offered = choice.topics, choice.offered
        answers = [self._sure(found[topic]) for topic in topics]
        asked = {part[0][0] for part, text in zip(ranked, readings[1::2], strict=True) if is_question(text)}
        asked.add(self._ranker.labels[read.scores[0].argmax()])  # the message as a whole
        kept = self._kept(topics, answers, found, asked if choice.several else None)
        if kept != list(range(len(topics))):
            others = [topic for place, topic in enumerate(topics) if place not in kept]
            topics, answers = tuple(topics[place] for place in kept), [answers[place] for place in kept]
            offered = (*others, *offered)[: self._policy.offers - len(kept)]
        message.set("several", choice.several, add_to_output=True)
        message.set("answers", answers, add_to_output=True)
        message.set("also", self._also(topics, answers, read), add_to_output=True)
        message.set("answer_ranking", _nearest(found), add_to_output=True)
        self._publish(message, pooled, KINDS.get(choice.kind, choice.label), topics, offered)
        if answers and answers[0]:
            _select(message.get("response_selector")[self._policy.topics], f"{topics[0]}.{answers[0]}")

    def _kept(
        self,
        topics: Sequence[str],
        answers: Sequence[str | None],
        found: Mapping[str, Sequence[tuple[str, float]]],
        asked: Collection[str] | None,
    ) -> list[int]:
        """The places of the topics that are answered, in their order: beside a sure answer stands no text of a topic
        that nobody asked for. One question gets one answer, or two that are both sure, the surer first; where several
        topics are `asked` for, each of them gets its text at least, and what was only told does not.
        """
        sure = [place for place, answer in enumerate(answers) if answer]
        if not sure or (sure[0] > 0 and asked is None):
            return list(range(len(topics)))
        if asked is not None:
            wanted = {topic for topic in topics if topic in asked or self._asks_in_general(found[topic])}
            return [place for place, topic in enumerate(topics) if place in sure or topic in wanted]
        if _surest(found[topics[0]])[1] >= self._config["alone"]:
            return sure[:1]
        return sorted(sure, key=lambda place: -_surest(found[topics[place]])[1])

    def _asks_in_general(self, ranked: Sequence[tuple[str, float]]) -> bool:
        """Whether the topic's own text may well be what was asked for, as where a condition is named."""
        return dict(ranked).get("", 1.0) >= self._policy.tie * _surest(ranked)[1]

    def _read_in_context(self, message: Message, readings: list[str], vectors: np.ndarray) -> None:
        """How the message ranks together with what was answered before; of each likely topic the sure answer, and the
        nearest ones.
        """
        assert self._ranker is not None
        read = self._read(readings, vectors)
        _, pooled = self._pooled(read.scores)
        message.set(RANKING_IN_CONTEXT, self._ranking(pooled)[: self._config["ranking_length"]], add_to_output=True)
        likely = [label for label, _ in self._ranked(pooled)[: self._policy.offers] if self._policy.is_topic(label)]
        found = self._answers_of(likely, read, several=False)
        sure = {label: self._sure(answers) for label, answers in found.items()}
        message.set(ANSWERS_IN_CONTEXT, sure, add_to_output=True)
        nearest = {label: _nearest({label: answers}) for label, answers in found.items()}
        message.set(NEAREST_IN_CONTEXT, nearest, add_to_output=True)

    def _sure(self, ranked: Sequence[tuple[str, float]]) -> str | None:
        """The specific answer that ranks first, if it is sure; None is the topic's own text."""
        name, sure = _surest(ranked)
        return name if name and sure >= self._sureness.border else None

    def _read(self, readings: Sequence[str], vectors: np.ndarray) -> Read:
        assert self._ranker is not None
        grams = self._ranker.grams(readings)
        return Read(vectors, grams, self._ranker.scores(readings, vectors, grams))

    def _also(self, topics: Sequence[str], answers: Sequence[str | None], read: Read) -> str | None:
        """A second answer of the only topic, for a part of the message that asks for another than the first."""
        parts = len(read.scores) // 2
        if len(topics) != 1 or not answers[0] or parts < 2:
            return None
        assert self._ranker is not None and self._answers is not None
        column = self._ranker.labels.index(topics[0])
        rows = [row for row in range(1, 1 + 2 * parts, 2) if read.scores[row].argmax() == column]
        second, best = None, float(self._config["also"])
        for row in rows:
            part = Read(read.vectors[[row]], read.grams[[row]], read.scores[[row]])
            name, sure = _surest(self._answers_of(topics, part, several=False)[topics[0]])
            if name and name != answers[0] and sure >= best:
                second, best = name, sure
        return second

    def _answers_of(self, topics: Sequence[str], read: Read, several: bool) -> dict[str, list[tuple[str, float]]]:
        """The specific answers of each topic with how sure each is; "" is the topic's general question.

        Only the readings that ask for the topic count, and with several questions only the parts.
        """
        assert self._ranker is not None and self._answers is not None
        with_answers = [topic for topic in topics if topic in self._answers.topics]
        found: dict[str, list[tuple[str, float]]] = {topic: [] for topic in topics}
        if not with_answers:  # an assistant without specific answers has nothing to compare with
            return found
        compared = self._answers.compared(read.vectors, read.grams)
        asked = read.scores.argmax(axis=1)
        for topic in with_answers:
            column = self._ranker.labels.index(topic)
            asking = np.flatnonzero(asked == column).tolist()
            rows = [row for row in asking if row or not several] or asking or [0]
            given = self._answers.scores(topic, compared.of(rows))
            sure = self._sureness.of(float(read.scores[rows, column].max()), list(given.values())).tolist()
            found[topic] = [(label.partition(".")[2], each) for label, each in zip(given, sure, strict=True)]
        return found

    def _pooled(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The scores of the parts, and for each label the best of the whole's and the parts' scores."""
        parts = self._part_scores(scores)
        return parts, np.vstack([scores[:1], parts]).max(axis=0)

    def _ranked(self, scores: np.ndarray) -> list[tuple[str, float]]:
        """All labels with their scores, best first."""
        assert self._ranker is not None
        return sorted(zip(self._ranker.labels, scores.tolist(), strict=True), key=lambda entry: -entry[1])

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

    def _publish(
        self, message: Message, scores: np.ndarray, label: str, topics: Sequence[str], offered: Sequence[str]
    ) -> None:
        """Write the decision in Rasa's own shapes."""
        assert self._ranker is not None
        labels = self._ranker.labels
        ranking = self._ranking(scores)
        confidence = next((r["confidence"] for r in ranking if r["name"] == label), ranking[0]["confidence"])
        shown = ranking[: self._config["ranking_length"]]
        message.set("intent", {"name": label.split("/")[0], "confidence": confidence}, add_to_output=True)
        message.set("intent_ranking", shown, add_to_output=True)
        message.set("topics", [name.partition("/")[2] for name in topics], add_to_output=True)
        message.set("offered", [name.partition("/")[2] for name in offered], add_to_output=True)
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
        """The ranker counts too."""
        return fingerprint()

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """An unknown setting of the ranker is found before training."""
        RankerConfig(**config.get("ranker", {}))


def _surest(ranked: Sequence[tuple[str, float]]) -> tuple[str, float]:
    """The answer of a topic that ranks first, and how sure it is."""
    return max(ranked, key=lambda entry: entry[1], default=("", 0.0))


def _nearest(found: Mapping[str, Sequence[tuple[str, float]]]) -> list[list[Any]]:
    """The specific answers that come nearest, by their full names, with how sure each is."""
    ranked = [
        (f"{topic.partition('/')[2]}.{name}", sure)
        for topic, answers in found.items()
        for name, sure in answers
        if name
    ]
    return [[name, round(sure, 4)] for name, sure in sorted(ranked, key=lambda entry: -entry[1])[:RANKED_ANSWERS]]


def _select(selection: dict[str, Any], label: str) -> None:
    """Have Rasa say the specific answer of this label."""
    selection["response"].update(intent_response_key=label, utter_action=f"utter_{label}")


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
