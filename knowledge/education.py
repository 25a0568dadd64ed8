"""How well the answers teach: each is scored by hand against published instruments (``data/education.yml``).

The file holds the raw scores, so that a second reader can set their own beside them. ``problems`` finds answers that
nobody has scored or that stay below a target; ``page`` writes ``docs/education.md``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import fmean

from knowledge.problems import Problem
from knowledge.yaml import Section, read

FILE = "education.yml"
SCORES = {"yes": 1, "no": 0, "na": None}


@dataclass(frozen=True)
class Instrument:
    """A published list of items; ``may_be_na`` are those that it lets a rater leave out."""

    name: str
    title: str
    citation: str
    target: int
    items: Mapping[str, str]
    may_be_na: Collection[str]


@dataclass(frozen=True)
class EducationReading:
    """The scores of one answer: 1 for yes, 0 for no, None where an item does not apply."""

    topic: str
    scores: Mapping[str, Mapping[str, int | None]]
    note: str | None
    line: int

    def percent(self, instrument: str) -> float:
        """The share of the items that apply, from 0 to 100."""
        applying = [score for score in self.scores[instrument].values() if score is not None]
        return 100 * sum(applying) / len(applying) if applying else 0.0

    def low(self, instrument: str) -> list[str]:
        """The items that were scored no."""
        return [item for item, score in self.scores[instrument].items() if score == 0]


@dataclass(frozen=True)
class Education:
    """Who read the answers when, with what, and what came of it."""

    rater: str
    read_on: date
    method: tuple[str, ...]
    fixed: tuple[str, ...]
    limits: tuple[str, ...]
    instruments: Mapping[str, Instrument]
    readings: Mapping[str, EducationReading]

    def mean(self, instrument: str) -> float:
        """The mean over all answers that were read."""
        return fmean(reading.percent(instrument) for reading in self.readings.values())


def read_education(path: Path, found: list[Problem]) -> Education | None:
    """The readings; None (and problems in ``found``) where the file cannot be used."""
    before = len(found)
    file = read(path, found)
    if file is None:
        return None
    file.only("rater", "date", "method", "fixed", "limits", "instruments", "answers")
    instruments = {section.text("name"): _instrument(section) for section in file.sections("instruments")}
    answers = file.section("answers")
    readings = {topic: _reading(answers.section(topic), topic, instruments) for topic in answers.values}
    read_on = file.date("date")
    if not readings:
        file.report("no answer has been read", "score each answer under 'answers:'")
    education = Education(
        rater=file.text("rater"),
        read_on=read_on or date.min,
        method=tuple(file.texts("method")),
        fixed=tuple(file.texts("fixed")),
        limits=tuple(file.texts("limits")),
        instruments=instruments,
        readings=readings,
    )
    return education if len(found) == before else None


def problems(education: Education, path: Path, topics: Collection[str]) -> Iterator[Problem]:
    """Answers without scores, scores without an answer, and answers that stay below a target."""
    file = path.as_posix()
    for topic in sorted(set(topics) - set(education.readings)):
        yield Problem(file, 1, f"nobody has scored the answer '{topic}'", "read it and add its scores", "finding")
    for topic, reading in education.readings.items():
        if topic not in topics:
            remedy = "remove the scores, or rename them as the answer was renamed"
            yield Problem(file, reading.line, f"there is no answer '{topic}'", remedy, "finding")
        for name, instrument in education.instruments.items():
            percent = reading.percent(name)
            if percent < instrument.target:
                low = ", ".join(f"{item} ({instrument.items[item]})" for item in reading.low(name))
                message = (
                    f"'{topic}' reaches {percent:.0f} of 100 in {instrument.title}; the target is {instrument.target}"
                )
                yield Problem(file, reading.line, message, f"fix {low}, then score it again", "finding")


def page(education: Education) -> list[str]:
    """The lines of ``docs/education.md`` below its title."""
    means = " | ".join(f"**{education.mean(name):.1f}**" for name in education.instruments)
    titles = " | ".join(instrument.title for instrument in education.instruments.values())
    return [
        f"{len(education.readings)} answers, each scored once by hand. Reader: {education.rater}, {education.read_on}.",
        "",
        f"| | {titles} |",
        f"|---|{'---:|' * len(education.instruments)}",
        f"| mean | {means} |",
        "| lowest | " + " | ".join(_lowest(education, name) for name in education.instruments) + " |",
        "| target for each answer | " + " | ".join(str(each.target) for each in education.instruments.values()) + " |",
        *_list("How it was scored", education.method),
        *_instruments(education),
        *_table(education),
        *_notes(education),
        *_list("What was fixed, and why", education.fixed),
        *_list("Limits", education.limits),
    ]


def _lowest(education: Education, name: str) -> str:
    return f"{min(reading.percent(name) for reading in education.readings.values()):.0f}"


def _instruments(education: Education) -> Iterator[str]:
    for name, instrument in education.instruments.items():
        yield from ("", f"## {instrument.title}", "", instrument.citation, "")
        yield "| item | what it asks | yes | no | does not apply |"
        yield "|---|---|---:|---:|---:|"
        for item, text in instrument.items.items():
            given = [reading.scores[name][item] for reading in education.readings.values()]
            yield f"| {item} | {text} | {given.count(1)} | {given.count(0)} | {given.count(None)} |"


def _table(education: Education) -> Iterator[str]:
    yield from ("", "## Each answer", "")
    yield "| answer | " + " | ".join(f"{each.title} | low" for each in education.instruments.values()) + " |"
    yield "|---|" + "---:|---|" * len(education.instruments)
    for topic, reading in sorted(education.readings.items()):
        cells = (f"{reading.percent(name):.0f} | {', '.join(reading.low(name))}" for name in education.instruments)
        yield f"| [{topic}](../data/answers/{topic}.yml) | " + " | ".join(cells) + " |"


def _notes(education: Education) -> Iterator[str]:
    noted = [f"{topic}: {reading.note}" for topic, reading in sorted(education.readings.items()) if reading.note]
    yield from _list("Remarks of the reader", noted)


def _list(title: str, items: Collection[str]) -> Iterator[str]:
    if items:
        yield from ("", f"## {title}", "", *(f"- {item}" for item in items))


def _instrument(section: Section) -> Instrument:
    section.only("name", "title", "citation", "target", "items", "may_be_na")
    return Instrument(
        name=section.text("name"),
        title=section.text("title"),
        citation=section.text("citation"),
        target=section.integer("target"),
        items=section.text_map("items"),
        may_be_na=section.texts("may_be_na"),
    )


def _reading(section: Section, topic: str, instruments: Mapping[str, Instrument]) -> EducationReading:
    section.only("note", *instruments)
    return EducationReading(
        topic=topic,
        scores={name: _scores(section.section(name), instrument) for name, instrument in instruments.items()},
        note=section.optional_text("note"),
        line=section.line,
    )


def _scores(section: Section, instrument: Instrument) -> dict[str, int | None]:
    section.only(*instrument.items)
    written = {item: section.choice(item, SCORES) for item in instrument.items}
    for item, score in written.items():
        if score == "na" and item not in instrument.may_be_na:
            section.report(f"{instrument.title} does not let item {item} be left out", "score it yes or no", item)
    return {item: SCORES.get(score) for item, score in written.items()}
