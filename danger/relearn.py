"""Learn the head again from the examples as they are, and ship it: python -m danger.relearn"""

from pathlib import Path

from danger.head import learn
from danger.learned import Vectors
from danger.reader import Reader
from danger.store import LEARNED
from encoder.store import FOLDER


def main() -> None:
    """Start from the head that was tuned with the encoder."""
    learn(Path("data"), Vectors(Reader.load().one, FOLDER)).keep(LEARNED)


if __name__ == "__main__":
    main()
