"""`/studio/inbox`: what was not understood, in groups, and teaching it with one click."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query
from starlette.responses import RedirectResponse, Response

from gateway.staff.access import HEADERS, Visit, the_visit
from gateway.studio.background import off_loop
from gateway.studio.errors import StudioError
from gateway.studio.inbox.decisions import TeachingDecision
from gateway.studio.inbox.inbox import Message
from gateway.studio.inbox.question_lists import name_for
from gateway.studio.inbox.teaching import Teaching
from gateway.studio.limits import Limits
from gateway.studio.pages.studio_pages import StudioPages

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


class InboxPages(StudioPages):
    """What was not understood, and teaching it."""

    def router(self) -> APIRouter:
        """The inbox and what can be done with a group."""
        router = self.for_staff()
        router.get("/inbox")(self.inbox)
        router.get("/parts/inbox")(self.part)
        router.post("/inbox/teach")(self.teach)
        router.post("/inbox/new")(self.new)
        router.post("/inbox/dismiss")(self.dismiss)
        router.post("/inbox/question")(self.question)
        router.post("/inbox/undo")(self.undo)
        return router

    async def _shown(self) -> Json:
        found = await self.work.groups.look()
        titles = await off_loop(self._titles_now)
        return {"groups": found and found[:SHOWN], "ready": found is not None, "count": len(found or ())} | titles

    def _titles_now(self) -> Json:
        titles = {name: topic.title for name, topic in self.work.state().knowledge.topics.items()}
        drafts = {name: self.work.topics().open(name).title or name for name in self.work.topics().drafts}
        same = Limits.load(self.work.settings.data).same_question
        return {"titles": titles | drafts, "drafts": drafts, "reasons": REASONS, "same": same}

    def _teaching(self, visit: Visit) -> Teaching:
        return Teaching(self.work.inbox, self.work.topics(visit.person.name), self.work.decisions)

    async def _page(self, visit: Visit, status: int = 200, problem: str = "", **told: Any) -> Response:
        given = {"done": None, "undone": None, "back": 0, "questions": {}, "filed": ""} | told
        try:
            found = await self._shown()
        except StudioError as error:
            status, problem = 503, str(error)
            found = {"groups": [], "ready": False, "count": 0} | await off_loop(self._titles_now)
        return self.pages.show(
            "studio/inbox.html", visit, status, place="/studio/inbox", problem=problem, **given, **found
        )  # fmt: skip

    async def inbox(self, done: Id = "", filed: Id = "", visit: Visit = Depends(the_visit)) -> Response:
        decision = await off_loop(lambda: self.work.decisions.find(done))
        questions = await off_loop(lambda: self._questions(decision))
        return await self._page(visit, done=decision, questions=questions, filed=questions.get(filed, ""))

    def _questions(self, decision: TeachingDecision | None) -> dict[str, str]:
        """The specific questions of the topic that was taught, by id."""
        topic = self.work.state().knowledge.topics.get(decision.topic) if decision and decision.examples else None
        return {id: answer.title for id, answer in topic.answers.items()} if topic else {}

    async def question(
        self, done: Annotated[str, Form()] = "", answer: Annotated[str, Form()] = "", visit: Visit = Depends(the_visit)
    ) -> Response:
        """What was just taught to a topic asks one of its specific questions."""

        def file() -> TeachingDecision:
            decision = self.work.decisions.find(done)
            if decision is None or answer not in self._questions(decision):
                raise StudioError("No question is chosen.", "choose one, or leave the examples with the topic.")
            self.work.topics(visit.person.name).edit(
                decision.topic, lambda topic: topic.put_under(answer, decision.examples), f"filed under {answer}"
            )
            return decision

        try:
            decision = await off_loop(file)
        except StudioError as error:
            return await self._page(visit, 409, str(error))
        await self.audit.note(visit.person.login, "inbox_question", f"{decision.topic}.{answer}")
        return RedirectResponse(f"{DONE.format(decision=decision)}&filed={answer}", 303, HEADERS)

    async def part(self, visit: Visit = Depends(the_visit)) -> Response:
        return self.pages.show("studio/inbox_groups.html", visit, **await self._shown())

    async def _chosen(self, ids: list[int] | None) -> list[Message]:
        """Those of the messages that nobody has decided about meanwhile."""
        wanted = set(ids or ())
        found = [message for message in await self.work.inbox.open() if message.id in wanted]
        if not found:
            raise StudioError(
                "None of the ticked messages is still waiting: none was ticked, or somebody else has taught them.",
                "tick at least one, and look at the groups again.",
            )
        return found

    async def _decided(self, visit: Visit, deciding: Awaitable[TeachingDecision], then: str) -> Response:
        """Go on to `then` with the decision's id, or say on the page why there is none."""
        try:
            decision = await deciding
        except StudioError as error:
            return await self._page(visit, 409, str(error))
        await self.audit.note(visit.person.login, f"inbox_{decision.state}", decision.topic or None)
        return RedirectResponse(then.format(decision=decision), 303, HEADERS)

    async def teach(
        self,
        topic: Annotated[str, Form()] = "",
        other: Annotated[str, Form()] = "",
        ids: Ids = None,
        visit: Visit = Depends(the_visit),
    ) -> Response:
        """Teach the ticked messages to a topic: one that is suggested, or another one of the list."""

        async def taught() -> TeachingDecision:
            messages = await self._chosen(ids)
            if not (topic or other):
                raise StudioError("No topic is chosen.", "choose one, or start a new topic.")
            return await self._teaching(visit).teach(messages, topic or other)

        return await self._decided(visit, taught(), DONE)

    async def new(self, ids: Ids = None, visit: Visit = Depends(the_visit)) -> Response:
        def free_name(text: str) -> str:
            topics = self.work.topics()
            return name_for(text, {*topics.names, *topics.drafts})

        async def begun() -> TeachingDecision:
            messages = await self._chosen(ids)
            name = await off_loop(lambda: free_name(messages[0].text))
            return await self._teaching(visit).begin(messages, name)

        return await self._decided(visit, begun(), BEGUN)

    async def dismiss(self, ids: Ids = None, visit: Visit = Depends(the_visit)) -> Response:
        async def put_aside() -> TeachingDecision:
            return await self._teaching(visit).put_aside(await self._chosen(ids))

        return await self._decided(visit, put_aside(), DONE)

    async def undo(self, done: Annotated[str, Form()] = "", visit: Visit = Depends(the_visit)) -> Response:
        try:
            decision, back = await self._teaching(visit).undo(done)
        except StudioError as error:
            return await self._page(visit, 409, str(error))
        await self.audit.note(visit.person.login, "inbox_undone", decision.topic or None)
        return await self._page(visit, undone=decision, back=back)
