"""The front desk's pages, `/desk`: the queue, one chat, and looking up answers. All of it asks for the role `desk`.

Pages are whole without scripts. With them, `/desk/events` says that something is new, never what: the page then reads
its own parts again, from the number of the last event that it shows. So whatever was missed while a browser slept is
there as soon as it is back.
"""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)

from gateway.chat.transcript import transcript
from gateway.desk.blocking import Blocking, NoReason
from gateway.desk.listing import REASONS, Listing
from gateway.desk.proposals import Proposals
from gateway.desk.ready_replies import NotAReply, ReadyReplies
from gateway.desk.reviewed import Reviewed
from gateway.desk.service import ALARMS, PRESENT, AlreadyClaimed, Desk, NoMessage, NothingSaid, NotYourChat, QueueRow
from gateway.engine.client import EngineUnavailable
from gateway.handoff.side import DESK
from gateway.live import stream
from gateway.live.moments import Moments
from gateway.live.moments import told as told_of
from gateway.live.signals import Signals
from gateway.staff.access import HEADERS, Access, Visit, the_visit
from gateway.staff.accounts import Accounts
from gateway.staff.audit import Audit
from gateway.staff.page_views import Pages
from gateway.storage.records import REQUESTS, Event, KeyReused, Role, UnknownConversation
from gateway.web.error_replies import Refused, error_body
from knowledge import Knowledge
from knowledge.desk import IN_REPLIES

Json = dict[str, Any]
TEXT_LIMIT = 4_000
QUESTION_LIMIT = 2_000
Text = Annotated[str, Form(max_length=TEXT_LIMIT)]
Short = Annotated[str, Form(max_length=QUESTION_LIMIT)]
MOST_AT_ONCE = 200  # chats that are closed in one go
SETTLE = 0.2  # seconds in which news are gathered: many at once are one


@dataclass(frozen=True)
class Colleague:
    """Somebody else at the desk."""

    login: str
    name: str
    here: bool  # with a page of the desk open


