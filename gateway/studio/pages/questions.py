"""`/studio/topics/<id>/questions`: the specific questions of a topic, each with its own answer and examples."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form
from starlette.responses import RedirectResponse, Response

from gateway.staff.access import HEADERS, Visit, the_visit
from gateway.studio.background import off_loop
from gateway.studio.errors import StudioError
from gateway.studio.inbox.question_lists import name_for
from gateway.studio.pages.studio_pages import StudioPages
from gateway.studio.topics.topic_file import NAME, TopicFile
from gateway.web.error_replies import Refused

Text = Annotated[str, Form(max_length=2_000)]
Many = Annotated[str, Form(max_length=200_000)]
HOLDS = timedelta(days=182)  # until when a new answer may be shown, if nobody says otherwise


class QuestionPages(StudioPages):
    """Specific questions: see, edit, add, and file examples under them."""

    def router(self) -> APIRouter:
        """The page and its forms."""
        router = APIRouter(prefix="/studio/topics/{name}/questions", dependencies=[Depends(self.staff)])
        router.get("")(self.page)
        router.post("")(self.add)
        router.post("/{id}")(self.save)
        router.post("/{id}/examples")(self.file_examples)
        return router

    async def _shown(self, visit: Visit, name: str, status: int = 200, problem: str = "", **told: Any) -> Response:
        if not NAME.fullmatch(name) or name not in await off_loop(lambda: self.work.topics().names):
            raise Refused.because("not_found")
        file = await off_loop(lambda: self.work.topics().open(name))
        standard = (await off_loop(self.work.state)).knowledge.standards.specific
        requests = await off_loop(lambda: self.work.change_requests.of(name))
        given = {"typed": {"title": "", "text": "", "examples": ""}, "saved": "", "open": ""} | told
        return self.pages.show(
            "studio/questions.html", visit, status, place="/studio/topics", file=file, problem=problem,
            most=standard.words, requests=requests, **given,
        )  # fmt: skip

    async def page(self, name: str, saved: str = "", visit: Visit = Depends(the_visit)) -> Response:
        return await self._shown(visit, name, saved=saved[:64], open=saved[:64])

    async def _edited(
        self, visit: Visit, name: str, id: str, change: Callable[[TopicFile], Any], done: str, **typed: str
    ) -> Response:
        try:
            await off_loop(lambda: self.work.topics(visit.person.name).edit(name, change, done))
        except StudioError as error:
            told: dict[str, Any] = {"typed": typed} if typed else {"open": id}
            return await self._shown(visit, name, 409, str(error), **told)
        await self.audit.note(visit.person.login, "topic_saved", f"{name}.{id}")
        return RedirectResponse(f"/studio/topics/{name}/questions?saved={id}#q-{id}", 303, HEADERS)

    async def add(
        self, name: str, title: Text = "", text: Text = "", examples: Many = "", visit: Visit = Depends(the_visit)
    ) -> Response:
        try:
            known = await off_loop(lambda: {each.id for each in self.work.topics().open(name).specific})
        except StudioError as error:
            return await self._shown(visit, name, 409, str(error))
        id = name_for(title, known)

        def change(file: TopicFile) -> None:
            file.add_specific(id, title, text, examples.splitlines(), self.work.today + HOLDS)

        return await self._edited(
            visit, name, id, change, f"new question: {title[:60]}", title=title, text=text, examples=examples
        )

    async def save(
        self, name: str, id: str, title: Text = "", text: Text = "", visit: Visit = Depends(the_visit)
    ) -> Response:
        return await self._edited(
            visit, name, id, lambda file: file.set_specific(id, title, text), f"changed: the answer to {title[:60]}"
        )

    async def file_examples(
        self, name: str, id: str, examples: Many = "", visit: Visit = Depends(the_visit)
    ) -> Response:
        lines = [line for line in examples.splitlines() if line.strip()]
        return await self._edited(
            visit, name, id, lambda file: file.put_under(id, lines), f"examples filed under {id.replace('_', ' ')}"
        )
