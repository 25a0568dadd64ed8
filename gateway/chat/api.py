"""The public HTTP API of the chat: start a conversation, send a message, follow what happens, read it again.

A conversation has an unguessable id and a token; whoever shows the token (`Authorization: Bearer ...`) may use it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BaseModel, Field, StrictBool, StrictInt, StrictStr
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from gateway.answers.feedback import LOOKS_WRONG, NOTE_LIMIT, Feedback, NoSuchAnswer
from gateway.chat import card_answers
from gateway.chat.conversations import Conversations
from gateway.chat.follow import Place, follow
from gateway.chat.replies import Replies
from gateway.chat.retention import Retention
from gateway.chat.transcript import transcript
from gateway.handoff.links import Links
from gateway.handoff.patient_words import HUMAN, PatientWords
from gateway.handoff.patients import Patients
from gateway.live import stream
from gateway.live.moments import Moments
from gateway.live.open_streams import OpenStreams
from gateway.live.signals import Signals
from gateway.settings import Settings
from gateway.storage.records import Body, ChatFull, Conversation, Event, KeyReused, UnknownConversation
from gateway.storage.store import Store
from gateway.web.error_replies import Refused
from gateway.web.rate_limits import RateLimits
from gateway.web.typed import Text, check_text, clean
from knowledge import Knowledge

Json = dict[str, Any]


PERSON = "person"
EVENT_STREAM: dict[int | str, Json] = {200: {"content": {"text/event-stream": {}}}}
ID = r"^[\w-]{1,64}$"


class Before(BaseModel):
    """The chat that the same browser had before, and what opens it."""

    id: StrictStr = Field(pattern=ID)
    token: Annotated[StrictStr, Field(max_length=128)]


class NewConversation(BaseModel):
    """What a conversation may begin with."""

    language: Annotated[StrictStr, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")] | None = Field(
        None, description="of the chat window; the front desk sees it"
    )
    before: Before | None = Field(None, description="If the front desk blocked that one, it cannot be reached here.")


class NewMessage(BaseModel):
    """A message: `text` that was typed, the `choice` (id) of a button that was offered, or the answer to a `card`."""

    key: StrictStr = Field(pattern=ID, description="New for each message; sending the same again is harmless.")
    text: Text | None = None
    choice: Annotated[StrictStr, Field(max_length=64)] | None = None
    card: card_answers.CardAnswer | None = None
    seen: Annotated[StrictInt, Field(ge=0, le=10**9)] | None = Field(
        None, description="`seq` of the last event that was shown when this was written"
    )


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


class MomentNow(BaseModel):
    """What a person of the clinic who has the chat is told, and nobody keeps."""

    writing: StrictBool = Field(False, description="somebody is writing here; say it again every few seconds")
    seen: Annotated[StrictInt, Field(ge=0, le=10**9)] = Field(0, description="`seq` of the last event that was read")


class EventOut(BaseModel):
    """One numbered thing that was said or happened."""

    seq: int
    mark: str = Field(description="with `seq` it names this event, also if the database should go back in time")
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


async def conversation_of(store: Store, links: Links, id: str, authorization: str | None) -> Conversation:
    """The conversation that this token opens; Refused if it does not."""
    if not (token := shown_token(authorization)):
        raise Refused.because("unauthorized")
    try:
        conversation = await store.conversation(id if re.fullmatch(ID, id) else "")
    except UnknownConversation:
        raise Refused.because("unknown_conversation") from None
    if conversation.opens_with(token) or (links.opens(id, token) and await store.person_was_asked(id)):
        return conversation
    raise Refused.because("unknown_conversation")


def shown_token(authorization: str | None) -> str:
    """The token in this header, or nothing."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def the_conversation(request: Request) -> Conversation:
    """The conversation that a route has opened with its dependency `opened`."""
    return request.state.conversation


