"""Notes in the record what a message tells: about whom, what of them, and which problem or body part it names.

How the words of the safety questions are found, with their "no", "not sure" and "used to", is `actions.reading`; here
they are told of whoever the chat is about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from actions.reading import mentioned
from gateway.chat.record import ChatRecord, Told
from knowledge import Knowledge, normalise
from knowledge.screening import Question, Screening
from knowledge.talk import ME, Fact, Talk
from safety.patterns import from_both_ends

SHORT = 9  # words of a message that only takes something back
MOST_CLAUSES = 60  # that are read of a message, twice what long prose has
NAMED = 4  # problems and body parts that are remembered
NUMBER = re.compile(r"\b(\d{1,2}) ?(?:weeks?|wks?|months?)\b")
CLAUSE = re.compile(r"([.!?;,\n]+|\b(?:but|and|then)\b)")
NOBODY = ""  # somebody of whom nothing is kept
IS = ("shes", "hes")  # a pronoun with its verb
FIRST_PERSON = frozenset({"i", "im", "ive", "me", "myself"})


class Noting:
    """Reads messages with the words of one state of the knowledge."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._talk = knowledge.talk
        self._screening = _with_words(knowledge.screening, knowledge.talk)
        self._facts = {fact.question or fact.id: fact for fact in knowledge.talk.facts.values()}

    def note(self, record: ChatRecord, text: str) -> ChatRecord:
        """The record after this message."""
        before = record.about
        if person := self.person(text, record):
            record = replace(record, about=person)
            if self.correction(text) and before != person:
                record = replace(record, about=before).moved(person)
        elif (who := self.correction(text)) is not None:
            record = record.moved(who)
        for clause in from_both_ends(list(dict.fromkeys(_clauses(text))), MOST_CLAUSES):
            about = self._who(clause, record)
            if about == NOBODY or self._only_if(clause):
                continue
            for name, answer in mentioned(self._without_people(clause), self._screening).items():
                if fact := self._facts.get(name):
                    record = self._noted(record, about, fact, answer, clause)
                    if about != ME and self._takes_back(text):
                        record = record.untell(fact.id, ME)
        return self._naming(record, text)

    def correction(self, text: str) -> str | None:
        """Who was meant, if a message only says that: "sorry, i meant my sister"."""
        if not self._takes_back(text) or len(text.split()) > SHORT or "?" in text:
            return None
        return self.named_person(text) or (ME if self._about_me(text) else None)

    def denies(self, text: str) -> bool:
        """Whether what a message says of the safety questions is that it is not so; an age is told, not denied."""
        answers = [
            answer
            for clause in _clauses(text)
            for name, answer in mentioned(self._without_people(clause), self._screening).items()
            if not self._screening.questions[name].under
        ]
        return bool(answers) and all(answer == "no" for answer in answers)

    def _takes_back(self, text: str) -> bool:
        line = f" {normalise(text)} "
        return any(f" {words} " in line for words in self._talk.words.get("takes_back", ()))

    def _about_me(self, text: str) -> bool:
        line = f" {normalise(text)} "
        return any(f" {words} " in line for words in self._talk.words.get("about_me", ()))

    def person(self, text: str, record: ChatRecord) -> str | None:
        """Whom a message makes the chat about; None where it changes nothing."""
        line = f" {normalise(text)} "
        for person in self._talk.people:
            for word in person.words:
                if f" {word} " in line and self._is_about(line, word):
                    return person.id
        return ME if record.about != ME and self._about_me(text) else None

    def is_about_others(self, text: str, record: ChatRecord) -> bool:
        """Whether what a message names may be that of somebody told of before: it has no "I" or "my" in it."""
        return record.about == ME and FIRST_PERSON.isdisjoint(normalise(text).split())

    def named_person(self, text: str) -> str | None:
        """The first person who is named at all."""
        line = f" {normalise(text)} "
        found = [(line.find(f" {word} "), p.id) for p in self._talk.people for word in p.words if f" {word} " in line]
        return min(found)[1] if found else None

    def _is_about(self, line: str, word: str) -> bool:
        before, _, after = line.partition(f" {word} ")
        led = any(f"{before} ".endswith(f" {lead} ") for lead in self._talk.person_leads)
        goes_on = any(f" {after}".startswith(f" {verb} ") for verb in self._talk.person_verbs)
        return goes_on or (led and not after.startswith(("come ", "stay ", "join ", "be there", "sit ")))

    def _who(self, clause: str, record: ChatRecord) -> str:
        """Whom a clause is about: whoever stands last before what is told, else whom the chat is about; nobody whom we
        know if it tells of somebody in the third person ("Joan has a pacemaker").
        """
        words = normalise(clause).split()
        if record.about == ME and FIRST_PERSON.isdisjoint(words):
            if named := self.named_person(clause):
                return named
            third = any(f" {verb} " in f" {' '.join(words[1:])} " for verb in self._talk.third_person)
            return NOBODY if third else ME
        if record.about != ME and FIRST_PERSON.isdisjoint(words):
            return record.about
        if record.about != ME:
            pronoun = any(word in self._talk.pronouns for word in words) or self.named_person(clause)
            return record.about if pronoun else ME
        return ME

    def _without_people(self, clause: str) -> str:
        """The clause as if it were about the patient: who it is about is known."""
        line = f" {normalise(clause)} "
        for person in self._talk.people:
            for word in sorted(person.words, key=len, reverse=True):
                line = line.replace(f" {word} ", " i ")
        said = ("i am" if word in IS else "i" if word in self._talk.pronouns else word for word in line.split())
        plain = " ".join(said).replace("i is ", "i am ")
        return f"{plain}?" if clause.endswith("?") else plain

    def _only_if(self, clause: str) -> bool:
        """Whether a clause speaks of what may come to be: "if i get pregnant"."""
        line = f" {normalise(clause)} "
        return any(f" {words} " in line for words in self._talk.words.get("only_if", ()))

    def _noted(self, record: ChatRecord, who: str, fact: Fact, answer: str, clause: str) -> ChatRecord:
        if answer == "no":
            record = record.untell(fact.id, who)
            return record.tell(Told(who, fact.denied)) if fact.denied else record
        if answer != "yes":
            return record
        if fact.denied:
            record = record.untell(fact.denied, who)
        number = NUMBER.search(normalise(clause))
        return record.tell(Told(who, fact.id, number[0] if number else ""))

    def _naming(self, record: ChatRecord, text: str) -> ChatRecord:
        conditions, parts = self._knowledge.conditions.asked_about(text)
        names = [*(condition.name for condition in conditions), *(part.name for part in parts)]
        if not names:
            return record
        return replace(record, named=tuple(dict.fromkeys((*names, *record.named)))[:NAMED])


def _clauses(text: str) -> list[str]:
    """The clauses of a message; what only asks keeps its question mark."""
    parts = CLAUSE.split(text)
    ends = [*parts[1::2], ""]
    clauses = ((clause.strip(), "?" if "?" in end else "") for clause, end in zip(parts[::2], ends, strict=True))
    return [f"{clause}{mark}" for clause, mark in clauses if clause]


def _with_words(screening: Screening, talk: Talk) -> Screening:
    """The safety questions with the words of the facts, and without the rule that others do not count."""
    questions: dict[str, Question] = {}
    for fact in talk.facts.values():
        if fact.question in screening.questions:
            question = screening.questions[fact.question]
            questions[fact.question] = replace(question, mentions=(*question.mentions, *fact.words))
    some = next(iter(screening.questions.values()), None)
    if some is not None:
        loose = [fact for fact in talk.facts.values() if not fact.question]
        questions |= {fact.id: replace(some, id=fact.id, mentions=fact.words) for fact in loose}
    words: Mapping[str, tuple[str, ...]] = {**screening.words, "others": ()}
    return replace(screening, words=words, questions={**screening.questions, **questions})
