"""The topics: one file each in ``data/answers/``, Rasa training data and answer in one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from knowledge.examples import MARKUP, normalise, read_examples
from knowledge.pictures import Picture
from knowledge.placeholders import check_placeholders
from knowledge.problems import Problem
from knowledge.references import (
    SourceRef,
    read_names,
    read_signature,
    read_sources_of,
    signed_text,
    version_of,
    with_simple,
)
from knowledge.specific import ID, SpecificAnswer, read_specific
from knowledge.yaml import Section, read

KINDS = ("answer", "handoff")
PARTS = (  # of an answer, besides its short text
    *("title", "more", "simple", "kind", "sources", "claims", "more_claims", "see_also"),
    *("reviewer", "reviewed", "review_by", "signed"),
)
__all__ = ["MARKUP", "SourceRef", "SpecificAnswer", "Topic", "normalise", "read_topics", "signed_text", "with_simple"]


@dataclass(frozen=True)
class Topic:
    """A question that patients ask, and the answer: short, and longer for "tell me more".

    ``claims`` maps a claim of the documents to the wording that stands for it in both texts; ``more_claims`` are
    stated by the longer text alone. ``reviewer`` is empty and ``reviewed`` None until a physiotherapist has signed this
    text; ``lapsed`` is the name in the file if it stands for another text, or was typed in without signing.
    ``answers`` are the specific questions in it by id, and ``examples`` those of all of them and of the general one.
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
    answers: Mapping[str, SpecificAnswer] = field(default_factory=lambda: MappingProxyType({}))
    simple: str = ""  # the short answer in the plainest words, for whoever asks for it

    @property
    def intent(self) -> str:
        """The name of the topic in Rasa."""
        return f"faq/{self.name}"

    @property
    def texts(self) -> tuple[str, ...]:
        """What Rasa itself would say about it: the short text, or one of the specific answers."""
        return (self.short, *(answer.text for answer in self.answers.values()))

    def expired(self, today: date) -> bool:
        """Whether the answer is past its review-by date and has to be withheld."""
        return today > self.review_by


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
    _check_head(file, path)
    blocks, responses = _blocks(file, name), _responses(file, name)
    general = _general(blocks, file, name, seen)
    specific = {
        answer.id: answer for answer in _specific(file, blocks, responses, name, (sources, claims, names), seen)
    }
    examples = (*general, *(example for answer in specific.values() for example in answer.examples))
    if general and len(examples) < least_examples:
        found = f"there are {len(examples)} examples, fewer than {least_examples}"
        blocks[""].report(found, "add varied questions as patients write them", "examples")
    response = responses.get("")
    if response is None:
        return None
    response.only("text", "metadata")
    meta = response.section("metadata")
    meta.only(*PARTS)
    wording = _wording(response, meta)
    lines = _lines(response, meta, blocks[""].line_of("examples") if "" in blocks else file.line_of("nlu"))
    refs = read_sources_of(meta, sources)
    keyed, more_claims = _all_claims(meta, claims)
    see_also = read_names(meta, "see_also", names, "topic", "data/answers/")
    if name in see_also:
        meta.report("the topic names itself in 'see_also'", "remove it there", "see_also")
    kind = meta.choice("kind", KINDS) if "kind" in meta else "answer"
    text = signed_text(wording.title, wording.short, with_simple(wording.more, wording.simple), refs)
    signature = read_signature(meta, text)
    review_by = meta.date("review_by")
    if review_by is None or not wording.fillable:
        return None
    return Topic(
        name=name,
        title=wording.title,
        short=wording.short,
        more=wording.more,
        kind=kind,
        sources=refs,
        claims=MappingProxyType(keyed),
        more_claims=more_claims,
        see_also=see_also,
        reviewer=signature.reviewer,
        reviewed=signature.reviewed,
        review_by=review_by,
        examples=examples,
        file=path,
        version=_version(wording, refs, picture),
        picture=picture,
        lines=MappingProxyType(lines),
        lapsed=signature.lapsed,
        answers=MappingProxyType(specific),
        simple=wording.simple,
    )


def _check_head(file: Section, path: Path) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", path.stem):
        file.report(f"'{path.name}' is no name for a topic", "use lower-case letters, digits and underscores")
    file.only("version", "nlu", "responses")
    if file.text("version") not in ("", "3.1"):
        file.report("the version is not 3.1", 'write version: "3.1"', "version")


class _Wording(NamedTuple):
    """What patients read of a topic; whether all of its placeholders can be filled."""

    title: str
    short: str
    more: str
    simple: str
    fillable: bool


