"""What is said when the same would be said again: the next fitting specific answer, a paragraph of the longer text that
nobody has read yet, or one sentence and narrower questions to choose from.

Pure: the record says what was said, and the words of the message say what fits best.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, cast

from gateway.chat.record import ChatRecord
from gateway.chat.replies import Replies
from gateway.storage.records import Body, Draft
from knowledge import Knowledge, SpecificAnswer, Topic, normalise

Json = dict[str, Any]
SENTENCE = re.compile(r"(?<=[.!?])\s+")
NARROWER = 3  # questions to choose from
STEM = 5  # letters by which two forms of a word are one
FITS = 0.34  # of the weight of a message's words that a text has to share to be the answer


class Again:
    """Finds what is still unsaid of a topic."""

    def __init__(self, knowledge: Knowledge, replies: Replies) -> None:
        self._knowledge = knowledge
        self._replies = replies
        self._stop_words = knowledge.talk.words.get("stop_words", frozenset())

    def next(self, topic_name: str, record: ChatRecord, asked: str, near: Sequence[str], slots: Json) -> Draft:
        """The next thing to say about a topic that was answered already."""
        topic = self._knowledge.topics[topic_name]
        unread = self._unread(topic, record)
        ranked = [topic.answers[id] for id in _ids(near, topic_name) if id in topic.answers]
        # By words alone it is not known which way round something was asked: no "Yes" then.
        worded = [answer for answer in self._fitting(unread, asked) if not answer.polarity]
        fitting = [answer for answer in (*ranked, *worded) if answer in unread]
        if fitting:
            return self._replies.specific(topic_name, fitting[0].id, slots)
        if paragraph := self._paragraph(topic, record, asked, least=FITS):
            return self.paragraph(topic, paragraph, record)
        return self.narrower(topic_name, record, asked)

    def narrower(self, topic_name: str, record: ChatRecord, asked: str = "", sentence: str = "") -> Draft:
        """One sentence of what was said, and narrower questions; the next paragraph when that was said too."""
        topic = self._knowledge.topics[topic_name]
        sentence = sentence or first_sentence(topic.short)
        in_short = self._say("talk_in_short", sentence=self._knowledge.fill(sentence))
        if record.has_said(in_short) or record.has_said(self._knowledge.fill(sentence)):
            if paragraph := self._paragraph(topic, record, asked):
                return self.paragraph(topic, paragraph, record)
            in_short = ""
        questions = self.questions(topic, record, asked)
        which = self._say("talk_which_of_these") if questions else "" if in_short else self._say("talk_said")
        text = "\n\n".join(part for part in (in_short, which) if part)
        if record.has_said(text) and (paragraph := self._paragraph(topic, record, asked)):
            return self.paragraph(topic, paragraph, record)
        draft = self._replies.part(topic_name, text, questions)
        if not questions:
            return self._replies.own_words("clarify", text, offer=["help", "human"])
        return replace(draft, kind="clarify")

    def questions(self, topic: Topic, record: ChatRecord, asked: str = "") -> list[tuple[str, Json]]:
        """Buttons for specific questions of a topic that were not answered yet, the likeliest first."""
        unread = self._unread(topic, record)
        order = [*self._fitting(unread, asked, least=0.0), *unread]
        chosen = list({answer.id: answer for answer in order}.values())[:NARROWER]
        return [(answer.title, {"answer": answer.name}) for answer in chosen]

    def paragraph(self, topic: Topic, paragraph: str, record: ChatRecord) -> Draft:
        """A paragraph of the longer text, and buttons to go on."""
        return self._replies.part(topic.name, paragraph, self.questions(topic, record, paragraph)[:2])

    def next_paragraph(self, topic_name: str, record: ChatRecord, asked: str = "") -> Draft | None:
        """What of the longer text nobody has read yet."""
        topic = self._knowledge.topics[topic_name]
        found = self._paragraph(topic, record, asked)
        return self.paragraph(topic, found, record) if found else None

    # parts

    def _unread(self, topic: Topic, record: ChatRecord) -> list[SpecificAnswer]:
        if self._replies.withheld(topic.name):
            return []
        return [
            answer
            for answer in topic.answers.values()
            if answer.name not in record.given
            and not answer.fields
            and not record.has_said(self._knowledge.fill(answer.text))
        ]

    def _fitting(self, answers: Sequence[SpecificAnswer], asked: str, least: float = FITS) -> list[SpecificAnswer]:
        """The answers that share words with what was asked, best first; a word that all of them have counts little."""
        texts = [" ".join((answer.title, *answer.examples)) for answer in answers]
        scores = self._shared(texts, asked)
        order = sorted(range(len(answers)), key=lambda n: -scores[n])
        return [answers[n] for n in order if scores[n] > least]

    def _paragraph(self, topic: Topic, record: ChatRecord, asked: str, least: float = -1.0) -> str | None:
        """The paragraph of the longer text that fits best and was not said yet; a list stays with its first line."""
        if self._replies.withheld(topic.name):
            return None
        blocks = [block for block in blocks_of(topic.more) if not self._said(block, record)]
        scores = self._shared(blocks, asked)
        best = max(range(len(blocks)), key=lambda n: scores[n], default=None)
        return blocks[best] if best is not None and scores[best] > least else None

    def _said(self, block: str, record: ChatRecord) -> bool:
        lines = [self._knowledge.fill(line) for line in block.split("\n\n")]
        return any(record.has_said(line) for line in lines) or (len(lines) == 1 and len(lines[0].split()) < 5)

    def _shared(self, texts: Sequence[str], asked: str) -> list[float]:
        stems = [self._stems(text) for text in texts]
        count = Counter(stem for found in stems for stem in found)
        weight = {stem: math.log(1 + len(texts) / (1 + count[stem])) for stem in self._stems(asked)}
        whole = sum(weight.values())
        return [sum(weight[stem] for stem in weight if stem in found) / whole if whole else 0.0 for found in stems]

    def _stems(self, text: str) -> set[str]:
        return {word[:STEM] for word in normalise(text).split() if word not in self._stop_words}

    def _say(self, key: str, **values: object) -> str:
        return self._knowledge.wording(key, **values)


def first_sentence(text: str) -> str:
    """The sentence that answers."""
    return SENTENCE.split(text.strip(), maxsplit=1)[0]


def blocks_of(text: str) -> list[str]:
    """The paragraphs of a longer text; points of a list stand with the line that introduces them."""
    blocks: list[str] = []
    for paragraph in filter(None, text.split("\n\n")):
        if paragraph.startswith("- ") and blocks:
            blocks[-1] += f"\n\n{paragraph}"
        else:
            blocks.append(paragraph)
    return blocks


def _ids(near: Iterable[str], topic_name: str) -> list[str]:
    return [name.partition(".")[2] for name in near if name.startswith(f"{topic_name}.")]


def fresh_paragraphs(draft: Draft, record: ChatRecord) -> list[str]:
    """The paragraphs of a reply that are not in the chat already."""
    paragraphs = str(draft.body["text"]).split("\n\n")
    fresh = [paragraph for paragraph in paragraphs if not record.has_said(paragraph)]
    # A line that introduces a list is nothing without it.
    while fresh and fresh != paragraphs and fresh[-1].endswith(":"):
        fresh.pop()
    return fresh


def with_text(draft: Draft, text: str, **about: Any) -> Draft:
    """The same reply in other words."""
    body = cast(Body, {**draft.body, "text": text, **about})
    return replace(draft, body=body)
