"""`/studio/review`: what waits for a signature, what is new in it since the last one, and signing several at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.staff.access import HEADERS, Visit, the_visit
from gateway.staff.audit import Audit
from gateway.staff.page_views import Pages
from gateway.studio.background import off_loop
from gateway.studio.editing import ask_for_change, sign
from gateway.studio.errors import StudioError
from gateway.studio.publishing.clearance import RETIRED
from gateway.studio.topics.change_requests import LONGEST, ChangeRequest
from gateway.studio.topics.topic_file import TopicFile
from gateway.studio.topics.topics import Topics
from gateway.studio.workplace import Workplace

HOLDS = timedelta(days=182)  # what is proposed as the next review
Texts = Annotated[list[str] | None, Form()]


@dataclass(frozen=True)
class Waiting:
    """A text that waits for a signature: the topic's own, or a specific answer's (`id`). `signed` are the words that
    were signed last, `digest` what the file says, `why` what keeps it from patients, `asked` the change that a reviewer
    asked for, and `changed` whether the words are others since.
    """

    topic: str
    id: str
    title: str
    words: tuple[str, ...]
    signed: tuple[str, ...]
    sources: tuple[str, ...]
    digest: str
    why: str = ""
    asked: ChangeRequest | None = None
    changed: bool = False

    @property
    def key(self) -> str:
        """As a form names it."""
        return f"{self.topic}.{self.id}:{self.digest}"


@dataclass(frozen=True)
class Unsigned:
    """How many texts of a topic nobody has signed."""

    topic: str
    title: str
    count: int
    of: int


@dataclass(frozen=True, eq=False)
class ReviewPage:
    """The reviewer's list."""

    work: Workplace
    staff: Callable[[Request], Awaitable[Visit]]
    reviewer: Callable[[Request], Awaitable[Visit]]
    audit: Audit
    pages: Pages

    def router(self) -> APIRouter:
        """Look, and sign."""
        router = APIRouter(prefix="/studio")
        router.get("/review", dependencies=[Depends(self.staff)])(self.page)
        router.post("/review", dependencies=[Depends(self.reviewer)])(self.sign)
        router.post("/review/change", dependencies=[Depends(self.reviewer)])(self.ask)
        return router

    async def _shown(
        self,
        visit: Visit,
        topic: str = "",
        status: int = 200,
        problems: Iterable[str] = (),
        signed: int = 0,
        asked: bool = False,
    ) -> Response:
        changed, counts = await off_loop(lambda: (self._changed(), self._unsigned()))
        chosen = await off_loop(lambda: self._of(topic)) if topic else []
        return self.pages.show(
            "studio/review.html", visit, status, place="/studio/review", changed=changed, counts=counts, chosen=chosen,
            topic=topic, problems=tuple(problems), signed=signed, asked=asked, today=self.work.today,
            review_by=self.work.today + HOLDS, may_sign=visit.person.may(["clinical_reviewer"]),
            total=sum(each.count for each in counts), longest=LONGEST,
        )  # fmt: skip

    async def page(self, topic: str = "", asked: str = "", visit: Visit = Depends(the_visit)) -> Response:
        return await self._shown(visit, topic, asked=asked == "1")

    async def sign(
        self,
        text: Texts = None,
        review_by: Annotated[str, Form(max_length=20)] = "",
        topic: Annotated[str, Form(max_length=64)] = "",
        visit: Visit = Depends(the_visit),
    ) -> Response:
        """Sign what is ticked, as far as it still says what was read."""
        chosen: dict[tuple[str, str], list[str]] = {}
        for key in text or []:
            name, _, digest = key.partition(":")
            own, _, id = name.partition(".")
            chosen.setdefault((own, digest), []).append(id)
        problems, signed = [], 0
        for (own, digest), ids in chosen.items():
            try:
                await off_loop(
                    partial(sign, self.work, own, digest, visit.person.name, review_by, self.work.today, tuple(ids))
                )
            except StudioError as error:
                problems.append(f"{self._title(own)}: {error}")
                continue
            signed += len(ids)
            await self.audit.note(visit.person.login, "topic_signed", own)
        if not chosen:
            problems.append("Nothing is ticked. What to do: tick what you have read and approve.")
        return await self._shown(visit, topic, 409 if problems else 200, problems, signed)

    async def ask(self, request: Request, visit: Visit = Depends(the_visit)) -> Response:
        """Ask who wrote a text for a change of it."""
        sent = await request.form()
        key = str(sent.get("change") or "")[:200]
        name, _, digest = key.partition(":")
        own, _, id = name.partition(".")
        comment = str(sent.get(f"comment:{key}") or "")
        try:
            await off_loop(partial(ask_for_change, self.work, own, id, digest, visit.person.name, comment))
        except StudioError as error:
            return await self._shown(visit, str(sent.get("topic") or "")[:64], 409, [str(error)])
        await self.audit.note(visit.person.login, "change_asked", name)
        return RedirectResponse("/studio/review?asked=1", 303, HEADERS)

    def _title(self, name: str) -> str:
        topic = self.work.state().knowledge.topics.get(name)
        return topic.title if topic else name

    def _changed(self) -> list[Waiting]:
        """What is new and keeps the rest from being published until it is signed."""
        found = self.work.publishing.clearances.look()
        waiting = [text for text in found.topics if text.missing and text.how != RETIRED]
        topics = self.work.topics()
        files = {name: topics.open(name) for name in {text.topic for text in waiting}}
        return [self._waiting(topics, files[text.topic], text.name.partition(".")[2], text.missing) for text in waiting]

    def _unsigned(self) -> list[Unsigned]:
        topics = sorted(self.work.state().knowledge.topics.values(), key=lambda topic: topic.title.casefold())
        found = [
            Unsigned(topic.name, topic.title, signed.count(""), len(signed))
            for topic in topics
            if (signed := [topic.reviewer, *(answer.reviewer for answer in topic.answers.values())])
        ]
        return [each for each in found if each.count]

    def _of(self, name: str) -> list[Waiting]:
        """Every text of a topic that nobody has signed."""
        topic = self.work.state().knowledge.topics.get(name)
        if topic is None:
            return []
        topics = self.work.topics()
        file = topics.open(name)
        ids = ["", *topic.answers]
        return [self._waiting(topics, file, id) for id in ids if not file.review_of(id)[0]]

    def _waiting(self, topics: Topics, file: TopicFile, id: str, why: str = "") -> Waiting:
        name = file.name
        answer = file.answer(id) if id else None
        known = self.work.state().knowledge.sources
        refs = answer.sources if answer else file.sources
        sources = tuple(f"{known[ref.id].title if ref.id in known else ref.id} {ref.section}".strip() for ref in refs)
        title = f"{file.title} {answer.title}" if answer else file.title
        words, asked = file.words_of(id), self.work.change_requests.of(name).get(id)
        return Waiting(
            name, id, title, words[1:], topics.history.last_signed(name, id)[1:], sources, file.digest, why,
            asked, asked is not None and not asked.about(words),
        )  # fmt: skip
