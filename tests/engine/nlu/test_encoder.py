"""The sentence encoder: right numbers, clear errors, no heavy imports."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from encoder import Encoder, EncoderError
from encoder.delta import ASKED
from encoder.graph import build
from encoder.store import digest_path, graph_path
from encoder.weights import TOKENIZER, checked_weights
from nlu.encoder_featurizer import Vectors
from tests.support.reference_encoder import Reference

TEXTS = ["does it hurt?", "How often do I need to go, and what does it cost?", "", "naïve 😀 wörds", "needle " * 60]


@pytest.fixture(scope="module")
def exact() -> Encoder:
    """The encoder with weights that are not rounded."""
    return Encoder.of(onnxruntime.InferenceSession(build(checked_weights()).SerializeToString()))


def test_the_graph_equals_a_forward_pass_written_out_in_numpy(encoder: Encoder, exact: Encoder) -> None:
    reference = Reference()
    expected = np.array([reference.encode(text) for text in TEXTS])
    assert np.abs(exact.encode(TEXTS) - expected).max() < 1e-4
    assert (encoder.encode(TEXTS) * expected).sum(axis=1).min() > 0.99  # its weights are rounded to 8 bits


def test_what_is_asked_is_the_same_pass_with_another_change(encoder: Encoder, exact: Encoder) -> None:
    reference = Reference(ASKED)
    expected = np.array([reference.encode(text) for text in TEXTS])
    meaning, _, asked = np.split(exact.encode_all(TEXTS), 3, axis=1)
    assert np.abs(asked - expected).max() < 1e-4
    assert np.abs(asked - meaning).max() > 0.01, "it was tuned"
    assert (np.split(encoder.encode_all(TEXTS), 3, axis=1)[2] * expected).sum(axis=1).min() > 0.99


def test_a_short_text_is_not_filled_up(encoder: Encoder) -> None:
    class Counting:
        def run(self, names: list[str], feed: dict[str, np.ndarray]) -> list[np.ndarray]:
            self.shape = feed["tokens"].shape
            return [np.zeros((1, 384)) for _ in names]

    session = Counting()
    Encoder.of(session).encode(["does it hurt?"])
    assert session.shape == (1, 6)  # four tokens, a beginning and an end


def test_a_text_has_the_same_vector_alone_and_in_company(encoder: Encoder) -> None:
    together = encoder.encode_all(TEXTS)
    alone = np.vstack([encoder.encode_all([text]) for text in TEXTS])
    assert np.abs(together - alone).max() < 1e-5


def test_no_text_gives_no_rows(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, 384)


def test_changed_weights_are_refused(tmp_path: Path) -> None:
    changed = tmp_path / "model.safetensors"
    changed.write_bytes(b"something else")
    with pytest.raises(EncoderError, match="not the file that was reviewed"):
        checked_weights(changed)


def test_a_graph_of_an_older_version_goes(tmp_path: Path) -> None:
    older = [tmp_path / f"all-minilm-l6-v2-2-d33e9d83.{ending}" for ending in ("onnx", "sha256")]
    other = tmp_path / "notes.txt"
    for file in (*older, other):
        file.write_text("")
    Encoder.load(tmp_path)
    made = [graph_path(tmp_path), digest_path(graph_path(tmp_path)), tmp_path / TOKENIZER]
    assert sorted(tmp_path.iterdir()) == sorted([other, *made])


def test_a_damaged_graph_is_refused_with_what_to_do(tmp_path: Path) -> None:
    Encoder.load(tmp_path)
    graph = graph_path(tmp_path)
    graph.write_bytes(graph.read_bytes()[:1000])
    with pytest.raises(EncoderError, match=r"Delete it and run: python -m encoder\.build"):
        Encoder.load(tmp_path)


def test_the_encoder_needs_neither_rasa_nor_tensorflow_nor_torch() -> None:
    code = "import sys, encoder; print([m for m in ('rasa', 'tensorflow', 'torch') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_vectors_are_fingerprinted_by_their_numbers() -> None:
    numbers = np.linspace(0, 1, 2000, dtype=np.float32)  # numpy would shorten so many when it writes them out
    other = numbers.copy()
    other[1000] += 1
    first, same, changed = (array.view(Vectors).fingerprint() for array in (numbers, numbers.copy(), other))
    assert first == same != changed
