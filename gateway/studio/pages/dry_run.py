"""`/studio/dry-run`: what the saved topics would change, before anything is trained for patients."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from gateway.evaluation.compare import SAME
from gateway.staff.access import HEADERS, Visit, the_visit
from gateway.studio.background import off_loop
from gateway.studio.pages.studio_pages import StudioPages

SHOWN = 50  # examples that are too alike


class DryRunPages(StudioPages):
    """Trying changes out before they are published."""

    def router(self) -> APIRouter:
        """Start one, watch it, cancel it, read what it found."""
        router = self.for_staff()
        router.get("/dry-run")(self.page)
        router.get("/parts/dry-run")(self.part)
        router.post("/dry-run")(self.start)
        router.post("/dry-run/cancel")(self.cancel)
        return router

    async def _shown(self, template: str, visit: Visit, cancelled: bool = False) -> Response:
        running = self.work.dry_run.running
        knowledge = (await off_loop(self.work.state)).knowledge
        return self.pages.show(
            template, visit, place="/studio/dry-run", running=running, usual=self.work.dry_run.usual,
            most=SHOWN, same=SAME, cancelled=cancelled,
            last=await off_loop(self.work.dry_run.last),
            titles={name: topic.title for name, topic in knowledge.topics.items()},
        )  # fmt: skip

    async def page(self, cancelled: str = "", visit: Visit = Depends(the_visit)) -> Response:
        return await self._shown("studio/dry_run.html", visit, cancelled == "1")

    async def part(self, visit: Visit = Depends(the_visit)) -> Response:
        return await self._shown("studio/dry_run_part.html", visit)

    async def start(self, visit: Visit = Depends(the_visit)) -> Response:
        if self.work.dry_run.start(visit.person.name):
            await self.audit.note(visit.person.login, "dry_run")
        return RedirectResponse("/studio/dry-run", 303, HEADERS)

    async def cancel(self, visit: Visit = Depends(the_visit)) -> Response:
        cancelled = await self.work.dry_run.cancel()
        if cancelled:
            await self.audit.note(visit.person.login, "dry_run_cancelled")
        return RedirectResponse(f"/studio/dry-run{'?cancelled=1' if cancelled else ''}", 303, HEADERS)
