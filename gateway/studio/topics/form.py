"""What a trainer edits of a topic, as one form; and two people's edits of the same topic put together.

The form carries a mark of each part as it was when the page was opened. So it shows on saving which parts the trainer
changed, which ones somebody else changed meanwhile, and which ones both did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.studio.errors import StudioError
from gateway.studio.topics.topic_file import TopicFile, day, digest
from knowledge import SourceRef

PARTS = {
    "title": "question above the answer",
    "examples": "examples",
    "short": "short answer",
    "more": "longer answer",
    "sources": "sources",
    "see_also": "see also",
    "picture": "picture",
    "review_by": "review-by date",
}


@dataclass(frozen=True)
class Form:
    """The parts of a topic, as they are typed and shown."""

    title: str = ""
    examples: tuple[str, ...] = ()
    short: str = ""
    more: str = ""
    sources: tuple[SourceRef, ...] = ()
    see_also: tuple[str, ...] = ()
    picture: str = ""
    review_by: str = ""

    @classmethod
    def of(cls, file: TopicFile, picture: str) -> Form:
        """What a topic's file says; `picture` is the id of the picture that it has."""
        return cls(
            title=file.title,
            examples=tuple(file.examples),
            short=file.short,
            more=_paragraphs(file.more),
            sources=tuple(file.sources),
            see_also=tuple(file.see_also),
            picture=picture,
            review_by=file.review[2],
        )

    @classmethod
    def sent(cls, given: Any) -> Form:
        """What a browser sent: a multi-dict of the form's fields."""

        def text(name: str) -> str:
            return str(given.get(name) or "")

        def texts(name: str) -> list[str]:
            return [str(value).strip() for value in given.getlist(name)]

        pairs = zip(texts("source"), texts("section"), strict=False)
        return cls(
            title=" ".join(text("title").split()),
            examples=tuple(" ".join(line.split()) for line in text("examples").splitlines() if line.strip()),
            short=" ".join(text("short").split()),
            more=_paragraphs(text("more")),
            sources=tuple(dict.fromkeys(SourceRef(id, " ".join(where.split())) for id, where in pairs if id)),
            see_also=tuple(dict.fromkeys(name for name in texts("see_also") if name)),
            picture=text("picture").strip(),
            review_by=text("review_by").strip(),
        )

    @property
    def marks(self) -> str:
        """A mark of each part, to be sent with the form."""
        return " ".join(f"{part}:{self._mark(part)}" for part in PARTS)

    def changed(self, since: Form) -> list[str]:
        """The parts in which this differs from an earlier form."""
        return [part for part in PARTS if getattr(self, part) != getattr(since, part)]

    def changed_since(self, marks: str) -> set[str]:
        """The parts that differ from those that were marked."""
        known = dict(mark.split(":", 1) for mark in marks.split() if ":" in mark)
        return {part for part in PARTS if known.get(part) != self._mark(part)}

    def write(self, file: TopicFile) -> list[str]:
        """Put what differs into the file, all but the picture; the parts that did. StudioError if one can't stand."""
        now = Form.of(file, self.picture)
        parts = self.changed(now)
        setters: Mapping[str, Any] = {
            "title": file.set_title,
            "examples": file.set_examples,
            "short": file.set_short,
            "more": file.set_more,
            "sources": file.set_sources,
            "see_also": file.set_see_also,
        }
        for part in parts:
            if part in setters:
                setters[part](getattr(self, part))
        if "review_by" in parts and self.review_by:
            if file.review[0]:
                raise StudioError(
                    "The answer is signed until its review-by date.", "have it signed again with another date."
                )
            file.set_review_by(day(self.review_by))
        return parts

    def _mark(self, part: str) -> str:
        return digest(repr(getattr(self, part)))[:10]


@dataclass(frozen=True)
class Merged:
    """Two edits put together. `clashes` are the parts that both changed, `theirs` those taken from the other one."""

    form: Form
    clashes: tuple[str, ...]
    theirs: tuple[str, ...]


def merged(marks: str, mine: Form, theirs: Form) -> Merged:
    """My edit of a topic that somebody else may have saved since I opened it. Lists of examples are joined."""
    my_changes, their_changes = mine.changed_since(marks), theirs.changed_since(marks)
    together = mine
    clashes: list[str] = []
    taken: list[str] = []
    for part in mine.changed(theirs):
        if part not in their_changes:
            continue
        if part not in my_changes:
            together, taken = replace(together, **{part: getattr(theirs, part)}), [*taken, part]
        elif part == "examples":
            joined = tuple(dict.fromkeys([*mine.examples, *theirs.examples]))
            together, taken = replace(together, examples=joined), [*taken, part]
        else:
            clashes.append(part)
    return Merged(together, tuple(clashes), tuple(taken))


def named(parts: Any) -> str:
    """The parts in words."""
    return ", ".join(PARTS[part] for part in parts)


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(line.split()) for line in text.splitlines() if line.strip())
