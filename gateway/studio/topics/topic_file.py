"""One answer file, as a trainer edits it. Nothing is written here: `text` is what the file would say."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from gateway.studio.errors import StudioError
from gateway.studio.topics.round_trip import edited, folded, literal, load
from knowledge.answers import MARKUP, SourceRef, normalise, signed_text, with_simple
from knowledge.specific import opening

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
TAG = re.compile(r"<[!/a-zA-Z]")
SIGNED = "signed"  # the text that the signature is for
EMPTY = """\
version: "3.1"
nlu:
- intent: faq/{name}
  examples: |
    - {example}
responses:
  utter_faq/{name}:
  - text: ""
    metadata:
      title: ""
      more: ""
      sources: []
      claims: {{}}
      more_claims: []
      see_also: []
      reviewer: ""
      reviewed: ""
      review_by: ""
"""


@dataclass(frozen=True)
class Added:
    """What became of examples: taken, there already (also in other case or punctuation), or not usable and why."""

    taken: tuple[str, ...]
    known: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SpecificText:
    """One question within a topic and its own answer, with its examples and its signature (as `TopicFile.review`)."""

    id: str
    title: str
    text: str
    unset: str
    sources: tuple[SourceRef, ...]
    review: tuple[str, str, str]
    examples: tuple[str, ...]


def digest(text: str) -> str:
    """By what a text is known to be still the same."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def day(written: str) -> date:
    """The date, written as year-month-day. Raises StudioError if it is none."""
    try:
        return date.fromisoformat(written.strip())
    except ValueError:
        raise StudioError(f"'{written[:20]}' is no date.", "write it as year-month-day, 2027-05-21.") from None


def cleaned(example: str) -> str:
    """A message as an example: on one line, and without what Rasa takes for markup."""
    return " ".join(MARKUP.sub(" ", example).split()).lstrip("/- ").strip()


def checked_name(name: str) -> str:
    """The name, if it can be a topic's. Raises StudioError otherwise."""
    if not NAME.fullmatch(name):
        raise StudioError(f"'{name[:64]}' is no name for a topic.", "use lower-case letters, digits and _.")
    return name


