"""What patients are told on the way to a person and back. The sentences stand in data/wording.yml (`handoff_*`)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gateway.desk.front_desk import Availability
from gateway.store import Draft
from knowledge import Knowledge
from knowledge.clinic_facts import opening_words

Json = dict[str, Any]
KIND = "handoff"


class Words:
    """Says the truth about a handoff."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._say = knowledge.wording

    def asked(self, there: Availability, ahead: int) -> str:
        """What somebody is told who has asked for a person, with so many before them."""
        if not there.here:
            return self._join(self._nobody(there), self._say("handoff_contact"), self._say("handoff_meanwhile"))
        usual = there.usual_wait
        wait = self._say("handoff_usual_wait", wait=self.minutes(usual)) if usual else None
        place = self._say("handoff_ahead_one" if ahead == 1 else "handoff_ahead", count=ahead) if ahead else None
        return self._join(self._say("handoff_asked"), place, wait, self._say("handoff_meanwhile"))

    def _nobody(self, there: Availability) -> str:
        if there.open:
            return self._say("handoff_out")
        if there.opens is None:
            return self._say("handoff_closed_for_long")
        return self._say("handoff_closed", opening=opening_words(there.opens, there.now))

    def nobody_any_more(self, there: Availability) -> Draft:
        """For who waits while the desk closes, or goes out."""
        text = self._join(self._nobody(there), self._say("handoff_contact"))
        return self.notice(text, state="waiting", contact=True)

    def still_waiting(self, waited: timedelta) -> Draft:
        """For who has waited too long."""
        text = self._say("handoff_still_waiting", wait=self.minutes(waited))
        return self.notice(text, state="waiting", contact=True)

    def joined(self, name: str) -> Draft:
        """A person has the chat now."""
        return self.notice(self._say("handoff_joined", name=name), state="person", name=name)

    def passed_on(self, name: str, to: str) -> Draft:
        """Another person has it now."""
        return self.notice(self._say("handoff_passed_on", name=name, to=to), state="person", name=to)

    def left(self, name: str) -> Draft:
        """The person gave it back to the queue."""
        return self.notice(self._say("handoff_left", name=name), state="waiting")

    def quiet(self, name: str) -> Draft:
        """The person did not answer, so it went back to the queue."""
        return self.notice(self._say("handoff_quiet", name=name), state="waiting", contact=True)

    def handed_back(self, name: str, recap: str) -> Draft:
        """The assistant has it again."""
        text = "\n\n".join(part for part in (recap, self._say("handoff_back", name=name)) if part)
        return self.notice(text, state="assistant", recap=recap)

    def cancelled(self) -> Draft:
        """Nobody is waited for any more."""
        return self.notice(self._say("handoff_cancelled"), state="assistant")

    def minutes(self, time: timedelta) -> str:
        """A length of time in words, never shorter than it is."""
        minutes = max(1, -(-int(time.total_seconds()) // 60))
        if minutes == 1:
            return self._say("one_minute")
        if minutes < 90:
            return self._say("minutes", count=minutes)
        return self._say("hours_long", count=round(minutes / 60))

    def notice(self, text: str, *, role: str = "system", **about: Any) -> Draft:
        """An event that says how the handoff stands; `about` is for programs."""
        body: Json = {"text": text, "topic": None, "topics": [], "offered": [], "confidence": 1.0, "sources": [],
                      "see_also": [], "buttons": [], "link": None, "handoff": about}  # fmt: skip
        return Draft(role, KIND, body)

    def _join(self, *sentences: str | None) -> str:
        return " ".join(sentence for sentence in sentences if sentence)
