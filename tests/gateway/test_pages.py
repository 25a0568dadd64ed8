"""Pages, health, headers."""

from __future__ import annotations

import re

import pytest

from gateway import __version__
from tests.gateway.conftest import Gateway, Start


async def test_the_demo_page_names_the_clinic_and_loads_only_from_here(gateway: Gateway) -> None:
    page = await gateway.client.get("/")
    assert page.status_code == 200
    assert "Salal Physiotherapy" in page.text
    loaded = re.findall(r'<(?:script|link|img)[^>]* (?:src|href)="([^"]+)"', page.text)
    assert loaded
    for address in loaded:
        assert address.startswith("/")
        assert (await gateway.client.get(address)).status_code == 200
    assert "<style" not in page.text
    assert " style=" not in page.text
    assert "{" not in page.text, "a placeholder was not filled"


async def test_the_chat_window_is_served(gateway: Gateway) -> None:
    for address in ("/widget.js", "/widget/element.js", "/widget/conversation.js"):
        reply = await gateway.client.get(address)
        assert reply.status_code == 200
        assert "javascript" in reply.headers["content-type"]


@pytest.mark.parametrize("path", ["/", "/health", "/nothing", "/api/conversations/x/history"])
async def test_every_reply_has_the_security_headers(gateway: Gateway, path: str) -> None:
    headers = (await gateway.client.get(path)).headers
    assert "unsafe" not in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-request-id"]
    assert "server" not in headers


async def test_nothing_is_loaded_from_elsewhere_by_a_description_page(gateway: Gateway) -> None:
    assert (await gateway.client.get("/docs")).status_code == 404
    description = (await gateway.client.get("/openapi.json")).json()
    assert {"/api/conversations", "/webhooks/rest/webhook", "/ready"} <= set(description["paths"])


async def test_it_is_ready_when_every_part_works(gateway: Gateway) -> None:
    assert (await gateway.client.get("/health")).json() == {"status": "ok", "version": __version__}
    ready = await gateway.client.get("/ready")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "parts": {"database": "ok", "engine": "ok"}})


async def test_it_says_what_is_not_ready(gateway: Gateway) -> None:
    gateway.engine.mode = "dead"
    ready = await gateway.client.get("/ready")
    assert ready.status_code == 503
    assert ready.json()["parts"] == {"database": "ok", "engine": "not running, or still loading"}
    assert (await gateway.client.get("/health")).status_code == 200


async def test_nothing_that_was_typed_and_no_token_is_logged(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with start() as gateway:
        chat = await gateway.chat()
        for text in ("sore zebra", "cannot breathe zebra", "trip the net zebra", "zebra"):
            await chat.ask(text)
        gateway.engine.mode = "malformed"
        await chat.ask("zebra again")
        await chat.send(["zebra"])
        await gateway.rest("zebra")
    ours = [record for record in caplog.records if record.name.startswith(("gateway", "safety", "uvicorn"))]
    assert len(ours) > 10
    lines = "\n".join(record.getMessage() + str(record.exc_info or "") for record in ours)
    assert "zebra" not in lines
    assert chat.token not in lines
    assert chat.id not in lines
