"""`/studio/topics` and `/studio/topics/<id>`: the list of topics, and the editor of one with its checks and preview."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi import Form as Field
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.answer_parts import parts
from gateway.pictures import address
from gateway.problems import Refused
from gateway.staff.access import HEADERS, Visit
from gateway.staff.audit import Audit
from gateway.staff.templates import Pages
from gateway.studio.answer_check import checked, filled
from gateway.studio.candidates import name_for
from gateway.studio.editing import Clash, Opened, Saved, opened, save
from gateway.studio.errors import StudioError
from gateway.studio.form import PARTS, Form, named
from gateway.studio.topic_file import NAME
from gateway.studio.topics import missing
from gateway.studio.workplace import Workplace, off_loop
from knowledge import Knowledge, SourceRef
from knowledge.placeholders import CLINIC

Json = dict[str, Any]
Text = Annotated[str, Field(max_length=2_000)]
SPARE = 2  # empty rows for more sources and topics to see also
NOTHING = "nothing"  # was changed by saving
HOLDS = timedelta(days=182)  # what is proposed as review-by date


def routes(work: Workplace, staff: Callable[[Request], Awaitable[Visit]], audit: Audit, pages: Pages) -> APIRouter:
    """The topics, without their history and their signature."""
    router = APIRouter(prefix="/studio")

    # the list

    async def listed(visit: Visit, status: int = 200, problem: str = "", typed: str = "") -> Response:
        def rows() -> Json:
            state, topics = work.state(), work.topics()
            known = state.knowledge.topics
            return {
                "topics": sorted(known.values(), key=lambda topic: topic.title.casefold()),
                "broken": [name for name in topics.names if name not in known],
                "drafts": [(name, _title(topics, name)) for name in topics.drafts],
                "problems": state.problems,
            }

        found = await off_loop(rows)
        return pages.show(
            "studio/topics.html", visit, status, place="/studio/topics", problem=problem, typed=typed,
            today=work.today, **found,
        )  # fmt: skip

    @router.get("/topics")
    async def topics_page(visit: Visit = Depends(staff)) -> Response:
        return await listed(visit)

    @router.post("/topics")
    async def new(title: Text = "", visit: Visit = Depends(staff)) -> Response:
        def begin() -> str:
            topics = work.topics(visit.person.name)
            name = name_for(title, {*topics.names, *topics.drafts})
            topics.new(name, [title], title)
            return name

        try:
            name = await off_loop(begin)
        except StudioError as error:
            return await listed(visit, 400, str(error), title)
        await audit.note(visit.person.login, "topic_begun", name)
        return RedirectResponse(f"/studio/topics/{name}", 303, HEADERS)

    # the editor

    def known_name(name: str) -> str:
        if not NAME.fullmatch(name) or name not in {*work.topics().names, *work.topics().drafts}:
            raise Refused.because("not_found")
        return name

    async def editor(
        visit: Visit, there: Opened, form: Form, status: int = 200, marks: str = "", **told: Any
    ) -> Response:
        state = await off_loop(work.state)
        shown = await off_loop(lambda: about(there, form, state.knowledge))
        notes = {"problem": "", "saved": "", "joined": "", "clashes": [], "theirs": None, "begun": None} | told
        return pages.show(
            "studio/topic.html", visit, status, place="/studio/topics", there=there, form=form,
            marks=marks or there.form.marks, parts=PARTS, placeholders=CLINIC, spare=SPARE, today=work.today,
            sources=state.knowledge.sources, pictures=state.knowledge.pictures,
            titles={name: topic.title for name, topic in state.knowledge.topics.items()},
            lacks=missing(there.file, state.knowledge) if there.draft else [], **notes, **shown,
        )  # fmt: skip

    def about(there: Opened, form: Form, knowledge: Knowledge) -> Json:
        return {
            "checked": checked(knowledge, form, there.file, work.today),
            "examples": examples_of(there.name, form, alike=False),
            "preview": preview(knowledge, form),
        }

    def examples_of(name: str, form: Form, alike: bool) -> Any:
        try:
            return work.check_examples(name, form.examples, alike)
        except StudioError as error:
            return str(error)

    @router.get("/topics/{name}")
    async def topic_page(
        name: str, saved: str = "", joined: str = "", begun: str = "", visit: Visit = Depends(staff)
    ) -> Response:
        await off_loop(partial(known_name, name))
        try:
            there = await off_loop(lambda: opened(work, name))
        except StudioError as error:
            text = await off_loop(lambda: work.topics().text(name))
            return pages.show(
                "studio/broken.html", visit, 409, place="/studio/topics", topic=name, problem=str(error), text=text
            )
        form = there.form
        if there.draft and not form.review_by:
            form = replace(form, review_by=(work.today + HOLDS).isoformat())
        known = [named(part for part in PARTS if part in given.split(",")) for given in (saved, joined)]
        return await editor(
            visit, there, form, saved=NOTHING if saved == NOTHING else known[0], joined=known[1],
            begun=await off_loop(lambda: work.decisions.find(begun)) if there.draft and begun else None,
        )  # fmt: skip

    @router.post("/topics/{name}")
    async def save_topic(request: Request, name: str, visit: Visit = Depends(staff)) -> Response:
        await off_loop(partial(known_name, name))
        sent = await request.form()
        form, marks, take = Form.sent(sent), str(sent.get("marks") or ""), [str(part) for part in sent.getlist("take")]
        try:
            done = await off_loop(lambda: save(work, name, form, marks, take, visit.person.name))
        except StudioError as error:
            return await again(visit, name, form, marks, str(error))
        if isinstance(done, Clash):
            return await editor(
                visit, done.theirs, done.merged.form, 409, clashes=done.merged.clashes, theirs=done.theirs.form
            )
        await audit.note(visit.person.login, "topic_saved", name)
        return RedirectResponse(_address(name, done), 303, HEADERS)

    async def again(visit: Visit, name: str, form: Form, marks: str, problem: str) -> Response:
        """The editor with what was typed, which was not saved."""
        try:
            there = await off_loop(lambda: opened(work, name))
        except StudioError as error:
            return pages.show(
                "studio/broken.html", visit, 409, place="/studio/topics", topic=name, problem=str(error),
                text=await off_loop(lambda: work.topics().text(name)), form=form, parts=PARTS,
            )  # fmt: skip
        return await editor(visit, there, form, 400, marks, problem=problem)

    @router.post("/topics/{name}/adopt")
    async def adopt(name: str, visit: Visit = Depends(staff)) -> Response:
        await off_loop(partial(known_name, name))
        try:
            await off_loop(lambda: work.topics(visit.person.name).adopt(name))
        except StudioError as error:
            there = await off_loop(lambda: opened(work, name))
            return await editor(visit, there, there.form, 409, problem=str(error))
        await audit.note(visit.person.login, "topic_adopted", name)
        return RedirectResponse(f"/studio/topics/{name}", 303, HEADERS)

    # what is said while somebody writes

    async def typed(request: Request, name: str) -> tuple[Opened, Form]:
        await off_loop(partial(known_name, name))
        sent: FormData = await request.form()
        try:
            return await off_loop(lambda: opened(work, name)), Form.sent(sent)
        except StudioError as error:
            raise Refused(409, "broken_topic", str(error)) from None

    @router.post("/topics/{name}/parts/answer")
    async def answer_part(request: Request, name: str, visit: Visit = Depends(staff)) -> Response:
        there, form = await typed(request, name)
        knowledge = (await off_loop(work.state)).knowledge
        shown = await off_loop(lambda: checked(knowledge, form, there.file, work.today))
        return pages.show("studio/answer_part.html", visit, checked=shown, preview=preview(knowledge, form))

    @router.post("/topics/{name}/parts/examples")
    async def examples_part(request: Request, name: str, visit: Visit = Depends(staff)) -> Response:
        _, form = await typed(request, name)
        shown = await off_loop(lambda: examples_of(name, form, alike=True))
        return pages.show("studio/examples_part.html", visit, examples=shown)

    return router


def preview(knowledge: Knowledge, form: Form) -> Json:
    """The answer as patients see it."""
    picture = knowledge.pictures.get(form.picture)
    return {
        "title": form.title,
        "short": filled(knowledge, form.short),
        "more": parts(filled(knowledge, form.more)) if form.more else [],
        "sources": [_source(knowledge, ref) for ref in form.sources],
        "see_also": [knowledge.topics[name].title for name in form.see_also if name in knowledge.topics],
        "picture": picture,
        "drawing": address(picture) if picture and picture.drawing else "",
        "words": filled(knowledge, picture.words) if picture else "",
    }


def _source(knowledge: Knowledge, ref: SourceRef) -> str:
    source = knowledge.sources.get(ref.id)
    title = f"{source.title}{f' ({source.year})' if source.year else ''}" if source else ref.id
    return f"{title}: {ref.section}" if ref.section else title


def _title(topics: Any, name: str) -> str:
    try:
        return topics.open(name).title or name.replace("_", " ")
    except StudioError:
        return f"{name} (cannot be read)"


def _address(name: str, done: Saved) -> str:
    joined = f"&joined={','.join(done.theirs)}" if done.theirs else ""
    return f"/studio/topics/{name}?saved={','.join(done.parts) or NOTHING}{joined}"
