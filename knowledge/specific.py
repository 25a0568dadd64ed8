"""The specific answers of a topic: one question that patients ask within it, and one to three sentences that answer it.

They stand in the topic's file below its general answer, as the intent ``faq/<topic>.<id>`` with a response of its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from knowledge.examples import read_examples
from knowledge.placeholders import check_placeholders
from knowledge.references import (
    SourceRef,
    read_names,
    read_signature,
    read_sources_of,
    signed_text,
    version_of,
)
from knowledge.yaml import Section

ID = re.compile(r"[a-z][a-z0-9_]*")
POLARITIES = ("yes", "no")
YES_OR_NO = re.compile(r"(?:\w+, )?(yes|no)\b(?=[,.:;!])", re.IGNORECASE)


@dataclass(frozen=True)
class SpecificAnswer:
    """One question within a topic and its answer, whose first sentence answers it.

    ``fields`` are the facts of the clinic that ``text`` says; ``unset`` is said while the clinic has not given them.
    ``polarity`` is "yes" or "no" where the text opens so, because all its examples ask the same way round, and empty
    elsewhere. Signature, review and version are its own, as a topic's are (see Topic).
    """

    id: str
    topic: str
    title: str
    text: str
    unset: str
    fields: tuple[str, ...]
    polarity: str
    claims: tuple[str, ...]
    sources: tuple[SourceRef, ...]
    see_also: tuple[str, ...]
    reviewer: str
    reviewed: date | None
    review_by: date
    lapsed: str
    version: str
    examples: tuple[str, ...]
    lines: Mapping[str, int] = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """Its name among the answers of all topics."""
        return f"{self.topic}.{self.id}"

    @property
    def intent(self) -> str:
        """Its name in Rasa."""
        return f"faq/{self.name}"

    def expired(self, today: date) -> bool:
        """Whether it is past its review-by date and has to be withheld."""
        return today > self.review_by


def opening(text: str) -> str:
    """ "yes" or "no" if the text opens so, and nothing if it opens in another way."""
    found = YES_OR_NO.match(text)
    return found[1].lower() if found else ""


def read_specific(
    block: Section,
    response: Section,
    name: tuple[str, str],
    sources: Collection[str],
    claims: Collection[str],
    topics: Collection[str],
    seen: dict[str, str],
) -> SpecificAnswer | None:
    """The specific answer of this name (topic, id) from its two places in the file; None if it cannot be said."""
    examples = read_examples(block, seen)
    response.only("text", "metadata")
    text = " ".join(response.text("text").split())
    meta = response.section("metadata")
    meta.only(
        "title", "claims", "sources", "polarity", "field", "unset", "see_also",
        "reviewer", "reviewed", "review_by", "signed",
    )  # fmt: skip
    title, unset = meta.text("title"), " ".join((meta.optional_text("unset") or "").split())
    lines = {
        "examples": block.line_of("examples"),
        "text": response.line_of("text"),
        **{
            key: meta.line_of(key)
            for key in ("title", "unset", "polarity", "claims", "sources", "field", "reviewer", "review_by")
        },
    }
    check_placeholders(meta, title, lines["title"], allowed=())
    fillable = check_placeholders(response, text, lines["text"]) & check_placeholders(meta, unset, lines["unset"])
    refs = read_sources_of(meta, sources)
    signature = read_signature(meta, signed_text(title, text, unset, refs))
    polarity = meta.choice("polarity", POLARITIES) if "polarity" in meta else ""
    review_by = meta.date("review_by")
    if review_by is None or not fillable or not text:
        return None
    return SpecificAnswer(
        id=name[1],
        topic=name[0],
        title=title,
        text=text,
        unset=unset,
        fields=_fields(meta),
        polarity=polarity,
        claims=read_names(meta, "claims", claims, "claim", "data/claims.yml"),
        sources=refs,
        see_also=read_names(meta, "see_also", topics, "topic", "data/answers/"),
        reviewer=signature.reviewer,
        reviewed=signature.reviewed,
        review_by=review_by,
        lapsed=signature.lapsed,
        version=version_of(title, text, unset, refs),
        examples=examples,
        lines=MappingProxyType(lines),
    )


def _fields(meta: Section) -> tuple[str, ...]:
    """One field of the clinic, or a list of them."""
    if "field" not in meta:
        return ()
    if isinstance(meta.values["field"].plain, list):
        return tuple(meta.texts("field"))
    return (meta.text("field"),)
