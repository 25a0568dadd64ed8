"""Opening, saving, signing a topic from a form. Every function works on files and is called outside the event loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from gateway.studio.errors import EditedMeanwhile, StudioError
from gateway.studio.limits import Limits
from gateway.studio.topics.changes import Change
from gateway.studio.topics.coverage import Coverage
from gateway.studio.topics.form import Form, Merged, merged, named
from gateway.studio.topics.topic_file import TopicFile, day
from gateway.studio.topics.topics import Topics
from gateway.studio.workplace import Workplace

TRIES = 3  # to save a topic that others save at the same moment


@dataclass(frozen=True)
class Opened:
    """A topic or draft as its file is now."""

    name: str
    draft: bool
    file: TopicFile
    form: Form


@dataclass(frozen=True)
class Saved:
    """A topic was written: the parts that changed, and those that were taken from somebody else's edit."""

    parts: tuple[str, ...]
    theirs: tuple[str, ...]


@dataclass(frozen=True)
class Clash:
    """Nothing was written: both edited the same parts. Holds both sides."""

    merged: Merged
    theirs: Opened


def opened(work: Workplace, name: str) -> Opened:
    """The topic as its file is now; StudioError if it is broken."""
    topics = work.topics()
    return Opened(name, name in topics.drafts, file := topics.open(name), Form.of(file, picture_of(work, name)))


def picture_of(work: Workplace, name: str) -> str:
    """The id of the picture that a topic has."""
    pictures = work.state().knowledge.pictures.values()
    return next((picture.id for picture in pictures if name in picture.topics), "")


def save(work: Workplace, name: str, form: Form, marks: str, take: list[str], author: str) -> Saved | Clash:
    """Write a form that was opened when the parts had these marks. Of the parts in `take`, theirs is wanted.

    Raises StudioError if the form breaks a rule, or somebody else keeps saving at the same time.
    """
    Coverage.load(work.settings.data).check(form.examples)
    topics = work.topics(author)
    for _ in range(TRIES):
        there = opened(work, name)
        wanted = replace(form, **{part: getattr(there.form, part) for part in take if hasattr(form, part)})
        together = merged(marks, wanted, there.form)
        if together.clashes:
            return Clash(together, there)
        try:
            return Saved(_write(topics, there, together.form), together.theirs)
        except EditedMeanwhile:
            continue
    raise StudioError("Somebody else keeps saving this topic. Nothing was saved.", "save again.")


def _write(topics: Topics, there: Opened, form: Form) -> tuple[str, ...]:
    file, before = there.file, there.file.text
    parts = form.write(file)
    also: Change = {}
    if form.picture != there.form.picture:
        parts.append("picture")
        also = topics.with_picture(there.name, form.picture)
        file.unsign()
    if parts:
        topics.save(file, before, f"changed: {named(parts)}", also)
    return tuple(parts)


def sign(
    work: Workplace, name: str, seen: str, author: str, review_by: str, today: date, ids: Sequence[str] = ("",)
) -> None:
    """Sign the file of this digest for a clinical reviewer: the topic's own text (id `""`), or specific answers.

    Raises StudioError if the file has changed since, an id is unknown, or the reviewer wrote the text.
    """
    topics = work.topics(author)
    file = topics.open(name)
    if file.digest != seen:
        raise StudioError("The topic was changed after you opened it. Nothing was signed.", "read it again, then sign.")
    before = file.text
    alone = Limits.load(work.settings.data).one_clinician
    for id in ids:
        if not alone and topics.history.written_by(name, id) == author:
            raise StudioError("You wrote this text yourself. Nothing was signed.", "ask another clinical reviewer.")
        file.sign(author, today, day(review_by), id)
    topics.save(file, before, "signed")
    for id in ids:
        work.change_requests.end(name, id)


def ask_for_change(work: Workplace, name: str, id: str, seen: str, author: str, comment: str) -> None:
    """A clinical reviewer asks for a change of a text in the file of this digest, in their own words.

    Raises StudioError if the file has changed since, or there is no such text.
    """
    file = work.topics().open(name)
    if file.digest != seen:
        raise StudioError("The topic was changed after you opened it. Nothing was asked for.", "read it again.")
    if id and id not in {answer.id for answer in file.specific}:
        raise StudioError("There is no such question in this topic.", "look at the list again.")
    work.change_requests.ask(name, id, file.words_of(id), author, comment)
