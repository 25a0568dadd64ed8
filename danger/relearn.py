"""Learn the head again from the examples as they are, and ship it: python -m danger.relearn"""

from pathlib import Path

from danger import examples
from danger.head import Head, learned, lessons
from danger.learned import Vectors
from danger.reader import Reader
from danger.store import LEARNED, TUNED_HEAD
from encoder.store import FOLDER


def main() -> None:
    """Start from the head that was tuned with the encoder."""
    data = Path("data")
    encode = Vectors(Reader.load().one, FOLDER)
    learned(Head.read(TUNED_HEAD), lessons(data), encode, examples.digest(data)).keep(LEARNED)


if __name__ == "__main__":
    main()
