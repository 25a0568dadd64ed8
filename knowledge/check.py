"""``python -m knowledge.check``: everything that has to be fixed before the data may be used.

Errors keep the data from loading; findings are answers that load but are too long, too hard to read, promise too
much, or are out of date. Either makes the check fail. ``--only`` shows one file or folder; ``--write-docs`` writes the
pages under ``docs/`` that are made from the data.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from knowledge import education, hazards, pages
from knowledge.answers import SourceRef, SpecificAnswer, Topic
from knowledge.placeholders import check_placeholders
from knowledge.problems import Problem
from knowledge.specific import opening
from knowledge.standards import TextStandard
from knowledge.store import Knowledge
from knowledge.yaml import read

MOST_ASKS = 20  # questions to the clinic's owner that are shown without being asked for
LEAST = 3  # topics with the fewest specific answers that are named
HARD, CLOSED = "is hard to read", "rests on no source that a reader can open"  # what a note says of an answer
BESIDE_THE_ALARMS = ("after_alarm.yml", "calls_for_help.yml")
FILL_IN = "FILL IN"  # begins what a person has to replace in a new assistant's files


@dataclass(frozen=True)
class CheckFinding:
    """Where a part of an answer does not meet the standards, and what to do about it."""

    part: str
    message: str
    remedy: str


def check(data: Path, today: date) -> list[Problem]:
    """All errors and findings, in the order of the files."""
    knowledge, problems = Knowledge.read(data)
    unwritten = list(to_fill_in(data))
    problems += unwritten
    if knowledge is not None and not unwritten:  # how a text reads is told once it is there
        problems += findings(knowledge, today)
        problems += _education(knowledge)
        _alarms(data / "lexicon" / "red_flags.yml", problems)
        problems += _hazards(data.parent)
        if not any(problem.severity == "error" for problem in problems):
            problems += outdated_pages(knowledge, data.parent / "docs")
    return sorted(problems)


def to_fill_in(data: Path) -> Iterator[Problem]:
    """The places of a new assistant where something is still to be written."""
    for path in sorted(data.rglob("*.yml")):
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), start=1):
            if FILL_IN in line:
                told = f"'{line[line.index(FILL_IN) :].rstrip('}')[:70]}' is still to be done"
                yield Problem(path.as_posix(), number, told, "write it here in place of these words", "finding")


def findings(knowledge: Knowledge, today: date) -> Iterator[Problem]:
    """Where the answers do not meet ``data/standards.yml``."""
    for topic in knowledge.topics.values():
        for found in of_topic(knowledge, topic, today):
            yield Problem(topic.file.as_posix(), topic.lines[found.part], found.message, found.remedy, "finding")
        for answer in topic.answers.values():
            for found in of_specific(knowledge, answer, today):
                line, message = answer.lines[found.part], f"{answer.name}: {found.message}"
                yield Problem(topic.file.as_posix(), line, message, found.remedy, "finding")
    yield from _desk(knowledge)
    yield from _pictures(knowledge)
    yield from _things(knowledge)
    yield from _coverage(knowledge)
    yield from _holidays(knowledge, today)


def of_topic(knowledge: Knowledge, topic: Topic, today: date) -> Iterator[CheckFinding]:
    """Where one answer does not meet the standards; it need not be one of those in ``knowledge``."""
    yield from _text(knowledge, "short", topic.short, knowledge.standards.short)
    yield from _text(knowledge, "more", topic.more, knowledge.standards.more)
    yield from _overclaims(knowledge, {"title": topic.title, "short": topic.short, "more": topic.more})
    yield from _sources(knowledge, topic.sources)
    yield from _documents(knowledge, topic.sources, (*topic.claims, *topic.more_claims))
    yield from _claims(topic)
    yield from _cautions(knowledge, topic.name, "short", topic.short)
    yield from _review(knowledge, topic, today)


def of_specific(knowledge: Knowledge, answer: SpecificAnswer, today: date) -> Iterator[CheckFinding]:
    """The same for a specific answer; how hard it is to read is only noted (`notes`)."""
    for part, text in (("text", answer.text), ("unset", answer.unset)):
        yield from _specific_text(knowledge, part, text)
        opens = opening(text)
        if opens and opens != answer.polarity:
            yield CheckFinding(
                part,
                f"'{part}' opens with '{opens}', which 'polarity' does not say",
                f"write polarity: {opens} if all its examples ask that way round, or open in another way",
            )
    if answer.polarity and opening(answer.text) != answer.polarity:
        yield CheckFinding(
            "polarity",
            f"'polarity' is {answer.polarity}, but the text does not open so",
            "remove 'polarity', or open the text so",
        )
    yield from _cautions(knowledge, answer.topic, "text", answer.text, answer.id)
    # The title is a patient's question, which may ask for anything.
    yield from _overclaims(knowledge, {"text": answer.text, "unset": answer.unset})
    yield from _sources(knowledge, answer.sources)
    yield from _documents(knowledge, answer.sources, answer.claims)
    yield from _review(knowledge, answer, today)


def notes(knowledge: Knowledge) -> Iterator[Problem]:
    """What could be better in a specific answer, and does not make the check fail."""
    grade = knowledge.standards.specific.grade
    for topic in knowledge.topics.values():
        for answer in topic.answers.values():
            reads = max(
                knowledge.readability.measure(knowledge.fill(text)).grade for text in (answer.text, answer.unset)
            )
            if round(reads, 1) > grade:
                yield _note(topic, answer, "text", f"{answer.name} {HARD}: grade {reads:.1f}", "use shorter words")
            if not answer.fields and not any(knowledge.sources[ref.id].url for ref in answer.sources):
                yield _note(topic, answer, "sources", f"{answer.name} {CLOSED}", "name a source with a web address")


def unset_facts(knowledge: Knowledge) -> Iterator[Problem]:
    """What the clinic's owner is still asked; until it is answered, patients are told that it is not known."""
    file = (knowledge.folder / "clinic.yml").as_posix()
    for field in knowledge.clinic.unset():
        yield Problem(file, 1, f"{field.key} is not set", knowledge.fill(field.question), "note")