@dataclass(frozen=True, eq=False)
class Console:
    """The pages of the front desk. Each handler can be called by itself; `router` gives them their addresses."""

    desk: Desk
    reviewed: Reviewed
    replies: ReadyReplies
    listing: Listing
    blocking: Blocking
    proposals: Proposals
    accounts: Accounts
    audit: Audit
    access: Access
    pages: Pages
    signals: Signals
    moments: Moments
    knowledge: Knowledge
    heartbeat: float

    def router(self) -> APIRouter:
        """All pages and parts below `/desk`, without the numbers."""
        router = APIRouter(
            prefix="/desk",
            tags=["desk"],
            include_in_schema=False,
            dependencies=[Depends(self.access.staff_with("desk"))],
        )
        router.get("")(self.queue)
        router.get("/parts/queue")(self.queue_part)
        router.get("/here")(self.here)
        router.get("/events")(self.events)
        router.post("/out")(self.out)
        router.post("/close")(self.close_several)
        router.get("/search")(self.search)
        router.get("/chats/{id}")(self.chat)
        router.get("/chats/{id}/log")(self.log)
        router.get("/chats/{id}/state")(self.state)
        router.get("/chats/{id}/transcript.txt")(self.export)
        router.post("/chats/{id}/claim")(self.claim)
        router.post("/chats/{id}/release")(self.release)
        router.post("/chats/{id}/transfer")(self.transfer)
        router.post("/chats/{id}/hand-back")(self.hand_back)
        router.post("/chats/{id}/close")(self.close)
        router.post("/chats/{id}/block")(self.block)
        router.post("/chats/{id}/unblock")(self.unblock)
        router.post("/chats/{id}/note")(self.note)
        router.post("/chats/{id}/tag")(self.turn_tag)
        router.post("/chats/{id}/items/{number}/done")(self.done)
        router.post("/chats/{id}/items/{number}/reopen")(self.reopen)
        router.post("/chats/{id}/propose")(self.propose)
        router.post("/chats/{id}/reply")(self.reply)
        router.post("/chats/{id}/draft")(self.draft)
        router.post("/chats/{id}/moment")(self.moment)
        router.get("/replies")(self.own_replies)
        router.post("/replies")(self.keep_reply)
        router.post("/replies/{number}/remove")(self.remove_reply)
        router.get("/ask")(self.ask)
        router.get("/answers")(self.answers)
        router.get("/handout")(self.handout)
        router.post("/hints")(self.hints)
        return router

    # the queue

    async def queue(self, show: str = "", tag: str = "", visit: Visit = Depends(the_visit)) -> Response:
        shown = await self.listing.shown(visit.person, show, tag=tag)
        return self.pages.show("desk/inbox.html", visit, **shown, card=None, closing=self.knowledge.desk.closing)

    async def queue_part(
        self, show: str = "", chat: str = "", tag: str = "", visit: Visit = Depends(the_visit)
    ) -> Response:
        return self.pages.show("desk/queue_rows.html", visit, **await self.listing.shown(visit.person, show, chat, tag))

    async def here(self, visit: Visit = Depends(the_visit)) -> Response:
        """Whether somebody is still signed in: a stream that was refused does not say why."""
        return JSONResponse({}, headers=HEADERS)

    async def events(self, request: Request, chat: str = "", visit: Visit = Depends(the_visit)) -> Response:
        told = -math.inf  # when it was last said that this person is here

        async def tell() -> AsyncIterator[str | None]:
            nonlocal told
            faults = dict(self.listing.faults())
            try:
                if not await self.access.still_in(request, "desk"):
                    yield stream.event({}, "out")
                    yield None
                if time.monotonic() - told > PRESENT.total_seconds() / 3:
                    told = time.monotonic()
                    await self.desk.here(visit.person.id)
                rows = await self.desk.queue(reader=visit.person.id)
            except (SQLAlchemyError, OSError):
                rows, faults = [], {"database": 0.0, **faults}  # the page has to ring for that, too
            yield stream.event({**summed(rows, visit.person.id, faults), "every": self.heartbeat})

        names = [DESK, chat] if chat else [DESK]
        aside = told_of(self.moments, chat, "patient") if chat else None
        said = stream.stream(self.signals, names, tell, heartbeat=self.heartbeat, settle=SETTLE, aside=aside)
        return stream.reply(said, HEADERS)

    async def close_several(
        self,
        chat: Annotated[list[str] | None, Form()] = None,
        why: Short = "",
        visit: Visit = Depends(the_visit),
    ) -> Response:
        """Close the chats that were ticked. What somebody has taken meanwhile, or what is gone, is left as it is."""
        for id in (chat or [])[:MOST_AT_ONCE]:
            with suppress(NotYourChat, UnknownConversation):
                await self._close(id, why, visit)
                await self.audit.note(visit.person.login, "chat_closed", id)
        return RedirectResponse("/desk", 303, HEADERS)

    async def _close(self, id: str, why: str, visit: Visit) -> None:
        known = why if why in self.knowledge.desk.closing else ""
        await self.desk.close(id, visit.person.id, visit.person.name, known)

    async def out(self, out: Annotated[bool, Form()], visit: Visit = Depends(the_visit)) -> Response:
        await self.desk.set_out(out, visit.person.name)
        await self.audit.note(visit.person.login, "desk_out" if out else "desk_back")
        return RedirectResponse("/desk", 303, HEADERS)

    async def search(self, q: str = "", visit: Visit = Depends(the_visit)) -> Response:
        hits = await self.desk.search(q[:200])
        if q.strip():
            await self.audit.note(visit.person.login, "chats_searched")
            for id in dict.fromkeys(hit.conversation_id for hit in hits):
                await self.audit.note_reading(visit.person.login, "chat_found", id)
        return self.pages.show("desk/search.html", visit, q=q[:200], hits=hits)

    # one chat

    async def _state_of(self, id: str, visit: Visit) -> Json:
        try:
            card = await self.desk.context(id)
        except UnknownConversation:
            raise Refused.because("not_found") from None
        here = await self.desk.who_is_here()
        others = [
            Colleague(person.login, person.name, person.id in here)
            for person in await self.accounts.all()
            if person.may(["desk"]) and person.has_password and person.id != visit.person.id
        ]
        labels = self.knowledge.screening.labels
        about_handoff = card.state != "assistant"  # then what was asked is done by taking or closing the chat
        questions = {name: question.label for name, question in self.knowledge.screening.questions.items()}
        return {
            "card": card,
            "chat_name": self.listing.names.name(card.started_at, card.record),
            "closing": self.knowledge.desk.closing,
            "blocked": await self.blocking.of(id),
            "blocking": self.blocking.reasons,
            "block_days": self.knowledge.desk.block_days,
            "to_look_at": [it for it in card.items if not (about_handoff and it.reason in REQUESTS)],
            "asked": questions,
            "labels": labels,
            "languages": {other.code: other.name for other in self.knowledge.catalogues.values()},
            "reasons": REASONS,
            "alarms": ALARMS,
            "others": sorted(others, key=lambda other: (not other.here, other.name)),
            "notes": await self.desk.notes(id),
            "all_tags": self.listing.tags.words,
            "own_tags": (await self.listing.tags.of([id]))[id],
            "mine": card.staff_id == visit.person.id and card.state == "person",
            "answers": {
                questions.get(name, name): labels.get(said, said)
                for name, said in ((card.screening or {}).get("answers") or {}).items()
            },
        }

    async def chat(
        self, id: str, problem: str = "", show: str = "", tag: str = "", visit: Visit = Depends(the_visit)
    ) -> Response:
        try:
            state = await self._state_of(id, visit)
        except Refused:
            return self.pages.show("desk/gone.html", visit, 404)
        said = await self.desk.transcript(id)
        await self.audit.note_reading(visit.person.login, "chat_read", id)
        await self._seen(id, visit, said)
        return self.pages.show(
            "desk/inbox.html",
            visit,
            **await self.listing.shown(visit.person, show, id, tag),
            **state,
            lines=self._lines(said),
            replies=await self.replies.of(visit.person),
            problem=PROBLEMS.get(problem, ""),
            key=secrets.token_urlsafe(12),
            last_reply=next((e.body["text"] for e in reversed(said) if e.role == "staff"), ""),
        )

    async def log(self, id: str, after: int = 0, seen: bool = False, visit: Visit = Depends(the_visit)) -> Response:
        """What was said after this event; `seen` if somebody has the page before them."""
        try:
            said = await self.desk.transcript(id)
        except UnknownConversation:
            raise Refused.because("not_found") from None
        await self.audit.note_reading(visit.person.login, "chat_read", id)
        if seen:
            await self._seen(id, visit, said)
        return self.pages.show("desk/lines.html", visit, lines=[it for it in self._lines(said) if it["seq"] > after])

    async def _seen(self, id: str, visit: Visit, said: list[Event]) -> None:
        """It was read to the end; the patient is told so by who has the chat."""
        if said and await self.desk.seen(id, visit.person.id, said[-1].seq):
            self.moments.note(id, "staff", seen=said[-1].seq)

    async def moment(
        self, id: str, writing: Annotated[bool, Form()] = False, visit: Visit = Depends(the_visit)
    ) -> Response:
        """Whether somebody writes a reply; the patient is told so of who has the chat."""
        if await self.desk.has(id, visit.person.id):
            self.moments.note(id, "staff", writing=writing)
        return Response(status_code=204, headers=HEADERS)

    def _lines(self, said: list[Event]) -> list[Json]:
        """The events as the desk sees them, with where a day begins."""
        days = [event.created_at.astimezone(self.knowledge.clinic.timezone).date() for event in said]
        return [
            {**line, "new_day": day != before}
            for line, day, before in zip(lines(said), days, [None, *days[:-1]], strict=True)
        ]

    async def state(self, id: str, visit: Visit = Depends(the_visit)) -> Response:
        state = await self._state_of(id, visit)
        await self.audit.note_reading(visit.person.login, "chat_read", id)
        both = [self.pages.render(f"desk/{part}.html", visit, **state) for part in ("actions", "state")]
        return HTMLResponse("".join(both), headers=HEADERS)

    async def export(self, id: str, visit: Visit = Depends(the_visit)) -> Response:
        try:
            said = await self.desk.transcript(id)
        except UnknownConversation:
            raise Refused.because("not_found") from None
        await self.audit.note(visit.person.login, "chat_exported", id)
        text = transcript(said, self.knowledge, WHO["patient"])
        began = f"-{said[0].created_at.astimezone(self.knowledge.clinic.timezone):%Y-%m-%d-%H%M}" if said else ""
        headers = {**HEADERS, "Content-Disposition": f'attachment; filename="chat{began}.txt"'}
        return PlainTextResponse(text, headers=headers)

    async def _change(self, id: str, visit: Visit, action: str, work: Callable[[], Awaitable[Any]]) -> Response:
        """Do something to a chat and show it again, with a sentence if it could not be done."""
        try:
            await work()
        except AlreadyClaimed:
            return RedirectResponse(f"/desk/chats/{id}?problem=claimed", 303, HEADERS)
        except NotYourChat:
            return RedirectResponse(f"/desk/chats/{id}?problem=not_yours", 303, HEADERS)
        except NothingSaid:
            return RedirectResponse(f"/desk/chats/{id}?problem=what_was_done", 303, HEADERS)
        except NoReason:
            return RedirectResponse(f"/desk/chats/{id}?problem=why_blocked", 303, HEADERS)
        except UnknownConversation:
            return self.pages.show("desk/gone.html", visit, 404)
        await self.audit.note(visit.person.login, action, id)
        return RedirectResponse(f"/desk/chats/{id}", 303, HEADERS)

    async def claim(self, id: str, visit: Visit = Depends(the_visit)) -> Response:
        return await self._change(
            id, visit, "chat_claimed", lambda: self.desk.claim(id, visit.person.id, visit.person.name)
        )

    async def release(self, id: str, visit: Visit = Depends(the_visit)) -> Response:
        return await self._change(id, visit, "chat_released", lambda: self.desk.release(id, visit.person.id))

    async def transfer(self, id: str, to: Short, visit: Visit = Depends(the_visit)) -> Response:
        other = await self.accounts.find(to)
        if other is None or not other.may(["desk"]):
            return RedirectResponse(f"/desk/chats/{id}?problem=nobody", 303, HEADERS)
        return await self._change(
            id,
            visit,
            "chat_transferred",
            lambda: self.desk.transfer(id, visit.person.id, other.id, other.name, visit.person.name),
        )

    async def hand_back(self, id: str, recap: Short = "", visit: Visit = Depends(the_visit)) -> Response:
        return await self._change(
            id, visit, "chat_handed_back", lambda: self.desk.hand_back(id, visit.person.id, recap)
        )

    async def close(self, id: str, why: Short = "", visit: Visit = Depends(the_visit)) -> Response:
        return await self._change(id, visit, "chat_closed", lambda: self._close(id, why, visit))

    async def block(self, id: str, why: Short = "", visit: Visit = Depends(the_visit)) -> Response:
        me = visit.person
        return await self._change(id, visit, "chat_blocked", lambda: self.blocking.block(id, me.id, me.name, why))

    async def unblock(self, id: str, visit: Visit = Depends(the_visit)) -> Response:
        return await self._change(id, visit, "chat_unblocked", lambda: self.blocking.unblock(id))

    async def note(self, id: str, text: Short, visit: Visit = Depends(the_visit)) -> Response:
        me = visit.person
        if not text.strip():
            return RedirectResponse(f"/desk/chats/{id}", 303, HEADERS)
        return await self._change(id, visit, "note_written", lambda: self.desk.note(id, me.id, me.name, text.strip()))

    async def turn_tag(self, id: str, tag: Short, visit: Visit = Depends(the_visit)) -> Response:
        return await self._change(id, visit, "chat_tagged", lambda: self.listing.tags.turn(id, tag))

    async def done(self, id: str, number: int, what: Short = "", visit: Visit = Depends(the_visit)) -> Response:
        name, words = visit.person.name, what.strip()[:500]
        return await self._change(id, visit, "item_done", lambda: self.desk.done(id, number, name, words))

    async def reopen(self, id: str, number: int, visit: Visit = Depends(the_visit)) -> Response:
        return await self._change(id, visit, "item_reopened", lambda: self.desk.reopen(id, number))

    async def propose(self, id: str, question: Short, reply: Text, visit: Visit = Depends(the_visit)) -> Response:
        if not question.strip() or not reply.strip():
            return RedirectResponse(f"/desk/chats/{id}?problem=empty", 303, HEADERS)
        given = question.strip(), reply.strip()
        await self._change(id, visit, "reply_proposed", lambda: self._propose_known(id, *given, visit.person.login))
        return RedirectResponse(f"/desk/chats/{id}?problem=proposed", 303, HEADERS)

    async def _propose_known(self, id: str, question: str, reply: str, login: str) -> None:
        await self.desk.context(id)  # UnknownConversation, if it is gone
        await self.proposals.add(id, question, reply, login)

    async def reply(
        self,
        request: Request,
        id: str,
        text: Text,
        key: Short,
        topics: Annotated[list[str] | None, Form()] = None,
        visit: Visit = Depends(the_visit),
    ) -> Response:
        """Sent by a script, it answers with JSON; the page keeps text and key until it is through."""
        as_json = "application/json" in request.headers.get("accept", "")

        def failed(status: int, code: str) -> Response:
            if as_json:
                return JSONResponse(error_body(code, PROBLEMS[code]), status, HEADERS)
            return RedirectResponse(f"/desk/chats/{id}?problem={code}", 303, HEADERS)

        if not text.strip():
            return failed(400, "empty")
        if not all(self.reviewed.may_send(topic) for topic in topics or []):
            return failed(409, "withheld")
        try:
            said = await self.desk.reply(id, visit.person.id, text.strip(), key[:40])
        except NotYourChat:
            return failed(409, "not_yours")
        except KeyReused:
            return failed(409, "sent_before")
        except UnknownConversation:
            return failed(404, "gone")
        self.moments.note(id, "staff", writing=False)
        await self.audit.note(visit.person.login, "replied", id)
        return JSONResponse({"seq": said.seq}) if as_json else RedirectResponse(f"/desk/chats/{id}", 303, HEADERS)

    async def draft(self, id: str, visit: Visit = Depends(the_visit)) -> Response:
        """What the assistant would answer: for the reply box, never sent by itself."""
        try:
            made = await self.desk.draft_answer(id)
        except NoMessage:
            return JSONResponse(error_body("no_message", PROBLEMS["no_message"]), 409)
        except EngineUnavailable:
            return JSONResponse(error_body("engine_down", PROBLEMS["engine_down"]), 503)
        except UnknownConversation:
            return JSONResponse(error_body("gone", PROBLEMS["gone"]), 404)
        await self.audit.note(visit.person.login, "draft_made", id)
        topics = [topic for topic in made.topics if self.reviewed.may_send(topic)]
        return JSONResponse({"text": made.text, "kind": made.kind, "topics": topics, "question": made.question})

    # replies that are sent often

    async def own_replies(self, visit: Visit = Depends(the_visit)) -> Response:
        return await self._replies(visit)

    async def keep_reply(
        self, name: Short, text: Text, id: Annotated[int | None, Form()] = None, visit: Visit = Depends(the_visit)
    ) -> Response:
        try:
            hints = await self.replies.keep(visit.person, name, text, id)
        except NotAReply as problem:
            return await self._replies(visit, 400, problem=str(problem), given={"id": id, "name": name, "text": text})
        return await self._replies(visit, hints=hints, kept=True)

    async def _replies(self, visit: Visit, status: int = 200, **about: Any) -> Response:
        shown = {"problem": "", "hints": [], "kept": False, "given": {}, **about}
        replies = await self.replies.of(visit.person)
        return self.pages.show("desk/replies.html", visit, status, replies=replies, can_stand=IN_REPLIES, **shown)

    async def remove_reply(self, number: int, visit: Visit = Depends(the_visit)) -> Response:
        await self.replies.remove(visit.person, number)
        return RedirectResponse("/desk/replies", 303, HEADERS)

    # answers

    async def ask(self, request: Request, q: str = "", visit: Visit = Depends(the_visit)) -> Response:
        return self.pages.show(
            "desk/ask.html", visit, q=q[:200], answers=self.reviewed.find(q[:200], str(request.base_url))
        )

    async def answers(self, request: Request, q: str = "", visit: Visit = Depends(the_visit)) -> Response:
        found = self.reviewed.find(q[:200], str(request.base_url))
        return JSONResponse({"answers": [asdict(answer) for answer in found]}, headers=HEADERS)

    async def handout(self, request: Request, visit: Visit = Depends(the_visit)) -> Response:
        topics = [name for name in request.query_params.getlist("topics") if self.reviewed.may_send(name)][:10]
        return JSONResponse({"link": self.reviewed.handout(topics, str(request.base_url)) if topics else ""})

    async def hints(self, text: Text = "", visit: Visit = Depends(the_visit)) -> Response:
        return JSONResponse({"hints": [asdict(hint) for hint in self.reviewed.hints(text)]})


