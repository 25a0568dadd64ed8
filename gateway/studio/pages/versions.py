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

from gateway.staff.access import HEADERS, Visit, the_visit
from gateway.staff.audit import Audit
from gateway.staff.page_views import Pages
from gateway.studio.background import off_loop
from gateway.studio.editing import sign
from gateway.studio.errors import StudioError
from gateway.studio.topics.form import PARTS, Form
from gateway.studio.topics.history import Version
from gateway.studio.topics.topic_file import NAME, TopicFile
from gateway.studio.workplace import Workplace
from gateway.web.error_replies import Refused

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
class VersionPart:
    """A part of a topic that two versions have differently."""

    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, eq=False)
class VersionPages:
    """The history of a topic, and signing it."""

    work: Workplace
    staff: Callable[[Request], Awaitable[Visit]]
    reviewer: Callable[[Request], Awaitable[Visit]]
    audit: Audit
    pages: Pages

    def router(self) -> APIRouter:
        """History, restore and sign-off."""
        router = APIRouter(prefix="/studio")
        router.get("/topics/{name}/history", dependencies=[Depends(self.staff)])(self.history_page)
        router.post("/topics/{name}/restore", dependencies=[Depends(self.staff)])(self.restore)
        router.post("/topics/{name}/sign", dependencies=[Depends(self.reviewer)])(self.sign_topic)
        return router

    async def _history(self, visit: Visit, name: str, status: int = 200, problem: str = "") -> Response:
        if not NAME.fullmatch(name):
            raise Refused.because("not_found")
        topics = await off_loop(self.work.topics)
        found = await off_loop(lambda: topics.history.of(name))
        if not found and name not in {*topics.names, *topics.drafts}:
            raise Refused.because("not_found")
        return self.pages.show(
            "studio/history.html", visit, status, place="/studio/topics", topic=name, problem=problem,
            versions=with_differences(name, found)[:SHOWN], count=len(found),
        )  # fmt: skip

    async def history_page(self, name: str, visit: Visit = Depends(the_visit)) -> Response:
        return await self._history(visit, name)

    async def restore(self, name: str, version: Text = "", visit: Visit = Depends(the_visit)) -> Response:
        if not NAME.fullmatch(name):
            raise Refused.because("not_found")
        try:
            await off_loop(lambda: self.work.topics(visit.person.name).revert(name, version))
        except StudioError as error:
            return await self._history(visit, name, 409, str(error))
        await self.audit.note(visit.person.login, "topic_restored", name)
        return RedirectResponse(f"/studio/topics/{name}", 303, HEADERS)

    async def sign_topic(
        self, name: str, seen: Text = "", review_by: Text = "", visit: Visit = Depends(the_visit)
    ) -> Response:
        try:
            await off_loop(lambda: sign(self.work, name, seen, visit.person.name, review_by, self.work.today))
        except StudioError as error:
            return await self._history(visit, name, 409, str(error))
        await self.audit.note(visit.person.login, "topic_signed", name)
        return RedirectResponse(f"/studio/topics/{name}#signature", 303, HEADERS)


def with_differences(name: str, versions: list[Version]) -> list[tuple[Version, list[VersionPart]]]:
    """Each version, newest first, and how it differs from the one before it."""
    before: list[Version | None] = [*versions[1:], None]
    return [(version, difference(name, old, version)) for version, old in zip(versions, before, strict=False)]


def difference(name: str, old: Version | None, new: Version) -> list[VersionPart]:
    """The parts in which a version differs from an older one; the lines of the file, where one can't be read."""
    if old is None:
        return []
    try:
        before, after = (_parts(TopicFile(name, version.text or "")) for version in (old, new))
    except (StudioError, TypeError):
        before, after = {"file": (old.text or "").splitlines()}, {"file": (new.text or "").splitlines()}
    return [VersionPart(part, _lines(before[part], after[part])) for part in after if before[part] != after[part]]


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
