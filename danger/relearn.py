"""Learn the heads again from the examples as they are, and ship them: python -m danger.relearn"""

from pathlib import Path

from danger.heads import Heads, learned
from danger.learned import Vectors
from danger.reader import Reader
from encoder.store import FOLDER


def main() -> None:
    """Start from the heads that were shipped."""
    data = Path("data")
    learned(Heads.shipped(), data, Vectors(Reader.load().one, FOLDER)).ship(data)


if __name__ == "__main__":
    main()
