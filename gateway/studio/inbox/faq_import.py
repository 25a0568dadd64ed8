"""Taking in an FAQ list: a question near a topic waits in the inbox, any other becomes a draft with its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gateway.studio.background import off_loop
from gateway.studio.inbox.inbox import Inbox
from gateway.studio.inbox.question_lists import ListedQuestion, name_for
from gateway.studio.limits import Limits
from gateway.studio.meaning import Meaning, Near
from gateway.studio.personal import Personal
from gateway.studio.topics.topic_file import TopicFile
from gateway.studio.topics.topics import Topics

WAITS, KNOWN, BEGUN = "waits", "known", "begun"  # what becomes of a question


@dataclass(frozen=True)
class Taken:
    """A question without personal details: what became of it, the draft that holds it, and the nearest topic."""

    question: str
    became: str
    draft: str
    near: Near | None


class FaqImport:
    """Takes lists in for the author of `topics`, whose name stands in their history."""

    def __init__(self, inbox: Inbox, topics: Topics, meaning: Meaning, data: Path) -> None:
        self._inbox = inbox
        self._topics = topics
        self._meaning = meaning
        self._data = data

    async def take(self, listed: Sequence[ListedQuestion]) -> list[Taken]:
        """Take a list in; what became of each question, in its order."""
        taken = await off_loop(lambda: self._drafted(listed))
        for each in taken:
            if each.became == WAITS and each.near:
                await self._inbox.bring([each.question], each.near.topic)
        return taken

    def _drafted(self, listed: Sequence[ListedQuestion]) -> list[Taken]:
        topics, personal = self._topics, Personal.load(self._data)
        same = Limits.load(self._data).same_question
        names = {*topics.names, *topics.drafts}
        drafts = {text.casefold(): name for name in topics.drafts for text in topics.open(name).examples}
        examples = {name: topics.open(name).examples for name in topics.names}
        questions = [personal.remove(asked.question).text for asked in listed]
        found = []
        nearest = self._meaning.nearest(questions, examples, 1)
        for question, asked, best in zip(questions, listed, nearest, strict=True):
            near = best[0] if best else None
            if near and near.score >= same:
                found.append(Taken(question, WAITS, "", near))
            elif draft := drafts.get(question.casefold()):
                found.append(Taken(question, KNOWN, draft, near))
            else:
                name = name_for(question, names)
                names.add(name)
                topics.new(name, [question], question)
                if answer := personal.remove(asked.answer.replace("<", "‹")).text:
                    topics.edit(name, partial(TopicFile.set_more, more=answer), "answer as imported")
                found.append(Taken(question, BEGUN, name, near))
        return found
