"""The numbers of `data/studio.yml`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gateway.studio.errors import StudioError
from knowledge import Problem
from knowledge.yaml import read


@dataclass(frozen=True)
class Limits:
    """From which likeness messages count as one question, examples as near-duplicates, or as clashing."""

    same_question: float
    near_duplicate: float
    clash: float

    @classmethod
    def load(cls, data: Path) -> Limits:
        problems: list[Problem] = []
        file = read(data / "studio.yml", problems)
        names = ("same_question", "near_duplicate", "clash")
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
