"""`/office`: the owner changes the clinic's own facts, sees what patients would read, and publishes.

Pages are whole without scripts. A clinical reviewer sees what is new, and approves other numbers to call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, UploadFile
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.office import logo
from gateway.office.clinic_file import Clash, ClinicFile, Mistaken, Written, clinic_of, marks, told_at
from gateway.office.kinds import SPARE, Typed
from gateway.office.listed import LISTS, RED_FLAG_WORDS, Listed, id_of
from gateway.office.parts import CLINIC_FILE, NONE, Page, Part, pages
from gateway.office.preview import Reading, examples, readings
from gateway.office.replies import reply_pages
from gateway.office.word_trial import Trial, try_words
from gateway.staff.access import HEADERS, Access, Visit, the_visit
from gateway.staff.audit import Audit
from gateway.staff.page_views import Pages
from gateway.studio.background import off_loop
from gateway.studio.errors import StudioError
from gateway.studio.pages.publish import job_now
from gateway.studio.publishing.approvals import APPROVER, DIALOGUE, GUARDED, RULES
from gateway.studio.publishing.publishing import DONE
from gateway.studio.topics.changes import text_on_disk
from gateway.studio.topics.round_trip import load
from gateway.studio.workplace import Workplace
from gateway.web.error_replies import Refused
from gateway.web.logo import picture
from knowledge.logo import Logo, read_logo
from safety.net import RulesError

Json = dict[str, Any]
HERE = "/office"
OWNER = "admin"
SHOWN = 8  # answers that a change makes different
VERSIONS = 30  # that are shown
FEWER_VERSIONS = 8  # of a longer file
LOGO = "Logo"
LISTED = 100  # entries of a list on its page


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
        """For the owner; what is new is also for whoever approves it."""
        seen = APIRouter(prefix=HERE, dependencies=[Depends(self.access.staff_with(OWNER, APPROVER))])
        seen.get("")(self.overview)
        seen.post("/numbers/{act}")(self.numbers)
        owned = APIRouter(prefix=HERE, dependencies=[Depends(self.access.staff_with(OWNER))])
        owned.post("/publish")(self.publish)
        owned.get("/logo")(self.logo)
        owned.post("/logo")(self.keep_logo)
        owned.get("/logo/picture")(self.logo_picture)
        owned.get("/history")(self.history)
        owned.post("/history")(self.bring_back)
        owned.get("/{name}/new/{stem}")(self.new)
        owned.post("/{name}/new/{stem}")(self.add)
        owned.get("/{name}")(self.page)
        owned.post("/{name}")(self.save)
        owned.get("/{name}/{id}")(self.page)
        owned.post("/{name}/{id}")(self.save)
        both = APIRouter(tags=["office"], include_in_schema=False)
        both.include_router(seen)
        both.include_router(owned)
        return both

    def _file(self, author: str = "", file: str = CLINIC_FILE) -> ClinicFile:
        return ClinicFile(self.work.settings.data, self.work.settings.var, author, file)

    def _pages(self) -> dict[str, Page]:
        knowledge = self.work.state().knowledge
        return pages(knowledge.clinic, knowledge.fill)

    def _named(self, name: str, id: str = "") -> Page:
        data = self.work.settings.data
        if id:
            titles = {topic.name: topic.title for topic in self.work.state().knowledge.topics.values()}
            page = LISTS[name].page(data, id, titles) if name in LISTS else None
        else:
            page = reply_pages(data).get(name) or self._pages().get(name)
        if page is None:
            raise Refused.because("not_found")
        return page

    # what is new

    def _news(self) -> Json:
        """What patients do not get yet, and what they would read then."""
        known, text = self._pages(), self._file().text
        knowledge = self.work.state().knowledge
        now = load(text)
        shown: Json = {"changes": [], "readings": [], "more": 0, "unsure": "", "new_logo": False}
        try:
            before = self.work.facts.published()
            published = text_on_disk(before / CLINIC_FILE) or ""
            shown["new_logo"] = logo.kept(before) != logo.kept(self.work.settings.data)
        except StudioError as error:
            published, shown["unsure"] = text, str(error)
        if published != text:
            shown["changes"] = _changes(known, load(published), now)
            was, then = (clinic_of(each, self.work.settings.data)[0] for each in (published, text))
            if was and then:
                found = readings(knowledge, was, then, self.work.now())
                shown |= {"readings": found[:SHOWN], "more": len(found[SHOWN:])}
        kinds = [(page, page.known(page.typed(now)), len(page.parts)) for page in known.values()]
        data = self.work.settings.data
        said = [*reply_pages(data).values(), *(listed for listed in LISTS.values() if any(data.glob(listed.files)))]
        told = examples(knowledge, knowledge.clinic, self.work.now())
        return {**shown, "pages": kinds, "said": said, "examples": told}

    async def _overview(self, visit: Visit, status: int = 200, problem: str = "", saved: str = "") -> Response:
        job = await off_loop(lambda: job_now(self.work))  # first: where it is done, all that is read after knows of it
        found = await off_loop(self.work.facts.look)
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
        return await self._overview(visit, saved=LOGO if saved == "logo" else page.title if page else "")

    async def numbers(
        self, act: str, change: Annotated[str, Form()] = "", visit: Visit = Depends(the_visit)
    ) -> Response:
        """Put other numbers to call forward, or approve them."""
        found = await off_loop(self.work.facts.look)
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
        found = await off_loop(self.work.facts.look)
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
        shown: Json = {"wrong": {}, "whole": (), "clash": None, "readings": None, "more": 0, "trial": None, "own": ""}
        shown |= {"problem": "", "marks": "", "saved": False}
        return self.views.show(
            "office/page.html", visit, status, page=page, typed=typed, spare=SPARE, absent=NONE, fill=knowledge.fill,
            learned=page.file != CLINIC_FILE, guarded=_guarded(page.file), tries=page.file == RED_FLAG_WORDS,
            origins=self.work.settings.origins, **{**shown, **told},
        )  # fmt: skip

    async def page(
        self, name: str, id: str = "", saved: str = "", q: str = "", visit: Visit = Depends(the_visit)
    ) -> Response:
        if not id and name in LISTS:
            return await self._list(visit, LISTS[name], q[:100])
        page = await off_loop(lambda: self._named(name, id))
        typed = await off_loop(lambda: self._file(file=page.file).typed(page))
        return await self._page(visit, page, typed, marks=marks(typed), saved=bool(saved))

    async def _list(self, visit: Visit, listed: Listed, q: str) -> Response:
        found = await off_loop(lambda: listed.entries(self.work.settings.data, q))
        return self.views.show(
            "office/list.html", visit, listed=listed, q=q, entries=found[:LISTED], more=len(found[LISTED:]),
            new_in=await off_loop(lambda: listed.new_in(self.work.settings.data)),
        )  # fmt: skip

    # one that is not there yet

    def _new(self, name: str, stem: str, called: str = "") -> tuple[Listed, Page]:
        listed = LISTS.get(name)
        page = listed.new_page(self.work.settings.data, stem, called) if listed else None
        if listed is None or page is None:
            raise Refused.because("not_found")
        return listed, page

    async def new(self, name: str, stem: str, visit: Visit = Depends(the_visit)) -> Response:
        _, page = await off_loop(lambda: self._new(name, stem))
        typed = await off_loop(lambda: self._file(file=page.file).typed(page))
        return await self._page(visit, page, typed, marks=marks(typed))

    async def add(self, request: Request, name: str, stem: str, visit: Visit = Depends(the_visit)) -> Response:
        form = await request.form()
        called = str(form.get("name") or "")
        listed, page = await off_loop(lambda: self._new(name, stem, called))
        sent, known = page.sent(form), str(form.get("marks") or "")
        wrong = {part.key: "Please fill this in." for part in page.parts if part.needed and not sent[part.key]}
        if any(entry.id == id_of(called) for entry in await off_loop(lambda: listed.entries(self.work.settings.data))):
            wrong["name"] = "This is in the list already: change it there."
        if wrong:
            return await self._page(visit, page, sent, 400, marks=known, wrong=wrong)
        return await self._saved(visit, page, form, f"{HERE}/{name}/{id_of(called)}?saved=1")

    async def save(self, request: Request, name: str, id: str = "", visit: Visit = Depends(the_visit)) -> Response:
        page = await off_loop(lambda: self._named(name, id))
        back = f"{HERE}?saved={page.name}" if page.file == CLINIC_FILE else f"{HERE}/{page.name}?saved=1"
        return await self._saved(visit, page, await request.form(), back)

    async def _saved(self, visit: Visit, page: Page, form: FormData, back: str) -> Response:
        """Save what was sent, or show what patients would read then, or say what is wrong."""
        sent, known = page.sent(form), str(form.get("marks") or "")
        take = [str(key) for key in form.getlist("take")]
        if form.get("preview"):
            return await self._preview(visit, page, sent, known, take, str(form.get("own") or ""))
        try:
            done = await off_loop(lambda: self._file(visit.person.name, page.file).save(page, sent, known, take))
        except StudioError as error:
            return await self._page(visit, page, sent, 409, marks=known, problem=str(error))
        if isinstance(done, Clash):
            return await self._clashed(visit, page, done)
        if isinstance(done, Mistaken):
            return await self._page(visit, page, sent, 400, marks=known, wrong=done.wrong, whole=done.whole)
        if done.keys:
            what = ", ".join(done.keys) if page.file == CLINIC_FILE else page.name
            await self.audit.note(visit.person.login, "office_saved", what)
        return RedirectResponse(back, 303, HEADERS)

    async def _clashed(self, visit: Visit, page: Page, clash: Clash) -> Response:
        return await self._page(visit, page, clash.mine, 409, marks=marks(clash.theirs), clash=clash)

    async def _preview(
        self, visit: Visit, page: Page, sent: Mapping[str, Typed], known: str, take: list[str], own: str
    ) -> Response:
        """The form as it was typed, with what patients would read if it were so; nothing is saved. Words of danger are
        tried on stored examples, and on messages of one's `own`, one a line.
        """

        def read() -> Clash | Mistaken | Trial | list[Reading]:
            new = self._file(file=page.file).written(page, sent, known, take)
            if not isinstance(new, Written):
                return new
            knowledge = self.work.state().knowledge
            if page.file != CLINIC_FILE:
                (was, now) = (page.typed(load(text)) for text in (new.before, new.after))
                if page.file == RED_FLAG_WORDS:
                    before, after = (str(words[page.parts[0].key]).splitlines() for words in (was, now))
                    return try_words(self.work.settings.data, before, after, new.after, own.splitlines())
                return _worded(
                    page, was, now, lambda text: knowledge.fill_clinic(text.replace("{me}", visit.person.name))
                )
            old, (clinic, problems) = (clinic_of(text, self.work.settings.data) for text in (new.before, new.after))
            if clinic is None or old[0] is None:
                return told_at(page, new, problems)
            return readings(knowledge, old[0], clinic, self.work.now())

        try:
            found = await off_loop(read)
        except (StudioError, RulesError) as error:
            return await self._page(visit, page, sent, 409, marks=known, problem=str(error), own=own)
        if isinstance(found, Trial):
            return await self._page(visit, page, sent, marks=known, trial=found, own=own)
        if isinstance(found, Clash):
            return await self._clashed(visit, page, found)
        if isinstance(found, Mistaken):
            return await self._page(visit, page, sent, 400, marks=known, wrong=found.wrong, whole=found.whole)
        return await self._page(visit, page, sent, marks=known, readings=found[:SHOWN], more=len(found[SHOWN:]))

    # the logo

    async def logo(self, visit: Visit = Depends(the_visit)) -> Response:
        return await self._logo(visit)

    async def _logo(self, visit: Visit, status: int = 200, problem: str = "") -> Response:
        return self.views.show(
            "office/logo.html", visit, status, problem=problem, there=await off_loop(self._kept_logo),
            most=logo.MOST_SENT // 1000,
        )  # fmt: skip

    async def keep_logo(
        self,
        file: Annotated[UploadFile | None, File()] = None,
        remove: Annotated[str, Form()] = "",
        visit: Visit = Depends(the_visit),
    ) -> Response:
        """Keep a logo that was uploaded, made safe, or take it away. Patients see it once it is published."""
        content = await file.read(logo.MOST_SENT + 1) if file else b""
        try:
            new = None if remove else await off_loop(lambda: logo.made_safe(content))
            await off_loop(lambda: logo.put(self.work.settings.data, new))
        except StudioError as error:
            return await self._logo(visit, 400, str(error))
        await self.audit.note(visit.person.login, "office_saved", "logo")
        return RedirectResponse(f"{HERE}?saved=logo", 303, HEADERS)

    async def logo_picture(self, visit: Visit = Depends(the_visit)) -> Response:
        """The logo as it was saved, for who looks at it before it is published."""
        if (found := await off_loop(self._kept_logo)) is None:
            raise Refused.because("not_found")
        return picture(found, HEADERS)

    def _kept_logo(self) -> Logo | None:
        return read_logo(self.work.settings.data, [])

    # what was before

    async def history(self, of: str = "", visit: Visit = Depends(the_visit)) -> Response:
        return await self._history(visit, of)

    def _of(self, of: str) -> Page | None:
        """The page whose history is asked for; none: it is that of the clinic's file."""
        return self._named(*of.split("/", 1)) if of else None

    async def _history(self, visit: Visit, of: str, status: int = 200, problem: str = "") -> Response:
        page = await off_loop(lambda: self._of(of))
        known = {page.name: page} if page else self._pages()
        many = FEWER_VERSIONS if page else VERSIONS

        def read() -> list[tuple[Any, list[Change]]]:
            versions = self._file(file=page.file if page else CLINIC_FILE).versions()[: many + 1]
            documents = [_held(version.text) for version in versions]
            earlier = [*documents[1:], None][: len(documents)]
            return [
                (version, _changes(known, before, now) if before and now else [])
                for version, now, before in zip(versions, documents, earlier, strict=True)
            ][:many]

        return self.views.show(
            "office/history.html", visit, status, of=of, page=page, problem=problem, versions=await off_loop(read)
        )

    async def bring_back(
        self, version: Annotated[str, Form()] = "", of: str = "", visit: Visit = Depends(the_visit)
    ) -> Response:
        page = await off_loop(lambda: self._of(of))
        file = page.file if page else CLINIC_FILE
        try:
            await off_loop(lambda: self._file(visit.person.name, file).bring_back(version, page))
        except StudioError as error:
            return await self._history(visit, of, 409, str(error))
        await self.audit.note(visit.person.login, "office_brought_back", version)
        return RedirectResponse(f"{HERE}/{of}" if of else HERE, 303, HEADERS)


