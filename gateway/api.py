"""The public HTTP API of the chat: start a conversation, send a message, follow what happens, read it again.

A conversation has an unguessable id and a token; whoever shows the token (`Authorization: Bearer ...`) may use it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BaseModel, BeforeValidator, Field, StrictInt, StrictStr
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from gateway import card_answers
from gateway.conversations import Conversations
from gateway.desk.links import Links
from gateway.desk.patients import Patients
from gateway.desk.words import Words
from gateway.feedback import LOOKS_WRONG, NOTE_LIMIT, Feedback, NoSuchAnswer
from gateway.live import Signals, stream
from gateway.messages import clean
from gateway.problems import Refused
from gateway.rate_limits import RateLimits
from gateway.replies import HUMAN, Replies
from gateway.retention import Retention
from gateway.settings import Settings
from gateway.store import Conversation, Event, KeyReused, Store, UnknownConversation
from gateway.transcript import transcript
from knowledge import Knowledge

Json = dict[str, Any]


def _mend(value: object) -> object:
    """Half of a surrogate pair is no text that could be stored; browsers send it when they cut an emoji in two."""
    return value.encode("utf-8", "ignore").decode("utf-8") if isinstance(value, str) else value


Text = Annotated[StrictStr, BeforeValidator(_mend)]
PERSON = "person"
ID = r"^[\w-]{1,64}$"


class NewConversation(BaseModel):
    """What a conversation may begin with."""

    language: Annotated[StrictStr, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")] | None = Field(
        None, description="of the chat window; the front desk sees it"
    )


class NewMessage(BaseModel):
    """A message: `text` that was typed, the `choice` (id) of a button that was offered, or the answer to a `card`."""

    key: StrictStr = Field(pattern=ID, description="New for each message; sending the same again is harmless.")
    text: Text | None = None
    choice: Annotated[StrictStr, Field(max_length=64)] | None = None
    card: card_answers.CardAnswer | None = None


class Accepted(BaseModel):
    """The message is stored and will be answered."""

    seq: int
    repeated: bool = Field(description="The key was known: nothing new was stored.")


class Verdict(BaseModel):
    """What the patient thinks of an answer: of the event `seq`."""

    seq: Annotated[StrictInt, Field(ge=1, le=10**9)]
    verdict: Literal["helpful", "not_helpful", "looks_wrong"]
    note: Annotated[Text, Field(max_length=NOTE_LIMIT)] = ""


class Noted(BaseModel):
    """The verdict that holds: the first one, unless the answer looks wrong."""

    seq: int
    verdict: str


class EventOut(BaseModel):
    """One numbered thing that was said or happened."""

    seq: int
    role: str = Field(description="patient, assistant, staff or system")
    time: str
    key: str | None = Field(description="of a message: the key that its client gave it")
    in_reply_to: int | None
    body: Json


class History(BaseModel):
    """Events in order."""

    events: list[EventOut]


class Started(History):
    """A new conversation, and the token that opens it."""

    id: str
    token: str


def check_text(text: str, limit: int, knowledge: Knowledge) -> str:
    """The text as it is stored; Refused with a sentence for the patient if it is empty or too long."""
    if len(text) > limit:
        message = knowledge.wording("message_too_long", limit=f"{limit:,}", length=f"{len(text):,}")
        raise Refused(413, "message_too_long", message)
    if not (cleaned := clean(text)):
        raise Refused(400, "message_empty", knowledge.wording("message_empty"))
    return cleaned


async def conversation_of(store: Store, links: Links, id: str, authorization: str | None) -> Conversation:
    """The conversation that this token opens; Refused if it does not."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refused.because("unauthorized")
    try:
        conversation = await store.conversation(id)
    except UnknownConversation:
        raise Refused.because("unknown_conversation") from None
    if not (conversation.opens_with(token.strip()) or links.opens(id, token.strip())):
        raise Refused.because("unknown_conversation")
    return conversation


