"""The sheet for the physio: the answers to the safety questions as one page to print, `/api/conversations/{id}/sheet`.

It is made afresh from the answers that the conversation still holds, and nothing of it is stored or cached.
Programs show the token in a header. The chat window sends it in a form, so that a new tab opens with the sheet and no
address anywhere leads back to it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Header
from starlette.responses import HTMLResponse, Response

from actions.cards import Cards
from actions.sheet import Sheet
from gateway.answers.answer_parts import long_date
from gateway.chat.api import conversation_of
from gateway.handoff.links import Links
from gateway.storage.records import Conversation
from gateway.storage.screening_slots import SLOT
from gateway.storage.store import Store
from gateway.web.templates import environment
from knowledge import Knowledge

HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


def routes(store: Store, links: Links, knowledge: Knowledge, now: Callable[[], datetime]) -> APIRouter:
    """The two ways to the sheet."""
    cards = Cards(knowledge, knowledge.screening)
    templates = environment()

    router = APIRouter(prefix="/api/conversations/{id}/sheet", tags=["chat"])

    @router.get("", response_class=HTMLResponse)
    async def get(id: str, authorization: Annotated[str | None, Header()] = None) -> Response:
        """The sheet, for whoever shows the token of the conversation."""
        return page(await conversation_of(store, links, id, authorization))

    @router.post("", response_class=HTMLResponse)
    async def post(id: str, token: Annotated[str, Form(max_length=96)]) -> Response:
        """The same with the token in a form."""
        return page(await conversation_of(store, links, id, f"Bearer {token}"))

    def page(conversation: Conversation) -> Response:
        questions, slots = knowledge.screening, conversation.slots
        sheet = Sheet.of(slots.get(SLOT), questions)
        done = bool(slots.get("screening_done"))
        result = cards.data(sheet) if done else None
        html = templates.get_template("sheet.html").render(
            clinic=knowledge.clinic,
            wording=knowledge.wording,
            say=cards.say,
            day=long_date(now().astimezone(knowledge.clinic.timezone).date()),
            result=result,
            questions=questions.questions,
            cards=questions.cards,
            skipped=questions.labels["skipped"],
            answers={name: questions.labels[answer] for name, answer in sheet.answers.items()},
        )
        return HTMLResponse(html, 200 if done else 404, HEADERS)

    return router