def _wording(response: Section, meta: Section) -> _Wording:
    short = " ".join(response.text("text").split())
    title = meta.text("title")
    simple = " ".join((meta.optional_text("simple") or "").split())
    check_placeholders(meta, simple, meta.line_of("simple"))
    more = "\n\n".join(" ".join(paragraph.split()) for paragraph in meta.text("more").splitlines() if paragraph.strip())
    check_placeholders(meta, title, meta.line_of("title"), allowed=())
    fillable = check_placeholders(response, short, response.line_of("text"))
    return _Wording(title, short, more, simple, fillable & check_placeholders(meta, more, meta.line_of("more")))


def _version(wording: _Wording, refs: Sequence[SourceRef], picture: Picture | None) -> str:
    besides = [wording.simple] if wording.simple else []
    return version_of(
        wording.title, wording.short, wording.more, refs, *besides, *([picture.version] if picture else [])
    )


def _lines(response: Section, meta: Section, examples: int) -> dict[str, int]:
    keys = ("title", "more", "sources", "claims", "more_claims", "reviewer", "review_by")
    return {
        "examples": examples,
        "short": response.line_of("text"),
        **{key: meta.line_of(key) for key in keys},
    }


def _all_claims(meta: Section, claims: Collection[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The claims with their wording, and those of the longer text alone."""
    keyed = _claims(meta, claims)
    more_claims = read_names(meta, "more_claims", claims, "claim", "data/claims.yml")
    for claim in sorted(set(keyed) & set(more_claims)):
        meta.report(
            f"the claim {claim} stands in both 'claims' and 'more_claims'", "keep it in one of them", "more_claims"
        )
    return keyed, more_claims


def _general(blocks: Mapping[str, Section], file: Section, name: str, seen: dict[str, str]) -> tuple[str, ...]:
    """The examples of the topic's general question."""
    block = blocks.get("")
    if block is None:
        file.report(f"there is no block for faq/{name} under 'nlu'", f"keep one block for faq/{name}", "nlu")
        return ()
    return read_examples(block, seen)


def _blocks(file: Section, name: str) -> dict[str, Section]:
    """The blocks of examples by the id of their specific answer, which is empty for the topic's own."""
    found: dict[str, Section] = {}
    for block in file.sections("nlu"):
        block.only("intent", "examples")
        intent = block.text("intent")
        id = _id(intent.removeprefix("faq/"), name) if intent.startswith("faq/") else None
        if id is None and intent:
            block.report(
                f"the intent is '{intent}' in a file named {name}.yml",
                f"write intent: faq/{name}, or faq/{name}.<id> for a specific answer, or rename the file",
                "intent",
            )
        elif id in found:
            block.report(f"there are two blocks for {intent}", "put their examples into one", "intent")
        if intent:
            found.setdefault(id or "", block)
    return found


def _responses(file: Section, name: str) -> dict[str, Section]:
    """The texts by the id of their specific answer, which is empty for the topic's own."""
    responses = file.section("responses")
    key = f"utter_faq/{name}"
    found: dict[str, Section] = {}
    for given in responses.values:
        id = _id(given.removeprefix("utter_faq/"), name) if given.startswith("utter_faq/") else None
        if id is None:
            responses.report(
                f"the response is '{given}' in a file named {name}.yml",
                f"write {key}:, or {key}.<id>: for a specific answer, or rename the file",
                given,
            )
            continue
        variants = responses.sections(given)
        if len(variants) == 1:
            found[id] = variants[0]
        else:
            responses.report(
                f"there are {len(variants)} texts under '{given}', not one",
                "keep one, so that a review signs what patients read",
                given,
            )
    if key not in responses:
        responses.report(f"there is no response '{key}'", f"add {key}: with a text")
    return found


def _id(name: str, topic: str) -> str | None:
    """What stands after the topic's name: nothing, or the id of a specific answer; None for another topic."""
    if name == topic:
        return ""
    id = name.removeprefix(f"{topic}.")
    return id if id != name and ID.fullmatch(id) else None


def _specific(
    file: Section,
    blocks: Mapping[str, Section],
    responses: Mapping[str, Section],
    name: str,
    known: tuple[Collection[str], Collection[str], Collection[str]],
    seen: dict[str, str],
) -> Iterator[SpecificAnswer]:
    """The specific answers, in the order of their examples."""
    for id in [id for id in blocks if id]:
        if id not in responses:
            blocks[id].report(f"faq/{name}.{id} has no answer", f"add utter_faq/{name}.{id}: with a text", "intent")
        elif (answer := read_specific(blocks[id], responses[id], (name, id), *known, seen)) is not None:
            yield answer
    for id in [id for id in responses if id and id not in blocks]:
        responses[id].report(
            f"utter_faq/{name}.{id} has no examples", f"add a block for the intent faq/{name}.{id}, or remove the text"
        )


def _claims(meta: Section, known: Collection[str]) -> dict[str, str]:
    keyed = meta.text_map("claims")
    if keyed:
        section = meta.section("claims")
        for claim in keyed:
            if claim not in known:
                section.report(f"the claim '{claim}' is unknown", "use an id of data/claims.yml", claim)
    return keyed