def _note(topic: Topic, answer: SpecificAnswer, part: str, message: str, remedy: str) -> Problem:
    return Problem(topic.file.as_posix(), answer.lines[part], message, remedy, "note")


def specific_share(knowledge: Knowledge) -> dict[str, float]:
    """The share of each topic's examples that have a specific answer."""
    return {
        name: sum(len(answer.examples) for answer in topic.answers.values()) / len(topic.examples)
        for name, topic in knowledge.topics.items()
        if topic.examples
    }


def outdated_pages(knowledge: Knowledge, docs: Path) -> Iterator[Problem]:
    """The pages under ``docs`` that no longer say what the data says."""
    if not docs.is_dir():
        return
    for name, text in pages.pages(knowledge).items():
        path = docs / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            yield Problem(
                path.as_posix(),
                1,
                "the page is not up to date with data/",
                "run python -m knowledge.check --write-docs",
                "finding",
            )


def _text(knowledge: Knowledge, part: str, text: str, standard: TextStandard) -> Iterator[CheckFinding]:
    reading = knowledge.readability.measure(knowledge.fill(text))
    if reading.words > standard.words:
        yield CheckFinding(part, f"'{part}' has {reading.words} words, more than {standard.words}", "shorten it")
    if round(reading.grade, 1) > standard.grade:
        yield CheckFinding(
            part,
            f"'{part}' reads at grade {reading.grade:.1f}, above {standard.grade}",
            "use shorter sentences and shorter words",
        )
    if reading.longest_words > standard.sentence_words:
        yield CheckFinding(
            part,
            f"'{part}' has a sentence of {reading.longest_words} words, more than {standard.sentence_words}: "
            f"'{reading.longest[:50]}...'",
            "split the sentence",
        )


