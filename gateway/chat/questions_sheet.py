"""The patient's questions for the physio as one page to print, `/api/conversations/{id}/questions`.

It is made afresh from what the conversation still holds. What the patient ticks and writes on the page stays in
the page: it has no form that could be sent, and nothing of it is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import HTMLResponse, Response

from gateway.answers.answer_parts import long_date
from gateway.chat.api import conversation_of
from gateway.chat.screening_sheet import HEADERS
from gateway.handoff.links import Links
from gateway.storage.records import Event
from gateway.storage.store import Store
from gateway.web.templates import environment
from knowledge import Knowledge

ASKED = frozenset({"answer", "clarify", "unknown", "handoff"})  # kinds of replies to what was a question
OWN_LINES = 4


@dataclass(frozen=True)
class AskedQuestion:
    """What the patient asked, and the titles of the answers that the chat gave; none if it had none."""

    text: str
    answers: tuple[str, ...]


def questions_of(events: Sequence[Event]) -> list[AskedQuestion]:
    """The questions of a conversation in their order, each once; small talk, cards and "tell me more" are none."""
    replies_to: dict[int | None, list[Event]] = {}
    for event in events:
        replies_to.setdefault(event.in_reply_to, []).append(event)
    found: dict[str, AskedQuestion] = {}
    told: set[str] = set()
    for event in events:
        if event.role != "patient" or "card" in event.body:
            continue
        replies = replies_to.get(event.seq, [])
        if not any(reply.kind in ASKED for reply in replies):
            continue
        titles = tuple(dict.fromkeys(reply.body["title"] for reply in replies if "title" in reply.body))
        if "choice" in event.body and told.issuperset(titles):
            continue
        told.update(titles)
        text = event.body["text"]
        found.setdefault(text.casefold(), AskedQuestion(text, titles))
    return list(found.values())


def routes(store: Store, links: Links, knowledge: Knowledge, now: Callable[[], datetime]) -> APIRouter:
    """The one way to the page: the chat window sends its token in a form."""
    templates = environment()

    router = APIRouter(prefix="/api/conversations/{id}/questions", tags=["chat"])

    @router.post("", response_class=HTMLResponse)
    async def post(id: str, token: Annotated[str, Form(max_length=96)]) -> Response:
        """The page, for whoever shows the token of the conversation."""
        conversation = await conversation_of(store, links, id, f"Bearer {token}")
        said: list[Event] = []
        while page := await store.history(conversation.id, after=len(said)):
            said += page
        html = templates.get_template("questions.html").render(
            clinic=knowledge.clinic,
            wording=knowledge.wording,
            day=long_date(now().astimezone(knowledge.clinic.timezone).date()),
            questions=questions_of(said),
            own_lines=OWN_LINES,
        )
        return HTMLResponse(html, headers=HEADERS)

    return router
