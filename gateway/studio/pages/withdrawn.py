"""`/studio/withdrawn`: what patients say looks wrong, and taking an answer back at once, without publishing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.answers.feedback import Feedback, OpenIncidents
from gateway.answers.withdrawals import Withdrawals
from gateway.staff.access import HEADERS, Visit, the_visit
from gateway.staff.audit import Audit
from gateway.staff.page_views import Pages
from gateway.studio.workplace import Workplace
from knowledge import Knowledge

HERE = "/studio/withdrawn"
RESTORERS = ("clinical_reviewer", "admin")  # who says that an answer is safe to give again
LONGEST = 500  # characters of a reason
Name = Annotated[str, Form(max_length=64)]
Ids = Annotated[list[int] | None, Form()]


@dataclass(frozen=True)
class Reported:
    """What patients reported about one text: its title, and whether it is still what they get (`name`, else empty)."""

    title: str
    name: str
    count: int
    last: datetime
    ids: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class WithdrawnPages:
    """Reports of patients, and the answers that nobody gets for now. `live` is what patients get."""

    work: Workplace
    staff: Callable[[Request], Awaitable[Visit]]
    restorer: Callable[[Request], Awaitable[Visit]]
    audit: Audit
    pages: Pages
    live: Knowledge
    withdrawals: Withdrawals

    def router(self) -> APIRouter:
        """The page and its forms."""
        router = APIRouter(prefix="/studio")
        router.get("/withdrawn", dependencies=[Depends(self.staff)])(self.page)
        router.post("/withdrawn", dependencies=[Depends(self.staff)])(self.withdraw)
        router.post("/withdrawn/restore", dependencies=[Depends(self.restorer)])(self.restore)
        router.post("/withdrawn/close", dependencies=[Depends(self.staff)])(self.close)
        return router

    @property
    def _feedback(self) -> Feedback:
        return Feedback(self.work.database, self.work.now, self.live.clinic.timezone)

    def _titles(self) -> dict[str, str]:
        """Everything that can be withdrawn, each specific answer after its topic."""
        found = {}
        for topic in sorted(self.live.topics.values(), key=lambda topic: topic.title.casefold()):
            found[topic.name] = topic.title
            found |= {answer.name: f"{topic.title} {answer.title}" for answer in topic.answers.values()}
        return found

    def _reported(self, incident: OpenIncidents) -> Reported:
        topic = self.live.topics.get(incident.topic)
        texts = {answer.version: answer.name for answer in topic.answers.values()} if topic else {}
        name = (texts | ({topic.version: topic.name} if topic else {})).get(incident.version, "")
        title = self._titles().get(name) or (topic.title if topic else incident.topic.replace("_", " "))
        return Reported(title, name, incident.count, incident.last, incident.ids)

    async def _shown(self, visit: Visit, status: int = 200, **told: str) -> Response:
        given = {"problem": "", "answer": "", "reason": "", "done": ""} | told
        titles, near = self._titles(), given["answer"].partition(".")[0]
        choices = {name: title for name, title in titles.items() if "." not in name or name.startswith(f"{near}.")}
        return self.pages.show(
            "studio/withdrawn.html", visit, status, place=HERE, titles=titles, choices=choices, longest=LONGEST,
            withdrawn=await self.withdrawals.all(), may_restore=visit.person.may(RESTORERS),
            reported=[self._reported(each) for each in await self._feedback.open_incidents()], **given,
        )  # fmt: skip

    async def page(self, answer: str = "", done: str = "", visit: Visit = Depends(the_visit)) -> Response:
        return await self._shown(visit, answer=answer[:64], done=done[:16])

    async def withdraw(self, answer: Name = "", reason: str = Form(""), visit: Visit = Depends(the_visit)) -> Response:
        """Withhold an answer everywhere, at once."""
        reason = " ".join(reason.split())[:LONGEST]
        if answer not in self._titles() or not reason:
            problem = "Choose an answer, and say why it is withdrawn. Nothing was changed."
            return await self._shown(visit, 400, problem=problem, answer=answer, reason=reason)
        await self.withdrawals.withdraw(answer, reason)
        await self.audit.note(visit.person.login, "answer_withdrawn", answer)
        return RedirectResponse(f"{HERE}?done=withdrawn", 303, HEADERS)

    async def restore(self, answer: Name = "", visit: Visit = Depends(the_visit)) -> Response:
        """Put a withdrawn answer back."""
        if not await self.withdrawals.restore(answer):
            return await self._shown(visit, 409, problem="This answer is not withdrawn: somebody else was faster.")
        await self.audit.note(visit.person.login, "answer_restored", answer)
        return RedirectResponse(f"{HERE}?done=restored", 303, HEADERS)

    async def close(self, ids: Ids = None, visit: Visit = Depends(the_visit)) -> Response:
        """Close reports that were looked into."""
        closed = [number for number in ids or () if await self._feedback.close_incident(number)]
        if not closed:
            return await self._shown(visit, 409, problem="These reports are closed already.")
        await self.audit.note(visit.person.login, "reports_closed", ", ".join(map(str, closed)))
        return RedirectResponse(f"{HERE}?done=closed", 303, HEADERS)
