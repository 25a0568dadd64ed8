"""`python -m nlu.guarded train ...` is `rasa train ...` that takes no code from the folder in which it works.

Rasa puts that folder before all others in which Python looks for modules. The engine works in the folder of an edition,
which the service may write: what lay there would run.
"""

import sys
from pathlib import Path


class Places(list[str]):
    """`sys.path` that does not take the folder in which we work."""

    def insert(self, index: int, folder: str) -> None:  # type: ignore[override]
        """As of a list, for any other folder."""
        if Path(folder).resolve() != Path.cwd().resolve():
            super().insert(index, folder)


def main() -> None:
    """Become Rasa's command line."""
    sys.path = Places(sys.path)
    from rasa.__main__ import main as rasa

    rasa()


if __name__ == "__main__":
    main()
