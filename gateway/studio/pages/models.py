"""`/studio/models`: the versions that are kept, which of them is live, and going back to one that was."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form
from starlette.responses import RedirectResponse, Response

from gateway.editions.models import ModelRefused
from gateway.staff.access import HEADERS, Visit, the_visit
from gateway.studio.background import off_loop
from gateway.studio.pages.publish import job_now
from gateway.studio.pages.studio_pages import StudioPages

HERE = "/studio/models"


class ModelsPage(StudioPages):
    """The list, and switching back."""

    def router(self) -> APIRouter:
        """The page and its form."""
        router = APIRouter(prefix="/studio/models", dependencies=[Depends(self.staff)])
        router.get("")(self.page)
        router.post("")(self.switch)
        return router

    def _listed(self) -> dict[str, Any]:
        models = self.work.publishing.models
        try:
            in_use = models.in_use()
        except ModelRefused:
            in_use = None
        return {"models": models.all(), "in_use": in_use, "before": {each.name for each in models.before()}}

    async def _shown(self, visit: Visit, status: int = 200, problem: str = "") -> Response:
        running = (await off_loop(lambda: job_now(self.work)))["running"]
        return self.pages.show(
            "studio/models.html", visit, status, place=HERE, problem=problem, running=running,
            **await off_loop(self._listed),
        )  # fmt: skip

    async def page(self, visit: Visit = Depends(the_visit)) -> Response:
        return await self._shown(visit)

    async def switch(
        self, model: Annotated[str, Form(max_length=120)] = "", visit: Visit = Depends(the_visit)
    ) -> Response:
        """Put a version in use again that was live before, with its answers."""
        if (await off_loop(lambda: job_now(self.work)))["running"]:
            return await self._shown(visit, 409, "A job is running already. What to do: wait until it is done.")
        if model not in (await off_loop(self._listed))["before"]:
            return await self._shown(visit, 409, "This version was never live here, or is not kept any more.")
        self.work.jobs.start("switch", visit.person.name, model)
        await self.audit.note(visit.person.login, "version_switched", model)
        return RedirectResponse("/studio/publish", 303, HEADERS)
