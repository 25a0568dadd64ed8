"""Build the learned net's ONNX graph once, at set-up: python -m danger.build"""

import sys

from danger.store import DANGER
from encoder.build import build

if __name__ == "__main__":
    sys.exit(build("Learned red-flag net", DANGER))
