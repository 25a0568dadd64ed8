"""The borders from which a score is answered or asked back, learned from examples; `policy.py` decides by them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

_SMALLEST = 1e-6


@dataclass(frozen=True)
class Decision:
    """The borders between the three, and how a score reads as a probability. Learned by `learn`, saved as JSON."""

    answer: float  # scores from here on are answered
    offer: float  # scores from here on are asked back ("did you mean")
    slope: float = 1.0  # of the logistic curve from score to confidence
    shift: float = 0.0

    def confidence(self, scores: np.ndarray) -> np.ndarray:
        """How likely the first topic of a ranking with this score is the right one, for each score."""
        return 1.0 / (1.0 + np.exp(-(self.slope * _logit(scores) + self.shift)))


@dataclass(frozen=True)
class Sureness:
    """How likely the specific answer that ranks first is the right one, and from where on it is given."""

    border: float = 1.0
    topic: float = 0.0  # weight of the topic's score
    answer: float = 0.0  # weight of the answer's score within its topic
    shift: float = 0.0

    def of(self, topic: float, answers: float | Sequence[float] | np.ndarray) -> np.ndarray:
        """The likelihood of each answer, from the topic's score and its own."""
        odds = self.topic * _logit(np.array(topic)) + self.answer * _logit(np.array(answers)) + self.shift
        return np.asarray(1.0 / (1.0 + np.exp(-odds)))


def learn_sureness(
    topics: np.ndarray, answers: np.ndarray, right: np.ndarray, topic_text: float, wrong_answer: float
) -> Sureness:
    """From the scores of held-out examples, and what it costs to give the topic's text, or a wrong specific answer."""
    border = 1.0 - topic_text / wrong_answer
    if len(right) < 2 or right.all() or not right.any():
        return Sureness(border, shift=float(np.sign(right.mean() - border)) if len(right) else -1.0)
    curve = LogisticRegression(C=1e3).fit(np.stack([_logit(topics), _logit(answers)], axis=1), right)
    topic, answer = map(float, curve.coef_[0])
    return Sureness(border, topic, answer, float(curve.intercept_[0]))


def learn(scores: np.ndarray, targets: np.ndarray, answer_misses: float, offer_misses: float) -> Decision:
    """Borders from out-of-fold scores of the training examples, never from test data.

    `answer_misses` is the share of rightly ranked examples that may be asked back rather than answered, `offer_misses`
    the share that may be called unknown. The curve fits how often examples with a score like this were right.
    """
    if not len(scores):
        return Decision(answer=0.0, offer=0.0)
    best = scores.max(axis=1)
    right = scores.argmax(axis=1) == targets
    answer, offer = np.quantile(best[right] if right.any() else best, [answer_misses, offer_misses])
    if right.all() or not right.any():
        return Decision(float(answer), float(offer))
    curve = LogisticRegression(C=1e3).fit(_logit(best)[:, None], right)
    return Decision(float(answer), float(offer), float(curve.coef_[0, 0]), float(curve.intercept_[0]))


def _logit(scores: np.ndarray) -> np.ndarray:
    clipped = np.clip(scores, _SMALLEST, 1 - _SMALLEST)
    return np.log(clipped / (1 - clipped))
