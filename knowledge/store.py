"""Everything that the files in ``data/`` say, loaded and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from knowledge.answers import SpecificAnswer, Topic, read_topics
from knowledge.asked import AskedWords, read_asked
from knowledge.claims import Claim, read_claims
from knowledge.clinic import Clinic, read_clinic
from knowledge.clinic_answers import ClinicAnswers, read_clinic_answers
from knowledge.clinic_facts import clinic_facts
from knowledge.clinic_values import Values, clinic_values
from knowledge.conditions import Conditions, read_conditions
from knowledge.desk import DeskWords, read_desk
from knowledge.groups import Group, read_groups
from knowledge.interface import DEFAULT_LANGUAGE, Catalogue, fill_clinic, read_catalogues
from knowledge.logo import Logo, read_logo
from knowledge.overclaims import Overclaim, read_overclaims
from knowledge.pictures import Picture, by_topic, read_pictures
from knowledge.placeholders import fill
from knowledge.problems import KnowledgeError, Problem
from knowledge.readability import Readability, read_readability
from knowledge.screening import Screening, read_screening
from knowledge.sources import Source, read_sources
from knowledge.standards import Standards, read_standards
from knowledge.talk import Talk, read_talk
from knowledge.things import Things, read_things, words_of
from knowledge.translations import Translation, read_translations
from knowledge.window import Window, read_window
from knowledge.wording import Sentence, read_wording

NO_BOOKING_LINK = "unknown_booking_link"


@dataclass(frozen=True, eq=False)
class Knowledge:
    """The topics, sources, claims and sentences, and the clinic that they are told for.

    Load it once and pass it on: it never changes. A new version of the data is a new ``Knowledge``.
    """

    folder: Path
    topics: Mapping[str, Topic]
    groups: tuple[Group, ...]
    sources: Mapping[str, Source]
    claims: Mapping[str, Claim]
    conditions: Conditions
    things: Things
    pictures: Mapping[str, Picture]
    screening: Screening
    clinic: Clinic
    clinic_answers: ClinicAnswers
    asked_words: AskedWords
    sentences: Mapping[str, Sentence]
    catalogues: Mapping[str, Catalogue]
    standards: Standards
    readability: Readability
    overclaims: tuple[Overclaim, ...]
    talk: Talk
    window: Window
    desk: DeskWords = field(default_factory=DeskWords)
    logo: Logo | None = None
    translations: Mapping[str, Translation] = field(default_factory=lambda: MappingProxyType({}))
    translation: Translation | None = None  # the one in which all of this is said

    @classmethod
    def load(cls, data: Path) -> Knowledge:
        """Reads ``data``; raises KnowledgeError with everything that is wrong."""
        knowledge, problems = cls.read(data)
        if knowledge is None or problems:
            raise KnowledgeError(problems)
        return knowledge

    @classmethod
    def read(cls, data: Path) -> tuple[Knowledge | None, list[Problem]]:
        """Reads what can be read, for checking and not for answering, and what is wrong with the rest."""
        problems: list[Problem] = []
        standards = read_standards(data / "standards.yml", problems)
        readability = read_readability(data / "lexicon" / "syllables.yml", problems)
        overclaims = read_overclaims(data / "lexicon" / "overclaims.yml", problems)
        sources = read_sources(data / "sources.yml", problems)
        claims = read_claims(data / "claims.yml", problems)
        conditions = read_conditions(data / "lexicon" / "conditions.yml", sources, problems)
        screening = read_screening(data / "screening.yml", sources, problems)
        clinic = read_clinic(data / "clinic.yml", problems)
        sentences = read_wording(data / "wording.yml", problems)
        catalogues = read_catalogues(data / "interface", sentences, problems)
        least = standards.examples if standards else 0
        answers = data / "answers"
        names = sorted(path.stem for path in answers.glob("*.yml"))
        pictures = read_pictures(data / "pictures.yml", names, sources, conditions.body_parts, problems)
        topics = read_topics(answers, least, sources, claims, by_topic(pictures), problems)
        asked = screening.questions if screening else ()
        talk = read_talk(data / "talk.yml", names, asked, sources, problems)
        known = frozenset(word for topic in topics.values() for text in topic.examples for word in words_of(text))
        things = read_things(data / "things", sources, names, conditions, known, problems)
        specific = [answer.name for topic in topics.values() for answer in topic.answers.values()]
        said = read_clinic_answers(data / "clinic_answers.yml", specific, problems)
        desk = read_desk(data / "desk.yml", problems)
        logo = read_logo(data, problems)
        window = read_window(data / "window.yml", problems)
        every = [*names, *specific]
        stop_words = talk.words.get("stop_words", ())
        translations = read_translations(data / "translations", every, screening, clinic, stop_words, problems)
        asked_words = read_asked(data / "lexicon" / "asked.yml", problems)
        # Without any answer there is one thing to say, not one for each group.
        groups = read_groups(data / "groups.yml", names, problems) if names else ()
        if sentences and NO_BOOKING_LINK not in sentences:
            remedy = f"add '{NO_BOOKING_LINK}', what to say in place of a link"
            problems.append(Problem((data / "wording.yml").as_posix(), 1, "a sentence is missing", remedy))
        whole = NO_BOOKING_LINK in sentences and DEFAULT_LANGUAGE in catalogues
        if standards is None or readability is None or screening is None or clinic is None or not whole:
            return None, problems
        return (
            cls(
                folder=data,
                topics=MappingProxyType(topics),
                groups=groups,
                sources=MappingProxyType(sources),
                claims=MappingProxyType(claims),
                conditions=conditions,
                things=things,
                pictures=MappingProxyType(pictures),
                screening=screening,
                clinic=clinic,
                clinic_answers=said,
                asked_words=asked_words,
                sentences=MappingProxyType(sentences),
                catalogues=MappingProxyType(catalogues),
                standards=standards,
                readability=readability,
                overclaims=overclaims,
                talk=talk,
                logo=logo,
                desk=desk,
                window=window,
                translations=MappingProxyType(translations),
            ),
            problems,
        )

    def spoken(self, language: str | None) -> Knowledge:
        """The same as it is said in a language ("fr", or "fr-CA" as browsers say it), as far as it is translated."""
        return self._spoken.get(_code(language), self)

    @cached_property
    def _spoken(self) -> Mapping[str, Knowledge]:
        return {code: self._said_in(translation) for code, translation in self.translations.items()}

    def _said_in(self, translation: Translation) -> Knowledge:
        told = translation.answers
        topics = {
            name: replace(
                topic,
                short=told[name].text if name in told else topic.short,
                title=told[name].title if name in told else topic.title,
                answers={
                    id: replace(answer, title=told[answer.name].title, text=told[answer.name].text, fields=())
                    if answer.name in told
                    else answer
                    for id, answer in topic.answers.items()
                },
            )
            for name, topic in self.topics.items()
        }
        others = {name: cases for name, cases in self.clinic_answers.answers.items() if name not in told}
        said = self.catalogue(translation.code).sentences
        return replace(
            self,
            topics=MappingProxyType(topics),
            clinic_answers=replace(self.clinic_answers, answers=others),
            sentences={key: replace(each, text=said.get(key, each.text)) for key, each in self.sentences.items()},
            window=replace(self.window, starters=translation.starters),
            screening=translation.screening or self.screening,
            translation=translation,
        )

    @property
    def documents(self) -> list[Source]:
        """The clinic documents among the sources."""
        return [source for source in self.sources.values() if source.kind == "document"]

    def fill(self, text: str) -> str:
        """The text with the clinic's facts in place of its placeholders."""
        return fill(text, self._placeholders)

    def said(self, answer: SpecificAnswer, now: datetime, asked: str = "", *, lasting: bool = False) -> str:
        """What a specific answer says now to whoever asked this: the clinic's own fact, where it is one that is set.

        ``lasting`` leaves out what is true at this moment only.
        """
        return self.fill(self.words(answer, now, asked, lasting=lasting))

    def words(self, answer: SpecificAnswer, now: datetime, asked: str = "", *, lasting: bool = False) -> str:
        """The same with its placeholders."""
        if (fact := self._clinic_words(answer.name, now, asked, lasting)) is not None:
            return fact
        given = all(self.clinic.knows(field) for field in answer.fields)
        return answer.text if given or not answer.unset else answer.unset

    def clinic_says(self, answer: str, now: datetime, asked: str = "") -> str | None:
        """The clinic's own answer to a question by its name ("cost.total"); None if it is none, or not set."""
        words = self._clinic_words(answer, now, asked, lasting=False)
        return None if words is None else self.fill(words)

    def _clinic_words(self, answer: str, now: datetime, asked: str, lasting: bool) -> str | None:
        if answer not in self.clinic_answers.answers:
            return None
        return self.clinic_answers.say(answer, self._values(now, asked, lasting))

    def clinic_says_all(self, now: datetime) -> dict[str, str]:
        """All that the clinic says now to whoever names no day, number or insurer, by the names of the answers."""
        values = self._values(now, "", lasting=False)
        said = {name: self.clinic_answers.say(name, values) for name in self.clinic_answers.answers}
        return {name: self.fill(words) for name, words in said.items() if words is not None}

    def _values(self, now: datetime, asked: str, lasting: bool) -> Values:
        values = clinic_values(self.clinic, self.asked_words, self.clinic_answers.each, now, asked, lasting=lasting)
        values.text.update({name: f"{{{name}}}" for name in self._placeholders})
        self._add_reviewed(values)
        return values

    def fill_clinic(self, text: str) -> str:
        """The same, leaving placeholders alone that somebody else fills."""
        return fill_clinic(text, self._placeholders)

    def wording(self, key: str, **values: object) -> str:
        """One of the assistant's own sentences; KeyError for a key or a value that is not there."""
        return self.wording_in(DEFAULT_LANGUAGE, key, **values)

    def wording_in(self, language: str, key: str, /, **values: object) -> str:
        """The same in another language, as far as it has that sentence."""
        given = {name: str(value) for name, value in values.items()}
        text = self.catalogue(language).sentences.get(key, self.sentences[key].text)
        return fill(text, {**self._placeholders, **given})

    def catalogue(self, language: str | None) -> Catalogue:
        """The texts of a language ("fr", or "fr-CA" as browsers say it); English where there are none."""
        return self.catalogues.get(_code(language), self.catalogues[DEFAULT_LANGUAGE])

    def clinic_facts(self, topic: str, now: datetime) -> list[str]:
        """Sentences with the clinic's own facts that follow the answer of a topic: open now, fees, who treats."""
        return clinic_facts(self.clinic, self.wording, topic, now)

    def clinic_pick(self, topic: str, now: datetime, asked: str) -> tuple[str, str] | None:
        """The one fact that a question about the clinic asks for by a word, where no specific answer is sure.

        Its name among the specific answers, and what is said; None where no word tells.
        """
        name = self.clinic_answers.pick(topic, asked)
        owner, _, key = (name or "").partition(".")
        answer = self.topics[owner].answers.get(key) if owner in self.topics else None
        return (answer.name, self.said(answer, now, asked)) if answer else None

    def _add_reviewed(self, values: Values) -> None:
        signed = [answer.reviewed is not None for topic in self.topics.values() for answer in topic.answers.values()]
        signed += [topic.reviewed is not None for topic in self.topics.values()]
        values.add("answers.count", str(len(signed)))
        values.add("answers.reviewed_count", str(sum(signed)))
        values.state["answers.reviewed"] = "all" if all(signed) else "some" if any(signed) else "none"

    @cached_property
    def safety_lines(self) -> tuple[str, ...]:
        """What the safety questions ask about, each as it stands in a line of words (`words_of`)."""
        mentions = (words for question in self.screening.questions.values() for words in question.mentions)
        return tuple(dict.fromkeys(f" {' '.join(words_of(words))} " for words in mentions))

    @cached_property
    def _placeholders(self) -> dict[str, str]:
        return _facts(self.clinic, self.sentences)


def load_facts(data: Path) -> Mapping[str, str]:
    """The clinic's facts by the names of their placeholders, without reading all the rest of ``data``.

    Raises KnowledgeError with what is wrong with them.
    """
    problems: list[Problem] = []
    clinic = read_clinic(data / "clinic.yml", problems)
    sentences = read_wording(data / "wording.yml", problems)
    if problems or clinic is None:
        raise KnowledgeError(problems)
    return _facts(clinic, sentences)


def _code(language: str | None) -> str:
    return (language or DEFAULT_LANGUAGE)[:2].lower()


def _facts(clinic: Clinic, sentences: Mapping[str, Sentence]) -> dict[str, str]:
    known = {
        "clinic_name": clinic.name,
        "clinic_phone": clinic.phone,
        **clinic.numbers.named(),
        **clinic.treatment.named(),
    }
    booking_link = clinic.booking_link or fill(sentences[NO_BOOKING_LINK].text, known)
    return {**known, "booking_link": booking_link}
