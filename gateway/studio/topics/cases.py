"""Adding, retiring and asking the messages that must stay understood, for the command line and the studio alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from gateway.editions.models import ModelRefused, Models
from gateway.studio.errors import StudioError
from gateway.studio.personal import Personal
from gateway.studio.topics import regressions
from gateway.studio.topics.changes import Changes
from gateway.studio.topics.regressions import CaseOutcome
from gateway.studio.topics.topics import Topics
from gateway.studio.understanding import understood_by


class Cases:
    """The cases of an installation. `by` stands with those that are added or retired."""

    def __init__(self, data: Path, var: Path, by: str = "") -> None:
        self._data = data
        self._var = var
        self._by = by

    def add(self, topic: str, messages: Sequence[str], today: date) -> int:
        """Make messages cases of a topic, without personal details; how many are new. StudioError without the topic."""
        Topics.opened(self._data, self._var).open(topic)
        personal = Personal.load(self._data)
        texts = [personal.remove(" ".join(text.split())).text for text in messages]
        new = regressions.new_cases(self._data, texts)
        self._changes.make(regressions.with_cases(self._data, topic, texts, self._by, today))
        return len(new)

    def retire(self, message: str, why: str, today: date) -> None:
        """Let a case count no more; it stays in the file with the reason. StudioError without a reason or a case."""
        self._changes.make(regressions.retired(self._data, message, why, self._by, today))

    def asked(self, models: Models) -> list[CaseOutcome]:
        """How the model in use understands the cases; StudioError if there is none, or it cannot be used."""
        try:
            manifest = models.in_use()
        except ModelRefused as error:
            raise StudioError(str(error)) from error
        if manifest is None:
            raise StudioError("There is no trained model.", "publish, or run './ims train'.")
        active = regressions.live_cases(self._data)
        return regressions.outcomes(active, understood_by(models, manifest, [case.message for case in active]))

    @property
    def _changes(self) -> Changes:
        return Changes(self._data, self._var / "studio")
