"""Decide what a ranking means: sure enough to answer, close enough to ask back, or not known."""

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


def close_calls(scores: Sequence[float], share: float) -> list[int]:
    """Positions of the labels whose score is at least `share` of the best one's, best first, without the best."""
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    return [i for i in order[1:] if scores[i] >= share * scores[order[0]]]


def _logit(scores: np.ndarray) -> np.ndarray:
    clipped = np.clip(scores, _SMALLEST, 1 - _SMALLEST)
    return np.log(clipped / (1 - clipped))
