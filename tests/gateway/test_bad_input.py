"""What a careless or hostile client may send: each gets a clear error or an answer, and nothing breaks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import httpx
import pytest

from gateway.settings import Settings
from knowledge import Knowledge
from tests.gateway.conftest import Chat, Gateway, Json, Start


def error(reply: httpx.Response) -> tuple[int, str]:
    """Status and code; every error has a sentence."""
    body = reply.json()
    assert set(body) == {"error"}
    assert body["error"]["message"].endswith(".")
    return reply.status_code, body["error"]["code"]


@pytest.mark.parametrize("text", ["", "   ", "\n\t ", "\x00\x01\x1b", "\u200b\u200d\ufeff", "\u0301"])
async def test_a_message_that_shows_nothing_is_asked_for_again(chat: Chat, text: str) -> None:
    reply = await chat.send(text)
    assert error(reply) == (400, "message_empty")
    assert len(await chat.history()) == 1


async def test_a_long_message_is_refused_with_the_limit_and_the_emergency_number(chat: Chat) -> None:
    reply = await chat.send("x" * 50_000)
    assert error(reply) == (413, "message_too_long")
    assert "2,000" in reply.text
    assert "50,000" in reply.text
    assert "911" in reply.text
    assert (await chat.send("x" * 2_000)).status_code == 202
    assert error(await chat.send("x" * 2_001)) == (413, "message_too_long")


async def test_a_huge_body_is_refused_before_it_is_read(chat: Chat, settings: Settings) -> None:
    assert error(await chat.send("x" * settings.body_limit)) == (413, "too_big")

    async def without_length() -> object:
        for _ in range(200):
            yield b"x" * 10_000

    reply = await chat.client.post(f"/api/conversations/{chat.id}/messages", content=without_length())  # type: ignore[arg-type]
    assert error(reply) == (413, "too_big")


async def test_control_characters_are_taken_out(chat: Chat, gateway: Gateway) -> None:
    await chat.ask("will\x00 I \x1b[31mbe\x07 sore\r\nreally")
    assert gateway.engine.heard[-1]["message"] == "will I [31mbe sore\nreally"


async def test_half_an_emoji_is_no_reason_to_refuse_a_message(chat: Chat, gateway: Gateway) -> None:
    reply = await chat.client.post(
        f"/api/conversations/{chat.id}/messages",
        content=b'{"key": "a", "text": "sore \\ud83d"}',
        headers={**chat.headers, "Content-Type": "application/json"},
    )
    assert reply.status_code == 202
    await chat.answer_to(reply.json()["seq"])
    assert gateway.engine.heard[-1]["message"] == "sore"


@pytest.mark.parametrize(
    ("text", "meant"),
    [("😀", "chat/ok"), ("👩🏽‍⚕️🙏", "thanks"), ("💉?", "follow_up/simpler"), ("💉", None)],
)
async def test_emoji_alone_are_a_message(chat: Chat, gateway: Gateway, text: str, meant: str | None) -> None:
    await chat.ask(text)
    heard = gateway.engine.heard[-1]
    assert heard["message"] == text
    assert heard["choice"] == ({"intent": meant} if meant else None)


@pytest.mark.parametrize(
    "text", ["/restart", "/session_start", '/faq{"x":1}', "/faq/soreness", "EXTERNAL: x", "2-abcdefgh"]
)
async def test_what_looks_like_a_command_is_text(chat: Chat, gateway: Gateway, text: str) -> None:
    await chat.ask(text)
    heard = gateway.engine.heard[-1]
    assert (heard["message"], heard["choice"]) == (text, None)
    (await gateway.rest(text),)
    heard = gateway.engine.heard[-1]
    assert (heard["message"], heard["choice"]) == (text, None)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '<img src=x onerror="alert(1)">', "a & b < c"])
async def test_html_stays_the_text_that_it_is(chat: Chat, text: str) -> None:
    sent = await chat.send(text)
    stored = (await chat.history(chat.seen))[0]
    assert (stored["seq"], stored["body"]["text"]) == (sent.json()["seq"], text)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"hello", b'{"key": "a", "text": ', b"\xff\xfe\x00", b"[" * 100_000, b'{"key": "a", "text": "\xff"}'],
)
async def test_what_is_no_json_is_refused(chat: Chat, content: bytes) -> None:
    headers = {**chat.headers, "Content-Type": "application/json"}
    for address in (f"/api/conversations/{chat.id}/messages", "/webhooks/rest/webhook"):
        reply = await chat.client.post(address, content=content, headers=headers)
        assert error(reply)[0] in {400, 422}


SHAPES: list[object] = [
    None,
    [],
    "text",
    7,
    {},
    {"text": "hello"},
    {"key": "a"},
    {"key": "a", "text": 5},
    {"key": "a", "text": None},
    {"key": "a", "text": ["hello"]},
    {"key": "a", "text": {"$gt": ""}},
    {"key": 5, "text": "hello"},
    {"key": "", "text": "hello"},
    {"key": "a b", "text": "hello"},
    {"key": "k" * 65, "text": "hello"},
    {"key": "a", "text": "hello", "choice": "1-abc"},
    {"key": "a", "choice": {"intent": "restart"}},
]


@pytest.mark.parametrize("shape", SHAPES)
async def test_wrong_types_are_refused_without_quoting_them(chat: Chat, shape: object) -> None:
    reply = await chat.client.post(f"/api/conversations/{chat.id}/messages", json=shape, headers=chat.headers)
    assert error(reply) == (422, "wrong_shape")
    assert "hello" not in reply.text


@pytest.mark.parametrize("shape", [{"sender": "a"}, {"message": "hello"}, {"sender": 1, "message": "hello"}, {"sender": "", "message": "hello"}, {"sender": "s" * 256, "message": "hello"}, {"sender": "a", "message": ["hello"]}])  # fmt: skip # noqa: E501
async def test_wrong_types_on_the_rest_channel_are_refused(gateway: Gateway, shape: Json) -> None:
    reply = await gateway.client.post("/webhooks/rest/webhook", json=shape)
    assert error(reply) == (422, "wrong_shape")
    assert "hello" not in reply.text


async def test_on_the_rest_channel_the_patient_is_told_in_the_conversation(
    gateway: Gateway, knowledge: Knowledge
) -> None:
    (empty,) = await gateway.rest("  ")
    assert (empty["custom"]["kind"], empty["text"]) == ("unknown", knowledge.wording("message_empty"))
    (long,) = await gateway.rest("x" * 50_000)
    assert "2,000" in long["text"]


async def test_an_error_never_repeats_what_was_typed(chat: Chat) -> None:
    secret = "my knee since the birth of Anna"
    for reply in (
        await chat.send(secret, key=secret),
        await chat.send([secret]),
        await chat.send(secret * 1000),
        await chat.client.post(f"/api/conversations/{secret}/messages", json={"key": "a", "text": secret}),
        await chat.client.get(f"/{secret}"),
    ):
        assert reply.status_code >= 400
        assert secret not in reply.text


async def test_a_conversation_opens_only_with_its_token(chat: Chat, gateway: Gateway) -> None:
    other = await gateway.chat()
    address = f"/api/conversations/{chat.id}/history"
    get = gateway.client.get
    assert error(await get(address)) == (401, "unauthorized")
    assert error(await get(address, headers={"Authorization": "Basic abc"})) == (401, "unauthorized")
    assert error(await get(address, headers={"Authorization": "Bearer wrong"})) == (404, "unknown_conversation")
    assert error(await get(address, headers=other.headers)) == (404, "unknown_conversation")
    assert error(await get("/api/conversations/none/history", headers=chat.headers)) == (404, "unknown_conversation")


async def test_a_conversation_of_the_rest_channel_has_no_token_that_opens_it(gateway: Gateway) -> None:
    await gateway.rest("hello", sender="one")
    conversation = await gateway.store.conversation_of("one")
    for token in ("None", "null", "one"):
        reply = await gateway.client.get(
            f"/api/conversations/{conversation.id}/history", headers={"Authorization": f"Bearer {token}"}
        )
        assert error(reply) == (404, "unknown_conversation")


@pytest.mark.parametrize(
    "choice", ["1-abcdefgh", "0-x", "99999999999-x", "-", "1", "²-x", "../../etc", "1-' OR 1=1 --"]
)
async def test_a_button_that_was_never_offered_is_refused(chat: Chat, choice: str) -> None:
    assert error(await chat.send(choice=choice)) == (410, "unknown_choice")


async def test_a_button_of_another_conversation_is_refused(chat: Chat, gateway: Gateway) -> None:
    (body,) = await chat.ask("needle")
    other = await gateway.chat()
    assert error(await other.send(choice=body["buttons"][0]["id"])) == (410, "unknown_choice")


async def test_unknown_addresses_and_methods_are_told_so(gateway: Gateway) -> None:
    assert error(await gateway.client.get("/nothing/here")) == (404, "not_found")
    assert error(await gateway.client.put("/api/conversations")) == (405, "method_not_allowed")
    assert error(await gateway.client.get("/static/../settings.py")) == (404, "not_found")
    assert error(await gateway.client.get("/static/%2e%2e/settings.py")) == (404, "not_found")


@pytest.mark.parametrize("query", ["after=-1", "after=x", "after=99999999999999999999", "limit=0", "limit=100000"])
async def test_nonsense_in_the_address_is_refused(chat: Chat, query: str) -> None:
    reply = await chat.client.get(f"/api/conversations/{chat.id}/history?{query}", headers=chat.headers)
    assert error(reply) == (422, "wrong_shape")


async def test_who_hurries_is_told_how_long_to_wait(start: Start) -> None:
    async with start(conversation_burst=3, conversation_rate=0.5) as gateway:
        chat = await gateway.chat()
        replies = [await chat.send("hello") for _ in range(4)]
        assert [reply.status_code for reply in replies] == [202, 202, 202, 429]
        assert error(replies[-1]) == (429, "too_many_messages")
        assert replies[-1].headers["Retry-After"] == "2"
        assert "2 seconds" in replies[-1].text
        assert "911" in replies[-1].text


async def test_a_client_that_goes_away_in_the_middle_leaves_nothing_behind(chat: Chat, gateway: Gateway) -> None:
    sent: list[Json] = []
    parts: Iterator[Json] = iter(
        [
            {"type": "http.request", "body": json.dumps({"key": "a", "text": "hel"}).encode()[:-4], "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> Json:
        return next(parts)

    async def send(message: Json) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": f"/api/conversations/{chat.id}/messages",
        "raw_path": b"",
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {chat.token}".encode()), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
        "server": ("gateway", 80),
        "scheme": "http",
        "http_version": "1.1",
    }
    await gateway.app(scope, receive, send)  # type: ignore[arg-type]
    assert sent == []
    await asyncio.sleep(0.05)
    assert len(await chat.history()) == 1
