"""``python -m knowledge.check``: everything that has to be mended before the data may be used.

Errors keep the data from loading; findings are answers that load but are too long, too hard to read, promise too
much, or are out of date. Either makes the check fail. ``--only`` shows one file or folder; ``--write-docs`` writes the
pages under ``docs/`` that are made from the data.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from knowledge import education, hazards, pages
from knowledge.answers import Topic
from knowledge.placeholders import check_placeholders
from knowledge.problems import Problem
from knowledge.standards import TextStandard
from knowledge.store import Knowledge
from knowledge.yaml import read

FILL_IN = "FILL IN"  # begins what a person has to replace in a new assistant's files


@dataclass(frozen=True)
class Finding:
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
    yield from _pictures(knowledge)
    yield from _coverage(knowledge)
    yield from _holidays(knowledge, today)


def of_topic(knowledge: Knowledge, topic: Topic, today: date) -> Iterator[Finding]:
    """Where one answer does not meet the standards; it need not be one of those in ``knowledge``."""
    yield from _text(knowledge, "short", topic.short, knowledge.standards.short)
    yield from _text(knowledge, "more", topic.more, knowledge.standards.more)
    yield from _overclaims(knowledge, topic)
    yield from _sources(knowledge, topic)
    yield from _claims(knowledge, topic)
    yield from _review(knowledge, topic, today)


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


def _text(knowledge: Knowledge, part: str, text: str, standard: TextStandard) -> Iterator[Finding]:
    reading = knowledge.readability.measure(knowledge.fill(text))
    if reading.words > standard.words:
        yield Finding(part, f"'{part}' has {reading.words} words, more than {standard.words}", "shorten it")
    if round(reading.grade, 1) > standard.grade:
        yield Finding(
            part,
            f"'{part}' reads at grade {reading.grade:.1f}, above {standard.grade}",
            "use shorter sentences and shorter words",
        )
    if reading.longest_words > standard.sentence_words:
        yield Finding(
            part,
            f"'{part}' has a sentence of {reading.longest_words} words, more than {standard.sentence_words}: "
            f"'{reading.longest[:50]}...'",
            "split the sentence",
        )


def _overclaims(knowledge: Knowledge, topic: Topic) -> Iterator[Finding]:
    for part, text in (("title", topic.title), ("short", topic.short), ("more", topic.more)):
        for overclaim in knowledge.overclaims:
            found = overclaim.find(text)
            if found is not None:
                yield Finding(part, f"'{part}' says '{found}', but {overclaim.reason}", overclaim.suggestion)


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


def _sources(knowledge: Knowledge, topic: Topic) -> Iterator[Finding]:
    if len(topic.sources) < knowledge.standards.sources:
        yield Finding("sources", "the answer names no source", "name what it rests on")


def _claims(knowledge: Knowledge, topic: Topic) -> Iterator[Finding]:
    named = {ref.id for ref in topic.sources}
    for claim in (*topic.claims, *topic.more_claims):
        documents = knowledge.claims[claim].documents if claim in knowledge.claims else ()
        if documents and named.isdisjoint(documents):
            yield Finding(
                "sources",
                f"the claim {claim} comes from {' or '.join(documents)}, which 'sources' does not name",
                "add the document to 'sources'",
            )
    for claim, wording in topic.claims.items():
        for part, text in (("short", topic.short), ("more", topic.more)):
            if wording.casefold() not in " ".join(text.split()).casefold():
                yield Finding(
                    "claims",
                    f"the wording '{wording}' of claim {claim} does not stand in '{part}'",
                    "state the claim in the same words in both texts, or move it to 'more_claims'",
                )


def _review(knowledge: Knowledge, topic: Topic, today: date) -> Iterator[Finding]:
    months = knowledge.standards.review_months
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    latest = date(year, month + 1, min(today.day, 28))
    if topic.review_by > latest:
        yield Finding(
            "review_by", f"review_by is {topic.review_by}, more than {months} months away", "set an earlier date"
        )
    if topic.lapsed:
        yield Finding(
            "reviewer",
            f"the signature of {topic.lapsed} does not count: the text is not the one that was signed",
            "have it signed in the studio or with './ims topic sign'",
        )
    if topic.expired(today):
        yield Finding(
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
    file = read(path, problems) if path.is_file() else None
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
    return "Next: mend these, and check again."


def main(arguments: list[str] | None = None) -> int:
    """Prints what has to be mended; 1 if there is anything."""
    parser = argparse.ArgumentParser(prog="python -m knowledge.check", description="Checks the files in data/.")
    parser.add_argument("data", nargs="?", default="data", type=Path, help="the folder to check (data)")
    parser.add_argument("--only", action="append", default=[], metavar="PATH", help="show only what is in this file")
    parser.add_argument("--write-docs", action="store_true", help="write the pages under docs/ anew")
    options = parser.parse_args(arguments)
    if options.write_docs:
        knowledge, errors = Knowledge.read(options.data)
        if knowledge is not None and not errors:
            pages.write(knowledge, options.data.parent / "docs")
    problems = check(options.data, date.today())
    if options.only:
        wanted = tuple(Path(path).as_posix() for path in options.only)
        problems = [problem for problem in problems if problem.file.startswith(wanted)]
    for problem in problems:
        print(problem)
    count = sum(problem.severity == "error" for problem in problems)
    print(f"{count} errors, {len(problems) - count} findings. {_next(problems)}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
