"""Rasa's REST channel, `POST /webhooks/rest/webhook`: for measuring, and for other systems that speak Rasa.

The sender names the conversation, so this is for trusted callers: this machine, or whoever has `IMS_REST_TOKEN`.
Buttons carry the id of a choice as payload; a payload or command that somebody types is text like any other.
"""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StrictStr

from gateway.chat.conversations import Conversations
from gateway.chat.replies import Replies
from gateway.settings import Settings
from gateway.storage.records import Body, ChatFull, Draft, Event, UnknownConversation
from gateway.storage.store import Store
from gateway.web.callers import only_here_or_with
from gateway.web.error_replies import Refused
from gateway.web.rate_limits import RateLimits
from gateway.web.typed import Text, check_text
from knowledge import Knowledge

Json = dict[str, Any]
CHOICE = re.compile(r"\d+-[\w-]+")
# Of the body, what stands in `custom`; the rest has its own place in Rasa's shape.
CUSTOM = ("topic", "topics", "offered", "confidence", "sources", "see_also", "link")
ALSO = ("title", "version", "more", "reviewed", "withheld", "card", "asks", "docked", "result", "handoff", "picture")


class RestMessage(BaseModel):
    """What Rasa's REST channel takes."""

    sender: Annotated[StrictStr, Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]
    message: Text


def routes(
    settings: Settings,
    store: Store,
    conversations: Conversations,
    replies: Replies,
    limits: RateLimits,
    knowledge: Knowledge,
) -> APIRouter:
    """The one route of the channel."""
    router = APIRouter(tags=["rest channel"])
    trusts_local = settings.trusts_local(knowledge.clinic.demo)

    @router.post("/webhooks/rest/webhook")
    async def webhook(message: RestMessage, request: Request) -> list[Json]:
        """Send a message and wait for its answer."""
        only_here_or_with(settings.rest_token, request, "rest_unauthorized", trusts_local=trusts_local)
        limits.conversation(message.sender)
        sender, text = message.sender, message.message
        try:
            body: Body = {"text": check_text(text, settings.message_limit, knowledge)}
        except Refused as refused:
            # The one who typed it can only be told in the conversation.
            return [_item(sender, replies.refused(refused.message))]
        if CHOICE.fullmatch(body["text"]):
            conversation = await store.conversation_of(sender)
            if found := await store.choice(conversation.id, body["text"]):
                body = {"text": found[0], "choice": body["text"]}
        try:
            async with asyncio.timeout(settings.engine_timeout * 4):
                answer = await conversations.ask(sender, body)
        except ChatFull:
            return [_item(sender, replies.refused(knowledge.wording("chat_full")))]
        except UnknownConversation:
            raise Refused.because("unknown_conversation") from None
        except TimeoutError:
            (late,) = replies.engine_down()
            return [_item(sender, late)]
        return [_item(sender, reply) for reply in answer]

    return router


def _item(sender: str, reply: Event | Draft) -> Json:
    body: Json = reply.public()["body"] if isinstance(reply, Event) else {**reply.body}
    custom = {"kind": reply.kind, **{name: body[name] for name in CUSTOM}}
    custom |= {"answer": body.get("answer"), "answers": body.get("answers", [])}  # what the desk says has none
    custom |= {name: body[name] for name in ALSO if name in body}
    buttons = [{"title": b["label"], "payload": _payload(b)} for b in body["buttons"]]
    image = body.get("picture", {}).get("image")
    return {
        "recipient_id": sender,
        "text": body["text"],
        **({"buttons": buttons} if buttons else {}),
        **({"image": image} if image else {}),
        "custom": custom,
    }


def _payload(button: Json) -> str:
    """What a button of Rasa's does: it gives an id back, or calls, or begins a text message."""
    if "id" in button:
        return str(button["id"])
    return f"tel:{button['tel']}" if "tel" in button else f"sms:{button['sms']}"
