"""The front desk's pages, `/desk`: the queue, one chat, and looking up answers. All of it asks for the role `desk`.

Pages are whole without scripts. With them, `/desk/events` says that something is new, never what: the page then reads
its own parts again, from the number of the last event that it shows. So whatever was missed while a browser slept is
there as soon as it is back.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import (
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)

from gateway.desk.proposals import Proposals
from gateway.desk.reviewed import Reviewed
from gateway.desk.service import AlreadyClaimed, Desk, NoMessage, NotYours, QueueRow
from gateway.desk.side import DESK
from gateway.engine import EngineUnavailable
from gateway.live import Signals
from gateway.problems import Refused, error_body
from gateway.staff.access import HEADERS, Access, Visit
from gateway.staff.accounts import Accounts
from gateway.staff.audit import Audit
from gateway.staff.templates import Pages
from gateway.store import Event, KeyReused, UnknownConversation
from gateway.transcript import transcript
from knowledge import Knowledge

Json = dict[str, Any]
TEXT_LIMIT = 4_000
QUESTION_LIMIT = 2_000
Text = Annotated[str, Form(max_length=TEXT_LIMIT)]
Short = Annotated[str, Form(max_length=QUESTION_LIMIT)]
SETTLE = 0.2  # seconds in which news are gathered: many at once are one


def routes(
    desk: Desk,
    reviewed: Reviewed,
    proposals: Proposals,
    accounts: Accounts,
    audit: Audit,
    access: Access,
    pages: Pages,
    signals: Signals,
    knowledge: Knowledge,
    heartbeat: float,
) -> APIRouter:
    """All pages and parts below `/desk`, without the numbers."""
    router = APIRouter(prefix="/desk", tags=["desk"], include_in_schema=False)
    at_desk = access.staff_with("desk")

    # the queue

    @router.get("")
    async def queue(visit: Visit = Depends(at_desk)) -> Response:
        return pages.show("desk/queue.html", visit, **await queue_now())

    @router.get("/parts/queue")
    async def queue_part(visit: Visit = Depends(at_desk)) -> Response:
        return pages.show("desk/queue_rows.html", visit, **await queue_now())

    async def queue_now() -> Json:
        rows = await desk.queue()
        return {"rows": rows, "there": await desk.availability(), "reasons": REASONS}

    @router.get("/events")
    async def events(request: Request, chat: str = "", visit: Visit = Depends(at_desk)) -> Response:
        stream = news(request, visit, chat)
        return StreamingResponse(stream, media_type="text/event-stream", headers={**HEADERS, "X-Accel-Buffering": "no"})

    async def news(request: Request, visit: Visit, chat: str) -> AsyncIterator[str]:
        with ExitStack() as stack:
            heard = [stack.enter_context(signals.listen(name)) for name in filter(None, (DESK, chat))]
            yield "retry: 2000\n\n"
            while not signals.closed:
                for one in heard:
                    one.clear()
                if not await access.still_in(request, "desk"):
                    yield "event: out\ndata: {}\n\n"
                    return
                yield f"data: {json.dumps(summed(await desk.queue(), visit.person.id))}\n\n"
                waits = [asyncio.ensure_future(one.wait()) for one in heard]
                try:
                    await asyncio.wait(waits, timeout=heartbeat, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for wait in waits:
                        wait.cancel()
                await asyncio.sleep(SETTLE)

    @router.post("/out")
    async def out(out: Annotated[bool, Form()], visit: Visit = Depends(at_desk)) -> Response:
        await desk.set_out(out, visit.person.name)
        await audit.note(visit.person.login, "desk_out" if out else "desk_back")
        return RedirectResponse("/desk", 303, HEADERS)

    @router.get("/search")
    async def search(q: str = "", visit: Visit = Depends(at_desk)) -> Response:
        hits = await desk.search(q[:200])
        if q.strip():
            await audit.note(visit.person.login, "chats_searched")
        return pages.show("desk/search.html", visit, q=q[:200], hits=hits)

    # one chat

    async def state_of(id: str, visit: Visit) -> Json:
        try:
            card = await desk.context(id)
        except UnknownConversation:
            raise Refused.because("not_found") from None
        others = [
            person
            for person in await accounts.all()
            if person.may(["desk"]) and person.has_password and person.id != visit.person.id
        ]
        labels = knowledge.screening.labels
        questions = {name: question.label for name, question in knowledge.screening.questions.items()}
        return {
            "card": card,
            "languages": {other.code: other.name for other in knowledge.catalogues.values()},
            "reasons": REASONS,
            "others": others,
            "notes": await desk.notes(id),
            "mine": card.staff_id == visit.person.id and card.state == "person",
            "answers": {
                questions.get(name, name): labels.get(said, said)
                for name, said in ((card.screening or {}).get("answers") or {}).items()
            },
        }

    @router.get("/chats/{id}")
    async def chat(id: str, problem: str = "", visit: Visit = Depends(at_desk)) -> Response:
        try:
            state = await state_of(id, visit)
        except Refused:
            return pages.show("desk/gone.html", visit, 404)
        said = await desk.transcript(id)
        await audit.note(visit.person.login, "chat_read", id)
        if said:
            await desk.seen(id, said[-1].seq)
        return pages.show(
            "desk/chat.html",
            visit,
            **state,
            lines=lines(said),
            problem=PROBLEMS.get(problem, ""),
            key=secrets.token_urlsafe(12),
            last_reply=next((e.body["text"] for e in reversed(said) if e.role == "staff"), ""),
        )

    @router.get("/chats/{id}/log")
    async def log(id: str, after: int = 0, visit: Visit = Depends(at_desk)) -> Response:
        try:
            said = [event for event in await desk.transcript(id) if event.seq > after]
        except UnknownConversation:
            raise Refused.because("not_found") from None
        if said:
            await desk.seen(id, said[-1].seq)
        return pages.show("desk/lines.html", visit, lines=lines(said))

    @router.get("/chats/{id}/state")
    async def state(id: str, visit: Visit = Depends(at_desk)) -> Response:
        return pages.show("desk/state.html", visit, **await state_of(id, visit))

    @router.get("/chats/{id}/transcript.txt")
    async def export(id: str, visit: Visit = Depends(at_desk)) -> Response:
        try:
            text = transcript(await desk.transcript(id), knowledge, WHO["patient"])
        except UnknownConversation:
            raise Refused.because("not_found") from None
        await audit.note(visit.person.login, "chat_exported", id)
        headers = {**HEADERS, "Content-Disposition": 'attachment; filename="chat.txt"'}
        return PlainTextResponse(text, headers=headers)

    async def change(id: str, visit: Visit, action: str, work: Callable[[], Awaitable[Any]]) -> Response:
        """Do something to a chat and show it again, with a sentence if it could not be done."""
        try:
            await work()
        except AlreadyClaimed:
            return RedirectResponse(f"/desk/chats/{id}?problem=claimed", 303, HEADERS)
        except NotYours:
            return RedirectResponse(f"/desk/chats/{id}?problem=not_yours", 303, HEADERS)
        except UnknownConversation:
            return pages.show("desk/gone.html", visit, 404)
        await audit.note(visit.person.login, action, id)
        return RedirectResponse(f"/desk/chats/{id}", 303, HEADERS)

    @router.post("/chats/{id}/claim")
    async def claim(id: str, visit: Visit = Depends(at_desk)) -> Response:
        return await change(id, visit, "chat_claimed", lambda: desk.claim(id, visit.person.id, visit.person.name))

    @router.post("/chats/{id}/release")
    async def release(id: str, visit: Visit = Depends(at_desk)) -> Response:
        return await change(id, visit, "chat_released", lambda: desk.release(id, visit.person.id))

    @router.post("/chats/{id}/transfer")
    async def transfer(id: str, to: Short, visit: Visit = Depends(at_desk)) -> Response:
        other = await accounts.find(to)
        if other is None or not other.may(["desk"]):
            return RedirectResponse(f"/desk/chats/{id}?problem=nobody", 303, HEADERS)
        return await change(
            id, visit, "chat_transferred", lambda: desk.transfer(id, visit.person.id, other.id, other.name)
        )

    @router.post("/chats/{id}/hand-back")
    async def hand_back(id: str, recap: Short = "", visit: Visit = Depends(at_desk)) -> Response:
        return await change(id, visit, "chat_handed_back", lambda: desk.hand_back(id, visit.person.id, recap))

    @router.post("/chats/{id}/note")
    async def note(id: str, text: Short, visit: Visit = Depends(at_desk)) -> Response:
        me = visit.person
        if not text.strip():
            return RedirectResponse(f"/desk/chats/{id}", 303, HEADERS)
        return await change(id, visit, "note_written", lambda: desk.note(id, me.id, me.name, text.strip()))

    @router.post("/chats/{id}/items/{number}/done")
    async def done(id: str, number: int, visit: Visit = Depends(at_desk)) -> Response:
        return await change(id, visit, "item_done", lambda: item_done(id, number))

    async def item_done(id: str, number: int) -> None:
        if number in {item.id for item in await desk.items(id)}:
            await desk.done(number)

    @router.post("/chats/{id}/propose")
    async def propose(id: str, question: Short, reply: Text, visit: Visit = Depends(at_desk)) -> Response:
        if not question.strip() or not reply.strip():
            return RedirectResponse(f"/desk/chats/{id}?problem=empty", 303, HEADERS)
        given = question.strip(), reply.strip()
        await change(id, visit, "reply_proposed", lambda: propose_known(id, *given, visit.person.login))
        return RedirectResponse(f"/desk/chats/{id}?problem=proposed", 303, HEADERS)

    async def propose_known(id: str, question: str, reply: str, login: str) -> None:
        await desk.context(id)  # UnknownConversation, if it is gone
        await proposals.add(id, question, reply, login)

    @router.post("/chats/{id}/reply")
    async def reply(
        request: Request,
        id: str,
        text: Text,
        key: Short,
        topics: Annotated[list[str] | None, Form()] = None,
        visit: Visit = Depends(at_desk),
    ) -> Response:
        """Sent by a script, it answers with JSON; the page keeps text and key until it is through."""
        as_json = "application/json" in request.headers.get("accept", "")

        def failed(status: int, code: str) -> Response:
            if as_json:
                return JSONResponse(error_body(code, PROBLEMS[code]), status, HEADERS)
            return RedirectResponse(f"/desk/chats/{id}?problem={code}", 303, HEADERS)

        if not text.strip():
            return failed(400, "empty")
        if not all(reviewed.may_send(topic) for topic in topics or []):
            return failed(409, "withheld")
        try:
            said = await desk.reply(id, visit.person.id, text.strip(), key[:40])
        except NotYours:
            return failed(409, "not_yours")
        except KeyReused:
            return failed(409, "sent_before")
        except UnknownConversation:
            return failed(404, "gone")
        await audit.note(visit.person.login, "replied", id)
        return JSONResponse({"seq": said.seq}) if as_json else RedirectResponse(f"/desk/chats/{id}", 303, HEADERS)

    @router.post("/chats/{id}/draft")
    async def draft(id: str, visit: Visit = Depends(at_desk)) -> Response:
        """What the assistant would answer: for the reply box, never sent by itself."""
        try:
            made = await desk.draft_answer(id)
        except NoMessage:
            return JSONResponse(error_body("no_message", PROBLEMS["no_message"]), 409)
        except EngineUnavailable:
            return JSONResponse(error_body("engine_down", PROBLEMS["engine_down"]), 503)
        except UnknownConversation:
            return JSONResponse(error_body("gone", PROBLEMS["gone"]), 404)
        await audit.note(visit.person.login, "draft_made", id)
        topics = [topic for topic in made.topics if reviewed.may_send(topic)]
        return JSONResponse({"text": made.text, "kind": made.kind, "topics": topics, "question": made.question})

    # answers

    @router.get("/ask")
    async def ask(request: Request, q: str = "", visit: Visit = Depends(at_desk)) -> Response:
        return pages.show("desk/ask.html", visit, q=q[:200], answers=reviewed.find(q[:200], str(request.base_url)))

    @router.get("/answers")
    async def answers(request: Request, q: str = "", visit: Visit = Depends(at_desk)) -> Response:
        found = reviewed.find(q[:200], str(request.base_url))
        return JSONResponse({"answers": [asdict(answer) for answer in found]}, headers=HEADERS)

    @router.get("/handout")
    async def handout(request: Request, visit: Visit = Depends(at_desk)) -> Response:
        topics = [name for name in request.query_params.getlist("topics") if reviewed.may_send(name)][:10]
        return JSONResponse({"link": reviewed.handout(topics, str(request.base_url)) if topics else ""})

    @router.post("/hints")
    async def hints(text: Text = "", visit: Visit = Depends(at_desk)) -> Response:
        return JSONResponse({"hints": [asdict(hint) for hint in reviewed.hints(text)]})

    return router


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
REASONS = {
    "asked": "asked for a person",
    "screening": "sent a screening result",
    "desk": "taken by the desk",
    "emergency": "emergency words",
    "urgent": "urgent words",
    "crisis": "crisis words",
    "engine_down": "the assistant was down",
    "failed": "no answer was possible",
    "looks_wrong": "says an answer looks wrong",
}
WHO = {"patient": "Patient", "assistant": "Assistant", "system": "Notice", "staff": "Staff"}


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
