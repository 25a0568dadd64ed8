"""`/studio/inbox`: what was not understood, in groups, and teaching it with one click."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.staff.access import HEADERS, Visit
from gateway.staff.audit import Audit
from gateway.staff.templates import Pages
from gateway.studio.candidates import name_for
from gateway.studio.decisions import Decision
from gateway.studio.errors import StudioError
from gateway.studio.inbox import Message
from gateway.studio.teaching import Teaching
from gateway.studio.workplace import Workplace, off_loop

Json = dict[str, Any]
Ids = Annotated[list[int] | None, Form()]
Id = Annotated[str, Query(max_length=64)]
SHOWN = 30  # groups on one page
DONE = "/studio/inbox?done={decision.id}"
BEGUN = "/studio/topics/{decision.topic}?begun={decision.id}"
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

    def teaching(visit: Visit) -> Teaching:
        return Teaching(work.inbox, work.topics(visit.person.name), work.decisions)

    async def page(visit: Visit, status: int = 200, problem: str = "", **told: Any) -> Response:
        given = {"done": None, "undone": None, "back": 0} | told
        try:
            found = await shown()
        except StudioError as error:
            status, problem = 503, str(error)
            found = {"groups": [], "ready": False, "count": 0} | await off_loop(titles_now)
        return pages.show(
            "studio/inbox.html", visit, status, place="/studio/inbox", problem=problem, **given, **found
        )  # fmt: skip

    @router.get("/inbox")
    async def inbox(done: Id = "", visit: Visit = Depends(staff)) -> Response:
        return await page(visit, done=await off_loop(lambda: work.decisions.find(done)))

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

    async def decided(visit: Visit, deciding: Awaitable[Decision], then: str) -> Response:
        """Go on to `then` with the decision's id, or say on the page why there is none."""
        try:
            decision = await deciding
        except StudioError as error:
            return await page(visit, 409, str(error))
        await audit.note(visit.person.login, f"inbox_{decision.state}", decision.topic or None)
        return RedirectResponse(then.format(decision=decision), 303, HEADERS)

    @router.post("/inbox/teach")
    async def teach(topic: Annotated[str, Form()] = "", ids: Ids = None, visit: Visit = Depends(staff)) -> Response:
        async def taught() -> Decision:
            messages = await chosen(ids)
            if not topic:
                raise StudioError("No topic is chosen. What to do: choose one, or start a new topic.")
            return await teaching(visit).teach(messages, topic)

        return await decided(visit, taught(), DONE)

    @router.post("/inbox/new")
    async def new(ids: Ids = None, visit: Visit = Depends(staff)) -> Response:
        def free_name(text: str) -> str:
            topics = work.topics()
            return name_for(text, {*topics.names, *topics.drafts})

        async def begun() -> Decision:
            messages = await chosen(ids)
            name = await off_loop(lambda: free_name(messages[0].text))
            return await teaching(visit).begin(messages, name)

        return await decided(visit, begun(), BEGUN)

    @router.post("/inbox/dismiss")
    async def dismiss(ids: Ids = None, visit: Visit = Depends(staff)) -> Response:
        async def put_aside() -> Decision:
            return await teaching(visit).put_aside(await chosen(ids))

        return await decided(visit, put_aside(), DONE)

    @router.post("/inbox/undo")
    async def undo(done: Annotated[str, Form()] = "", visit: Visit = Depends(staff)) -> Response:
        try:
            decision, back = await teaching(visit).undo(done)
        except StudioError as error:
            return await page(visit, 409, str(error))
        await audit.note(visit.person.login, "inbox_undone", decision.topic or None)
        return await page(visit, undone=decision, back=back)

    return router
