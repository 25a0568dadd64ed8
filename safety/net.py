"""The rules: loads them and checks a message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, Protocol

import spacy
from medspacy.target_matcher import TargetMatcher, TargetRule
from spacy.tokens import Doc

from knowledge import KnowledgeError, Told
from knowledge.yaml import plain_values
from safety.context import Context
from safety.patterns import Index, Pattern, Place
from safety.words import NumberKind, Words, fold

Level = Literal["emergency", "crisis", "urgent"]
LEVELS: tuple[Level, ...] = ("emergency", "crisis", "urgent")  # the worst first
NO_LIST = "The rule `{pattern}` names {name}, but there is no such list in red_flag_words.yml and no such concept."
READ_TOGETHER = 3  # messages of one person that are read as one; a danger is often told in pieces
LONGEST = 8000  # characters that are read; the gateway takes far less


class RulesError(Told, ValueError):
    """The red-flag rules cannot be used; the message says which and what to do."""


@dataclass(frozen=True)
class Finding:
    """What the net found: the worst level, its sign, every sign, what to say, and where in the message it stands."""

    level: str
    sign: str
    signs: tuple[str, ...]
    reply: str
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Sign:
    """One red flag of the catalogue with its rules; `raised` are rules with a level of their own."""

    id: str
    level: str
    reply: str
    patterns: tuple[tuple[Pattern, str], ...]


class SafetyNet(Protocol):
    """Whatever finds signs of danger in a message; `Net` does, tests put a simple one in its place."""

    @property
    def fault(self) -> str | None:
        """What of it does not work, if anything."""

    def check(self, text: str, previous: Finding | None = None, before: Sequence[str] = ()) -> Finding | None: ...


class Rules:
    """Finds red flags. Make one with `Rules.load(Path("data"))`; `check` keeps nothing and threads may call it."""

    def __init__(self, lexicon: dict[str, Any]) -> None:
        self.nlp = spacy.blank("en")
        self.signs = tuple(_sign(entry) for entry in lexicon["signs"])
        self._rules = [(sign, *rule) for sign in self.signs for rule in sign.patterns]
        self._rules_by_word = Index([pattern for _, pattern, _ in self._rules])
        self.concepts = tuple((name, Pattern.parse(p)) for name, all_ in lexicon["concepts"].items() for p in all_)
        self.idioms = tuple(Pattern.parse(p) for p in lexicon["idioms"])
        self._idioms_by_word = Index(self.idioms)
        self.settings = frozenset(lexicon["settings"])
        self.follow_up = tuple(Pattern.parse(p) for p in lexicon["follow_up"])
        self.goes_on = frozenset(lexicon["goes_on"]["starts"])
        self.short, self.longest_piece = int(lexicon["goes_on"]["short"]), int(lexicon["goes_on"]["longest"])
        self.order = {sign: i for i, sign in enumerate(lexicon["order"])}
        phrases = dict(_phrases(lexicon["words"]))
        for pattern in self._all_patterns():
            for name in pattern.names:
                if name.lower() == name:
                    phrases.setdefault(name, (name,))
                elif name not in phrases and name not in lexicon["concepts"]:
                    raise ValueError(NO_LIST.format(pattern=pattern.text, name=name))
        phrases = {name: _for_anyone(all_, lexicon["persons"]) for name, all_ in phrases.items()}
        known = {word for all_ in phrases.values() for phrase in all_ for word in phrase.split()}
        context = [entry | {"words": _listed(entry["words"])} for entry in lexicon["context"]]
        known |= {word for entry in context for phrase in entry["words"] for word in phrase.split()}
        known |= set(lexicon["bridge"])
        spelling = lexicon["spelling"]
        known |= {word for pair, one in spelling["joined"].items() for word in (*pair.split(), one)}
        self.words = Words(
            self.nlp.vocab,
            known,
            keys=_keys(lexicon["words"], spelling["shortest"], known) | set(_listed(spelling["keys"])),
            spelling={fold(w): right for right, wrong in spelling["variants"].items() for w in _listed(wrong)},
            not_misspelled=_listed(spelling["real_words"]),
            numbers=[NumberKind(**kind) for kind in lexicon["numbers"]],
            number_words=lexicon["number_words"],
            shortest=spelling["shortest"],
            joined=spelling["joined"],
        )
        self.nlp.tokenizer = self.words
        self.matcher = TargetMatcher(self.nlp, phrase_matcher_attr="ORTH", result_type=None, prune=False)
        self.matcher.add([TargetRule(p, category=name) for name, all_ in phrases.items() for p in all_])
        self.context = Context(
            self.nlp,
            context,
            bridge=lexicon["bridge"],
            voids=lexicon["voids"],
            denials=lexicon["denials"],
            frames=lexicon["frames"],
            unless_now=lexicon["unless_now"],
        )

    @classmethod
    def load(cls, data: Path) -> Rules:
        """Reads `lexicon/red_flag*.yml` below the data folder. RulesError if they cannot be used."""
        lexicon: dict[str, Any] = {}
        for file in sorted((data / "lexicon").glob("red_flag*.yml")):
            try:
                lexicon.update(plain_values(file))
            except KnowledgeError as error:
                raise RulesError(f"{file} cannot be read: {error.problems[0].message}.", "fix the file.") from error
        try:
            return cls(lexicon)
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            words = f"The red-flag rules in {data / 'lexicon'} cannot be used ({type(error).__name__}: {error})."
            raise RulesError(words, "fix the file that holds them.") from error

    def check(self, text: str, previous: Finding | None = None, before: Sequence[str] = ()) -> Finding | None:
        """The red flag in a message, or None. With the finding of the message before, "it's probably nothing" or
        "should I just wait" brings that finding back: nobody is talked out of a warning. `before` are the messages
        that this one goes on from, oldest first: a danger that is told in pieces is found when the last piece comes.
        """
        doc, found, signs = self._read(text[:LONGEST])
        if signs:
            return self.finding(
                {sign: level for sign, (level, _) in signs.items()},
                _spans(doc, (place for _, places in signs.values() for place in places)),
            )
        if previous and any(p.possible(found) and p.places(found, _sentences(doc))[0] for p in self.follow_up):
            return replace(previous, spans=())
        told = self.told(before, text)
        return self._in_pieces(told, text) if told else None

    def level_of(self, sign: str) -> str:
        """The level of a sign of the catalogue."""
        return next(known.level for known in self.signs if known.id == sign)

    def told(self, before: Sequence[str], text: str) -> list[str]:
        """The messages that a message may go on from."""
        if not self._is_piece(text):
            return []
        return [message for message in before if self._is_piece(message) and not message.rstrip().endswith("?")]

    def finding(self, levels: Mapping[str, str], spans: tuple[tuple[int, int], ...] = ()) -> Finding:
        """The finding of these signs, each with its level: the worst leads, and what is to be said."""
        ids = sorted(levels, key=lambda sign: (LEVELS.index(levels[sign]), self.order[sign]))
        replies = {sign.id: sign.reply for sign in self.signs}
        reply = replies[ids[0]]
        crisis = next((sign for sign in ids if levels[sign] == "crisis"), None)
        if levels[ids[0]] == "emergency" and crisis:  # an overdose and a wish to die both need their words
            reply = f"{reply}\n\n{replies[crisis]}"
        return Finding(levels[ids[0]], ids[0], tuple(ids), reply, spans)

    def _in_pieces(self, before: Sequence[str], text: str) -> Finding | None:
        """The signs that neither the message nor those before it hold, but all of them together."""
        together = self._read(self.joined([*before, text]), strict=True)[2]
        if together:
            judged = self._read(self.joined(before), strict=True)[2]
            new = {sign: level for sign, (level, _) in together.items() if sign not in judged}
            if new:
                return self.finding(new)
        return None

    def joined(self, messages: Sequence[str]) -> str:
        """Messages as one text. One that goes on from the one before ("my chest", "feels tight") is in its sentence."""
        joined = messages[0]
        for last, message in pairwise(messages):
            joined += (" " if self._goes_on(last, message) else " .\n") + message
        return joined

    def _is_piece(self, message: str) -> bool:
        """Who tells in pieces sends short ones; a long message was judged by itself."""
        return len(message.split()) <= self.longest_piece

    def _goes_on(self, last: str, message: str) -> bool:
        if last.rstrip().endswith(("?", "!", ".")):
            return False
        words = fold(message).split()
        both_short = max(len(last.split()), len(words)) <= self.short
        return both_short or (bool(words) and words[0] in self.goes_on)

    def _read(
        self, text: str, strict: bool = False
    ) -> tuple[Doc, dict[str, list[Place]], dict[str, tuple[str, list[Place]]]]:
        """The words of a text, what the lists find in it, and the signs that are meant, with level and places. Strictly
        read, what sets the scene can be denied or over, too: it was a message of its own.
        """
        doc = self.words(text)
        found = self._found(doc)
        sentence = _sentences(doc)
        for idiom in (self.idioms[i] for i in self._idioms_by_word.candidates(found)):
            if idiom.possible(found):
                for place in idiom.places(found, sentence)[0]:
                    found = _without(found, place)
        words_of_signs = {i for places in found.values() for p in places for i in range(p.start, p.end)}
        for name, concept in self.concepts:
            if concept.possible(found):
                places = concept.places(found, sentence)[0]
                if places:
                    found[name] = found.get(name, []) + places
        return doc, found, self._signs(doc, found, sentence, words_of_signs, strict)

    def _found(self, doc: Any) -> dict[str, list[Place]]:
        found: dict[str, list[Place]] = {}
        for span in self.matcher(doc):
            if not any(token.is_sent_start for token in doc[span.start + 1 : span.end]):
                found.setdefault(span.label_, []).append(Place(span.start, span.end))
        return found

    def _signs(
        self, doc: Any, found: dict[str, list[Place]], sentence: list[int], complaints: set[int], strict: bool
    ) -> dict[str, tuple[str, list[Place]]]:
        hits: list[tuple[Sign, str, list[list[Place]], list[bool]]] = []
        for sign, pattern, level in (self._rules[i] for i in self._rules_by_word.candidates(found)):
            if pattern.possible(found):
                places = pattern.places(found, sentence)
                if all(places):
                    setting = [not strict and self._is_setting(pattern, i) for i in range(len(places))]
                    hits.append((sign, level, places, setting))
        if not hits:
            return {}
        wanted: dict[str, list[Place]] = {}
        for sign, _, places, setting in hits:
            for group, is_setting in zip(places, setting, strict=True):
                if not is_setting:
                    wanted.setdefault(sign.id, []).extend(group)
        meant = {sign: set(places) for sign, places in self.context.meant(doc, wanted, complaints).items()}
        signs: dict[str, tuple[str, list[Place]]] = {}
        for sign, level, places, setting in hits:
            held = [
                group if is_setting else [p for p in group if p in meant[sign.id]]
                for group, is_setting in zip(places, setting, strict=True)
            ]
            if all(held):
                before, all_ = signs.get(sign.id, (level, []))
                worst = min(before, level, key=list[str](LEVELS).index)
                signs[sign.id] = (worst, all_ + [group[0] for group in held])
        return signs

    def _is_setting(self, pattern: Pattern, i: int) -> bool:
        return all(name in self.settings for link in pattern.chains[i].links for name in link.names)

    def _all_patterns(self) -> Iterable[Pattern]:
        yield from (pattern for sign in self.signs for pattern, _ in sign.patterns)
        yield from (pattern for _, pattern in self.concepts)
        yield from self.idioms
        yield from self.follow_up


def _spans(doc: Doc, places: Iterable[Place]) -> tuple[tuple[int, int], ...]:
    """Where places stand in the text, by character."""
    where = doc.user_data["places"]
    return tuple(sorted({(where[p.start][0], where[p.end - 1][1]) for p in places}))


def _sign(entry: dict[str, Any]) -> Sign:
    patterns = [(Pattern.parse(p), entry["level"]) for p in entry["find"]]
    patterns += [(Pattern.parse(p), level) for level, all_ in entry.get("raise", {}).items() for p in all_]
    return Sign(entry["id"], entry["level"], entry["reply"].strip(), tuple(patterns))


def _listed(text: str) -> list[str]:
    return [entry.strip() for entry in text.split(",") if entry.strip()]


def _phrases(words: dict[str, str]) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Every list with the lists that it names (an entry in capitals stands for that list)."""

    def expand(name: str) -> Iterable[str]:
        for entry in _listed(words[name]):
            if entry.isupper() and entry in words:
                yield from expand(entry)
            else:
                yield entry

    for name in words:
        yield name, tuple(dict.fromkeys(expand(name)))


def _for_anyone(phrases: tuple[str, ...], persons: dict[str, list[str]]) -> tuple[str, ...]:
    """Phrases about "my" and "me" also with "his", "her" and so on: danger counts whoever is in it."""
    also = [
        re.sub(rf"\b{mine}\b", theirs, phrase)
        for phrase in phrases
        for mine, others in persons.items()
        if mine in phrase.split() and mine != phrase
        for theirs in others
    ]
    return tuple(dict.fromkeys([*phrases, *also]))


def _keys(words: dict[str, str], shortest: int, known: set[str]) -> set[str]:
    """The words that a slip of the finger is corrected to: entries of their own, and longer words of phrases."""
    entries = {entry for text in words.values() for entry in _listed(text)}
    return {
        word for entry in entries for word in entry.split() if word in known and len(word) >= shortest + (word != entry)
    }


def _sentences(doc: Any) -> list[int]:
    number, numbers = -1, []
    for token in doc:
        number += bool(token.is_sent_start)
        numbers.append(number)
    return numbers


def _without(found: dict[str, list[Place]], gone: Place) -> dict[str, list[Place]]:
    kept = {name: [p for p in places if not p.overlaps(gone)] for name, places in found.items()}
    return {name: places for name, places in kept.items() if places}
