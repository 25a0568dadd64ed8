"""The topics: one file each in ``data/answers/``, Rasa training data and answer in one."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType

from knowledge.pictures import Picture
from knowledge.placeholders import check_placeholders
from knowledge.problems import Problem
from knowledge.yaml import Section, read

KINDS = ("answer", "handoff")
MARKUP = re.compile(r"[\[\](){}]")
NOT_A_WORD = re.compile(r"[^\w\s]|_")


@dataclass(frozen=True)
class SourceRef:
    """A source that an answer rests on, and where in it; ``section`` is empty for a publication as a whole."""

    id: str
    section: str


@dataclass(frozen=True)
class Topic:
    """A question that patients ask, and the answer: short, and longer for "tell me more".

    ``claims`` maps a claim of the documents to the wording that stands for it in both texts; ``more_claims`` are
    stated by the longer text alone. ``reviewer`` is empty and ``reviewed`` None until a physiotherapist has signed this
    text; ``lapsed`` is the name in the file if it stands for another text, or was typed in without signing.
    ``picture`` is the drawing or table that is shown with it. ``version`` changes with every change of what a patient
    reads or sees. ``lines`` says where in the file a part begins.
    """

    name: str
    title: str
    short: str
    more: str
    kind: str
    sources: tuple[SourceRef, ...]
    claims: Mapping[str, str]
    more_claims: tuple[str, ...]
    see_also: tuple[str, ...]
    reviewer: str
    reviewed: date | None
    review_by: date
    examples: tuple[str, ...]
    file: Path
    version: str
    picture: Picture | None
    lines: Mapping[str, int] = field(repr=False, compare=False)
    lapsed: str = ""

    @property
    def intent(self) -> str:
        """The name of the topic in Rasa."""
        return f"faq/{self.name}"

    def expired(self, today: date) -> bool:
        """Whether the answer is past its review-by date and has to be withheld."""
        return today > self.review_by


def normalise(example: str) -> str:
    """The example without case, punctuation and accents: what two examples share that teach the same thing."""
    plain = unicodedata.normalize("NFKD", example.casefold())
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    return " ".join(NOT_A_WORD.sub(" ", plain.replace("'", "").replace("’", "")).split())


def read_topics(
    folder: Path,
    least_examples: int,
    sources: Collection[str],
    claims: Collection[str],
    pictures: Mapping[str, Picture],
    problems: list[Problem],
) -> dict[str, Topic]:
    """All topics by name, as far as they can be read; what is wrong with them is noted."""
    if not folder.is_dir():
        problems.append(Problem(folder.as_posix(), 1, "the folder is missing", "put the answer files in it"))
        return {}
    files = sorted(folder.glob("*.yml"))
    if not files:
        problems.append(Problem(folder.as_posix(), 1, "there are no answers", "add one file for each topic"))
    names = {path.stem for path in files}
    seen: dict[str, str] = {}
    topics = {}
    for path in files:
        topic = _read_topic(path, least_examples, sources, claims, names, pictures.get(path.stem), seen, problems)
        if topic is not None:
            topics[topic.name] = topic
    for path in sorted(folder.iterdir()):
        if path.suffix != ".yml" and not path.name.startswith("."):
            problems.append(Problem(path.as_posix(), 1, "this is not an answer file", "name it <topic>.yml or move it"))
    return topics


def _read_topic(
    path: Path,
    least_examples: int,
    sources: Collection[str],
    claims: Collection[str],
    names: Collection[str],
    picture: Picture | None,
    seen: dict[str, str],
    problems: list[Problem],
) -> Topic | None:
    file = read(path, problems)
    if file is None:
        return None
    name = path.stem
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        file.report(f"'{path.name}' is no name for a topic", "use small letters, digits and underscores")
    file.only("version", "nlu", "responses")
    if file.text("version") not in ("", "3.1"):
        file.report("the version is not 3.1", 'write version: "3.1"', "version")

    examples, examples_line = _examples(file, name, least_examples, seen)
    response = _response(file, name)
    if response is None:
        return None
    response.only("text", "metadata")
    short = " ".join(response.text("text").split())
    meta = response.section("metadata")
    meta.only(
        "title", "more", "kind", "sources", "claims", "more_claims", "see_also",
        "reviewer", "reviewed", "review_by", "signed",
    )  # fmt: skip
    title = meta.text("title")
    more = "\n\n".join(" ".join(paragraph.split()) for paragraph in meta.text("more").splitlines() if paragraph.strip())
    lines = {
        "examples": examples_line,
        "short": response.line_of("text"),
        **{
            key: meta.line_of(key)
            for key in ("title", "more", "sources", "claims", "more_claims", "reviewer", "review_by")
        },
    }
    check_placeholders(meta, title, lines["title"], allowed=())
    fillable = check_placeholders(response, short, lines["short"]) & check_placeholders(meta, more, lines["more"])

    refs = _sources(meta, sources)
    keyed = _claims(meta, claims)
    more_claims = _known(meta, "more_claims", claims, "claim", "data/claims.yml")
    for claim in sorted(set(keyed) & set(more_claims)):
        meta.report(
            f"the claim {claim} stands in both 'claims' and 'more_claims'",
            "keep it in one of them",
            lines["more_claims"],
        )
    see_also = _known(meta, "see_also", names, "topic", "data/answers/")
    if name in see_also:
        meta.report("the topic names itself in 'see_also'", "remove it there", "see_also")
    kind = meta.choice("kind", KINDS) if "kind" in meta else "answer"
    reviewer = meta.text("reviewer", empty=True).strip()
    reviewed = meta.date("reviewed", empty=True)
    if bool(reviewer) != (reviewed is not None):
        meta.report(
            "'reviewer' and 'reviewed' do not belong together",
            "fill in both when a physiotherapist has signed, and neither before",
            "reviewer",
        )
    signed = (meta.optional_text("signed") or "") == signed_text(title, short, more, refs)
    review_by = meta.date("review_by")
    if review_by is None or not fillable:
        return None
    return Topic(
        name=name,
        title=title,
        short=short,
        more=more,
        kind=kind,
        sources=refs,
        claims=MappingProxyType(keyed),
        more_claims=more_claims,
        see_also=see_also,
        reviewer=reviewer if signed else "",
        reviewed=reviewed if signed else None,
        review_by=review_by,
        examples=examples,
        file=path,
        version=_version(title, short, more, refs, picture),
        picture=picture,
        lines=MappingProxyType(lines),
        lapsed="" if signed else reviewer,
    )


def _examples(file: Section, name: str, least: int, seen: dict[str, str]) -> tuple[tuple[str, ...], int]:
    blocks = file.sections("nlu")
    if len(blocks) != 1:
        file.report(f"there are {len(blocks)} blocks under 'nlu', not one", f"keep one block for faq/{name}", "nlu")
        return (), file.line_of("nlu")
    block = blocks[0]
    block.only("intent", "examples")
    intent = block.text("intent")
    if intent and intent != f"faq/{name}":
        block.report(
            f"the intent is '{intent}' in a file named {name}.yml",
            f"write intent: faq/{name}, or rename the file",
            "intent",
        )
    written = block.text("examples")
    first = block.line_of("examples") + 1  # the examples begin on the line after "examples: |"
    examples = []
    for number, line in enumerate(written.splitlines(), start=first):
        if not line.strip():
            continue
        example = _example(block, line, number)
        if example is None:
            continue
        key, here = normalise(example), f"{file.file}:{number}"
        if key in seen:
            block.report(
                f"the example '{example[:60]}' stands already at {seen[key]}", "remove or reword one of the two", number
            )
        seen.setdefault(key, here)
        examples.append(example)
    if written and len(examples) < least:
        block.report(
            f"there are {len(examples)} examples, fewer than {least}",
            "add varied questions as patients write them",
            "examples",
        )
    return tuple(examples), block.line_of("examples")


def _example(block: Section, line: str, number: int) -> str | None:
    if not line.startswith("- "):
        block.report(f"the line '{line[:60]}' is no example", "begin it with a dash and a space", number)
        return None
    example = line[2:].strip()
    if example.startswith("/"):
        block.report("an example begins with '/', which Rasa takes for a command", "remove the slash", number)
    elif MARKUP.search(example):
        block.report("an example holds brackets or braces", "write it in plain words, without markup", number)
    elif not normalise(example):
        block.report("an example holds no words", "write a question, or remove the line", number)
    else:
        return example
    return None


def _response(file: Section, name: str) -> Section | None:
    responses = file.section("responses")
    key = f"utter_faq/{name}"
    for other in responses.values:
        if other != key:
            responses.report(
                f"the response is '{other}' in a file named {name}.yml",
                f"write {key}:, or rename the file",
                other,
            )
    if key not in responses:
        responses.report(f"there is no response '{key}'", f"add {key}: with a text")
        return None
    variants = responses.sections(key)
    if len(variants) != 1:
        responses.report(
            f"there are {len(variants)} texts under '{key}', not one",
            "keep one, so that a review signs what patients read",
            key,
        )
        return None
    return variants[0]


def _sources(meta: Section, known: Collection[str]) -> tuple[SourceRef, ...]:
    refs = []
    for section in meta.sections("sources"):
        section.only("id", "section")
        ref = SourceRef(section.text("id"), section.optional_text("section") or "")
        if ref.id and ref.id not in known:
            section.report(f"the source '{ref.id}' is unknown", "add it to data/sources.yml, or correct the id", "id")
        refs.append(ref)
    return tuple(refs)


def _claims(meta: Section, known: Collection[str]) -> dict[str, str]:
    keyed = meta.text_map("claims")
    if keyed:
        section = meta.section("claims")
        for claim in keyed:
            if claim not in known:
                section.report(f"the claim '{claim}' is unknown", "use an id of data/claims.yml", claim)
    return keyed


def _known(meta: Section, key: str, known: Collection[str], what: str, where: str) -> tuple[str, ...]:
    names = meta.texts_with_lines(key)
    for name, line in names:
        if name and name not in known:
            meta.report(f"the {what} '{name}' in '{key}' is unknown", f"use a name that {where} holds", line)
    return tuple(name for name, _ in names)


def signed_text(title: str, short: str, more: str, refs: Iterable[SourceRef]) -> str:
    """What a signature is for: a mark of the words that were read when it was given."""
    words = [" ".join(text.split()) for text in (title, short, more)]
    given = json.dumps([*words, [[ref.id, " ".join(ref.section.split())] for ref in refs]])
    return hashlib.sha256(given.encode()).hexdigest()[:12]


def _version(title: str, short: str, more: str, refs: tuple[SourceRef, ...], picture: Picture | None) -> str:
    seen = [picture.version] if picture else []
    read_by_patients = json.dumps([title, short, more, [[ref.id, ref.section] for ref in refs], *seen])
    return hashlib.sha256(read_by_patients.encode()).hexdigest()[:12]
