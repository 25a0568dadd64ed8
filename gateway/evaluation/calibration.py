"""Whether a confidence means what it says: of all answers with confidence .8, eight in ten should be right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gateway.evaluation.intervals import Share

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Answers of about the same confidence: their mean confidence, and how many were right."""

    confidence: float
    right: Share


def calibration(answers: Iterable[tuple[float, bool]]) -> dict[str, Any]:
    """Confidence against share right in bins of equal width, and the mean gap weighted by count (ECE)."""
    bins = _bins(answers)
    count = sum(each.right.of for each in bins)
    gap = sum(each.right.of * abs(each.confidence - each.right.value) for each in bins)
    return {
        "expected_calibration_error": round(gap / count, 4) if count else None,
        "bins": [{"confidence": round(each.confidence, 4), **each.right.as_json()} for each in bins],
    }


def _bins(answers: Iterable[tuple[float, bool]]) -> list[Bin]:
    members: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in answers:
        members.setdefault(min(int(confidence * BINS), BINS - 1), []).append((confidence, right))
    return [
        Bin(
            confidence=sum(confidence for confidence, _ in own) / len(own),
            right=Share(sum(right for _, right in own), len(own)),
        )
        for _, own in sorted(members.items())
    ]
