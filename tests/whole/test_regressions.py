"""What was misunderstood once and fixed stays fixed: the cases under data/, asked of the trained model."""

from __future__ import annotations

from pathlib import Path

from gateway.editions.models import Models
from gateway.settings import Settings
from gateway.studio.topics.regressions import live_cases, outcomes
from gateway.studio.understanding import understood_by
from tests.support.system import needs

pytestmark = needs("model")


def test_every_case_is_understood_by_the_trained_model() -> None:
    cases = live_cases(Path("data"))
    models = Models(Settings())
    manifest = models.in_use()
    assert cases and manifest

    found = outcomes(cases, understood_by(models, manifest, [case.message for case in cases]))

    assert [(outcome.case.message, outcome.now.words) for outcome in found if not outcome.right] == []
