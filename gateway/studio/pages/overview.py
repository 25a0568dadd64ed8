"""`/studio`: what waits, what nobody has signed, and which model patients talk to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from gateway.staff.access import Visit
from gateway.staff.templates import Pages
from gateway.studio.workplace import Workplace, off_loop
from gateway.training import ModelRefused, Models
from knowledge import data_hash

SOON = timedelta(days=60)  # before an answer would be withheld


@dataclass(frozen=True)
class LiveModel:
    """The model that patients talk to; `problem` says why there is none. `fresh`: it knows all that is saved."""

    name: str = ""
    trained_at: datetime | None = None
    fresh: bool = False
    problem: str = ""


def routes(work: Workplace, staff: Callable[[Request], Awaitable[Visit]], pages: Pages) -> APIRouter:
    """The one page."""
    router = APIRouter(prefix="/studio")

    @router.get("")
    async def overview(visit: Visit = Depends(staff)) -> Response:
        await work.inbox.gather()
        messages = await work.inbox.open()
        state = await off_loop(work.state)
        topics = state.knowledge.topics.values()
        return pages.show(
            "studio/overview.html",
            visit,
            place="/studio",
            messages=len(messages),
            patients=len({message.patient for message in messages}),
            drafts=await off_loop(lambda: work.topics().drafts),
            unsigned=sorted((topic for topic in topics if topic.reviewed is None), key=lambda topic: topic.title),
            due=sorted(
                (topic for topic in topics if topic.review_by <= work.today + SOON), key=lambda topic: topic.review_by
            ),
            count=len(topics),
            model=await off_loop(lambda: live_model(work)),
            problems=state.problems,
            last=work.dry_run.last(),
        )

    return router


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
    return LiveModel(kept.name, datetime.fromisoformat(kept.trained_at), fresh)
