"""`/studio/regressions`: messages that were once misunderstood and must stay understood; asked now, added, retired."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form
from starlette.responses import RedirectResponse, Response

from gateway.staff.access import HEADERS, Visit, the_visit
from gateway.studio.background import off_loop
from gateway.studio.errors import StudioError
from gateway.studio.pages.studio_pages import StudioPages
from gateway.studio.topics.cases import Cases
from gateway.studio.topics.regressions import LONGEST, read_cases

HERE = "/studio/regressions"
PATIENCE = 3.0  # seconds that the page waits for the model's answers
Text = Annotated[str, Form(max_length=LONGEST)]


class StayUnderstoodPage(StudioPages):
    """The list, what the model in use makes of it, and its forms."""

    def router(self) -> APIRouter:
        """The page, and what its forms send."""
        router = APIRouter(prefix="/studio/regressions", dependencies=[Depends(self.staff)])
        router.get("")(self.page)
        router.post("")(self.add)
        router.post("/check")(self.check)
        router.post("/retire")(self.retire)
        return router

    def _cases(self, visit: Visit) -> Cases:
        return Cases(self.work.settings.data, self.work.settings.var, visit.person.name)

    def _listed(self) -> dict[str, Any]:
        topics = self.work.state().knowledge.topics
        titles = {name: topic.title for name, topic in topics.items()}
        try:
            active, retired = read_cases(self.work.settings.data)
        except StudioError as error:
            return {"titles": titles, "active": [], "retired": [], "broken": str(error)}
        return {"titles": titles, "active": active, "retired": retired, "broken": ""}

    async def _shown(self, visit: Visit, status: int = 200, problem: str = "", **told: str) -> Response:
        asked = self.work.case_check
        given = {"done": "", "topic": "", "message": ""} | told
        return self.pages.show(
            "studio/regressions.html", visit, status, place=HERE, problem=problem, longest=LONGEST,
            asked=asked, waits=asked is not None and not await asked.wait(PATIENCE), **given,
            **await off_loop(self._listed),
        )  # fmt: skip

    async def page(self, done: str = "", visit: Visit = Depends(the_visit)) -> Response:
        return await self._shown(visit, done=done[:16])

    async def check(self, visit: Visit = Depends(the_visit)) -> Response:
        """Ask the model in use every case."""
        self.work.check_cases()
        return RedirectResponse(f"{HERE}#asked", 303, HEADERS)

    async def add(self, topic: Text = "", message: Text = "", visit: Visit = Depends(the_visit)) -> Response:
        """Make a message a case of a topic."""
        try:
            new = await off_loop(partial(self._cases(visit).add, topic, [message], self.work.today))
        except StudioError as error:
            return await self._shown(visit, 409, str(error), topic=topic, message=message)
        if not new:
            problem = "This message is in the list already, or there are no words in it."
            return await self._shown(visit, 409, problem, topic=topic, message=message)
        await self.audit.note(visit.person.login, "regression_added", topic)
        return RedirectResponse(f"{HERE}?done=added", 303, HEADERS)

    async def retire(self, message: Text = "", why: Text = "", visit: Visit = Depends(the_visit)) -> Response:
        """Let a case count no more, with the reason."""
        try:
            await off_loop(partial(self._cases(visit).retire, message, why, self.work.today))
        except StudioError as error:
            return await self._shown(visit, 409, str(error))
        await self.audit.note(visit.person.login, "regression_retired")
        return RedirectResponse(f"{HERE}?done=retired", 303, HEADERS)
