"""`/studio/try`: type a message, and see what a patient would get now and with what is saved, and why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import Response

from gateway.staff.access import Visit, the_visit
from gateway.staff.page_views import Pages
from gateway.studio.background import off_loop
from gateway.studio.errors import StudioError
from gateway.studio.limits import Limits
from gateway.studio.trying.trial import NEAREST, Nearest, Trial, Tried
from gateway.studio.workplace import Workplace

LONGEST = 2_000  # characters, as in a chat
Text = Annotated[str, Form(max_length=LONGEST)]


@dataclass(frozen=True, eq=False)
class TryPage:
    """One message, tried out."""

    work: Workplace
    staff: Callable[[Request], Awaitable[Visit]]
    pages: Pages
    trial: Trial

    def router(self) -> APIRouter:
        """The form, and what came of it. What is typed is in no address and no record."""
        router = APIRouter(prefix="/studio", dependencies=[Depends(self.staff)])
        router.get("/try")(self.page)
        router.post("/try")(self.ask)
        return router

    def _show(self, visit: Visit, tried: Tried | None = None, status: int = 200, **shown: object) -> Response:
        state = self.work.state()
        same = Limits.load(self.work.settings.data).same_question
        given = {"message": "", "before": "", "nearest": None} | shown
        topics = {**self.trial.live.topics, **state.knowledge.topics}
        answers = {answer.name: answer.title for topic in topics.values() for answer in topic.answers.values()}
        titles = {name: topic.title for name, topic in topics.items()} | answers
        return self.pages.show(
            "studio/try.html", visit, status, place="/studio/try", tried=tried, titles=titles, same=same, **given
        )

    async def page(self, visit: Visit = Depends(the_visit)) -> Response:
        return await off_loop(lambda: self._show(visit))

    async def ask(self, message: Text = "", before: Text = "", visit: Visit = Depends(the_visit)) -> Response:
        message, before = " ".join(message.split()), " ".join(before.split())
        if not message:
            return await off_loop(lambda: self._show(visit, status=400, before=before))
        saved = (await off_loop(self.work.state)).knowledge
        tried = await self.trial.ask(message, before, saved)
        nearest = await off_loop(lambda: self._nearest(message))
        return await off_loop(lambda: self._show(visit, tried, message=message, before=before, nearest=nearest))

    def _nearest(self, message: str) -> Nearest:
        try:
            return Nearest(tuple(self.work.meaning.nearest([message], self.work.examples(), NEAREST)[0]))
        except StudioError as error:
            return Nearest((), str(error))
