"""`/studio/publish`: what is new, who has to sign it, the job that brings it to patients, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form
from starlette.responses import RedirectResponse, Response

from gateway.editions import control
from gateway.editions.models import ModelRefused
from gateway.staff.access import HEADERS, Visit, the_visit
from gateway.staff.accounts import Person
from gateway.studio.background import off_loop
from gateway.studio.errors import StudioError
from gateway.studio.pages.studio_pages import StudioPages
from gateway.studio.publishing import partly
from gateway.studio.publishing.approvals import APPROVER
from gateway.studio.publishing.clearance import Clearance
from gateway.studio.publishing.publishing import DONE, RUNNING
from gateway.studio.trying import shadow
from gateway.studio.workplace import Workplace

Json = dict[str, Any]
HERE = "/studio/publish"
SHOWN = 30  # differences of a candidate, and of one file
PATIENCE = 3.0  # seconds that the page waits for what a change of the rules does
ACTIONS = {"topics": "publish_topics"}  # what the record calls a job, where that is not its own name
Topics = Annotated[list[str] | None, Form()]
HOW = {"new": "new", "text": "new text", "examples": "other examples", "retired": "taken away"}


class PublishPages(StudioPages):
    """Publishing, going back, and shadow mode."""

    def router(self) -> APIRouter:
        """The page, its part about the running job, and what its buttons do."""
        router = self.for_staff()
        router.get("/publish")(self.publish_page)
        router.get("/parts/publish")(self.part)
        router.get("/parts/effects")(self.effects_part)
        router.post("/publish")(self.publish)
        router.post("/publish/topics")(self.publish_topics)
        router.post("/publish/rollback")(self.rollback)
        router.post("/publish/cancel")(self.cancel)
        router.post("/publish/rules/{act}")(self.rules)
        router.post("/publish/shadow")(self.candidate)
        return router

    @property
    def supervisor(self) -> Path:
        """Where the supervisor takes orders."""
        return control.address(self.work.settings.var, "supervisor", self.work.settings.port)

    def _job_now(self) -> Json:
        return job_now(self.work)

    def _models_now(self) -> Json:
        kept = self.work.publishing.models.all()
        try:
            in_use, earlier = self.work.publishing.models.in_use(), self.work.publishing.models.earlier()
        except ModelRefused:
            earlier = None
            in_use = None
        return {"models": kept, "in_use": in_use, "earlier": earlier}

    async def _shadow_now(self) -> Json:
        names = await shadow.shadowed(self.work.database)
        found = await shadow.report(self.work.database, names[0]) if names else None
        try:
            state = await control.ask(self.supervisor, {"do": "tell"}, most=3)
        except control.ControlError:
            return {"report": found, "candidate": "", "can_shadow": False}
        return {"report": found, "candidate": state["shadow"], "can_shadow": True}

    async def _effects_now(self, found: Clearance, patience: float = 0) -> Json:
        """What the changed rules do: nothing, while that is being worked out, or could not be."""
        if not found.rules:
            return {"effects": None, "working": False, "failed": ""}
        before = await off_loop(lambda: self.work.publishing.clearances.published()[1])
        work = self.work.effects(found.change, before)
        done = await work.wait(patience)
        return {"effects": work.result, "working": not done, "failed": str(work.error or "")}

    async def effects_part(self, visit: Visit = Depends(the_visit)) -> Response:
        found = await off_loop(self.work.publishing.clearances.look)
        return self.pages.show(
            "studio/effects_part.html", visit, found=found, may_approve=may_approve(found, visit.person),
            **await self._effects_now(found),
        )  # fmt: skip

    async def _page(self, visit: Visit, status: int = 200, problem: str = "") -> Response:
        job = await off_loop(self._job_now)  # first: where it is done, all that is read after it knows of it
        clearance = await off_loop(self.work.publishing.clearances.look)
        return self.pages.show(
            "studio/publish.html",
            visit,
            status,
            place=HERE,
            problem=problem,
            found=clearance,
            how=HOW,
            may_approve=may_approve(clearance, visit.person),
            most=SHOWN,
            done=DONE,
            **job,
            **await off_loop(self._models_now),
            **await self._shadow_now(),
            **await self._effects_now(clearance, PATIENCE),
        )

    async def publish_page(self, visit: Visit = Depends(the_visit)) -> Response:
        return await self._page(visit)

    async def part(self, visit: Visit = Depends(the_visit)) -> Response:
        return self.pages.show("studio/publish_part.html", visit, done=DONE, **await off_loop(self._job_now))

    async def _begin(self, what: str, visit: Visit, *about: str) -> Response:
        if (await off_loop(self._job_now))["running"]:
            return await self._page(
                visit, 409, "A job is running already. What to do: wait until it is done, or cancel it."
            )
        self.work.jobs.start(what, visit.person.name, *about)
        await self.audit.note(visit.person.login, ACTIONS.get(what, what), ", ".join(about) or None)
        return RedirectResponse(HERE, 303, HEADERS)

    async def publish(self, visit: Visit = Depends(the_visit)) -> Response:
        clearance = await off_loop(self.work.publishing.clearances.look)
        if not clearance.clear:
            return await self._page(visit, 409, "This cannot be published yet. What to do: see below what is missing.")
        return await self._begin("publish", visit)

    async def publish_topics(self, topic: Topics = None, visit: Visit = Depends(the_visit)) -> Response:
        """Publish the ticked topics, and leave all else as patients have it."""
        publishing, wanted = self.work.publishing, set(topic or ())
        changed = {each.topic for each in (await off_loop(publishing.clearances.look)).topics}
        if not (chosen := sorted(wanted & changed)):
            return await self._page(visit, 409, "No topic is ticked. What to do: tick those that should go out.")
        part = partly.topics(self.work.settings.data, chosen)
        found = await off_loop(lambda: partly.look(publishing, part))
        if not found.clear:
            return await self._page(visit, 409, "\n".join(["These cannot go out without the rest:", *found.missing]))
        return await self._begin("topics", visit, *chosen)

    async def rollback(self, visit: Visit = Depends(the_visit)) -> Response:
        return await self._begin("rollback", visit)

    async def cancel(self, visit: Visit = Depends(the_visit)) -> Response:
        if not await off_loop(self.work.publishing.cancel):
            return await self._page(visit, 409, "There is nothing to cancel: the job is over, or too far along.")
        await self.audit.note(visit.person.login, "publish_cancelled")
        return RedirectResponse(HERE, 303, HEADERS)

    async def rules(self, act: str, change: Annotated[str, Form()] = "", visit: Visit = Depends(the_visit)) -> Response:
        clearance = await off_loop(self.work.publishing.clearances.look)
        approvals = self.work.publishing.clearances.approvals
        if not clearance.rules or change != clearance.change or act not in {"put-forward", "approve"}:
            return await self._page(visit, 409, "The rules have changed since. What to do: look at them again.")
        do = approvals.put_forward if act == "put-forward" else approvals.approve
        try:
            await off_loop(lambda: do(change, visit.person, self.work.now()))
        except StudioError as error:
            return await self._page(visit, 409, str(error))
        await self.audit.note(visit.person.login, f"rules_{act.replace('-', '_')}", change)
        return RedirectResponse(HERE, 303, HEADERS)

    async def candidate(self, model: Annotated[str, Form()] = "", visit: Visit = Depends(the_visit)) -> Response:
        try:
            await control.ask(self.supervisor, {"do": "shadow", "model": model})
        except control.ControlError as error:
            return await self._page(visit, 409, str(error))
        await self.audit.note(visit.person.login, "shadow_start" if model else "shadow_stop", model[:64] or None)
        return RedirectResponse(f"{HERE}#shadow", 303, HEADERS)


def may_approve(found: Clearance, person: Person) -> bool:
    """Whether a change of the rules waits for the approval of this person."""
    given = found.approval
    return given is not None and not given.approver and given.author != person.login and person.may([APPROVER])


def job_now(work: Workplace) -> Json:
    """How far the last job is, as the part of the page about it shows it."""
    job = work.publishing.last()
    running = work.jobs.alive or (job is not None and job.state == RUNNING)
    return {"job": job, "running": running, "starting": running and (job is None or job.state != RUNNING)}
