"""Build the learned net's ONNX graph once, at set-up: python -m danger.build"""

import sys

from danger.store import DANGER
from encoder import EncoderError
from encoder.store import ensure_graph


def main() -> int:
    """Build if needed and say so; a clear sentence and 1 when it cannot be built."""
    try:
        print(f"Learned red-flag net ready: {ensure_graph(kind=DANGER).name}")
    except EncoderError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