def _specific_text(knowledge: Knowledge, part: str, text: str) -> Iterator[CheckFinding]:
    reading, standard = knowledge.readability.measure(knowledge.fill(text)), knowledge.standards.specific
    for count, most, what in (
        (reading.words, standard.words, "words"),
        (reading.sentences, standard.sentences, "sentences"),
    ):
        if count > most:
            yield CheckFinding(part, f"'{part}' has {count} {what}, more than {most}", "shorten it")


def _overclaims(knowledge: Knowledge, texts: Mapping[str, str]) -> Iterator[CheckFinding]:
    for part, text in texts.items():
        for overclaim in knowledge.overclaims:
            found = overclaim.find(text)
            if found is not None:
                yield CheckFinding(part, f"'{part}' says '{found}', but {overclaim.reason}", overclaim.suggestion)


def _cautions(knowledge: Knowledge, topic: str, part: str, text: str, answer: str = "") -> Iterator[CheckFinding]:
    for caution in knowledge.standards.cautions:
        if caution.topic == topic and answer not in caution.spared and not caution.said_in(text):
            wordings = "' or '".join(caution.says)
            yield CheckFinding(
                part,
                f"'{part}' lacks the caution of its topic",
                f"say '{wordings}', or name it in 'cautions' of data/standards.yml if it is about something else",
            )


def _things(knowledge: Knowledge) -> Iterator[Problem]:
    """What is said of a thing that patients name may promise as little as an answer."""
    for thing in knowledge.things.things.values():
        file = (knowledge.folder / "things" / f"{thing.kind}.yml").as_posix()
        for text in (thing.general, *thing.topics.values()):
            for overclaim in knowledge.overclaims:
                if (found := overclaim.find(text)) is not None:
                    told = f"{thing.id} says '{found}', but {overclaim.reason}"
                    yield Problem(file, 1, told, overclaim.suggestion, "finding")


def _desk(knowledge: Knowledge) -> Iterator[Problem]:
    """What the front desk sends often may promise as little as an answer."""
    file = (knowledge.folder / "desk.yml").as_posix()
    for reply in knowledge.desk.replies:
        for finding in _overclaims(knowledge, {reply.name: reply.text}):
            yield Problem(file, 1, finding.message, finding.remedy, "finding")


def _pictures(knowledge: Knowledge) -> Iterator[Problem]:
    """What a picture says in words is held to the same standards as the answer that it belongs to."""
    file = (knowledge.folder / "pictures.yml").as_posix()
    for picture in knowledge.pictures.values():
        cells = [cell for row in picture.table.rows for cell in row] if picture.table else []
        for text in (picture.title, picture.words, *cells):
            for overclaim in knowledge.overclaims:
                if (found := overclaim.find(text)) is not None:
                    yield Problem(
                        file, 1, f"{picture.id} says '{found}', but {overclaim.reason}", overclaim.suggestion, "finding"
                    )
        grade = knowledge.readability.measure(knowledge.fill(picture.words)).grade if picture.words else 0
        if round(grade, 1) > knowledge.standards.more.grade:
            told = f"the words of {picture.id} read at grade {grade:.1f}, above {knowledge.standards.more.grade}"
            yield Problem(file, 1, told, "use shorter sentences and shorter words", "finding")


def _sources(knowledge: Knowledge, sources: Sequence[SourceRef]) -> Iterator[CheckFinding]:
    if len(sources) < knowledge.standards.sources:
        yield CheckFinding("sources", "the answer names no source", "name what it rests on")


def _documents(knowledge: Knowledge, sources: Sequence[SourceRef], claims: Iterable[str]) -> Iterator[CheckFinding]:
    named = {ref.id for ref in sources}
    for claim in claims:
        documents = knowledge.claims[claim].documents if claim in knowledge.claims else ()
        if documents and named.isdisjoint(documents):
            yield CheckFinding(
                "sources",
                f"the claim {claim} comes from {' or '.join(documents)}, which 'sources' does not name",
                "add the document to 'sources'",
            )


