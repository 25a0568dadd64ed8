"""The net: what the rules find and what the learned net hears, put together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from danger import Judgement, Learned
from safety.languages import in_latin_letters
from safety.net import LEVELS, Finding, Rules, RulesError

NO_SIGN = (
    "data/lexicon/danger/ has examples of {signs}, which red_flags.yml does not know. "
    "What to do: add the sign there, or remove its examples."
)
log = logging.getLogger(__name__)
Result = TypeVar("Result")


class Net:
    """Finds red flags. Make one with `Net.load(Path("data"))`; `check` keeps nothing that was typed.

    Each half goes on without the other. `fault` says what does not work, in words without anything that was typed.
    """

    def __init__(self, rules: Rules, learned: Learned | None, fault: str | None = None) -> None:
        self.rules = rules
        self.learned = learned
        self.fault = fault
        self.signs = rules.signs

    @classmethod
    def load(cls, data: Path) -> Net:
        """Both halves; RulesError if the rules cannot be used. Without the learned half, `fault` says why."""
        rules = Rules.load(data)
        try:
            learned = Learned.load(data)
        except Exception as error:  # whatever it is, half a net is better than none
            fault = f"the learned half of the red-flag net cannot be used ({type(error).__name__}: {error})"
            log.error("%s", fault)
            return cls(rules, None, fault)
        if unknown := sorted(set(learned.signs) - set(rules.order)):
            raise RulesError(NO_SIGN.format(signs=", ".join(unknown)))
        return cls(rules, learned)

    def check(self, text: str, previous: Finding | None = None, before: Sequence[str] = ()) -> Finding | None:
        """The red flag in a message, or None.

        With the finding of the message before, "it's probably nothing" brings that finding back: nobody is talked out
        of a warning. `before` are the messages that this one goes on from, oldest first.
        """
        heard = self._heard(text)
        found = self._tried("rules", lambda: self.rules.check(text, previous, before))
        decided = self.decided(text, heard, found, previous)
        return decided if decided or found else self._in_pieces(text, before)

    def decided(
        self, text: str, heard: Judgement | None, found: Finding | None, previous: Finding | None = None
    ) -> Finding | None:
        """What the two halves come to, given what each makes of the message."""
        if found and self._is_sure(found):
            return found
        if heard and self.learned and self.learned.alarms(heard):
            return self._named(heard, found)
        return found if found and self._holds(found, text, heard, previous) else None

    def _is_sure(self, found: Finding) -> bool:
        """Whether rules are believed whatever the learned net says."""
        return self.learned is not None and found.sign in self.learned.borders.sure

    def _heard(self, text: str) -> Judgement | None:
        """What the learned half makes of a text. It knows English; in another script it would hear noise."""
        learned = self.learned
        if learned is None or not in_latin_letters(text):
            return None
        return self._tried("learned half", lambda: learned.judge(text))

    def _holds(self, found: Finding, text: str, heard: Judgement | None, previous: Finding | None) -> bool:
        """Whether a rule is believed: it gives way where the learned net is sure that nothing is the matter."""
        if heard is None or self.learned is None or (previous and found.signs == previous.signs):
            return True
        borders = self.learned.borders
        return heard.score >= borders.calm[heard.level] or len(text.split()) <= borders.short

    def _named(self, heard: Judgement, found: Finding | None) -> Finding:
        """The signs of both, the worse level first; a rule knows where the words stand.

        Where the learned half is certain of its level, a rule with a worse one is not heard, unless both mean the same
        sign: then the rule knows the bad form of it.
        """
        signs = dict.fromkeys(heard.signs, heard.level)
        if found:
            signs |= {found.sign: found.level}
            signs |= {sign: self.rules.level_of(sign) for sign in found.signs if sign not in signs}
        if found and self.learned and found.sign not in heard.signs and heard.certain >= self.learned.borders.certain:
            worst = LEVELS.index(heard.level)
            signs = {sign: level for sign, level in signs.items() if LEVELS.index(level) >= worst}
        return self.rules.finding(signs, found.spans if found else ())

    def _in_pieces(self, text: str, before: Sequence[str]) -> Finding | None:
        """What none of the last messages holds alone, and all of them together do."""
        told = self.rules.told(before, text)
        heard = self._heard(self.rules.joined([*told, text])) if told else None
        if heard is None or self.learned is None or not self.learned.alarms(heard, together=True):
            return None
        earlier = self._heard(self.rules.joined(told))
        return None if earlier and self.learned.alarms(earlier) else self._named(heard, None)

    def _tried(self, half: str, work: Callable[[], Result]) -> Result | None:
        """One half's result; what goes wrong in it is noted and does not reach the other."""
        try:
            return work()
        except Exception as error:
            self.fault = f"the {half} of the red-flag net failed on a message ({type(error).__name__})"
            log.error("%s", self.fault)
            return None
