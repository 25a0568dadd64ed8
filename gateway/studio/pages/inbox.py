"""`/studio/inbox`: what was not understood, in groups, and teaching it with one click."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.staff.access import HEADERS, Visit
from gateway.staff.audit import Audit
from gateway.staff.templates import Pages
from gateway.studio.candidates import name_for
from gateway.studio.errors import StudioError
from gateway.studio.inbox import Message
from gateway.studio.workplace import Workplace, off_loop

Json = dict[str, Any]
Ids = Annotated[list[int] | None, Form()]
SHOWN = 30  # groups on one page
REASONS = {
    "unknown": "not understood",
    "clarify": "asked back",
    "not_helpful": "voted not helpful",
    "looks_wrong": "reported as wrong",
    "corrected": "corrected by the front desk",
    "imported": "imported",
}


def routes(work: Workplace, staff: Callable[[Request], Awaitable[Visit]], audit: Audit, pages: Pages) -> APIRouter:
    """The inbox and what can be done with a group."""
    router = APIRouter(prefix="/studio")

    async def shown() -> Json:
        found = await work.groups.look()
        titles = await off_loop(titles_now)
        return {"groups": found and found[:SHOWN], "ready": found is not None, "count": len(found or ())} | titles

    def titles_now() -> Json:
        titles = {name: topic.title for name, topic in work.state().knowledge.topics.items()}
        drafts = {name: work.topics().open(name).title or name for name in work.topics().drafts}
        return {"titles": titles | drafts, "drafts": drafts, "reasons": REASONS}

    async def page(visit: Visit, status: int = 200, problem: str = "", **told: Any) -> Response:
        given = {"taught": "", "learnt": 0, "dismissed": 0} | told
        return pages.show(
            "studio/inbox.html", visit, status, place="/studio/inbox", problem=problem, **given, **await shown()
        )

    @router.get("/inbox")
    async def inbox(taught: str = "", learnt: int = 0, dismissed: int = 0, visit: Visit = Depends(staff)) -> Response:
        try:
            return await page(visit, taught=taught[:64], learnt=learnt, dismissed=dismissed)
        except StudioError as error:
            return pages.show(
                "studio/inbox.html",
                visit,
                503,
                place="/studio/inbox",
                problem=str(error),
                taught="",
                learnt=0,
                dismissed=0,
                groups=[],
                ready=False,
                count=0,
                **await off_loop(titles_now),
            )

    @router.get("/parts/inbox")
    async def part(visit: Visit = Depends(staff)) -> Response:
        return pages.show("studio/inbox_groups.html", visit, **await shown())

    async def chosen(ids: list[int] | None) -> list[Message]:
        """Those of the messages that nobody has decided about meanwhile."""
        wanted = set(ids or ())
        found = [message for message in await work.inbox.open() if message.id in wanted]
        if not found:
            raise StudioError(
                "No message is chosen that still waits: somebody else may have taught them. "
                "What to do: look at the groups again."
            )
        return found

    async def closed(visit: Visit, messages: list[Message], state: str, topic: str | None = None) -> None:
        await work.inbox.close([message.id for message in messages], state)
        await audit.note(visit.person.login, f"inbox_{state}", topic)

    @router.post("/inbox/teach")
    async def teach(topic: Annotated[str, Form()] = "", ids: Ids = None, visit: Visit = Depends(staff)) -> Response:
        try:
            messages = await chosen(ids)
            if not topic:
                raise StudioError("No topic is chosen. What to do: choose one, or start a new topic.")
            texts = [message.text for message in messages]
            topics = work.topics(visit.person.name)
            added = await off_loop(lambda: topics.teach(topic, texts))
        except StudioError as error:
            return await page(visit, 409, str(error))
        await closed(visit, messages, "taught", topic)
        return RedirectResponse(f"/studio/inbox?taught={topic}&learnt={len(added.taken)}", 303, HEADERS)

    @router.post("/inbox/new")
    async def new(ids: Ids = None, visit: Visit = Depends(staff)) -> Response:
        def begin(texts: list[str]) -> str:
            topics = work.topics(visit.person.name)
            name = name_for(texts[0], {*topics.names, *topics.drafts})
            topics.new(name, texts, taught=True)
            return name

        try:
            messages = await chosen(ids)
            name = await off_loop(lambda: begin([message.text for message in messages]))
        except StudioError as error:
            return await page(visit, 409, str(error))
        await closed(visit, messages, "taught", name)
        return RedirectResponse(f"/studio/topics/{name}", 303, HEADERS)

    @router.post("/inbox/dismiss")
    async def dismiss(ids: Ids = None, visit: Visit = Depends(staff)) -> Response:
        try:
            messages = await chosen(ids)
        except StudioError as error:
            return await page(visit, 409, str(error))
        await closed(visit, messages, "dismissed")
        return RedirectResponse(f"/studio/inbox?dismissed={len(messages)}", 303, HEADERS)

    return router