def routes(
    settings: Settings,
    store: Store,
    conversations: Conversations,
    signals: Signals,
    replies: Replies,
    limits: RateLimits,
    knowledge: Knowledge,
    feedback: Feedback,
    retention: Retention,
    links: Links,
    patients: Patients,
) -> APIRouter:
    """The routes under `/api`."""

    def limited(request: Request) -> None:
        limits.address(request.client and request.client.host)

    router = APIRouter(prefix="/api/conversations", tags=["chat"], dependencies=[Depends(limited)])

    async def opened(id: str, authorization: Annotated[str | None, Header()] = None) -> Conversation:
        return await conversation_of(store, links, id, authorization)

    @router.post("", status_code=201, response_model=Started)
    async def start(given: NewConversation | None = None) -> Json:
        """Start a conversation. Keep the token: it is shown this once."""
        language = given.language if given else None
        conversation, token, said = await store.open(*replies.greeting(), language=language)
        return {"id": conversation.id, "token": token, "events": [event.public() for event in said]}

    @router.post("/{id}/messages", status_code=202, response_model=Accepted)
    async def send(message: NewMessage, conversation: Conversation = Depends(opened)) -> Json:
        """Send a message. 202 means that it is on disk; the answer comes as an event."""
        if [message.text, message.choice, message.card].count(None) != 2:
            raise Refused.because("wrong_shape", fields="one of text, choice and card")
        does = None
        if message.card is not None:
            text, does = await card_answers.read(store, knowledge, conversation.id, message.key, message.card)
            body = {"text": text}
        elif message.choice == PERSON:  # always there, and understood without an engine
            asked = Words(knowledge, conversation.language).say("handoff_request")
            body, does = {"text": asked}, {"intent": f"faq/{HUMAN}"}
        elif message.choice is None:
            body = {"text": check_text(message.text or "", settings.message_limit, knowledge)}
        else:
            found = await store.choice(conversation.id, message.choice)
            if found is None:
                raise Refused(410, "unknown_choice", knowledge.wording("unknown_choice"))
            body = {"text": found[0], "choice": message.choice}
        limits.conversation(conversation.id)
        try:
            event, new = await conversations.receive(conversation.id, body, message.key, does)
        except KeyReused:
            raise Refused.because("key_reused") from None
        except UnknownConversation:
            raise Refused.because("unknown_conversation") from None
        return {"seq": event.seq, "repeated": not new}

    @router.post("/{id}/feedback", response_model=Noted)
    async def rate(given: Verdict, conversation: Conversation = Depends(opened)) -> Json:
        """Say that an answer was helpful, was not, or looks wrong. What looks wrong is shown to the clinic's staff."""
        limits.conversation(conversation.id)
        note = clean(given.note)
        try:
            verdict = await feedback.rate(conversation.id, given.seq, given.verdict, note)
        except NoSuchAnswer:
            raise Refused.because("no_answer") from None
        danger = await conversations.listen_for_danger(conversation.id, note)
        if verdict == LOOKS_WRONG and not danger:
            await patients.offer(conversation.id, "handoff_offer_looks_wrong")
        return {"seq": given.seq, "verdict": verdict}

    event_stream: dict[int | str, Json] = {200: {"content": {"text/event-stream": {}}}}

    @router.get("/{id}/events", response_class=StreamingResponse, responses=event_stream)
    async def events(
        conversation: Conversation = Depends(opened),
        after: Annotated[int, Query(ge=0, le=10**9)] = 0,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Follow a conversation as server-sent events, from `Last-Event-ID` (or `after`) on."""
        if last_event_id and last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 10:
            after = int(last_event_id)
        return StreamingResponse(
            stream(store, signals, conversation.id, after, settings.heartbeat, gone=knowledge.wording("chat_deleted")),
            media_type="text/event-stream",
            # Proxies must not collect a stream before they pass it on.
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    @router.get("/{id}/history", response_model=History)
    async def history(
        conversation: Conversation = Depends(opened),
        after: Annotated[int, Query(ge=0, le=10**9)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 500,
    ) -> Json:
        """Read a conversation again, from event `after` on."""
        return {"events": [event.public() for event in await store.history(conversation.id, after, limit)]}

    @router.get("/{id}/transcript", response_class=PlainTextResponse)
    async def download(conversation: Conversation = Depends(opened)) -> Response:
        """A conversation as plain text, to keep."""
        said: list[Event] = []
        while page := await store.history(conversation.id, after=len(said)):
            said += page
        day = said[0].created_at.astimezone(knowledge.clinic.timezone).date() if said else None
        headers = {
            "Content-Disposition": f'attachment; filename="chat-{day}.txt"',
            "Cache-Control": "no-store",
        }
        return PlainTextResponse(transcript(said, knowledge), headers=headers)

    @router.delete("/{id}", status_code=204)
    async def forget(conversation: Conversation = Depends(opened)) -> None:
        """Delete a conversation at once: when this is answered, nothing of it is left on disk."""
        await retention.forget(conversation.id)

    return router
