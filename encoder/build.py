"""Build the encoder's ONNX graph once, at set-up: python -m encoder.build"""

import sys

from encoder.errors import EncoderError
from encoder.store import ensure_graph


def main() -> int:
    """Build if needed and say so; a clear sentence and 1 when it cannot be built."""
    try:
        print(f"Sentence encoder ready: {ensure_graph().name}")
    except EncoderError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
