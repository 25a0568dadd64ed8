"""The patient's side of a handoff over HTTP: `/api/conversations/{id}/handoff`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Request
from pydantic import BaseModel, Field

from gateway.chat.api import conversation_of, the_conversation
from gateway.handoff.contact import NotReachable
from gateway.handoff.links import Links
from gateway.handoff.patient_words import PatientWords
from gateway.handoff.patients import HandoffStanding, NoHandoff, Patients
from gateway.storage.records import Conversation
from gateway.storage.store import Store
from gateway.web.error_replies import Refused
from gateway.web.rate_limits import RateLimits
from gateway.web.typed import Text
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


@dataclass(frozen=True, eq=False)
class HandoffApi:
    """The routes by which a patient asks for a person."""

    store: Store
    links: Links
    patients: Patients
    limits: RateLimits
    knowledge: Knowledge

    def router(self) -> APIRouter:
        """The routes under `/api/conversations/{id}/handoff`."""
        router = APIRouter(
            prefix="/api/conversations/{id}/handoff",
            tags=["handoff"],
            dependencies=[Depends(self.opened)],
        )
        router.get("", response_model=HandoffState)(self.state)
        router.post("", response_model=HandoffState)(self.ask)
        router.delete("", response_model=HandoffState)(self.cancel)
        router.put("/contact", response_model=HandoffState)(self.leave_contact)
        router.delete("/contact", response_model=HandoffState)(self.delete_contact)
        return router

    async def opened(self, request: Request, id: str, authorization: Annotated[str | None, Header()] = None) -> None:
        """Refuse whoever does not show the token of the conversation; `the_conversation` then gives it."""
        request.state.conversation = await conversation_of(self.store, self.links, id, authorization)

    async def state(self, conversation: Conversation = Depends(the_conversation)) -> Json:
        """How it stands."""
        return _shown(await self.patients.state(conversation.id))

    async def ask(self, conversation: Conversation = Depends(the_conversation)) -> Json:
        """Ask for a person. Asking again changes nothing."""
        self.limits.conversation(conversation.id)
        return _shown(await self.patients.ask(conversation.id))

    async def cancel(self, conversation: Conversation = Depends(the_conversation)) -> Json:
        """Wait for a person no longer, or end the talk with one: the assistant has the chat again."""
        self.limits.conversation(conversation.id)
        return _shown(await self.patients.cancel(conversation.id))

    async def leave_contact(self, given: Contact, conversation: Conversation = Depends(the_conversation)) -> Json:
        """Leave an e-mail address or a phone number. It is deleted when the handoff ends."""
        self.limits.conversation(conversation.id)
        try:
            return _shown(await self.patients.leave_contact(conversation.id, given.contact))
        except NotReachable:
            say = PatientWords(self.knowledge, conversation.language).say
            raise Refused(422, "not_reachable", say("handoff_contact_wrong")) from None
        except NoHandoff:
            raise Refused.because("no_handoff") from None

    async def delete_contact(self, conversation: Conversation = Depends(the_conversation)) -> Json:
        """Delete what was left."""
        try:
            return _shown(await self.patients.delete_contact(conversation.id))
        except NoHandoff:
            raise Refused.because("no_handoff") from None


def _shown(state: HandoffStanding) -> Json:
    return asdict(state)
