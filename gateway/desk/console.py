"""The front desk's pages, `/desk`: the queue, one chat, and looking up answers. All of it asks for the role `desk`.

Pages are whole without scripts. With them, `/desk/events` says that something is new, never what: the page then reads
its own parts again, from the number of the last event that it shows. So whatever was missed while a browser slept is
there as soon as it is back.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import (
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)

from gateway.chat.transcript import transcript
from gateway.desk.proposals import Proposals
from gateway.desk.reviewed import Reviewed
from gateway.desk.service import AlreadyClaimed, Desk, NoMessage, NotYourChat, QueueRow
from gateway.engine.client import EngineUnavailable
from gateway.handoff.side import DESK
from gateway.live import stream
from gateway.live.signals import Signals
from gateway.staff.access import HEADERS, Access, Visit, the_visit
from gateway.staff.accounts import Accounts
from gateway.staff.audit import Audit
from gateway.staff.page_views import Pages
from gateway.storage.records import Event, KeyReused, Reason, Role, UnknownConversation
from gateway.web.error_replies import Refused, error_body
from knowledge import Knowledge

Json = dict[str, Any]
TEXT_LIMIT = 4_000
QUESTION_LIMIT = 2_000
Text = Annotated[str, Form(max_length=TEXT_LIMIT)]
Short = Annotated[str, Form(max_length=QUESTION_LIMIT)]
SETTLE = 0.2  # seconds in which news are gathered: many at once are one


@dataclass(frozen=True, eq=False)
class Console:
    """The pages of the front desk. Each handler can be called by itself; `router` gives them their addresses."""

    desk: Desk
    reviewed: Reviewed
    proposals: Proposals
    accounts: Accounts
    audit: Audit
    access: Access
    pages: Pages
    signals: Signals
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
        router.get("/events")(self.events)
        router.post("/out")(self.out)
        router.get("/search")(self.search)
        router.get("/chats/{id}")(self.chat)
        router.get("/chats/{id}/log")(self.log)
        router.get("/chats/{id}/state")(self.state)
        router.get("/chats/{id}/transcript.txt")(self.export)
        router.post("/chats/{id}/claim")(self.claim)
        router.post("/chats/{id}/release")(self.release)
        router.post("/chats/{id}/transfer")(self.transfer)
        router.post("/chats/{id}/hand-back")(self.hand_back)
        router.post("/chats/{id}/note")(self.note)
        router.post("/chats/{id}/items/{number}/done")(self.done)
        router.post("/chats/{id}/propose")(self.propose)
        router.post("/chats/{id}/reply")(self.reply)
        router.post("/chats/{id}/draft")(self.draft)
        router.get("/ask")(self.ask)
        router.get("/answers")(self.answers)
        router.get("/handout")(self.handout)
        router.post("/hints")(self.hints)
        return router

    # the queue

    async def queue(self, visit: Visit = Depends(the_visit)) -> Response:
        return self.pages.show("desk/queue.html", visit, **await self._queue_now())

    async def queue_part(self, visit: Visit = Depends(the_visit)) -> Response:
        return self.pages.show("desk/queue_rows.html", visit, **await self._queue_now())

    async def _queue_now(self) -> Json:
        rows = await self.desk.queue()
        return {"rows": rows, "there": await self.desk.availability(), "reasons": REASONS}

    async def events(self, request: Request, chat: str = "", visit: Visit = Depends(the_visit)) -> Response:
        async def tell() -> AsyncIterator[str | None]:
            if await self.access.still_in(request, "desk"):
                yield stream.event(summed(await self.desk.queue(), visit.person.id))
            else:
                yield stream.event({}, "out")
                yield None

        names = [DESK, chat] if chat else [DESK]
        return stream.reply(stream.stream(self.signals, names, tell, heartbeat=self.heartbeat, settle=SETTLE), HEADERS)

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
        others = [
            person
            for person in await self.accounts.all()
            if person.may(["desk"]) and person.has_password and person.id != visit.person.id
        ]
        labels = self.knowledge.screening.labels
        questions = {name: question.label for name, question in self.knowledge.screening.questions.items()}
        return {
            "card": card,
            "languages": {other.code: other.name for other in self.knowledge.catalogues.values()},
            "reasons": REASONS,
            "others": others,
            "notes": await self.desk.notes(id),
            "mine": card.staff_id == visit.person.id and card.state == "person",
            "answers": {
                questions.get(name, name): labels.get(said, said)
                for name, said in ((card.screening or {}).get("answers") or {}).items()
            },
        }

    async def chat(self, id: str, problem: str = "", visit: Visit = Depends(the_visit)) -> Response:
        try:
            state = await self._state_of(id, visit)
        except Refused:
            return self.pages.show("desk/gone.html", visit, 404)
        said = await self.desk.transcript(id)
        await self.audit.note_reading(visit.person.login, "chat_read", id)
        if said:
            await self.desk.seen(id, said[-1].seq)
        return self.pages.show(
            "desk/chat.html",
            visit,
            **state,
            lines=lines(said),
            problem=PROBLEMS.get(problem, ""),
            key=secrets.token_urlsafe(12),
            last_reply=next((e.body["text"] for e in reversed(said) if e.role == "staff"), ""),
        )

    async def log(self, id: str, after: int = 0, visit: Visit = Depends(the_visit)) -> Response:
        try:
            said = [event for event in await self.desk.transcript(id) if event.seq > after]
        except UnknownConversation:
            raise Refused.because("not_found") from None
        await self.audit.note_reading(visit.person.login, "chat_read", id)
        if said:
            await self.desk.seen(id, said[-1].seq)
        return self.pages.show("desk/lines.html", visit, lines=lines(said))

    async def state(self, id: str, visit: Visit = Depends(the_visit)) -> Response:
        state = await self._state_of(id, visit)
        await self.audit.note_reading(visit.person.login, "chat_read", id)
        return self.pages.show("desk/state.html", visit, **state)

    async def export(self, id: str, visit: Visit = Depends(the_visit)) -> Response:
        try:
            text = transcript(await self.desk.transcript(id), self.knowledge, WHO["patient"])
        except UnknownConversation:
            raise Refused.because("not_found") from None
        await self.audit.note(visit.person.login, "chat_exported", id)
        headers = {**HEADERS, "Content-Disposition": 'attachment; filename="chat.txt"'}
        return PlainTextResponse(text, headers=headers)

    async def _change(self, id: str, visit: Visit, action: str, work: Callable[[], Awaitable[Any]]) -> Response:
        """Do something to a chat and show it again, with a sentence if it could not be done."""
        try:
            await work()
        except AlreadyClaimed:
            return RedirectResponse(f"/desk/chats/{id}?problem=claimed", 303, HEADERS)
        except NotYourChat:
            return RedirectResponse(f"/desk/chats/{id}?problem=not_yours", 303, HEADERS)
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
            id, visit, "chat_transferred", lambda: self.desk.transfer(id, visit.person.id, other.id, other.name)
        )

    async def hand_back(self, id: str, recap: Short = "", visit: Visit = Depends(the_visit)) -> Response:
        return await self._change(
            id, visit, "chat_handed_back", lambda: self.desk.hand_back(id, visit.person.id, recap)
        )

    async def note(self, id: str, text: Short, visit: Visit = Depends(the_visit)) -> Response:
        me = visit.person
        if not text.strip():
            return RedirectResponse(f"/desk/chats/{id}", 303, HEADERS)
        return await self._change(id, visit, "note_written", lambda: self.desk.note(id, me.id, me.name, text.strip()))

    async def done(self, id: str, number: int, visit: Visit = Depends(the_visit)) -> Response:
        return await self._change(id, visit, "item_done", lambda: self._item_done(id, number))

    async def _item_done(self, id: str, number: int) -> None:
        if number in {item.id for item in await self.desk.items(id)}:
            await self.desk.done(number)

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
    "nobody": "There is nobody of this name at the desk. Choose somebody from the list.",
    "empty": "There is nothing to send yet. Write something first.",
    "withheld": "An answer in your reply was withdrawn or is due for review, so it was not sent. Take it out.",
    "sent_before": "Another reply was sent from this box already. Reload the page.",
    "gone": "The patient has deleted this chat, so nothing was sent.",
    "no_message": "The patient has said nothing that could be answered.",
    "engine_down": "The assistant gives no answer at the moment. Look in the reviewed answers instead.",
    "proposed": "The trainers have it now. Thank you.",
}
REASONS: dict[Reason, str] = {
    "asked": "asked for a person",
    "screening": "sent a screening result",
    "desk": "taken by the desk",
    "emergency": "emergency words",
    "urgent": "urgent words",
    "crisis": "crisis words",
    "engine_down": "the assistant was down",
    "failed": "no answer was possible",
    "net_failed": "the red-flag net does not work",
    "looks_wrong": "says an answer looks wrong",
}
WHO: dict[Role, str] = {"patient": "Patient", "assistant": "Assistant", "system": "Notice", "staff": "Staff"}


def summed(rows: list[QueueRow], me: int) -> Json:
    """What a console needs to know to ring: how many wait, what is unread in my chats, how many alarms are open."""
    return {
        "waiting": sum(row.state == "waiting" for row in rows),
        "mine": sum(row.unread for row in rows if row.staff_id == me),
        "alarms": sum(row.red_flag is not None for row in rows),
        "late": sum(row.alerts for row in rows),
    }


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