def _claims(topic: Topic) -> Iterator[CheckFinding]:
    for claim, wording in topic.claims.items():
        for part, text in (("short", topic.short), ("more", topic.more)):
            if wording.casefold() not in " ".join(text.split()).casefold():
                yield CheckFinding(
                    "claims",
                    f"the wording '{wording}' of claim {claim} does not stand in '{part}'",
                    "state the claim in the same words in both texts, or move it to 'more_claims'",
                )


def _review(knowledge: Knowledge, topic: Topic | SpecificAnswer, today: date) -> Iterator[CheckFinding]:
    months = knowledge.standards.review_months
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    latest = date(year, month + 1, min(today.day, 28))
    if topic.review_by > latest:
        yield CheckFinding(
            "review_by", f"review_by is {topic.review_by}, more than {months} months away", "set an earlier date"
        )
    if topic.lapsed:
        yield CheckFinding(
            "reviewer",
            f"the signature of {topic.lapsed} does not count: the text is not the one that was signed",
            "have it signed in the studio or with './ims topic sign'",
        )
    if topic.expired(today):
        yield CheckFinding(
            "review_by",
            f"the answer was to be reviewed by {topic.review_by} and is withheld",
            "have it reviewed and set a new date",
        )


def _coverage(knowledge: Knowledge) -> Iterator[Problem]:
    file = (knowledge.folder / "claims.yml").as_posix()
    for claim, topics in pages.covering(knowledge).items():
        if claim not in knowledge.claims:
            continue
        line, left_out = knowledge.claims[claim].line, knowledge.claims[claim].left_out
        if not topics and not left_out:
            yield Problem(
                file,
                line,
                f"no answer states the claim {claim}",
                "name it in the 'claims' of an answer that states it, or say in 'left_out' why none does",
                "finding",
            )
        if topics and left_out:
            yield Problem(
                file,
                line,
                f"the claim {claim} is left out, but {topics[0].name} states it",
                "remove 'left_out', or the claim from the answer",
                "finding",
            )


def _holidays(knowledge: Knowledge, today: date) -> Iterator[Problem]:
    clinic = knowledge.clinic
    try:
        clinic.closed_because(today)
    except NotImplementedError:
        yield Problem(
            (knowledge.folder / "clinic.yml").as_posix(),
            1,
            f"the holidays of {clinic.country}-{clinic.province} are unknown",
            "write the codes of a country and its province, for example CA and BC",
            "finding",
        )
    except RuntimeError:
        pass  # the engine environment has no calendar of holidays, and does not need one


def _education(knowledge: Knowledge) -> list[Problem]:
    """What the readings in ``data/education.yml`` leave to do; data without readings has none to keep."""
    path = knowledge.folder / education.FILE
    if not path.is_file():
        return []
    found: list[Problem] = []
    readings = education.read_education(path, found)
    return found if readings is None else list(education.problems(readings, path, knowledge.topics))


def _alarms(path: Path, problems: list[Problem]) -> None:
    """What is said to a person in danger: nobody may read a placeholder that nothing fills."""
    if not path.is_file():
        return
    for name in BESIDE_THE_ALARMS:
        if not (beside := path.with_name(name)).is_file():
            told = "the file is not there, and without it nobody can be answered"
            problems.append(Problem(beside.as_posix(), 1, told, "copy it from the data/ that comes with the code"))
    file = read(path, problems)
    for sign in file.sections("signs") if file else ():
        check_placeholders(sign, sign.text("reply"), sign.line_of("reply"))


