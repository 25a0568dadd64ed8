"""The sheet of questions for the physio: what the patient asked, and nothing else."""

from __future__ import annotations

import re

from knowledge import Knowledge
from tests.gateway.conftest import Chat, Gateway


async def page(chat: Chat) -> str:
    given = await chat.client.post(f"/api/conversations/{chat.id}/questions", data={"token": chat.token})
    assert given.status_code == 200
    assert given.headers["cache-control"] == "no-store"
    return given.text


def listed(html: str) -> list[str]:
    return re.findall(r'<span dir="auto">(.*?)</span>', html)


async def test_it_lists_each_question_once_with_what_was_answered(chat: Chat, knowledge: Knowledge) -> None:
    for text in ("will I be sore?", "Will I be sore?", "can a llama do it", "thank you", "hello"):
        await chat.ask(text)
    html = await page(chat)
    assert listed(html) == ["will I be sore?", "can a llama do it"]
    assert f"The chat told me about: {knowledge.topics['soreness'].title}" in html
    assert html.count("The chat had no answer.") == 1


async def test_tell_me_more_and_cards_are_no_questions(chat: Chat) -> None:
    (short,) = await chat.ask("will I be sore?")
    await chat.ask(choice=short["buttons"][0]["id"])
    (card,) = await chat.ask("check me")
    assert "card" in card
    assert listed(await page(chat)) == ["will I be sore?"]


async def test_what_was_typed_is_shown_as_text(chat: Chat) -> None:
    await chat.ask("<script>alert(1)</script> sore?")
    html = await page(chat)
    assert "&lt;script&gt;" in html
    assert "<script>alert" not in html


async def test_a_chat_without_questions_leaves_room_for_ones_own(chat: Chat, knowledge: Knowledge) -> None:
    html = await page(chat)
    assert listed(html) == []
    assert html.count("<textarea") == 4
    assert knowledge.wording("questions_note") in html


async def test_it_needs_the_token_of_the_conversation(chat: Chat, gateway: Gateway) -> None:
    other, address = await gateway.chat(), f"/api/conversations/{chat.id}/questions"
    assert (await chat.client.post(address, data={"token": other.token})).status_code == 404
    assert (await chat.client.post(address)).status_code == 422
    assert (await chat.client.get(address)).status_code == 405


async def test_the_page_can_send_nothing(chat: Chat) -> None:
    html = await page(chat)
    assert "<form" not in html
    assert chat.token not in html
