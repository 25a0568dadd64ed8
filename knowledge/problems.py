"""What can be wrong with the files in ``data/``, said so that a trainer can fix it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "finding", "note"]


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to fix: where it is, what is wrong, and what to do about it.

    An ``error`` keeps the data from loading at all. A ``finding`` loads but does not meet the standards
    of ``data/standards.yml`` (too long, too hard to read, promises too much); ``knowledge.check`` fails on both.
    A ``note`` says what could be better, and fails nothing.
    """

    file: str
    line: int
    message: str
    remedy: str
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.severity}: {self.message}. What to do: {self.remedy}."


class Told(Exception):
    """Something that a person is told: what happened, and what to do about it where there is something to do.

    Whoever catches it shows `str(error)`, or the two parts; no message of these quotes a patient.
    """

    def __init__(self, what: str, todo: str = "") -> None:
        self.what = what
        self.todo = todo
        super().__init__(f"{what} What to do: {todo}" if todo else what)


class KnowledgeError(Told):
    """The data cannot be used; ``problems`` lists everything that has to be fixed first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
