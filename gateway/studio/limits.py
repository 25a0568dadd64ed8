"""The numbers of `data/studio.yml`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from gateway.studio.errors import StudioError
from knowledge import Problem
from knowledge.yaml import read


@dataclass(frozen=True)
class Limits:
    """From which likeness messages count as one question, examples as near-duplicates, or as clashing; and below which
    agreement of reviewers or F1 a topic counts as badly defined.
    """

    same_question: float
    near_duplicate: float
    clash: float
    least_agreement: float
    least_f1: float

    @classmethod
    def load(cls, data: Path) -> Limits:
        problems: list[Problem] = []
        file = read(data / "studio.yml", problems)
        names = tuple(field.name for field in fields(cls))
        numbers = []
        if file is not None:
            file.only(*names)
            for name in names:
                value = file.values[name].plain if name in file else None
                if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1:
                    numbers.append(float(value))
                else:
                    file.report(f"'{name}' is no number above 0 and up to 1", f"write {name}: and such a number", name)
        if problems:
            raise StudioError("\n".join(map(str, problems)))
        return cls(*numbers)
