"""What a topic said before, with author and difference; going back to it; and the signature of a clinical reviewer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from difflib import unified_diff
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.problems import Refused
from gateway.staff.access import HEADERS, Visit
from gateway.staff.audit import Audit
from gateway.staff.templates import Pages
from gateway.studio.editing import sign
from gateway.studio.errors import StudioError
from gateway.studio.history import Version
from gateway.studio.topic_file import NAME
from gateway.studio.workplace import Workplace, off_loop

Text = Annotated[str, Form(max_length=200)]
SHOWN = 40  # versions
KINDS = {"+": "added", "-": "removed", "@": "place"}


@dataclass(frozen=True)
class Line:
    """A line of a difference: added, removed, place (where it is in the file) or same."""

    kind: str
    text: str


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
            versions=with_differences(found)[:SHOWN], count=len(found),
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


def with_differences(versions: list[Version]) -> list[tuple[Version, list[Line]]]:
    """Each version, newest first, and how it differs from the one before it."""
    before: list[Version | None] = [*versions[1:], None]
    return [(version, difference(old, version)) for version, old in zip(versions, before, strict=False)]


def difference(old: Version | None, new: Version) -> list[Line]:
    """The lines in which a version differs from an older one; none for the first."""
    if old is None:
        return []
    lines = unified_diff((old.text or "").splitlines(), (new.text or "").splitlines(), n=1, lineterm="")
    return [Line(KINDS.get(line[:1], "same"), line) for line in list(lines)[2:]]
