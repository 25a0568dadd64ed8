"""What can stand in a trainer's way. Each message is a sentence for the trainer, with what to do."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import unified_diff
from pathlib import Path

from knowledge import Problem, Told


class StudioError(Told):
    """Something was not done, and nothing was changed; the message says why."""


class WouldBreak(StudioError):
    """The change was not made, because the data could not be used after it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("Nothing was changed, because then:\n" + "\n".join(f"  {problem}" for problem in problems))


class EditedMeanwhile(StudioError):
    """A file is not as it was when the work on it began. Holds both versions, so that nothing is lost."""

    def __init__(self, path: Path, theirs: str | None, mine: str | None) -> None:
        self.path = path
        self.theirs = theirs
        self.mine = mine
        super().__init__(
            f"{path} was {'removed' if theirs is None else 'changed'} by somebody else meanwhile. Nothing was changed. "
            f"What to do: look at both versions, and make your change again on theirs.\n{self.difference()}"
        )

    def difference(self) -> str:
        """From what is on disk now to what was about to be written."""
        lines = unified_diff(
            (self.theirs or "").splitlines(), (self.mine or "").splitlines(), "as it is now", "as you have it", n=1
        )
        return "\n".join(line.rstrip("\n") for line in lines)
