"""`/studio/import`: old chats and FAQ lists are brought in from a file, of which nothing but the questions is kept."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated

from fastapi import APIRouter, Depends, File, UploadFile
from starlette.responses import Response

from gateway.staff.access import Visit, the_visit
from gateway.studio.background import off_loop
from gateway.studio.errors import StudioError
from gateway.studio.inbox.faq_import import BEGUN, KNOWN, WAITS, FaqImport, Taken
from gateway.studio.inbox.question_lists import MOST_FAQ, ListFile, faq, from_csv
from gateway.studio.pages.studio_pages import StudioPages

HERE = "/studio/import"
FORM = 10_000  # bytes of a request that are not the file
Given = Annotated[UploadFile | None, File()]


class ImportPage(StudioPages):
    """Two forms: one for chats, one for an FAQ list."""

    def router(self) -> APIRouter:
        """The page, and what its forms send."""
        router = self.for_staff()
        router.get("/import")(self.page)
        router.post("/import/chats")(self.chats)
        router.post("/import/faq")(self.list_of_questions)
        return router

    @property
    def _most(self) -> int:
        """The largest file, in bytes: one request carries it."""
        return self.work.settings.body_limit - FORM

    def _shown(
        self, visit: Visit, status: int = 200, problem: str = "", chats: int = -1, taken: list[Taken] | None = None
    ) -> Response:
        titles = {name: topic.title for name, topic in self.work.state().knowledge.topics.items()}
        return self.pages.show(
            "studio/import.html", visit, status, place=HERE, problem=problem, chats=chats, taken=taken, titles=titles,
            kilobytes=self._most // 1000, most_faq=MOST_FAQ, waits=WAITS, known=KNOWN, begun=BEGUN,
        )  # fmt: skip

    async def page(self, visit: Visit = Depends(the_visit)) -> Response:
        return await off_loop(lambda: self._shown(visit))

    async def _read(self, file: UploadFile | None) -> ListFile:
        if file is None or not file.filename:
            raise StudioError("No file was chosen.", "choose one.")
        if (file.size or 0) > self._most:
            raise StudioError("This file is too large.", f"split it into files of at most {self._most // 1000} kB.")
        return ListFile(PurePath(file.filename).name[:80], await file.read())

    async def chats(self, file: Given = None, visit: Visit = Depends(the_visit)) -> Response:
        """Take in messages of old chats: they wait in the inbox, without personal details."""
        try:
            given = await self._read(file)
            listed = await off_loop(lambda: from_csv(given))
            count = await self.work.inbox.bring([asked.question for asked in listed])
        except StudioError as error:
            return self._shown(visit, 400, str(error))
        await self.audit.note(visit.person.login, "chats_imported", str(count))
        return await off_loop(lambda: self._shown(visit, chats=count))

    async def list_of_questions(self, file: Given = None, visit: Visit = Depends(the_visit)) -> Response:
        """Take in an FAQ list: its questions wait in the inbox or become drafts."""
        work = self.work
        try:
            given = await self._read(file)
            listed = await off_loop(lambda: faq(given))
            brought = FaqImport(work.inbox, work.topics(visit.person.name), work.meaning, work.settings.data)
            taken = await brought.take(listed)
        except StudioError as error:
            return self._shown(visit, 400, str(error))
        await self.audit.note(visit.person.login, "faq_imported", str(len(taken)))
        return await off_loop(lambda: self._shown(visit, taken=taken))
