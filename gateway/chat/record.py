"""What is known of a chat: whom it is about, what was told, what was answered, and what is on offer.

It is kept with the conversation and goes with it. Nothing of it is copied elsewhere, and the patient's copy of the chat
shows what was told. All changes make a new record: a turn decides on one, and it is stored with the answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from knowledge import normalise
from knowledge.talk import ME, Fact

Json = dict[str, Any]
LONG = 12  # words from which a text may not be said twice
MOST = 600  # fingerprints and answers that are kept of a very long chat


@dataclass(frozen=True)
class Told:
    """A fact about somebody, with a number where one was given, such as the week of a pregnancy."""

    who: str
    fact: str
    detail: str = ""


@dataclass(frozen=True)
class Offer:
    """Something that could be chosen after the last answer: what its button says, and does."""

    label: str
    does: Json


@dataclass(frozen=True)
class ChatRecord:
    """The record of one chat.

    `given` names what was answered: `soreness` (short), `soreness#more`, `soreness#2` (a paragraph of the longer text),
    `soreness#simple`, `soreness.how_long`. `last` is the last of these, `near` what the last message was near to.
    `said` are fingerprints of all longer texts. `asks` is what an open question of the assistant is about.
    """

    about: str = ME
    told: tuple[Told, ...] = ()
    named: tuple[str, ...] = ()  # problems and body parts, as they are called
    given: tuple[str, ...] = ()
    last: str = ""
    near: tuple[str, ...] = ()
    offers: tuple[Offer, ...] = ()
    asks: str = ""
    language: str = ""  # that the last message was in, where it is not that of the window
    said: tuple[str, ...] = ()

    @classmethod
    def read(cls, kept: Mapping[str, Any] | None) -> Self:
        """The record as it was stored; an empty one where there is none."""
        kept = dict(kept or {})
        for name in ("named", "given", "near", "said"):
            kept[name] = tuple(kept.get(name) or ())
        kept["told"] = tuple(Told(**told) for told in kept.get("told") or ())
        kept["offers"] = tuple(Offer(**offer) for offer in kept.get("offers") or ())
        return cls(**kept)

    def stored(self) -> Json:
        """As it is stored; what is empty is left out."""
        return {name: value for name, value in asdict(self).items() if value and (name, value) != ("about", ME)}

    # what was told

    def knows(self, fact: str, who: str | None = None) -> bool:
        """Whether this was told of the person whom the chat is about, or of another."""
        return any(told.fact == fact and told.who == (who or self.about) for told in self.told)

    def tell(self, told: Told) -> Self:
        """With this fact, which takes the place of an earlier one of its kind."""
        others = tuple(known for known in self.told if (known.who, known.fact) != (told.who, told.fact))
        return replace(self, told=(*others, told))

    def untell(self, fact: str, who: str | None = None) -> Self:
        """Without this fact."""
        return replace(self, told=tuple(t for t in self.told if (t.who, t.fact) != (who or self.about, fact)))

    def moved(self, who: str) -> Self:
        """As meant for somebody else: what was told last of the one before is theirs."""
        if who == self.about:
            return self
        theirs = [replace(told, who=who) for told in self.told if told.who == self.about]
        others = [told for told in self.told if told.who not in (self.about, who)]
        return replace(self, about=who, told=(*others, *theirs))

    def answers_told(self, facts: Mapping[str, Fact]) -> dict[str, str]:
        """The safety questions that were answered by what was told, for the person whom the chat is about."""
        known = [facts[told.fact] for told in self.told if told.who == self.about and told.fact in facts]
        denied = {fact.denies: "no" for fact in known if fact.denies}
        return {**denied, **{fact.question: "yes" for fact in known if fact.question}}

    # what was said

    def has_said(self, text: str) -> bool:
        """Whether this text is in the chat already; short ones may be said again."""
        return is_long(text) and fingerprint(text) in self.said

    def saying(self, paragraphs: Iterable[str]) -> Self:
        """After these were said."""
        new = [fingerprint(paragraph) for paragraph in paragraphs if is_long(paragraph)]
        return replace(self, said=tuple(dict.fromkeys((*self.said, *new)))[-MOST:])

    def giving(self, name: str) -> Self:
        """After this was answered."""
        return replace(self, given=tuple(dict.fromkeys((*self.given, name)))[-MOST:], last=name)


def is_long(text: str) -> bool:
    """Whether a text is so long that reading it twice feels like not being heard."""
    return len(text.split()) >= LONG


def fingerprint(text: str) -> str:
    """What a text is known by, whatever its spaces and punctuation."""
    return hashlib.sha256(normalise(text).encode()).hexdigest()[:12]


def topic_of(name: str) -> str:
    """The topic of something that was answered."""
    return name.partition("#")[0].partition(".")[0]


def specific_of(name: str) -> str:
    """The id of the specific answer, if it was one."""
    return name.partition("#")[0].partition(".")[2]