class TopicFile:
    """A topic's file: examples, texts, sources, see-also and review. A change of what patients read unsigns it."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._parse()

    @classmethod
    def new(cls, name: str, examples: Sequence[str], title: str = "") -> TopicFile:
        """A topic with examples and nothing else yet. Raises StudioError without an example."""
        usable = [example for example in map(cleaned, examples) if normalise(example)]
        if not usable:
            raise StudioError("A topic needs an example.", "give at least one question, as a patient asks it.")
        file = cls(checked_name(name), EMPTY.format(name=name, example=usable[0]))
        file.add_examples(usable[1:])
        if title:
            file.set_title(title)
        return file

    @property
    def words(self) -> str:
        """What a signature of this text stands for."""
        return self._mark("")

    @property
    def digest(self) -> str:
        return digest(self.text)

    @property
    def examples(self) -> list[str]:
        """Those of the general question, and after them those of the specific ones."""
        return [example for block in self._blocks for example in _listed(block)]

    @property
    def title(self) -> str:
        return str(self._meta.get("title") or "")

    @property
    def short(self) -> str:
        return " ".join(str(self._answer["text"]).split())

    @property
    def more(self) -> str:
        return str(self._meta.get("more") or "").strip()

    @property
    def sources(self) -> list[SourceRef]:
        return _sources_of(self._meta)

    @property
    def see_also(self) -> list[str]:
        return [str(name) for name in self._meta.get("see_also") or []]

    @property
    def claims(self) -> dict[str, str]:
        """The claims that the short answer states, each with the words that stand for it."""
        return {str(claim): str(words) for claim, words in (self._meta.get("claims") or {}).items()}

    @property
    def more_claims(self) -> tuple[str, ...]:
        return tuple(str(claim) for claim in self._meta.get("more_claims") or [])

    @property
    def review(self) -> tuple[str, str, str]:
        """Who signed this text, when, and until when it holds; the first two are empty where nobody did."""
        return self.review_of("")

    def review_of(self, id: str) -> tuple[str, str, str]:
        """The same of one of its specific answers, or of the topic itself without an id."""
        if id and id not in self._specific:
            return "", "", ""
        meta = self._meta_of(id)
        reviewer, reviewed, review_by = (str(meta.get(key) or "") for key in ("reviewer", "reviewed", "review_by"))
        holds = meta.get(SIGNED) == self._mark(id)
        return (reviewer, reviewed, review_by) if holds else ("", "", review_by)

    @property
    def specific(self) -> list[SpecificText]:
        """Its specific answers, in the order of the file."""
        return [self.answer(id) for id in self._specific]

    def answer(self, id: str) -> SpecificText:
        """One of its specific answers; StudioError if there is none of this id."""
        if id not in self._specific:
            raise StudioError(f"{self.name} has no specific answer '{id[:64]}'.", "look at the list of them.")
        entry = self._specific[id]
        meta = entry["metadata"]
        return SpecificText(
            id,
            str(meta.get("title") or ""),
            " ".join(str(entry["text"]).split()),
            " ".join(str(meta.get("unset") or "").split()),
            tuple(_sources_of(meta)),
            self.review_of(id),
            tuple(_listed(self._blocks[self._number_of(id)])),
        )

    def text_of(self, id: str) -> object:
        """What patients read of the topic, or of one of its specific answers, with the signature under it."""
        if not id:
            return self.title, self.short, self.more, self._simple, self.sources, self.review
        if id not in self._specific:
            return None
        answer = self.answer(id)
        return answer.title, answer.text, answer.unset, answer.sources, answer.review

    def words_of(self, id: str) -> tuple[str, ...]:
        """The words alone, one part after the other; none where there is no such answer."""
        if not id:
            return tuple(filter(None, (self.title, self.short, *self.more.splitlines(), self._simple)))
        if id not in self._specific:
            return ()
        answer = self.answer(id)
        return tuple(filter(None, (answer.title, answer.text, answer.unset)))

    def add_examples(self, examples: Iterable[str], id: str = "") -> Added:
        """Add questions at the end, each once: to a specific answer, or to the general question."""
        number = self._number_of(id)
        known = {normalise(example) for example in self.examples}
        taken: list[str] = []
        there: list[str] = []
        refused: list[tuple[str, str]] = []
        for given in examples:
            example = cleaned(given)
            key = normalise(example)
            if not key:
                refused.append((given[:60], "it contains no words"))
            elif key in known:
                there.append(example)
            else:
                known.add(key)
                taken.append(example)
        if taken:
            self._set_block(number, [*_listed(self._blocks[number]), *taken])
        return Added(tuple(taken), tuple(there), tuple(refused))

    def remove_example(self, example: str) -> None:
        """Take an example out, whatever its case and punctuation. Raises StudioError if it is unknown or the last."""
        key = normalise(example)
        known = {normalise(other): other for other in self.examples}
        if known.pop(key, None) is None:
            raise StudioError(f"{self.name} has no such example.", f"'./ims topic examples {self.name}'.")
        self._keep(known)

    def set_examples(self, examples: Iterable[str]) -> None:
        """These questions instead of those that are there, each once. New ones belong to the topic in general.

        Raises StudioError without an example.
        """
        wanted = {normalise(example): example for example in reversed([*map(cleaned, examples)]) if normalise(example)}
        if not wanted:
            raise StudioError("A topic needs an example.", "give at least one question, as a patient asks it.")
        self._keep(dict(reversed(wanted.items())))

    def _keep(self, wanted: Mapping[str, str]) -> None:
        """Leave only these examples (by what they say), each with its question; others go to the general one."""
        others = [{normalise(example) for example in _listed(block)} for block in self._blocks[1:]]
        elsewhere = set().union(*others)
        for number, block in enumerate(self._blocks):
            listed, own = _listed(block), others[number - 1] if number else wanted.keys() - elsewhere
            left = [example for key, example in wanted.items() if key in own]
            if not left:
                intent = str(block["intent"]).removeprefix("faq/")
                raise StudioError(f"This is the last example of {intent}.", "add another one first.")
            if left != listed:
                self._set_block(number, left)

    def put_under(self, id: str, examples: Iterable[str]) -> tuple[str, ...]:
        """Have examples of this topic, and new ones, stand under a specific answer (or the general question, without
        an id); those that were not there before. The last example of a question stays where it is.
        """
        number, moved = self._number_of(id), list(examples)
        wanted = {normalise(example) for example in map(cleaned, moved)}
        own = {normalise(example) for example in _listed(self._blocks[number])}
        for other, block in enumerate(list(self._blocks)):
            left = [example for example in _listed(block) if normalise(example) not in wanted]
            if other != number and left and len(left) < len(_listed(block)):
                self._set_block(other, left)
        self.add_examples(moved, id)
        return tuple(example for example in self.answer(id).examples if normalise(example) not in own) if id else ()

    def set_specific(self, id: str, title: str, text: str) -> None:
        """Another question above a specific answer, and another text. A change removes its signature.

        Raises StudioError if the answer is unknown, or one of the two is empty.
        """
        known = self.answer(id)
        title, text = self._plain(title), self._plain(text)
        if not title or not text:
            raise StudioError("A specific answer needs its question and its answer.", "write both.")
        if (title, text) == (known.title, known.text):
            return

        def change() -> None:
            entry = self._specific[id]
            entry["metadata"]["title"] = title
            entry["text"] = folded(text, entry["text"])
            if entry["metadata"].get("polarity") not in (None, opening(text)):
                entry["metadata"].pop("polarity")
            self._put_review(id, "", "", known.review[2])

        self._edit(change)

    def add_specific(self, id: str, title: str, text: str, examples: Sequence[str], review_by: date) -> None:
        """One more question with its own answer; it has the topic's sources until it gets others.

        Raises StudioError if the name is taken, or a part is missing.
        """
        checked_name(id)
        title, text = self._plain(title), self._plain(text)
        usable = [example for example in map(cleaned, examples) if normalise(example)]
        if id in self._specific:
            raise StudioError(f"{self.name} has a specific answer '{id}' already.", "choose another name.")
        if not (title and text and usable):
            raise StudioError("A specific answer needs a question, an answer and an example.", "write all three.")

        def add(document: Any) -> None:
            lines = "".join(f"- {example}\n" for example in usable)
            document["nlu"].append(CommentedMap({"intent": f"faq/{self.name}.{id}", "examples": literal(lines, "")}))
            metadata = CommentedMap(
                {"title": title, "sources": [_reference(ref) for ref in self.sources], "claims": []}
            )
            for key, value in (("reviewer", ""), ("reviewed", ""), ("review_by", review_by.isoformat())):
                metadata[key] = DoubleQuotedScalarString(value)
            document["responses"][f"utter_faq/{self.name}.{id}"] = [
                CommentedMap({"text": folded(text), "metadata": metadata})
            ]

        wanted = {normalise(example) for example in usable}
        for number, block in enumerate(list(self._blocks)):
            left = [example for example in _listed(block) if normalise(example) not in wanted]
            if not left:
                raise StudioError("These are all the examples of another question.", "leave it one.")
            if len(left) < len(_listed(block)):
                self._set_block(number, left)
        self.text = edited(self.text, add)
        self._parse()

    def set_title(self, title: str) -> None:
        self._set_text(self._plain(title), lambda: self.title, lambda text: self._meta.__setitem__("title", text))

    def set_short(self, short: str) -> None:
        """The short answer, of one paragraph."""

        def put(text: str) -> None:
            self._answer["text"] = folded(text, self._answer.get("text"))

        self._set_text(self._plain(short), lambda: self.short, put)

    def set_more(self, more: str) -> None:
        """The longer answer; each line of it is a paragraph or, beginning with a dash, an item."""

        def put(text: str) -> None:
            self._meta["more"] = folded(text, self._meta.get("more"))

        paragraphs = [self._plain(line) for line in more.splitlines() if line.strip()]
        self._set_text("\n\n".join(paragraphs), lambda: self.more, put)

    def set_sources(self, sources: Sequence[SourceRef]) -> None:
        """What the answer rests on."""
        if list(sources) == self.sources:
            return

        def change() -> None:
            old = {(str(ref["id"]), str(ref.get("section") or "")): ref for ref in self._meta.get("sources") or []}
            _refill(self._meta, "sources", [old.get((ref.id, ref.section)) or _reference(ref) for ref in sources])
            self._unsign()

        self._edit(change)

    def set_see_also(self, topics: Sequence[str]) -> None:
        """The topics that are offered after the answer."""
        if list(topics) != self.see_also:
            self._edit(lambda: _refill(self._meta, "see_also", list(topics)))

    def sign(self, reviewer: str, reviewed: date, review_by: date, id: str = "") -> None:
        """Sign the text as it is now, or that of a specific answer, in a clinical reviewer's name.

        Raises StudioError if the topic is not complete, the name is empty, or `review_by` is before the review.
        """
        name = " ".join(reviewer.split())
        if not name:
            raise StudioError("A signature needs a name.", "give the reviewer's full name.")
        if id:
            answer = self.answer(id)
            parts: tuple[object, ...] = (answer.title, answer.text, answer.sources)
        else:
            parts = (self.title, self.short, self.more, self.sources)
        if not all(parts):
            raise StudioError(f"{self.name} is not complete.", "write its question, its answer and its sources first.")
        if review_by <= reviewed:
            raise StudioError("The review-by date is before the review.", "give a later date.")
        self._edit(lambda: self._put_review(id, name, reviewed.isoformat(), review_by.isoformat()))

    def set_review_by(self, review_by: date) -> None:
        """Until when the answer may be given."""
        self._edit(lambda: self._meta.__setitem__("review_by", DoubleQuotedScalarString(review_by.isoformat())))

    def unsign(self) -> None:
        """Nobody stands for what patients see any more."""
        if self._meta.get("reviewer"):
            self._edit(self._unsign)

    def rename(self, name: str) -> None:
        """The same topic under another name."""
        checked_name(name)

        own = re.compile(rf"((?:utter_)?faq/){re.escape(self.name)}(?=\.|$)")

        def change(document: Any) -> None:
            for block in document["nlu"]:
                block["intent"] = own.sub(rf"\g<1>{name}", str(block["intent"]))
            responses = document["responses"]
            for position, key in enumerate(list(responses)):
                responses.insert(position, own.sub(rf"\g<1>{name}", key), responses.pop(key))

        self.text = edited(self.text, change)
        self.name = name
        self._parse()

    def _set_block(self, number: int, examples: Sequence[str]) -> None:
        lines = "".join(f"- {example}\n" for example in examples)

        def change() -> None:
            block = self._blocks[number]
            block["examples"] = literal(lines, block["examples"])

        self._edit(change)

    def _set_text(self, new: str, old: Any, put: Any) -> None:
        if new == old():
            return

        def change() -> None:
            put(new)
            self._unsign()

        self._edit(change)

    def _plain(self, text: str) -> str:
        if TAG.search(text):
            raise StudioError("The text contains HTML.", "write it as plain text; the page does the formatting.")
        return " ".join(text.split())

    @property
    def _simple(self) -> str:
        return " ".join(str(self._meta.get("simple") or "").split())

    def _unsign(self) -> None:
        self._put_review("", "", "", self.review[2])

    def _put_review(self, id: str, reviewer: str, reviewed: str, review_by: str) -> None:
        meta = self._meta_of(id)
        for key, value in (("reviewer", reviewer), ("reviewed", reviewed), ("review_by", review_by)):
            meta[key] = DoubleQuotedScalarString(value)
        if reviewer:
            meta[SIGNED] = DoubleQuotedScalarString(self._mark(id))
        else:
            meta.pop(SIGNED, None)

    def _meta_of(self, id: str) -> CommentedMap:
        return self._specific[id]["metadata"] if id else self._meta

    def _mark(self, id: str) -> str:
        if id:
            meta = self._meta_of(id)
            text = str(self._specific[id]["text"])
            return signed_text(str(meta.get("title") or ""), text, str(meta.get("unset") or ""), _sources_of(meta))
        return signed_text(self.title, self.short, with_simple(self.more, self._simple), self.sources)

    def _number_of(self, id: str) -> int:
        """Which block of examples belongs to a specific answer, or to the general question."""
        if not id:
            return 0
        intents = [str(block["intent"]) for block in self._blocks]
        if (intent := f"faq/{self.name}.{id}") not in intents:
            raise StudioError(f"{self.name} has no specific answer '{id[:64]}'.", "look at the list of them.")
        return intents.index(intent)

    def _edit(self, change: Any) -> None:
        def on(document: Any) -> None:
            self._hold(document)
            change()

        self.text = edited(self.text, on)
        self._parse()

    def _parse(self) -> None:
        self._hold(load(self.text.lstrip("\ufeff").replace("\r\n", "\n")))

    def _hold(self, document: Any) -> None:
        try:
            self._blocks: list[CommentedMap] = sorted(
                document["nlu"], key=lambda block: block["intent"] != f"faq/{self.name}"
            )
            self._answer: CommentedMap = document["responses"][f"utter_faq/{self.name}"][0]
            self._meta: CommentedMap = self._answer["metadata"]
            self._specific: dict[str, CommentedMap] = {
                key.removeprefix(f"utter_faq/{self.name}."): entries[0]
                for key, entries in document["responses"].items()
                if key.startswith(f"utter_faq/{self.name}.")
            }
            whole = all(isinstance(block["examples"], str) for block in self._blocks)
            whole = whole and all(isinstance(each["metadata"], CommentedMap) for each in self._specific.values())
            whole = whole and all(isinstance(each["text"], str) for each in self._specific.values())
            whole = whole and isinstance(self._answer["text"], str) and isinstance(self._meta, CommentedMap)
        except (KeyError, IndexError, TypeError):
            whole = False
        if not whole:
            raise StudioError(
                f"The file of {self.name} is missing parts of a topic.", "'./ims check' says what is wrong."
            )


def _listed(block: CommentedMap) -> list[str]:
    """The examples of a block."""
    return [line[2:].strip() for line in str(block["examples"]).splitlines() if line.startswith("- ")]


def _sources_of(meta: CommentedMap) -> list[SourceRef]:
    return [SourceRef(str(ref["id"]), str(ref.get("section") or "")) for ref in meta.get("sources") or []]


def _reference(ref: SourceRef) -> CommentedMap:
    entry = CommentedMap({"id": DoubleQuotedScalarString(ref.id) if ref.id.isdigit() else ref.id})
    if ref.section:
        entry["section"] = DoubleQuotedScalarString(ref.section)
    entry.fa.set_flow_style()
    return entry


def _refill(mapping: CommentedMap, key: str, items: list[Any]) -> None:
    """Other items in a list that stays where and how it is."""
    listed = mapping.get(key)
    flow = key != "sources"
    if not isinstance(listed, CommentedSeq) or (not flow and not listed):
        listed = CommentedSeq()
        (listed.fa.set_flow_style if flow else listed.fa.set_block_style)()
        mapping[key] = listed
    del listed[:]
    listed.extend(items)
