"""`/office`: the owner changes the clinic's own facts, sees what patients would read, and publishes.

Pages are whole without scripts. A clinical reviewer sees what is new, and approves other numbers to call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.office.clinic_file import Clash, ClinicFile, Mistaken, Written, clinic_of, marks, told_at
from gateway.office.kinds import SPARE, Typed
from gateway.office.parts import CLINIC_FILE, NONE, Page, Part, pages
from gateway.office.preview import Reading, examples, readings
from gateway.office.small_talk import FILE as SMALL_TALK
from gateway.office.small_talk import small_talk
from gateway.staff.access import HEADERS, Access, Visit, the_visit
from gateway.staff.audit import Audit
from gateway.staff.page_views import Pages
from gateway.studio.background import off_loop
from gateway.studio.errors import StudioError
from gateway.studio.pages.publish import job_now
from gateway.studio.publishing.approvals import APPROVER
from gateway.studio.publishing.facts import look
from gateway.studio.publishing.publishing import DONE
from gateway.studio.topics.changes import text_on_disk
from gateway.studio.topics.round_trip import load
from gateway.studio.workplace import Workplace
from gateway.web.error_replies import Refused

Json = dict[str, Any]
HERE = "/office"
OWNER = "admin"
SHOWN = 8  # answers that a change makes different
VERSIONS = 30  # that are shown


@dataclass(frozen=True)
class Change:
    """A part that is not what patients get now, in words."""

    question: str
    before: list[str]
    after: list[str]


@dataclass(frozen=True, eq=False)
class OfficePages:
    """All pages of the office."""

    work: Workplace
    access: Access
    audit: Audit
    views: Pages

    def router(self) -> APIRouter:
        """For the owner; what is new is also for who approves it."""
        seen = APIRouter(prefix=HERE, dependencies=[Depends(self.access.staff_with(OWNER, APPROVER))])
        seen.get("")(self.overview)
        seen.post("/numbers/{act}")(self.numbers)
        owned = APIRouter(prefix=HERE, dependencies=[Depends(self.access.staff_with(OWNER))])
        owned.post("/publish")(self.publish)
        owned.get("/history")(self.history)
        owned.post("/history")(self.bring_back)
        owned.get("/{name}")(self.page)
        owned.post("/{name}")(self.save)
        both = APIRouter(tags=["office"], include_in_schema=False)
        both.include_router(seen)
        both.include_router(owned)
        return both

    def _file(self, author: str = "", file: str = CLINIC_FILE) -> ClinicFile:
        return ClinicFile(self.work.settings.data, self.work.settings.var, author, file)

    def _pages(self) -> dict[str, Page]:
        knowledge = self.work.state().knowledge
        return pages(knowledge.clinic, knowledge.fill)

    def _talk(self) -> Page | None:
        text = text_on_disk(self.work.settings.data / SMALL_TALK)
        return small_talk(load(text)) if text else None

    def _named(self, name: str) -> Page:
        talk = self._talk()
        page = talk if talk and talk.name == name else self._pages().get(name)
        if page is None:
            raise Refused.because("not_found")
        return page

    # what is new

    def _news(self) -> Json:
        """What patients do not get yet, and what they would read then."""
        known, text = self._pages(), self._file().text
        knowledge = self.work.state().knowledge
        now = load(text)
        shown: Json = {"changes": [], "readings": [], "more": 0, "unsure": ""}
        try:
            published = text_on_disk(self.work.publishing.clearances.published()[1] / CLINIC_FILE) or ""
        except StudioError as error:
            published, shown["unsure"] = text, str(error)
        if published != text:
            shown["changes"] = _changes(known, load(published), now)
            before, after = (clinic_of(each, self.work.settings.data)[0] for each in (published, text))
            if before and after:
                found = readings(knowledge, before, after, self.work.now())
                shown |= {"readings": found[:SHOWN], "more": len(found[SHOWN:])}
        kinds = [(page, page.known(page.typed(now)), len(page.parts)) for page in known.values()]
        if talk := self._talk():
            kinds.append((talk, 0, 0))
        return {**shown, "pages": kinds, "examples": examples(knowledge, knowledge.clinic, self.work.now())}

    async def _overview(self, visit: Visit, status: int = 200, problem: str = "", saved: str = "") -> Response:
        job = await off_loop(lambda: job_now(self.work))  # first: where it is done, all that is read after knows of it
        found = await off_loop(lambda: look(self.work.publishing))
        approval = found.approval
        return self.views.show(
            "office/overview.html", visit, status, problem=problem, saved=saved, found=found, done=DONE,
            owner=visit.person.may([OWNER]), problems=(await off_loop(self.work.state)).problems,
            may_approve=approval is not None
            and not approval.approver
            and approval.author != visit.person.login
            and visit.person.may([APPROVER]),
            **job, **await off_loop(self._news),
        )  # fmt: skip

    async def overview(self, saved: str = "", visit: Visit = Depends(the_visit)) -> Response:
        page = (await off_loop(self._pages)).get(saved)
        return await self._overview(visit, saved=page.title if page else "")

    async def numbers(
        self, act: str, change: Annotated[str, Form()] = "", visit: Visit = Depends(the_visit)
    ) -> Response:
        """Put other numbers to call forward, or approve them."""
        found = await off_loop(lambda: look(self.work.publishing))
        approvals = self.work.publishing.clearances.approvals
        does = {"put-forward": approvals.put_forward, "approve": approvals.approve}
        if not found.rules or change != found.change or act not in does:
            return await self._overview(visit, 409, "The numbers are not as they were shown. Look at them again.")
        try:
            await off_loop(lambda: does[act](change, visit.person, self.work.now()))
        except StudioError as error:
            return await self._overview(visit, 409, str(error))
        await self.audit.note(visit.person.login, f"numbers_{act.replace('-', '_')}", change)
        return RedirectResponse(HERE, 303, HEADERS)

    async def publish(self, visit: Visit = Depends(the_visit)) -> Response:
        """Bring the facts to patients."""
        if (await off_loop(lambda: job_now(self.work)))["running"]:
            return await self._overview(visit, 409, "Something is being published already. Wait until that is done.")
        found = await off_loop(lambda: look(self.work.publishing))
        if not found.clear:
            return await self._overview(visit, 409, "This cannot be published yet. See below what is missing.")
        self.work.jobs.start("facts", visit.person.name)
        await self.audit.note(visit.person.login, "office_published")
        return RedirectResponse(HERE, 303, HEADERS)

    # one page

    async def _page(
        self, visit: Visit, page: Page, typed: Mapping[str, Typed], status: int = 200, **told: Any
    ) -> Response:
        knowledge = (await off_loop(self.work.state)).knowledge
        shown: Json = {"wrong": {}, "whole": (), "clash": None, "readings": None, "more": 0}
        shown |= {"problem": "", "marks": "", "saved": False}
        return self.views.show(
            "office/page.html", visit, status, page=page, typed=typed, spare=SPARE, absent=NONE, fill=knowledge.fill,
            talk=page.file == SMALL_TALK, origins=self.work.settings.origins, **{**shown, **told},
        )  # fmt: skip

    async def page(self, name: str, saved: str = "", visit: Visit = Depends(the_visit)) -> Response:
        page = await off_loop(lambda: self._named(name))
        typed = await off_loop(lambda: self._file(file=page.file).typed(page))
        return await self._page(visit, page, typed, marks=marks(typed), saved=bool(saved))

    async def save(self, request: Request, name: str, visit: Visit = Depends(the_visit)) -> Response:
        page = await off_loop(lambda: self._named(name))
        form = await request.form()
        sent, known = page.sent(form), str(form.get("marks") or "")
        take = [str(key) for key in form.getlist("take")]
        if form.get("preview"):
            return await self._preview(visit, page, sent, known, take)
        try:
            done = await off_loop(lambda: self._file(visit.person.name, page.file).save(page, sent, known, take))
        except StudioError as error:
            return await self._page(visit, page, sent, 409, marks=known, problem=str(error))
        if isinstance(done, Clash):
            return await self._clashed(visit, page, done)
        if isinstance(done, Mistaken):
            return await self._page(visit, page, sent, 400, marks=known, wrong=done.wrong, whole=done.whole)
        if done.keys:
            await self.audit.note(visit.person.login, "office_saved", ", ".join(done.keys))
        back = f"{HERE}/{page.name}?saved=1" if page.file == SMALL_TALK else f"{HERE}?saved={page.name}"
        return RedirectResponse(back, 303, HEADERS)

    async def _clashed(self, visit: Visit, page: Page, clash: Clash) -> Response:
        return await self._page(visit, page, clash.mine, 409, marks=marks(clash.theirs), clash=clash)

    async def _preview(
        self, visit: Visit, page: Page, sent: Mapping[str, Typed], known: str, take: list[str]
    ) -> Response:
        """The form as it was typed, with what patients would read if it were so; nothing is saved."""

        def read() -> Clash | Mistaken | list[Reading]:
            new = self._file(file=page.file).written(page, sent, known, take)
            if not isinstance(new, Written):
                return new
            knowledge = self.work.state().knowledge
            if page.file == SMALL_TALK:
                was, now = (page.typed(load(text)) for text in (new.before, new.after))
                texts = ((part.question, str(was[part.key]), str(now[part.key])) for part in page.parts)
                return [Reading(said, *map(knowledge.fill, each)) for said, *each in texts if each[0] != each[1]]
            before, after = (clinic_of(text, self.work.settings.data) for text in (new.before, new.after))
            if after[0] is None or before[0] is None:
                return told_at(page, new, after[1])
            return readings(knowledge, before[0], after[0], self.work.now())

        try:
            found = await off_loop(read)
        except StudioError as error:
            return await self._page(visit, page, sent, 409, marks=known, problem=str(error))
        if isinstance(found, Clash):
            return await self._clashed(visit, page, found)
        if isinstance(found, Mistaken):
            return await self._page(visit, page, sent, 400, marks=known, wrong=found.wrong, whole=found.whole)
        return await self._page(visit, page, sent, marks=known, readings=found[:SHOWN], more=len(found[SHOWN:]))

    # what was before

    async def history(self, visit: Visit = Depends(the_visit)) -> Response:
        return await self._history(visit)

    async def _history(self, visit: Visit, status: int = 200, problem: str = "") -> Response:
        def read() -> list[tuple[Any, list[Change]]]:
            known, versions = self._pages(), self._file().versions()[: VERSIONS + 1]
            documents = [_held(version.text) for version in versions]
            earlier = [*documents[1:], None][: len(documents)]
            return [
                (version, _changes(known, before, now) if before and now else [])
                for version, now, before in zip(versions, documents, earlier, strict=True)
            ][:VERSIONS]

        return self.views.show("office/history.html", visit, status, problem=problem, versions=await off_loop(read))

    async def bring_back(self, version: Annotated[str, Form()] = "", visit: Visit = Depends(the_visit)) -> Response:
        try:
            await off_loop(lambda: self._file(visit.person.name).bring_back(version))
        except StudioError as error:
            return await self._history(visit, 409, str(error))
        await self.audit.note(visit.person.login, "office_brought_back", version)
        return RedirectResponse(HERE, 303, HEADERS)


def _held(text: str | None) -> Any:
    """What a version says; None where it can't be read."""
    try:
        return load(text) if text else None
    except StudioError:
        return None


def _changes(known: Mapping[str, Page], before: Any, after: Any) -> list[Change]:
    parts = {part.key: part for page in known.values() for part in page.parts}
    return [change for part in parts.values() if (change := _change(part, before, after))]


def _change(part: Part, before: Any, after: Any) -> Change | None:
    old, new = part.typed(before), part.typed(after)
    if old == new:
        return None
    was, now = part.words(old), part.words(new)
    if isinstance(old, tuple) and isinstance(new, tuple):  # of a list, what differs
        return Change(
            part.question, [each for each in was if each not in now], [each for each in now if each not in was]
        )
    return Change(part.question, was, now)
