"""What patients are told on the way to a person and back. The sentences stand in data/wording.yml (`handoff_*`), those
of other languages in data/interface/.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from babel import Locale, dates

from gateway.handoff.front_desk import Availability
from gateway.storage.records import Body, Draft, Kind, Role
from knowledge import Knowledge
from knowledge.clinic_facts import opening_words
from knowledge.interface import DEFAULT_LANGUAGE
from knowledge.links import links

Json = dict[str, Any]
KIND: Kind = "handoff"
HUMAN = "human"  # the topic under which patients ask for a person


class PatientWords:
    """Says the truth about a handoff, in the patient's language where we have its sentences, else in English."""

    def __init__(self, knowledge: Knowledge, language: str | None = None) -> None:
        self._knowledge = knowledge
        catalogue = knowledge.catalogue(language)
        self.language = catalogue.code if catalogue.sentences else DEFAULT_LANGUAGE

    @property
    def translated(self) -> bool:
        """Whether this is another language than that of the answers."""
        return self.language != DEFAULT_LANGUAGE

    def say(self, key: str, **values: object) -> str:
        """One sentence."""
        return self._knowledge.wording_in(self.language, key, **values)

    def asked(self, there: Availability, ahead: int) -> str:
        """What somebody is told who has asked for a person, with this many before them."""
        if not there.here:
            return self._join(self._nobody(there), self.say("handoff_contact"), self.say("handoff_meanwhile"))
        usual = there.usual_wait
        wait = self.say("handoff_usual_wait", wait=self.minutes(usual)) if usual else None
        place = self.say("handoff_ahead_one" if ahead == 1 else "handoff_ahead", count=ahead) if ahead else None
        return self._join(self.say("handoff_asked"), place, wait, self.say("handoff_meanwhile"))

    def _nobody(self, there: Availability) -> str:
        if there.open:
            return self.say("handoff_out")
        if there.opens is None:
            return self.say("handoff_closed_for_long")
        return self.say("handoff_closed", opening=self._opening(there.opens, there.now))

    def _opening(self, opens: datetime, now: datetime) -> str:
        if not self.translated:
            return opening_words(opens, now)
        locale = Locale.parse(self.language, sep="-")
        return f"{dates.format_date(opens, 'full', locale)}, {dates.format_time(opens.time(), 'short', locale=locale)}"

    def nobody_any_more(self, there: Availability) -> Draft:
        """For patients who are waiting when the desk closes, or goes out."""
        text = self._join(self._nobody(there), self.say("handoff_contact"))
        return self.notice(text, state="waiting", contact=True)

    def still_waiting(self, waited: timedelta) -> Draft:
        """For patients who have waited too long."""
        text = self.say("handoff_still_waiting", wait=self.minutes(waited))
        return self.notice(text, state="waiting", contact=True)

    def joined(self, name: str) -> Draft:
        """A person has the chat now."""
        return self.notice(self.say("handoff_joined", name=name), state="person", name=name)

    def passed_on(self, name: str, to: str) -> Draft:
        """Another person has it now."""
        return self.notice(self.say("handoff_passed_on", name=name, to=to), state="person", name=to)

    def left(self, name: str) -> Draft:
        """The person gave it back to the queue."""
        return self.notice(self.say("handoff_left", name=name), state="waiting")

    def quiet(self, name: str) -> Draft:
        """The person did not answer, so it went back to the queue."""
        return self.notice(self.say("handoff_quiet", name=name), state="waiting", contact=True)

    def handed_back(self, name: str, recap: str) -> Draft:
        """The assistant has it again."""
        text = "\n\n".join(part for part in (recap, self.say("handoff_back", name=name)) if part)
        return self.notice(text, state="assistant", recap=recap)

    def cancelled(self) -> Draft:
        """Nobody is waited for any more."""
        return self.notice(self.say("handoff_cancelled"), state="assistant")

    def closed(self) -> Draft:
        """The front desk has ended the waiting, or the talk, without more to say."""
        return self.notice(self.say("handoff_closed_by_desk"), state="assistant")

    def blocked(self) -> Draft:
        """The front desk cannot be reached from this chat for a while."""
        return self.notice(self.say("handoff_blocked"), state="assistant", blocked=True)

    def still_blocked(self) -> Draft:
        """The same, for who asks for a person all the same."""
        draft = self.notice(self.say("handoff_still_blocked"), role="assistant", state="assistant")
        draft.body["topic"], draft.body["topics"] = HUMAN, [HUMAN]
        return draft

    def unblocked(self) -> Draft:
        """The front desk can be reached again."""
        return self.notice(self.say("handoff_unblocked"), state="assistant", blocked=False)

    def offered(self, sentence: str) -> Draft:
        """A person is offered with this sentence and a button."""
        label = self.say("label_human")
        draft = self.notice(self.say(sentence), role="assistant", state="assistant")
        draft.body["buttons"] = [{"id": HUMAN, "label": label}]
        return replace(draft, choices={HUMAN: {"label": label, "does": {"intent": f"faq/{HUMAN}"}}})

    def minutes(self, time: timedelta) -> str:
        """A length of time in words, never shorter than it is."""
        minutes = max(1, -(-int(time.total_seconds()) // 60))
        if minutes == 1:
            return self.say("handoff_one_minute")
        if minutes < 90:
            return self.say("handoff_minutes", count=minutes)
        return self.say("handoff_hours", count=round(minutes / 60))

    def notice(self, text: str, *, role: Role = "system", **about: Any) -> Draft:
        """An event that says how the handoff stands; `about` is for programs."""
        body: Body = {"text": text, "language": self.language, "topic": None, "topics": [], "offered": [],
                      "confidence": 1.0, "sources": [], "see_also": [], "buttons": [], "link": None,
                      "links": [asdict(link) for link in links(text, self._knowledge.clinic)],
                      "handoff": about}  # fmt: skip
        return Draft(role, KIND, body)

    def _join(self, *sentences: str | None) -> str:
        return " ".join(sentence for sentence in sentences if sentence)
