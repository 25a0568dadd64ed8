"""`/studio/topics` and `/studio/topics/<id>`: the list of topics, and the editor of one with its checks and preview."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi import Form as Field
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.answers.answer_parts import parts
from gateway.answers.picture_routes import address
from gateway.staff.access import HEADERS, Visit, the_visit
from gateway.studio.background import off_loop
from gateway.studio.editing import Clash, Opened, Saved, opened, save
from gateway.studio.errors import StudioError
from gateway.studio.inbox.question_lists import name_for
from gateway.studio.pages.studio_pages import StudioPages
from gateway.studio.topics.answer_check import checked, filled
from gateway.studio.topics.form import PARTS, Form, named
from gateway.studio.topics.topic_file import NAME
from gateway.studio.topics.topics import missing
from gateway.web.error_replies import Refused
from knowledge import Knowledge, SourceRef
from knowledge.placeholders import CLINIC

Json = dict[str, Any]
Text = Annotated[str, Field(max_length=2_000)]
SPARE = 2  # empty rows for more sources and topics to see also
NOTHING = "nothing"  # was changed by saving
HOLDS = timedelta(days=182)  # what is proposed as review-by date


class EditorPages(StudioPages):
    """The topics, and the editor of one."""

    def router(self) -> APIRouter:
        """The topics, without their history and their signature."""
        router = self.for_staff()
        router.get("/topics")(self.topics_page)
        router.post("/topics")(self.new)
        router.get("/topics/{name}")(self.topic_page)
        router.post("/topics/{name}")(self.save_topic)
        router.post("/topics/{name}/adopt")(self.adopt)
        router.post("/topics/{name}/parts/answer")(self.answer_part)
        router.post("/topics/{name}/parts/examples")(self.examples_part)
        return router

    # the list

    async def _listed(self, visit: Visit, status: int = 200, problem: str = "", typed: str = "") -> Response:
        def rows() -> Json:
            state, topics = self.work.state(), self.work.topics()
            known = state.knowledge.topics
            return {
                "topics": sorted(known.values(), key=lambda topic: topic.title.casefold()),
                "broken": [name for name in topics.names if name not in known],
                "drafts": [(name, _title(topics, name)) for name in topics.drafts],
                "problems": state.problems,
            }

        found = await off_loop(rows)
        return self.pages.show(
            "studio/topics.html", visit, status, place="/studio/topics", problem=problem, typed=typed,
            today=self.work.today, **found,
        )  # fmt: skip

    async def topics_page(self, visit: Visit = Depends(the_visit)) -> Response:
        return await self._listed(visit)

    async def new(self, title: Text = "", visit: Visit = Depends(the_visit)) -> Response:
        def begin() -> str:
            topics = self.work.topics(visit.person.name)
            name = name_for(title, {*topics.names, *topics.drafts})
            topics.new(name, [title], title)
            return name

        try:
            name = await off_loop(begin)
        except StudioError as error:
            return await self._listed(visit, 400, str(error), title)
        await self.audit.note(visit.person.login, "topic_begun", name)
        return RedirectResponse(f"/studio/topics/{name}", 303, HEADERS)

    # the editor

    def _known_name(self, name: str) -> str:
        if not NAME.fullmatch(name) or name not in {*self.work.topics().names, *self.work.topics().drafts}:
            raise Refused.because("not_found")
        return name

    async def _editor(
        self, visit: Visit, there: Opened, form: Form, status: int = 200, marks: str = "", **told: Any
    ) -> Response:
        state = await off_loop(self.work.state)
        shown = await off_loop(lambda: self._about(there, form, state.knowledge))
        notes = {"problem": "", "saved": "", "joined": "", "clashes": [], "theirs": None, "begun": None} | told
        return self.pages.show(
            "studio/topic.html", visit, status, place="/studio/topics", there=there, form=form,
            marks=marks or there.form.marks, parts=PARTS, placeholders=CLINIC, spare=SPARE, today=self.work.today,
            sources=state.knowledge.sources, pictures=state.knowledge.pictures,
            titles={name: topic.title for name, topic in state.knowledge.topics.items()},
            lacks=missing(there.file, state.knowledge) if there.draft else [], **notes, **shown,
        )  # fmt: skip

    def _about(self, there: Opened, form: Form, knowledge: Knowledge) -> Json:
        return {
            "checked": checked(knowledge, form, there.file, self.work.today),
            "examples": self._examples_of(there.name, form, alike=False),
            "preview": preview(knowledge, form),
            "requests": self.work.change_requests.of(there.name),
        }

    def _examples_of(self, name: str, form: Form, alike: bool) -> Any:
        try:
            return self.work.check_examples(name, form.examples, alike)
        except StudioError as error:
            return str(error)

    async def topic_page(
        self, name: str, saved: str = "", joined: str = "", begun: str = "", visit: Visit = Depends(the_visit)
    ) -> Response:
        await off_loop(partial(self._known_name, name))
        try:
            there = await off_loop(lambda: opened(self.work, name))
        except StudioError as error:
            text = await off_loop(lambda: self.work.topics().text(name))
            return self.pages.show(
                "studio/broken.html", visit, 409, place="/studio/topics", topic=name, problem=str(error), text=text
            )
        form = there.form
        if there.draft and not form.review_by:
            form = replace(form, review_by=(self.work.today + HOLDS).isoformat())
        known = [named(part for part in PARTS if part in given.split(",")) for given in (saved, joined)]
        return await self._editor(
            visit, there, form, saved=NOTHING if saved == NOTHING else known[0], joined=known[1],
            begun=await off_loop(lambda: self.work.decisions.find(begun)) if there.draft and begun else None,
        )  # fmt: skip

    async def save_topic(self, request: Request, name: str, visit: Visit = Depends(the_visit)) -> Response:
        await off_loop(partial(self._known_name, name))
        sent = await request.form()
        form, marks, take = Form.sent(sent), str(sent.get("marks") or ""), [str(part) for part in sent.getlist("take")]
        try:
            done = await off_loop(lambda: save(self.work, name, form, marks, take, visit.person.name))
        except StudioError as error:
            return await self._again(visit, name, form, marks, str(error))
        if isinstance(done, Clash):
            return await self._editor(
                visit, done.theirs, done.merged.form, 409, clashes=done.merged.clashes, theirs=done.theirs.form
            )
        await self.audit.note(visit.person.login, "topic_saved", name)
        return RedirectResponse(_address(name, done), 303, HEADERS)

    async def _again(self, visit: Visit, name: str, form: Form, marks: str, problem: str) -> Response:
        """The editor with what was typed, which was not saved."""
        try:
            there = await off_loop(lambda: opened(self.work, name))
        except StudioError as error:
            return self.pages.show(
                "studio/broken.html", visit, 409, place="/studio/topics", topic=name, problem=str(error),
                text=await off_loop(lambda: self.work.topics().text(name)), form=form, parts=PARTS,
            )  # fmt: skip
        return await self._editor(visit, there, form, 400, marks, problem=problem)

    async def adopt(self, name: str, visit: Visit = Depends(the_visit)) -> Response:
        await off_loop(partial(self._known_name, name))
        try:
            await off_loop(lambda: self.work.topics(visit.person.name).adopt(name))
        except StudioError as error:
            there = await off_loop(lambda: opened(self.work, name))
            return await self._editor(visit, there, there.form, 409, problem=str(error))
        await self.audit.note(visit.person.login, "topic_adopted", name)
        return RedirectResponse(f"/studio/topics/{name}", 303, HEADERS)

    # what is said while somebody writes

    async def _typed(self, request: Request, name: str) -> tuple[Opened, Form]:
        await off_loop(partial(self._known_name, name))
        sent: FormData = await request.form()
        try:
            return await off_loop(lambda: opened(self.work, name)), Form.sent(sent)
        except StudioError as error:
            raise Refused(409, "broken_topic", str(error)) from None

    async def answer_part(self, request: Request, name: str, visit: Visit = Depends(the_visit)) -> Response:
        there, form = await self._typed(request, name)
        knowledge = (await off_loop(self.work.state)).knowledge
        shown = await off_loop(lambda: checked(knowledge, form, there.file, self.work.today))
        return self.pages.show("studio/answer_part.html", visit, checked=shown, preview=preview(knowledge, form))

    async def examples_part(self, request: Request, name: str, visit: Visit = Depends(the_visit)) -> Response:
        _, form = await self._typed(request, name)
        shown = await off_loop(lambda: self._examples_of(name, form, alike=True))
        return self.pages.show("studio/examples_part.html", visit, examples=shown)


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
