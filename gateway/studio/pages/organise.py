"""`/studio/topics/<id>/organise`: give a topic another name, join it with another one, split it, or take it away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from starlette.responses import RedirectResponse, Response

from gateway.staff.access import HEADERS, Visit, the_visit
from gateway.studio.background import off_loop
from gateway.studio.errors import StudioError
from gateway.studio.inbox.question_lists import name_for
from gateway.studio.pages.studio_pages import StudioPages
from gateway.studio.topics.topic_file import NAME
from gateway.studio.topics.topics import Topics
from gateway.web.error_replies import Refused

Text = Annotated[str, Form(max_length=200)]
NOT_SURE = "Nothing was changed: the box to confirm is not ticked."


class OrganisePages(StudioPages):
    """What changes the topics as a whole. Patients notice nothing of it before it is published."""

    def router(self) -> APIRouter:
        """The page and its four forms."""
        router = APIRouter(prefix="/studio/topics/{name}/organise", dependencies=[Depends(self.staff)])
        router.get("")(self.page)
        router.post("/rename")(self.rename)
        router.post("/merge")(self.merge)
        router.post("/split")(self.split)
        router.post("/retire")(self.retire)
        return router

    async def _shown(self, visit: Visit, name: str, status: int = 200, problem: str = "") -> Response:
        if not NAME.fullmatch(name) or name not in (titles := await off_loop(self._titles)):
            raise Refused.because("not_found")
        return self.pages.show(
            "studio/organise.html", visit, status, place="/studio/topics", topic=name, titles=titles, problem=problem
        )

    def _titles(self) -> dict[str, str]:
        """All topics and drafts, also those that cannot be read."""
        topics, known = self.work.topics(), self.work.state().knowledge.topics
        names = {name: name.replace("_", " ") for name in [*topics.names, *topics.drafts]}
        return names | {name: known[name].title for name in names if name in known}

    async def page(self, name: str, visit: Visit = Depends(the_visit)) -> Response:
        return await self._shown(visit, name)

    async def _done(
        self, visit: Visit, name: str, action: str, work: Callable[[Topics], str], sure: bool = True
    ) -> Response:
        """Do it and go to the address that `work` returns, or say why it was not done."""
        if not sure:
            return await self._shown(visit, name, 400, NOT_SURE)
        try:
            address = await off_loop(lambda: work(self.work.topics(visit.person.name)))
        except StudioError as error:
            return await self._shown(visit, name, 409, str(error))
        await self.audit.note(visit.person.login, action, name)
        return RedirectResponse(address, 303, HEADERS)

    async def rename(self, name: str, new: Text = "", visit: Visit = Depends(the_visit)) -> Response:
        """Give a topic another short name, wherever it is named."""

        def work(topics: Topics) -> str:
            wanted = "_".join(new.casefold().split())
            topics.rename(name, wanted)
            return f"/studio/topics/{wanted}"

        return await self._done(visit, name, "topic_renamed", work)

    async def merge(
        self, name: str, into: Text = "", sure: bool = Form(False), visit: Visit = Depends(the_visit)
    ) -> Response:
        """Give the examples of a topic to another one, and retire it."""

        def work(topics: Topics) -> str:
            topics.merge(name, into)
            return f"/studio/topics/{into}"

        return await self._done(visit, name, "topic_merged", work, sure)

    async def split(self, name: str, title: Text = "", words: Text = "", visit: Visit = Depends(the_visit)) -> Response:
        """Begin a draft with the examples that hold one of these words."""

        def work(topics: Topics) -> str:
            new = name_for(title, {*topics.names, *topics.drafts})
            topics.split(name, new, words.replace(",", " ").split())
            topics.edit(new, lambda file: file.set_title(title), "title")
            return f"/studio/topics/{new}"

        return await self._done(visit, name, "topic_split", work)

    async def retire(self, name: str, sure: bool = Form(False), visit: Visit = Depends(the_visit)) -> Response:
        """Take a topic or draft away; its history brings it back."""

        def work(topics: Topics) -> str:
            topics.retire(name)
            return f"/studio/topics/{name}/history"

        return await self._done(visit, name, "topic_retired", work, sure)
