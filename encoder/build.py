"""Build the encoder's ONNX graph once, at set-up: python -m encoder.build"""

import sys

from encoder.errors import EncoderError
from encoder.store import TOPICS, Kind, ensure_graph


def build(what: str, kind: Kind) -> int:
    """Build a graph if needed and say of `what` it is; a clear sentence and 1 when it cannot be built."""
    try:
        print(f"{what} ready: {ensure_graph(kind=kind).name}")
    except EncoderError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(build("Sentence encoder", TOPICS))