@dataclass(frozen=True, eq=False)
class ChatApi:
    """The routes of the chat window."""

    settings: Settings
    store: Store
    conversations: Conversations
    signals: Signals
    replies: Replies
    limits: RateLimits
    knowledge: Knowledge
    feedback: Feedback
    retention: Retention
    links: Links
    patients: Patients
    streams: OpenStreams
    moments: Moments

    def router(self) -> APIRouter:
        """The routes under `/api`."""
        router = APIRouter(prefix="/api/conversations", tags=["chat"])
        router.post("", status_code=201, response_model=Started)(self.start)
        router.post("/{id}/messages", status_code=202, response_model=Accepted, dependencies=[Depends(self.opened)])(
            self.send
        )
        router.post("/{id}/feedback", response_model=Noted, dependencies=[Depends(self.opened)])(self.rate)
        router.post("/{id}/moment", status_code=204, dependencies=[Depends(self.opened)])(self.moment)
        router.get(
            "/{id}/events",
            response_class=StreamingResponse,
            responses=EVENT_STREAM,
            dependencies=[Depends(self.opened)],
        )(self.events)
        router.get("/{id}/history", response_model=History, dependencies=[Depends(self.opened)])(self.history)
        router.get("/{id}/transcript", response_class=PlainTextResponse, dependencies=[Depends(self.opened)])(
            self.download
        )
        router.delete("/{id}", status_code=204, dependencies=[Depends(self.opened)])(self.forget)
        return router

    async def opened(self, request: Request, id: str, authorization: Annotated[str | None, Header()] = None) -> None:
        """Refuse whoever does not show the token of the conversation; `the_conversation` then gives it."""
        request.state.conversation = await conversation_of(self.store, self.links, id, authorization)

    async def start(self, request: Request, given: NewConversation | None = None) -> Json:
        """Start a conversation. Keep the token: it is shown this once."""
        self.limits.new_chat(request)
        language = given.language if given else None
        before = given.before.id if given and given.before and await self._opens(given.before) else None
        greeting = self.replies.speaking(language).greeting()
        conversation, token, said = await self.store.open(*greeting, language=language, before=before)
        return {"id": conversation.id, "token": token, "events": [event.public() for event in said]}

    async def _opens(self, before: Before) -> bool:
        try:
            return (await self.store.conversation(before.id)).opens_with(before.token)
        except UnknownConversation:
            return False

    async def send(self, message: NewMessage, conversation: Conversation = Depends(the_conversation)) -> Json:
        """Send a message. 202 means that it is on disk; the answer comes as an event."""
        if [message.text, message.choice, message.card].count(None) != 2:
            raise Refused.because("wrong_shape", fields="one of text, choice and card")
        body: Body
        does = None
        if message.card is not None and (sent := await self.store.sent_before(conversation.id, message.key)):
            return {"seq": sent.seq, "repeated": True}
        if message.card is not None:
            text, does = await card_answers.read(self.store, self.knowledge, conversation, message.key, message.card)
            body = {"text": text, "card": {"id": message.card.id}}
        elif message.choice == PERSON:  # always there, and understood without an engine
            asked = PatientWords(self.knowledge, conversation.language).say("handoff_request")
            body, does = {"text": asked}, {"intent": f"faq/{HUMAN}"}
        elif message.choice is None:
            body = {"text": check_text(message.text or "", self.settings.message_limit, self.knowledge)}
        else:
            found = await self.store.choice(conversation.id, message.choice)
            if found is None:
                raise Refused(410, "unknown_choice", self.knowledge.wording("unknown_choice"))
            body = {"text": found[0], "choice": message.choice}
        self.limits.conversation(conversation.id)
        try:
            event, new = await self.conversations.receive(conversation.id, body, message.key, does, message.seen)
        except KeyReused:
            raise Refused.because("key_reused") from None
        except ChatFull:
            raise self._full() from None
        except UnknownConversation:
            raise Refused.because("unknown_conversation") from None
        self.moments.note(conversation.id, "patient", writing=False)
        return {"seq": event.seq, "repeated": not new}

    def _full(self) -> Refused:
        return Refused(409, "chat_full", self.knowledge.wording("chat_full"))

    async def rate(self, given: Verdict, conversation: Conversation = Depends(the_conversation)) -> Json:
        """Say that an answer was helpful, was not, or looks wrong. What looks wrong is shown to the clinic's staff."""
        self.limits.conversation(conversation.id)
        note = clean(given.note)
        try:
            verdict = await self.feedback.rate(conversation.id, given.seq, given.verdict, note)
        except NoSuchAnswer:
            raise Refused.because("no_answer") from None
        try:
            danger = await self.conversations.listen_for_danger(conversation.id, note)
        except ChatFull:
            raise self._full() from None
        if verdict == LOOKS_WRONG and not danger:
            await self.patients.offer(conversation.id, "handoff_offer_looks_wrong")
        return {"seq": given.seq, "verdict": verdict}

    async def moment(self, now: MomentNow, conversation: Conversation = Depends(the_conversation)) -> None:
        """Say that the patient writes, or how far they have read. It counts while a person has the chat."""
        if conversation.holder == "person":
            seen = min(now.seen, conversation.last_seq)
            self.moments.note(conversation.id, "patient", writing=now.writing or None, seen=seen)

    async def events(
        self,
        request: Request,
        conversation: Conversation = Depends(the_conversation),
        after: Annotated[int, Query(ge=0, le=10**9)] = 0,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Follow a conversation as server-sent events, from `Last-Event-ID` (or `after`) on.

        An event `moment` says whether a person who has the chat writes now, and up to which event they have read.
        An event `reset` says that what the caller has is no longer in the log: read the history again.
        """
        place = Place.read(last_event_id) or Place(after)
        listener = self.limits.place(request)
        if self.streams.full(listener):
            raise Refused.because("too_many_streams")

        def opened(ended: asyncio.Event) -> AsyncIterator[str]:
            gone, heartbeat = self.knowledge.wording("chat_deleted"), self.settings.heartbeat
            return follow(self.store, self.signals, conversation.id, place, heartbeat, gone, ended, self.moments)

        said = self.streams.counted(conversation.id, listener, opened)
        return stream.reply(said, {"Cache-Control": "no-store"})

    async def history(
        self,
        conversation: Conversation = Depends(the_conversation),
        after: Annotated[int, Query(ge=0, le=10**9)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 500,
    ) -> Json:
        """Read a conversation again, from event `after` on."""
        return {"events": [event.public() for event in await self.store.history(conversation.id, after, limit)]}

    async def download(self, conversation: Conversation = Depends(the_conversation)) -> Response:
        """A conversation as plain text, to keep."""
        said: list[Event] = []
        while page := await self.store.history(conversation.id, after=len(said)):
            said += page
        day = said[0].created_at.astimezone(self.knowledge.clinic.timezone).date() if said else None
        headers = {
            "Content-Disposition": f'attachment; filename="chat-{day}.txt"',
            "Cache-Control": "no-store",
        }
        return PlainTextResponse(transcript(said, self.knowledge), headers=headers)

    async def forget(
        self,
        request: Request,
        conversation: Conversation = Depends(the_conversation),
        authorization: Annotated[str | None, Header()] = None,
    ) -> None:
        """Delete a conversation at once: when this is answered, nothing of it is left on disk. An answer link is not
        enough for it: others may have the link.
        """
        if not conversation.opens_with(shown_token(authorization)):
            raise Refused.because("not_with_link")
        self.limits.new_chat(request)  # it costs as much
        await self.retention.forget_now(conversation.id)