def _held(text: str | None) -> Any:
    """What a version says; None where it can't be read."""
    try:
        return load(text) if text else None
    except StudioError:
        return None


def _changes(known: Mapping[str, Page], before: Any, after: Any) -> list[Change]:
    parts = {part.key: part for page in known.values() for part in page.parts}
    return [change for part in parts.values() if (change := _change(part, before, after))]


def _guarded(file: str) -> bool:
    """Whether a second person has to approve what is changed there."""
    return file in RULES or file.startswith((DIALOGUE, *(f"{folder}/" for folder in GUARDED)))


def _worded(
    page: Page, was: Mapping[str, Typed], now: Mapping[str, Typed], fill: Callable[[str], str]
) -> list[Reading]:
    """What a change makes different where it is said as it is written."""
    changed = [part for part in page.parts if was[part.key] != now[part.key]]
    return [
        Reading(part.question, *(fill("\n".join(part.words(typed[part.key]))) for typed in (was, now)))
        for part in changed
    ]


def _change(part: Part, before: Any, after: Any) -> Change | None:
    try:
        old, new = part.typed(before), part.typed(after)
    except StudioError:  # it did not stand there yet
        return None
    if old == new:
        return None
    was, now = part.words(old), part.words(new)
    if isinstance(old, tuple) and isinstance(new, tuple):  # of a list, what differs
        return Change(
            part.question, [each for each in was if each not in now], [each for each in now if each not in was]
        )
    return Change(part.question, was, now)
