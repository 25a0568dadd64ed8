"""`/studio`: what waits, what nobody has signed, and which model patients talk to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from gateway.editions.models import ModelRefused, Models
from gateway.staff.access import Visit, the_visit
from gateway.staff.page_views import Pages
from gateway.studio.background import off_loop
from gateway.studio.errors import StudioError
from gateway.studio.topics.change_requests import ChangeRequest
from gateway.studio.workplace import Workplace
from knowledge import data_hash

SOON = timedelta(days=60)  # before an answer would be withheld


@dataclass(frozen=True)
class LiveModel:
    """The model that patients talk to; `problem` says why there is none. `fresh`: it knows all that is saved."""

    name: str = ""
    trained_at: datetime | None = None
    fresh: bool = False
    problem: str = ""


@dataclass(frozen=True, eq=False)
class OverviewPage:
    """Where everything stands."""

    work: Workplace
    staff: Callable[[Request], Awaitable[Visit]]
    pages: Pages

    def router(self) -> APIRouter:
        """The one page."""
        router = APIRouter(prefix="/studio", dependencies=[Depends(self.staff)])
        router.get("")(self.overview)
        return router

    async def overview(self, visit: Visit = Depends(the_visit)) -> Response:
        await self.work.inbox.gather()
        messages = await self.work.inbox.open()
        state = await off_loop(self.work.state)
        topics = state.knowledge.topics.values()
        return self.pages.show(
            "studio/overview.html",
            visit,
            place="/studio",
            messages=len(messages),
            patients=len({message.patient for message in messages}),
            drafts=await off_loop(lambda: self.work.topics().drafts),
            unsigned=sorted((topic for topic in topics if topic.reviewed is None), key=lambda topic: topic.title),
            due=sorted(
                (topic for topic in topics if topic.review_by <= self.work.today + SOON),
                key=lambda topic: topic.review_by,
            ),
            count=len(topics),
            model=await off_loop(lambda: live_model(self.work)),
            problems=state.problems,
            last=self.work.dry_run.last(),
            asked=await off_loop(lambda: asked_changes(self.work)),
        )


@dataclass(frozen=True)
class AskedChange:
    """A change that a reviewer asked for and that was not made yet: of which text, and who wrote that."""

    request: ChangeRequest
    title: str
    author: str


def asked_changes(work: Workplace) -> list[AskedChange]:
    """What was asked for and waits to be changed; what is gone or cannot be read is left out."""
    found, topics = [], work.topics()
    for request in work.change_requests.all():
        with suppress(StudioError, KeyError):
            file = topics.open(request.topic)
            if request.about(file.words_of(request.id)):
                answer = file.answer(request.id) if request.id else None
                title = f"{file.title} {answer.title}" if answer else file.title
                found.append(AskedChange(request, title, topics.history.written_by(request.topic, request.id)))
    return found


def live_model(work: Workplace) -> LiveModel:
    """The model in use, as its signed manifest tells."""
    models = Models(work.settings)
    try:
        file = models.current()
        kept = next((each.manifest for each in models.all() if each.file == file and each.manifest), None)
    except ModelRefused as error:
        return LiveModel(problem=str(error))
    if kept is None:
        return LiveModel(problem="There is no trained model yet.")
    fresh = kept.data == data_hash(work.settings.data)
    return LiveModel(kept.name, kept.at, fresh)
