"""What `data/studio.yml` says."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path

from gateway.studio.errors import StudioError
from knowledge import Problem
from knowledge.yaml import read

ALONE = "one_clinician"


@dataclass(frozen=True)
class Limits:
    """From which likeness messages count as one question, examples as near-duplicates, or as clashing; and below which
    agreement of reviewers or F1 a topic counts as badly defined. `one_clinician`: nobody else can sign what a reviewer
    wrote, so they may themselves.
    """

    same_question: float
    near_duplicate: float
    clash: float
    least_agreement: float
    least_f1: float
    one_clinician: bool = field(default=False, kw_only=True)

    @classmethod
    def load(cls, data: Path) -> Limits:
        problems: list[Problem] = []
        file = read(data / "studio.yml", problems)
        names = tuple(each.name for each in fields(cls) if each.name != ALONE)
        numbers, alone = [], False
        if file is not None:
            file.only(*names, ALONE)
            alone = file.boolean(ALONE) if ALONE in file else False
            for name in names:
                value = file.values[name].plain if name in file else None
                if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1:
                    numbers.append(float(value))
                else:
                    file.report(f"'{name}' is no number above 0 and up to 1", f"write {name}: and such a number", name)
        if problems:
            raise StudioError("\n".join(map(str, problems)))
        return cls(*numbers, one_clinician=alone)
