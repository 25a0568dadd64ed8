"""One answer file, as a trainer edits it. Nothing is written here: `text` is what the file would say."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from gateway.studio.errors import StudioError
from gateway.studio.round_trip import edited, folded, literal, load
from knowledge.answers import MARKUP, SourceRef, normalise, signed_text

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


def digest(text: str) -> str:
    """By what a text is known to be still the same."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def cleaned(example: str) -> str:
    """A message as an example: on one line, and without what Rasa takes for markup."""
    return " ".join(MARKUP.sub(" ", example).split()).lstrip("/- ").strip()


def checked_name(name: str) -> str:
    """The name, if it can be a topic's."""
    if not NAME.fullmatch(name):
        raise StudioError(f"'{name[:64]}' is no name for a topic. What to do: use small letters, digits and _.")
    return name


class TopicFile:
    """A topic's file: examples, texts, sources, see-also and review. A change of what patients read unsigns it."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._parse()

    @classmethod
    def new(cls, name: str, examples: Sequence[str], title: str = "") -> TopicFile:
        """A topic with examples and nothing else yet."""
        usable = [example for example in map(cleaned, examples) if normalise(example)]
        if not usable:
            raise StudioError("A topic needs an example. What to do: give at least one question, as a patient asks it.")
        file = cls(checked_name(name), EMPTY.format(name=name, example=usable[0]))
        file.add_examples(usable[1:])
        if title:
            file.set_title(title)
        return file

    @property
    def digest(self) -> str:
        return digest(self.text)

    @property
    def examples(self) -> list[str]:
        return [line[2:].strip() for line in str(self._block["examples"]).splitlines() if line.startswith("- ")]

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
        return [SourceRef(str(ref["id"]), str(ref.get("section") or "")) for ref in self._meta.get("sources") or []]

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
        reviewer, reviewed, review_by = (
            str(self._meta.get(key) or "") for key in ("reviewer", "reviewed", "review_by")
        )
        holds = self._meta.get(SIGNED) == self._mark()
        return (reviewer, reviewed, review_by) if holds else ("", "", review_by)

    def add_examples(self, examples: Iterable[str]) -> Added:
        """Add questions at the end, each once."""
        known = {normalise(example) for example in self.examples}
        taken: list[str] = []
        there: list[str] = []
        refused: list[tuple[str, str]] = []
        for given in examples:
            example = cleaned(given)
            key = normalise(example)
            if not key:
                refused.append((given[:60], "it holds no words"))
            elif key in known:
                there.append(example)
            else:
                known.add(key)
                taken.append(example)
        if taken:
            self._set_examples([*self.examples, *taken])
        return Added(tuple(taken), tuple(there), tuple(refused))

    def remove_example(self, example: str) -> None:
        """Take an example out; case and punctuation need not be the same."""
        key = normalise(example)
        left = [other for other in self.examples if normalise(other) != key]
        if len(left) == len(self.examples):
            raise StudioError(f"{self.name} has no such example. What to do: './ims topic examples {self.name}'.")
        if not left:
            raise StudioError(f"This is the last example of {self.name}. What to do: add another one first.")
        self._set_examples(left)

    def set_examples(self, examples: Iterable[str]) -> None:
        """These questions instead of those that are there, each once."""
        wanted = {normalise(example): example for example in reversed([*map(cleaned, examples)]) if normalise(example)}
        if not wanted:
            raise StudioError("A topic needs an example. What to do: give at least one question, as a patient asks it.")
        listed = list(wanted.values())[::-1]
        if listed != self.examples:
            self._set_examples(listed)

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

    def sign(self, reviewer: str, reviewed: date, review_by: date) -> None:
        """A clinical reviewer stands for the text as it is now."""
        name = " ".join(reviewer.split())
        if not name:
            raise StudioError("A signature needs a name. What to do: give the reviewer's full name.")
        if not (self.title and self.short and self.more and self.sources):
            raise StudioError(f"{self.name} is not complete. What to do: write title, both answers and sources first.")
        if review_by <= reviewed:
            raise StudioError("The review-by date lies before the review. What to do: give a later date.")
        self._edit(lambda: self._put_review(name, reviewed.isoformat(), review_by.isoformat()))

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

        def change(document: Any) -> None:
            document["nlu"][0]["intent"] = f"faq/{name}"
            responses = document["responses"]
            key = f"utter_faq/{self.name}"
            position = list(responses).index(key)
            responses.insert(position, f"utter_faq/{name}", responses.pop(key))

        self.text = edited(self.text, change)
        self.name = name
        self._parse()

    def _set_examples(self, examples: Sequence[str]) -> None:
        lines = "".join(f"- {example}\n" for example in examples)
        self._edit(lambda: self._block.__setitem__("examples", literal(lines, self._block["examples"])))

    def _set_text(self, new: str, old: Any, put: Any) -> None:
        if new == old():
            return

        def change() -> None:
            put(new)
            self._unsign()

        self._edit(change)

    def _plain(self, text: str) -> str:
        if TAG.search(text):
            raise StudioError("The text holds HTML. What to do: write it as plain text; the page makes the rest.")
        return " ".join(text.split())

    def _unsign(self) -> None:
        self._put_review("", "", self.review[2])

    def _put_review(self, reviewer: str, reviewed: str, review_by: str) -> None:
        for key, value in (("reviewer", reviewer), ("reviewed", reviewed), ("review_by", review_by)):
            self._meta[key] = DoubleQuotedScalarString(value)
        if reviewer:
            self._meta[SIGNED] = DoubleQuotedScalarString(self._mark())
        else:
            self._meta.pop(SIGNED, None)

    def _mark(self) -> str:
        return signed_text(self.title, self.short, self.more, self.sources)

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
            self._block: CommentedMap = document["nlu"][0]
            self._answer: CommentedMap = document["responses"][f"utter_faq/{self.name}"][0]
            self._meta: CommentedMap = self._answer["metadata"]
            whole = isinstance(self._block["examples"], str) and isinstance(self._answer["text"], str)
            whole = whole and isinstance(self._meta, CommentedMap)
        except (KeyError, IndexError, TypeError):
            whole = False
        if not whole:
            raise StudioError(
                f"The file of {self.name} does not hold a topic's parts. What to do: './ims check' says what is wrong."
            )


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