def _hazards(root: Path) -> list[Problem]:
    """What the hazard log beside the data leaves to do; a copy of the data has none to keep."""
    path = root / hazards.FILE
    if not path.is_file():
        return []
    found: list[Problem] = []
    log = hazards.read_hazards(path, found)
    return found if log is None else [*found, *hazards.problems(log, path, root)]


def _next(problems: list[Problem]) -> str:
    """What to do now, in a sentence."""
    if not problems:
        return "Next: './ims train', then ask it something with './ims ask'."
    if any(FILL_IN in problem.message for problem in problems):
        return f"Next: write what stands at each {FILL_IN}, data/clinic.yml first, and check again."
    return "Next: fix these, and check again."


def main(arguments: list[str] | None = None) -> int:
    """Prints what must be fixed; 1 if there is anything."""
    parser = argparse.ArgumentParser(prog="python -m knowledge.check", description="Checks the files in data/.")
    parser.add_argument("data", nargs="?", default="data", type=Path, help="the folder to check (data)")
    parser.add_argument("--only", action="append", default=[], metavar="PATH", help="show only what is in this file")
    parser.add_argument("--notes", action="store_true", help="show also what could be better in the specific answers")
    parser.add_argument("--write-docs", action="store_true", help="write the pages under docs/ again")
    options = parser.parse_args(arguments)
    if options.write_docs:
        knowledge, errors = Knowledge.read(options.data)
        if knowledge is not None and not errors:
            pages.write(knowledge, options.data.parent / "docs")
    problems = check(options.data, date.today())
    knowledge, errors = Knowledge.read(options.data)
    noted = sorted(notes(knowledge)) if knowledge is not None and not errors else []
    asks = list(unset_facts(knowledge)) if knowledge is not None and not errors else []
    shown = [*problems, *asks, *noted] if options.notes else problems
    if options.only:
        wanted = tuple(Path(path).as_posix() for path in options.only)
        problems = [problem for problem in problems if problem.file.startswith(wanted)]
        shown = [problem for problem in shown if problem.file.startswith(wanted)]
    for problem in shown:
        print(problem)
    count = sum(problem.severity == "error" for problem in problems)
    print(f"{count} errors, {len(problems) - count} findings. {_next(problems)}", file=sys.stderr)
    if knowledge is not None and not errors:
        print(_about_specific(knowledge, noted), file=sys.stderr, end="")
        print(_about_facts(knowledge, asks, whole=options.notes), file=sys.stderr, end="")
    return 1 if problems else 0


def _about_facts(knowledge: Knowledge, asks: Sequence[Problem], *, whole: bool) -> str:
    """What the clinic has not told about itself: the first questions to its owner, and how many there are."""
    if not asks:
        return ""
    shown = [] if whole else [f"  {ask.message}: {ask.remedy}\n" for ask in asks[:MOST_ASKS]]
    more = "" if len(shown) in (0, len(asks)) else "  --notes lists all of them.\n"
    return f"{len(asks)} of the clinic's {len(knowledge.clinic.fields)} facts are not set:\n" + "".join(shown) + more


def _about_specific(knowledge: Knowledge, noted: Sequence[Problem]) -> str:
    """How many specific answers there are, and how far they reach; nothing where there are none."""
    count = sum(len(topic.answers) for topic in knowledge.topics.values())
    if not count:
        return ""
    examples = sum(len(topic.examples) for topic in knowledge.topics.values())
    own = sum(len(answer.examples) for topic in knowledge.topics.values() for answer in topic.answers.values())
    least = sorted(specific_share(knowledge).items(), key=lambda entry: entry[1])[:LEAST]
    hard, closed = (sum(said in problem.message for problem in noted) for said in (HARD, CLOSED))
    return (
        f"{count} specific answers stand for {own / examples:.0%} of the {examples} examples; least in "
        f"{', '.join(f'{name} ({share:.0%})' for name, share in least)}. "
        f"Notes: {hard} read above grade {knowledge.standards.specific.grade}, {closed} rest on no source that a "
        "reader can open; --notes lists them.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
