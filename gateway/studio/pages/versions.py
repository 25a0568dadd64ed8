"""What a topic said before, with author and difference; going back to it; and the signature of a clinical reviewer."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from difflib import unified_diff
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi import Form as Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.problems import Refused
from gateway.staff.access import HEADERS, Visit
from gateway.staff.audit import Audit
from gateway.staff.templates import Pages
from gateway.studio.editing import sign
from gateway.studio.errors import StudioError
from gateway.studio.form import PARTS, Form
from gateway.studio.history import Version
from gateway.studio.topic_file import NAME, TopicFile
from gateway.studio.workplace import Workplace, off_loop

Text = Annotated[str, Field(max_length=200)]
SHOWN = 40  # versions
KINDS = {"+": "added", "-": "removed"}
SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class Line:
    """A line of a part, added or removed."""

    kind: str
    text: str


@dataclass(frozen=True)
class Part:
    """A part of a topic that two versions have differently."""

    name: str
    lines: tuple[Line, ...]


def routes(
    work: Workplace,
    staff: Callable[[Request], Awaitable[Visit]],
    reviewer: Callable[[Request], Awaitable[Visit]],
    audit: Audit,
    pages: Pages,
) -> APIRouter:
    """History, restore and sign-off."""
    router = APIRouter(prefix="/studio")

    async def history(visit: Visit, name: str, status: int = 200, problem: str = "") -> Response:
        if not NAME.fullmatch(name):
            raise Refused.because("not_found")
        topics = await off_loop(work.topics)
        found = await off_loop(lambda: topics.history.of(name))
        if not found and name not in {*topics.names, *topics.drafts}:
            raise Refused.because("not_found")
        return pages.show(
            "studio/history.html", visit, status, place="/studio/topics", topic=name, problem=problem,
            versions=with_differences(name, found)[:SHOWN], count=len(found),
        )  # fmt: skip

    @router.get("/topics/{name}/history")
    async def history_page(name: str, visit: Visit = Depends(staff)) -> Response:
        return await history(visit, name)

    @router.post("/topics/{name}/restore")
    async def restore(name: str, version: Text = "", visit: Visit = Depends(staff)) -> Response:
        try:
            await off_loop(lambda: work.topics(visit.person.name).revert(name, version))
        except StudioError as error:
            return await history(visit, name, 409, str(error))
        await audit.note(visit.person.login, "topic_restored", name)
        return RedirectResponse(f"/studio/topics/{name}", 303, HEADERS)

    @router.post("/topics/{name}/sign")
    async def sign_topic(
        name: str, seen: Text = "", review_by: Text = "", visit: Visit = Depends(reviewer)
    ) -> Response:
        await off_loop(lambda: sign(work, name, seen, visit.person.name, review_by, work.today))
        await audit.note(visit.person.login, "topic_signed", name)
        return RedirectResponse(f"/studio/topics/{name}#signature", 303, HEADERS)

    return router


def with_differences(name: str, versions: list[Version]) -> list[tuple[Version, list[Part]]]:
    """Each version, newest first, and how it differs from the one before it."""
    before: list[Version | None] = [*versions[1:], None]
    return [(version, difference(name, old, version)) for version, old in zip(versions, before, strict=False)]


def difference(name: str, old: Version | None, new: Version) -> list[Part]:
    """The parts in which a version differs from an older one; the lines of the file, where one can't be read."""
    if old is None:
        return []
    try:
        before, after = (_parts(TopicFile(name, version.text or "")) for version in (old, new))
    except (StudioError, TypeError):
        before, after = {"file": (old.text or "").splitlines()}, {"file": (new.text or "").splitlines()}
    return [Part(part, _lines(before[part], after[part])) for part in after if before[part] != after[part]]


def _parts(file: TopicFile) -> dict[str, list[str]]:
    """What a file says, as lines that a trainer knows: one for each sentence, example or source."""
    form = Form.of(file, "")
    reviewer, reviewed, _ = file.review
    return {
        PARTS["title"]: [form.title],
        PARTS["examples"]: list(form.examples),
        PARTS["short"]: SENTENCE.split(form.short),
        PARTS["more"]: [sentence for line in form.more.splitlines() for sentence in SENTENCE.split(line)],
        PARTS["sources"]: [f"{ref.id} {ref.section}".strip() for ref in form.sources],
        PARTS["see_also"]: list(form.see_also),
        PARTS["review_by"]: [form.review_by],
        "signature": [f"{reviewer}, {reviewed}" if reviewer else "not signed"],
    }


def _lines(old: list[str], new: list[str]) -> tuple[Line, ...]:
    lines = [*unified_diff(old, new, n=0, lineterm="")][2:]
    return tuple(Line(KINDS[line[:1]], line[1:]) for line in lines if not line.startswith("@@"))
