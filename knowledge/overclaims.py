"""Finds wording that promises more than anyone can know: "cures", "completely safe", "guaranteed".

The phrases are data (``data/lexicon/overclaims.yml``), each with the reason and what to write instead. A use that
denies the promise ("no one can promise a cure") is let through by an ``allow`` pattern, of the list or of the phrase.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from knowledge.problems import Problem
from knowledge.yaml import Section, read


@dataclass(frozen=True)
class Overclaim:
    """A phrase that an answer must not use, why, and what to write instead."""

    phrase: re.Pattern[str]
    allow: tuple[re.Pattern[str], ...]
    reason: str
    suggestion: str

    def find(self, text: str) -> str | None:
        """The first use of the phrase that no allowed pattern leads up to and covers."""
        allowed = [found.span() for pattern in self.allow for found in pattern.finditer(text)]
        for found in self.phrase.finditer(text):
            if not any(begin < found.start() and found.end() <= end for begin, end in allowed):
                return found[0]
        return None


def read_overclaims(path: Path, problems: list[Problem]) -> tuple[Overclaim, ...]:
    file = read(path, problems)
    if file is None:
        return ()
    file.only("allow", "overclaims")
    common = _patterns(file)
    return tuple(_overclaim(section, common) for section in file.sections("overclaims"))


def _overclaim(section: Section, common: tuple[re.Pattern[str], ...]) -> Overclaim:
    section.only("phrase", "allow", "reason", "suggestion")
    return Overclaim(
        phrase=_pattern(section, section.text("phrase"), section.line_of("phrase")),
        allow=common + _patterns(section),
        reason=section.text("reason"),
        suggestion=section.text("suggestion"),
    )


def _patterns(section: Section) -> tuple[re.Pattern[str], ...]:
    return tuple(_pattern(section, text, line) for text, line in section.texts_with_lines("allow"))


def _pattern(section: Section, written: str, line: int) -> re.Pattern[str]:
    try:
        return re.compile(written, re.IGNORECASE)
    except re.error as error:
        section.report(f"'{written[:60]}' is no pattern ({error})", "correct the regular expression", line)
        return re.compile("(?!)")
