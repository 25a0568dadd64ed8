"""How a kept model understands messages, each by itself."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.evaluation.engine_command import NotMeasured, finished, never
from gateway.training import Manifest, Models


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
        if self.topics:
            return " and ".join(self.topics)
        if self.intent == "clarify":
            return f"did you mean {' or '.join(self.offered)}"
        return {"nlu_fallback": "not understood", "red_flag": "alarm"}.get(self.intent, self.intent)

    def same_for_patients(self, other: Understood) -> bool:
        """Whether a patient gets the same answer."""
        offered = self.intent != "clarify" or self.offered == other.offered
        return (self.topics, self.intent) == (other.topics, other.intent) and offered


def understood_by(
    models: Models, manifest: Manifest, messages: Sequence[str], stop: Callable[[], bool] = never
) -> list[Understood]:
    """What a model makes of each message; NotMeasured if it cannot be asked."""
    if not messages:
        return []
    data = models.data_of(manifest)
    with messages_file(messages) as file:
        model = (models.folder / manifest.file).absolute()
        arguments = ["-m", "nlu.understand", str(model), str(file)]
        run = finished(models.settings, arguments, data.parent if data else None, stop)
    if run.returncode:
        raise NotMeasured(f"The model {manifest.name} could not be asked. What to do: './ims models verify'.")
    return [Understood.read(said) for said in json.loads(run.stdout)]


@contextmanager
def messages_file(messages: Sequence[str]) -> Iterator[Path]:
    """A file with these messages, for the owner alone and gone afterwards."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(list(messages), file)
        file.flush()
        yield Path(file.name)
