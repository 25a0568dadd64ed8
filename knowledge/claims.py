"""What the documents claim, and the caution with which each claim may be repeated (``data/claims.yml``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from knowledge.problems import Problem
from knowledge.yaml import read


@dataclass(frozen=True)
class Claim:
    """One claim; ``left_out`` says why no answer repeats it, and is None where one does."""

    id: str
    documents: tuple[str, ...]
    claim: str
    caution: str | None
    left_out: str | None
    line: int


def read_claims(path: Path, problems: list[Problem]) -> dict[str, Claim]:
    """All claims by id."""
    file = read(path, problems)
    if file is None:
        return {}
    file.only("claims")
    claims: dict[str, Claim] = {}
    for section in file.sections("claims"):
        section.only("id", "documents", "claim", "caution", "left_out")
        claim = Claim(
            id=section.text("id"),
            documents=tuple(section.texts("documents")),
            claim=section.text("claim"),
            caution=section.optional_text("caution"),
            left_out=section.optional_text("left_out"),
            line=section.line,
        )
        if claim.id in claims:
            section.report(f"the claim '{claim.id}' stands twice", "keep one of the two")
        claims[claim.id] = claim
    return claims
