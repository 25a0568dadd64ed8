"""The patient's side of a handoff over HTTP: `/api/conversations/{id}/handoff`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Request
from pydantic import BaseModel, Field

from gateway.api import Text, conversation_of
from gateway.desk.contact import NotReachable
from gateway.desk.links import Links
from gateway.desk.patients import NoHandoff, Patients, State
from gateway.desk.words import Words
from gateway.problems import Refused
from gateway.rate_limits import RateLimits
from gateway.store import Conversation, Store
from knowledge import Knowledge

Json = dict[str, Any]


class Contact(BaseModel):
    """How the front desk can reach the patient."""

    contact: Annotated[Text, Field(max_length=300, description="An e-mail address or a phone number.")]


class HandoffState(BaseModel):
    """How a handoff stands."""

    state: Literal["assistant", "waiting", "person"] = Field(description="who has the chat")
    name: str | None = Field(description="of the person who has it")
    ahead: int = Field(description="how many wait before this patient")
    here: bool = Field(description="whether somebody is at the front desk")
    opens: datetime | None = Field(description="when the front desk opens next")
    usual_wait: float | None = Field(description="seconds; none if it is not known")
    contact: str | None = Field(description="what the patient left to be reached")
    link: str | None = Field(description="leads back to this chat; begins with / where the address is not set")


def routes(store: Store, links: Links, patients: Patients, limits: RateLimits, knowledge: Knowledge) -> APIRouter:
    """The routes under `/api/conversations/{id}/handoff`."""

    def limited(request: Request) -> None:
        limits.address(request.client and request.client.host)

    router = APIRouter(prefix="/api/conversations/{id}/handoff", tags=["handoff"], dependencies=[Depends(limited)])

    async def opened(id: str, authorization: Annotated[str | None, Header()] = None) -> Conversation:
        return await conversation_of(store, links, id, authorization)

    @router.get("", response_model=HandoffState)
    async def state(conversation: Conversation = Depends(opened)) -> Json:
        """How it stands."""
        return _shown(await patients.state(conversation.id))

    @router.post("", response_model=HandoffState)
    async def ask(conversation: Conversation = Depends(opened)) -> Json:
        """Ask for a person. Asking again changes nothing."""
        limits.conversation(conversation.id)
        return _shown(await patients.ask(conversation.id))

    @router.delete("", response_model=HandoffState)
    async def cancel(conversation: Conversation = Depends(opened)) -> Json:
        """Wait for a person no longer, or end the talk with one: the assistant has the chat again."""
        limits.conversation(conversation.id)
        return _shown(await patients.cancel(conversation.id))

    @router.put("/contact", response_model=HandoffState)
    async def leave_contact(given: Contact, conversation: Conversation = Depends(opened)) -> Json:
        """Leave an e-mail address or a phone number. It is deleted when the handoff ends."""
        limits.conversation(conversation.id)
        try:
            return _shown(await patients.leave_contact(conversation.id, given.contact))
        except NotReachable:
            say = Words(knowledge, conversation.language).say
            raise Refused(422, "not_reachable", say("handoff_contact_wrong")) from None
        except NoHandoff:
            raise Refused.because("no_handoff") from None

    @router.delete("/contact", response_model=HandoffState)
    async def delete_contact(conversation: Conversation = Depends(opened)) -> Json:
        """Delete what was left."""
        try:
            return _shown(await patients.delete_contact(conversation.id))
        except NoHandoff:
            raise Refused.because("no_handoff") from None

    return router


def _shown(state: State) -> Json:
    return asdict(state)
