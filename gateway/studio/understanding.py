"""How a kept model understands messages, each by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.editions.models import Manifest, Models
from gateway.engine.command import TOLD, NotMeasured, finished, never
from gateway.engine.environment import module

NOT_UNDERSTOOD, ALARM = "not understood", "alarm"


@dataclass(frozen=True)
class Understood:
    """The topics that are answered; without one, what the message was taken for, and the topics offered then."""

    topics: tuple[str, ...]
    offered: tuple[str, ...]
    intent: str

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Understood:
        return cls(tuple(said["topics"]), tuple(said["offered"]), str(said["intent"]))

    @property
    def words(self) -> str:
        """The same in words."""
        return self.told({})

    def told(self, titles: Mapping[str, str]) -> str:
        """The same with the titles of the topics."""
        if self.topics:
            return " and ".join(titles.get(name, name) for name in self.topics)
        if self.intent == "clarify":
            return f"did you mean {' or '.join(titles.get(name, name) for name in self.offered)}"
        return {"nlu_fallback": NOT_UNDERSTOOD, "red_flag": ALARM}.get(self.intent) or _as_words(self.intent)

    def same_for_patients(self, other: Understood) -> bool:
        """Whether a patient gets the same answer."""
        offered = self.intent != "clarify" or self.offered == other.offered
        return (self.topics, self.intent) == (other.topics, other.intent) and offered


def _as_words(intent: str) -> str:
    """The name of an intent for people: "follow up: shorter"."""
    return intent.replace("/", ": ").replace("_", " ")


def understood_by(
    models: Models, manifest: Manifest, messages: Sequence[str], stop: Callable[[], bool] = never
) -> list[Understood]:
    """What a model makes of each message; NotMeasured if it cannot be asked."""
    if not messages:
        return []
    data = models.data_of(manifest)
    arguments = [*module("nlu.understand"), str((models.folder / manifest.file).absolute()), TOLD]
    run = finished(models.settings, arguments, data.parent if data else None, stop, json.dumps(list(messages)))
    if run.returncode:
        raise NotMeasured(f"The model {manifest.name} could not be asked.", "'./ims models verify'.")
    return [Understood.read(said) for said in json.loads(run.stdout)]
