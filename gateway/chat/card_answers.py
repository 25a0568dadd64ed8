"""What a patient ticked on a card (docs/screening.md), checked against the card that was sent.

The ticks go to the engine and nowhere else: the patient's own event says only which card was answered, and the store
forgets the ticks as soon as they are answered.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StrictStr

from gateway.handoff.patient_words import PatientWords
from gateway.storage.records import Conversation
from gateway.storage.store import Store
from gateway.web.error_replies import Refused
from knowledge import Knowledge

Json = dict[str, Any]
Id = Annotated[StrictStr, Field(max_length=64)]
Ids = Annotated[list[Id], Field(max_length=100)]


class CardAnswer(BaseModel):
    """What was ticked on the last card, what is not sure, and what all other lines mean."""

    id: Id
    event: Annotated[int, Field(ge=1, le=10**9)] | None = Field(None, description="`seq` of the card's event")
    ticked: Ids = []
    not_sure: Ids = []
    rest: Literal["no", "not_sure", "skipped"] = "no"


async def read(
    store: Store, knowledge: Knowledge, conversation: Conversation, key: str, answer: CardAnswer
) -> tuple[str, Json]:
    """The words that stand for the answer in the conversation, and what it tells the engine; Refused if it is not the
    last card of this conversation, or the card has no such line.
    """
    sent = await store.last_card(conversation.id, key)
    card: Json = sent.body["card"] if sent else {}
    # A card that stays where it is comes again with each interruption.
    if sent is None or card["id"] != answer.id or not (answer.event in (None, sent.seq) or sent.body.get("docked")):
        raise Refused(410, "unknown_card", knowledge.wording("unknown_card"))
    if not {item["id"] for item in card["items"]}.issuperset([*answer.ticked, *answer.not_sure]):
        raise Refused.because("wrong_shape", fields="ticked, not_sure")
    does = {"intent": "screening_card", "entities": {"card": answer.model_dump(exclude={"event"})}}
    said = PatientWords(knowledge, conversation.language).say("card_answered", title=card["title"])
    return said, does
