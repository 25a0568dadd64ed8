"""What a ranking leads to: an answer, a question back, or "not known". Decided here alone.

The matcher asks it for each message (`nlu.topic_matcher`), and the trainers' report for each training example under any
borders (`gateway.evaluation.thresholds`). Labels with their scores go in, best first; neither Rasa nor numpy is needed.

    policy = Policy(topics="faq", tie=0.2, pair=0.78, doubt=0.4, close=0.02, offers=3)
    policy.decide(policy.weigh([("faq/cost", 0.8), ("faq/insurance", 0.1)]), answer=0.3, offer=0.1).topics
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

OUT_OF_SCOPE = "out_of_scope"
NEVER = -1.0  # no border is that low

Kind = Literal["answer", "ask back", "unknown"]
Ranking = Sequence[tuple[str, float]]  # labels with their scores, best first


@dataclass(frozen=True)
class Weighed:
    """What a ranking says before any border is drawn."""

    best: str
    meant: tuple[str, ...]  # the topics that are answered if `sure` is enough; none if the best is no topic
    sure: float  # held against the border for answering
    nearest: tuple[tuple[str, float], ...]  # what is asked back with, and its scores
    close: tuple[str, ...]  # topics that come near the best score, nearest first

    @property
    def answered(self) -> tuple[str, ...]:
        """The labels that are answered if anything is."""
        return self.meant or (self.best,)

    @property
    def offered(self) -> tuple[str, ...]:
        """The topics that are asked back with."""
        return tuple(label for label, _ in self.nearest)

    @property
    def near(self) -> float:
        """Held against the border for asking back."""
        return self.nearest[0][1] if self.nearest else NEVER


@dataclass(frozen=True)
class Choice:
    """What was decided: the topics to answer, or the label that is no topic, and the topics to offer."""

    kind: Kind
    label: str = ""
    topics: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    several: bool = False  # whether parts of the message ask for different topics


@dataclass(frozen=True)
class Policy:
    """How close calls are treated; `config.yml` may set each of these."""

    topics: str = "faq"  # the intent whose sub-intents are topics that can be answered and offered
    tie: float = 0.2  # a runner-up with at least this share of the best score is answered too
    pair: float = 0.78  # two close topics are answered from this share of the border for one
    doubt: float = 0.4  # nothing is answered when out of scope has at least this share of the best score
    close: float = 0.02  # a topic with at least this share is offered with the answer
    offers: int = 3
    offers_beside: Sequence[str] = ("follow_up", "refuse")  # intents with whose reply the nearest topics are offered
    most_topics: int = 3

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Policy:
        """The policy in the settings of a matcher; the others of its settings are left out."""
        return cls(**{field.name: settings[field.name] for field in fields(cls) if field.name in settings})

    def is_topic(self, label: str) -> bool:
        """Whether it is something that is answered and offered."""
        return label.startswith(f"{self.topics}/")

    def weigh(self, ranking: Ranking) -> Weighed:
        """What the ranking says. Of two close topics one is right more often than the best alone, so that a lower
        border does for them; what looks out of scope as well is not answered at all.
        """
        best, score = ranking[0]
        topics = [(label, near) for label, near in ranking if self.is_topic(label)]
        nearest = () if _group(best) == OUT_OF_SCOPE else tuple(topics[: self.offers])
        close = tuple(label for label, near in topics if label != best and near >= self.close * score)
        if not self.is_topic(best):
            return Weighed(best, (), score, nearest, close)
        tied = [label for label, near in topics[1:2] if near >= self.tie * score]
        sure = NEVER if self._doubtful(ranking) else score / self.pair if tied else score
        return Weighed(best, (best, *tied), sure, nearest, close)

    def decide(self, whole: Weighed, answer: float, offer: float) -> Choice:
        """The decision on a message as a whole: scores from `answer` on are answered, from `offer` on asked back.

        What is not known still offers the nearest topics, unless it looks out of scope.
        """
        if whole.sure >= answer and whole.meant:
            return Choice("answer", whole.best, whole.meant, self._offered(whole.close, whole.meant))
        if whole.sure >= answer:
            beside = whole.nearest if _group(whole.best) in self.offers_beside else ()
            return Choice("answer", whole.best, offered=tuple(label for label, score in beside if score >= offer))
        return Choice("ask back" if whole.near >= offer else "unknown", offered=whole.offered)

    def decide_with_parts(self, ranking: Ranking, parts: Sequence[Ranking], answer: float, offer: float) -> Choice:
        """The decision on a message that asks several things: the topics that its parts ask for with certainty, in
        their order, and the one of the whole first. Where fewer than two do so, the message is decided on as a whole.
        """
        whole = self.weigh(ranking)
        sure = [part[0][0] for part in parts if part[0][1] >= answer and not self._doubtful(part)]
        asked = list(dict.fromkeys(label for label in sure if self.is_topic(label)))
        if len(asked) < 2:
            return self.decide(whole, answer, offer)
        if self.is_topic(whole.best) and whole.best not in asked:
            asked.insert(0, whole.best)
        topics = tuple(asked[: self.most_topics])
        return Choice("answer", topics[0], topics, self._offered(whole.close, topics), several=True)

    def _doubtful(self, ranking: Ranking) -> bool:
        """Whether the message looks out of scope as well."""
        outside = [score for label, score in ranking if _group(label) == OUT_OF_SCOPE]
        return bool(outside) and max(outside) >= self.doubt * ranking[0][1]

    def _offered(self, close: Sequence[str], answered: Sequence[str]) -> tuple[str, ...]:
        """What is offered with an answer: one fewer than is asked back with."""
        return tuple(label for label in close if label not in answered)[: self.offers - 1]


def _group(label: str) -> str:
    return label.partition("/")[0]
