"""`/studio/publish`: what is new, who has to sign it, the job that brings it to patients, and the way back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway import control
from gateway.staff.access import HEADERS, Visit
from gateway.staff.audit import Audit
from gateway.staff.templates import Pages
from gateway.studio import shadow
from gateway.studio.approvals import APPROVER
from gateway.studio.errors import StudioError
from gateway.studio.publishing import DONE, RUNNING
from gateway.studio.workplace import Workplace, off_loop
from gateway.training import ModelRefused

Json = dict[str, Any]
HERE = "/studio/publish"
SHOWN = 30  # differences of a candidate
HOW = {"new": "new", "text": "new text", "examples": "other examples", "retired": "retired"}


def routes(work: Workplace, staff: Callable[[Request], Awaitable[Visit]], audit: Audit, pages: Pages) -> APIRouter:
    """The page, its part about the running job, and what its buttons do."""
    router = APIRouter(prefix="/studio")
    publishing = work.publishing
    supervisor = control.address(work.settings.var, "supervisor", work.settings.port)

    def job_now() -> Json:
        job = publishing.last()
        running = work.jobs.alive or (job is not None and job.state == RUNNING)
        return {"job": job, "running": running, "starting": running and (job is None or job.state != RUNNING)}

    def models_now() -> Json:
        kept = publishing.models.all()
        try:
            in_use, earlier = publishing.models.in_use(), publishing.models.earlier()
        except ModelRefused:
            earlier = None
            in_use = None
        return {"models": kept, "in_use": in_use, "earlier": earlier}

    async def shadow_now() -> Json:
        names = await shadow.shadowed(work.database)
        found = await shadow.report(work.database, names[0]) if names else None
        try:
            state = await control.ask(supervisor, {"do": "tell"}, most=3)
        except control.ControlError:
            return {"report": found, "candidate": "", "can_shadow": False}
        return {"report": found, "candidate": state["shadow"], "can_shadow": True}

    async def page(visit: Visit, status: int = 200, problem: str = "") -> Response:
        job = await off_loop(job_now)  # first: where it is done, all that is read after it knows of it
        clearance = await off_loop(publishing.clearances.look)
        return pages.show(
            "studio/publish.html",
            visit,
            status,
            place=HERE,
            problem=problem,
            found=clearance,
            how=HOW,
            approver=visit.person.may([APPROVER]),
            most=SHOWN,
            done=DONE,
            **job,
            **await off_loop(models_now),
            **await shadow_now(),
        )

    @router.get("/publish")
    async def publish_page(visit: Visit = Depends(staff)) -> Response:
        return await page(visit)

    @router.get("/parts/publish")
    async def part(visit: Visit = Depends(staff)) -> Response:
        return pages.show("studio/publish_part.html", visit, done=DONE, **await off_loop(job_now))

    async def begin(what: str, visit: Visit) -> Response:
        if (await off_loop(job_now))["running"]:
            return await page(visit, 409, "A job is running already. What to do: wait until it is done, or cancel it.")
        work.jobs.start(what, visit.person.name)
        await audit.note(visit.person.login, what)
        return RedirectResponse(HERE, 303, HEADERS)

    @router.post("/publish")
    async def publish(visit: Visit = Depends(staff)) -> Response:
        clearance = await off_loop(publishing.clearances.look)
        if not clearance.clear:
            return await page(visit, 409, "This cannot be published yet. What to do: see below what is missing.")
        return await begin("publish", visit)

    @router.post("/publish/rollback")
    async def rollback(visit: Visit = Depends(staff)) -> Response:
        return await begin("rollback", visit)

    @router.post("/publish/cancel")
    async def cancel(visit: Visit = Depends(staff)) -> Response:
        if not await off_loop(publishing.cancel):
            return await page(visit, 409, "There is nothing to cancel: the job is over, or past the point of it.")
        await audit.note(visit.person.login, "publish_cancelled")
        return RedirectResponse(HERE, 303, HEADERS)

    @router.post("/publish/rules/{act}")
    async def rules(act: str, change: Annotated[str, Form()] = "", visit: Visit = Depends(staff)) -> Response:
        clearance = await off_loop(publishing.clearances.look)
        approvals = publishing.clearances.approvals
        if not clearance.rules or change != clearance.change or act not in {"put-forward", "approve"}:
            return await page(visit, 409, "The rules are not as they were shown. What to do: look at them again.")
        do = approvals.put_forward if act == "put-forward" else approvals.approve
        try:
            await off_loop(lambda: do(change, visit.person, work.now()))
        except StudioError as error:
            return await page(visit, 409, str(error))
        await audit.note(visit.person.login, f"rules_{act.replace('-', '_')}", change)
        return RedirectResponse(HERE, 303, HEADERS)

    @router.post("/publish/shadow")
    async def candidate(model: Annotated[str, Form()] = "", visit: Visit = Depends(staff)) -> Response:
        try:
            await control.ask(supervisor, {"do": "shadow", "model": model})
        except control.ControlError as error:
            return await page(visit, 409, str(error))
        await audit.note(visit.person.login, "shadow_start" if model else "shadow_stop", model[:64] or None)
        return RedirectResponse(f"{HERE}#shadow", 303, HEADERS)

    return router