# What the desk is told when something could not be done, or was.
PROBLEMS = {
    "claimed": "Somebody else has taken this chat. You can read it, and they can transfer it to you.",
    "not_yours": "This chat is not yours now, so nothing was sent. Take it first.",
    "what_was_done": "First write what was done about this emergency, for example: called, went to emergency.",
    "why_blocked": "Choose one of the reasons, then block this chat.",
    "nobody": "Nobody at the desk has this name. Choose a name from the list.",
    "empty": "There is nothing to send yet.",
    "withheld": "An answer in your reply was withdrawn or is due for review, so it was not sent. Take it out.",
    "sent_before": "Another reply was sent from this box already. Reload the page.",
    "gone": "The patient has deleted this chat, so nothing was sent.",
    "no_message": "The patient has not written anything to answer yet.",
    "engine_down": "The assistant can't answer right now. Look in the reviewed answers instead.",
    "proposed": "The trainers have it now. Thank you.",
}
WHO: dict[Role, str] = {"patient": "Patient", "assistant": "Assistant", "system": "Notice", "staff": "Staff"}


def summed(rows: list[QueueRow], me: int, faults: Mapping[str, float] | None = None) -> Json:
    """What a console needs to know to ring: how many need somebody, and what rings: chats, and parts that have not
    worked since some moment. Each thing has a name of its own, so that it rings once; an alarm rings again until
    somebody opens it.
    """
    silent = [{"id": f"f-{part}-{since:.0f}", "what": "fault"} for part, since in (faults or {}).items()]
    return {
        "count": sum(row.alarm or row.state == "waiting" or (row.staff_id == me and row.unread > 0) for row in rows),
        "rings": [*({"id": id, "what": what} for row in rows for id, what in rings(row, me)), *silent],
    }


def rings(row: QueueRow, me: int) -> Iterator[tuple[str, str]]:
    """What this chat rings for at the desk of this person."""
    for item in row.unopened:
        yield (f"a{item.id}", "alarm") if item.reason in ALARMS else (f"i{item.id}-{item.alerts}", "look")
    if row.state == "waiting":
        yield f"h{row.handoff}", "late" if row.alerts else "waiting"
    if row.staff_id == me and row.unread:
        yield f"m{row.conversation_id}-{row.last_seq}", "wrote"


def lines(said: list[Event]) -> list[Json]:
    """The events of a chat as the desk sees them."""
    return [
        {
            "seq": event.seq,
            "role": event.role,
            "who": event.body.get("name") or WHO[event.role],
            "at": event.created_at,
            "text": event.body["text"],
            "kind": event.kind,
            "language": event.body.get("language"),
            "topic": event.body.get("topic"),
            "rating": event.rating,
        }
        for event in said
    ]
