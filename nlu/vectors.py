"""The encoder for programs of another environment: reads a JSON list of texts, writes their vectors as a .npy file.

Run with the engine's Python from the project's root: python -m nlu.vectors < texts.json > vectors.npy
"""

import json
import sys

import numpy as np

from encoder import Encoder


def main() -> None:
    """Encode standard input to standard output."""
    texts = [str(text) for text in json.load(sys.stdin)]
    np.save(sys.stdout.buffer, Encoder.load(threads=2).encode(texts))


if __name__ == "__main__":
    main()
