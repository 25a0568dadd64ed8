"""What texts mean, as vectors of the engine's encoder. Those of the topics' examples are kept for the next time."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from environments.setup import ROOT
from gateway.engine.environment import ENGINE_PYTHON, engine_environment
from gateway.files import write_whole
from gateway.settings import Settings
from gateway.studio.errors import StudioError

Array = np.ndarray[Any, Any]
Encode = Callable[[Sequence[str]], Array]
DELTA = ROOT / "encoder/delta.json"


@dataclass(frozen=True)
class Near:
    """A topic that lies near a message, and the example of it that is nearest."""

    topic: str
    score: float
    example: str


class Meaning:
    """Vectors of length 1: their product is the likeness of two texts. `encode` is the engine's unless given."""

    def __init__(self, settings: Settings, encode: Encode | None = None) -> None:
        self._settings = settings
        self._encode = encode or self._by_engine
        tuned = hashlib.sha256(DELTA.read_bytes()).hexdigest()[:8] if DELTA.exists() else "plain"
        self._kept = settings.var / "studio" / f"vectors-{tuned}.npz"
        self._known: dict[str, Array] = {}
        self._alone = threading.Lock()

    def of_messages(self, texts: Sequence[str]) -> Array:
        """One row a text, of which nothing is kept: patients wrote them."""
        return self._encode(texts).astype(np.float32) if texts else np.zeros((0, 1), np.float32)

    def of_examples(self, texts: Sequence[str]) -> Array:
        """One row a text. What was encoded before is not encoded again, nor by two who ask at the same time."""
        with self._alone:
            known = self._load()
            new = list(dict.fromkeys(text for text in texts if _key(text) not in known))
            if new:
                known.update(zip(map(_key, new), self._encode(new).astype(np.float16), strict=True))
                self._kept.parent.mkdir(parents=True, exist_ok=True)
                kept = io.BytesIO()
                np.savez(kept, keys=np.array(list(known)), rows=np.stack(list(known.values())))
                write_whole(self._kept, kept.getvalue())
        return np.stack([known[_key(text)] for text in texts]).astype(np.float32) if texts else np.zeros((0, 1))

    def nearest(self, texts: Sequence[str], topics: Mapping[str, Sequence[str]], count: int = 3) -> list[list[Near]]:
        """For each text the topics whose examples lie nearest."""
        return self.nearest_to(self.of_messages(texts), topics, count) if texts else []

    def nearest_to(self, vectors: Array, topics: Mapping[str, Sequence[str]], count: int = 3) -> list[list[Near]]:
        """The same for texts whose vectors are known."""
        pairs = [(topic, example) for topic, examples in topics.items() for example in examples]
        if not pairs:
            return [[] for _ in vectors]
        scores = vectors @ self.of_examples([example for _, example in pairs]).T
        found = []
        for row in scores:
            best: dict[str, Near] = {}
            for i in np.argsort(-row):
                topic, example = pairs[i]
                best.setdefault(topic, Near(topic, round(float(row[i]), 3), example))
                if len(best) == count:
                    break
            found.append(list(best.values()))
        return found

    def _load(self) -> dict[str, Array]:
        if not self._known and self._kept.exists():
            with np.load(self._kept) as kept:
                self._known = dict(zip(kept["keys"].tolist(), kept["rows"], strict=True))
        return self._known

    def _by_engine(self, texts: Sequence[str]) -> Array:
        run = subprocess.run(
            [str(ENGINE_PYTHON), "-m", "nlu.vectors"],
            env=engine_environment(self._settings),
            input=json.dumps(list(texts)).encode(),
            capture_output=True,
            check=False,
        )
        if run.returncode:
            raise StudioError("The encoder could not be run.", "'make setup' makes the engine's environment.")
        return np.asarray(np.load(io.BytesIO(run.stdout)))


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
