"""`/studio/dry-run`: what the saved topics would change, before anything is trained for patients."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.evaluation.compare import SAME
from gateway.staff.access import HEADERS, Visit
from gateway.staff.audit import Audit
from gateway.staff.templates import Pages
from gateway.studio.workplace import Workplace, off_loop

SHOWN = 50  # examples that are too alike


def routes(work: Workplace, staff: Callable[[Request], Awaitable[Visit]], audit: Audit, pages: Pages) -> APIRouter:
    """Start one, watch it, cancel it, read what it found."""
    router = APIRouter(prefix="/studio")

    async def shown(template: str, visit: Visit, cancelled: bool = False) -> Response:
        running = work.dry_run.running
        knowledge = (await off_loop(work.state)).knowledge
        return pages.show(
            template, visit, place="/studio/dry-run", running=running, usual=work.dry_run.usual, most=SHOWN, same=SAME,
            cancelled=cancelled,
            last=await off_loop(work.dry_run.last),
            titles={name: topic.title for name, topic in knowledge.topics.items()},
        )  # fmt: skip

    @router.get("/dry-run")
    async def page(cancelled: str = "", visit: Visit = Depends(staff)) -> Response:
        return await shown("studio/dry_run.html", visit, cancelled == "1")

    @router.get("/parts/dry-run")
    async def part(visit: Visit = Depends(staff)) -> Response:
        return await shown("studio/dry_run_part.html", visit)

    @router.post("/dry-run")
    async def start(visit: Visit = Depends(staff)) -> Response:
        if work.dry_run.start(visit.person.name):
            await audit.note(visit.person.login, "dry_run")
        return RedirectResponse("/studio/dry-run", 303, HEADERS)

    @router.post("/dry-run/cancel")
    async def cancel(visit: Visit = Depends(staff)) -> Response:
        cancelled = await work.dry_run.cancel()
        if cancelled:
            await audit.note(visit.person.login, "dry_run_cancelled")
        return RedirectResponse(f"/studio/dry-run{'?cancelled=1' if cancelled else ''}", 303, HEADERS)

    return router
