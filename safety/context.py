"""What is meant: denied, asked about in general, long ago, somebody's family history, or happening now.

medspaCy's ConText with our own rules (`data/lexicon/red_flag_context.yml`). Its targets are the words of a sign that
was found; a sign counts only if none of its words is denied, hypothetical and so on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from loguru import logger
from medspacy.context import ConText, ConTextRule
from spacy.language import Language
from spacy.tokens import Doc, Span

from safety.patterns import Place

GROUP = "signs"
MOST_MODIFIERS = 80  # in one message, twice what long prose has: each is compared with each, and with each sign
TWICE = "red_flag_context.yml has the same words in two entries, so only one would hold: {words}. Keep one of them."
logger.disable("PyRuSH")  # medspaCy brings it along; its debug lines print what patients typed


class Nearest:
    """Finds modifiers as `matcher` does; of more than MOST_MODIFIERS those that stand nearest to a sign. A denial that
    is left out takes no alarm back.
    """

    def __init__(self, matcher: Any) -> None:
        self._matcher = matcher

    def __getattr__(self, name: str) -> Any:
        return getattr(self._matcher, name)

    def __call__(self, doc: Doc) -> list[tuple[int, int, int]]:
        found: list[tuple[int, int, int]] = self._matcher(doc)
        if len(found) <= MOST_MODIFIERS:
            return found
        away = _away_from([(span.start, span.end) for span in doc.spans[GROUP]], len(doc))
        near = sorted(range(len(found)), key=lambda i: min(away[found[i][1]], away[found[i][2] - 1]))
        return [found[i] for i in sorted(near[:MOST_MODIFIERS])]


def _away_from(spans: Iterable[tuple[int, int]], length: int) -> list[int]:
    """How many words away from the next of these spans each word stands."""
    away = [length] * length
    for start, end in spans:
        away[start:end] = [0] * (end - start)
    for order in (range(1, length), range(length - 2, -1, -1)):
        for i in order:
            away[i] = min(away[i], away[i - order.step] + 1)
    return away


class Context:
    """Judges the places of one message. `rules` is the list under `context:` of the lexicon."""

    def __init__(
        self,
        nlp: Language,
        rules: Iterable[dict[str, Any]],
        *,
        bridge: Collection[str],
        voids: Collection[str],
        denials: Collection[str],
        frames: Collection[str],
        unless_now: Collection[str],
    ) -> None:
        self.bridge = frozenset(bridge)
        self.voids = frozenset(voids)
        self.denials = frozenset(denials)
        self.frames = frozenset(frames)
        self.unless_now = frozenset(unless_now)
        self.component = ConText(
            nlp,
            rules=None,
            phrase_matcher_attr="ORTH",
            span_attrs=None,
            input_span_type="group",
            span_group_name=GROUP,
        )
        added = [rule for entry in rules for rule in self._rules(entry)]
        twice = [words for words, n in Counter(rule.literal for rule in added).items() if n > 1]
        if twice:
            raise ValueError(TWICE.format(words=", ".join(twice)))
        self.component.add(added)
        # medspaCy has no way to say how much it may read.
        self.component._ConText__matcher = Nearest(self.component._ConText__matcher)

    def _rules(self, entry: dict[str, Any]) -> Iterable[ConTextRule]:
        for phrase in entry["words"]:
            yield ConTextRule(
                literal=phrase,
                category=entry["category"],
                direction=entry["direction"],
                max_scope=entry.get("scope"),
                allowed_types=entry.get("only"),
                excluded_types=entry.get("except"),
                terminated_by=entry.get("ended_by"),
                on_modifies=self._bridged if entry.get("bridged") else None,
            )

    def _bridged(self, target: Span, modifier: Span, between: Span) -> bool:
        """Whether only words of a list of complaints stand between ("no fever, chills or chest pain")."""
        lexicon: set[int] = target.doc.user_data["complaints"]
        return all(t.text in self.bridge or t.i in lexicon for t in between)

    def meant(self, doc: Doc, places: dict[str, list[Place]], complaints: set[int]) -> dict[str, list[Place]]:
        """The places of each sign that are meant as happening now."""
        spans = {
            (sign, piece): Span(doc, *piece, label=sign)
            for sign, all_places in places.items()
            for place in all_places
            for piece in place.pieces
        }
        doc.user_data["complaints"] = complaints
        doc.spans[GROUP] = list(spans.values())
        self.component(doc)
        taken = {i for _, piece in spans for i in range(*piece)}
        return {
            sign: [p for p in all_places if not self._void(p, [spans[sign, piece] for piece in p.pieces], taken)]
            for sign, all_places in places.items()
        }

    def _void(self, place: Place, spans: list[Span], taken: set[int]) -> bool:
        """Whether a modifier takes the place's meaning away. Words of the sign itself ("no feeling") are no modifiers
        of it, and a denial that is part of any sign denies nothing else."""
        own = {i for piece in place.pieces for i in range(*piece)}
        categories = {
            modifier.category
            for span in spans
            for modifier in span._.modifiers
            if (taken if modifier.category in self.denials else own).isdisjoint(range(*modifier.modifier_span))
            and not (modifier.category in self.frames and place.start < modifier.modifier_span[0] < place.end)
        }
        void = categories & self.voids
        return bool(void - self.unless_now if "NOW" in categories else void)
