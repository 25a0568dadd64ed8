"""What an encoder learned: a small change of its matrices, kept in a file of its own.

`nlu.tune` writes one that tells this clinic's topics apart, and one that tells the specific questions of a topic apart;
`danger.tune` writes the one for danger. The build of a graph adds them to the reviewed weights. Without the file the
encoder is the original one.
"""

from pathlib import Path

import numpy as np

from encoder.weights import sha256

DELTA = Path(__file__).with_name("delta.npz")
ASKED = Path(__file__).with_name("asked.npz")  # the same for the specific questions
DOWN, UP = ".down", ".up"
OUTPUTS = ("vector", "middle", "asked")  # the vectors of a text: `encoder.graph.build` says what each is


def delta_digest(delta_file: Path = DELTA) -> str:
    """The sha256 of the change; "original" without one."""
    return sha256(delta_file) if delta_file.exists() else "original"


def tuned_weights(weights_file: Path, delta_file: Path = DELTA) -> dict[str, np.ndarray]:
    """The weights with the change added: each changed matrix gains the product of two narrow ones."""
    from safetensors.numpy import load_file  # only the build needs it

    weights: dict[str, np.ndarray] = load_file(weights_file)
    if delta_file.exists():
        with np.load(delta_file, allow_pickle=False) as delta:
            for name in sorted(key.removesuffix(UP) for key in delta.files if key.endswith(UP)):
                change = delta[name + UP].astype(np.float32) @ delta[name + DOWN].astype(np.float32)
                weights[name + ".weight"] = weights[name + ".weight"] + change
    return weights
