"""What an attacker would try that no other test tries; docs/security.md says which test is about what."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from gateway.editions.models import ModelRefused, Models
from gateway.settings import Settings
from tests.gateway.conftest import Gateway

SECRET_FILES = ("var/secrets/engine_token", "pyproject.toml", "data/clinic.yml", "etc/passwd")
# Ways up that a browser would tidy away before it asks.
UP = ("../" * 6, "..%2f" * 6, "%2e%2e/" * 6, "..%5c" * 6, "....//" * 6, "%252e%252e%252f" * 6, "/")


async def test_no_route_of_a_conversation_opens_with_the_token_of_another(gateway: Gateway) -> None:
    mine, other = await gateway.chat(), await gateway.chat()
    await other.ask("will I be sore?")
    paths = (await gateway.client.get("/openapi.json")).json()["paths"]
    tried = 0
    for path, methods in paths.items():
        if not path.startswith("/api/conversations/{id}"):
            continue
        url = path.replace("{id}", other.id)
        for method in methods:
            if path.endswith(("/sheet", "/questions")):  # a form: it opens in a tab of its own
                assert (await gateway.client.post(url, data={"token": mine.token})).status_code == 404
                continue
            body = None if method == "get" else {"key": "k", "text": "x", "seq": 1, "verdict": "helpful"}
            for headers, status in ((mine.headers, 404), ({}, 401), ({"Authorization": "Bearer "}, 401)):
                reply = await gateway.client.request(method, url, headers=headers, json=body)
                assert reply.status_code == status, (method, path, reply.text)
                tried += 1
    assert tried >= 15
    assert [event["role"] for event in await other.history()].count("patient") == 1


async def test_ids_and_tokens_cannot_be_guessed(gateway: Gateway) -> None:
    chats = [await gateway.chat() for _ in range(50)]
    assert all(len(chat.id) >= 24 and len(chat.token) >= 32 for chat in chats)  # 144 and 192 random bits
    for prefixes in ({chat.id[:4] for chat in chats}, {chat.token[:4] for chat in chats}):
        assert len(prefixes) >= 49  # no counter, no clock


@pytest.mark.parametrize("place", ["/answers/", "/static/", "/widget/", "/api/", "/"])
@pytest.mark.parametrize("file", SECRET_FILES)
async def test_no_path_leads_out_of_its_folder(gateway: Gateway, place: str, file: str) -> None:
    for up in UP:
        for end in ("", "/handout.pdf", "%00.html"):
            # A raw path, as httpx would tidy it too.
            url = httpx.URL("http://gateway").copy_with(raw_path=f"{place}{up}{file}{end}".encode())
            reply = await gateway.client.get(url)
            assert reply.status_code in {400, 404, 307, 308}, (str(url), reply.status_code)
            assert "ims-assistant" not in reply.text
            assert "root:" not in reply.text


async def test_a_web_servers_headers_do_not_choose_another_path_or_host(gateway: Gateway) -> None:
    tricks = {"X-Original-URL": "/metrics", "X-Rewrite-URL": "/metrics", "X-Forwarded-Host": "evil.example"}
    reply = await gateway.client.get("/answers", headers=tricks)
    assert reply.status_code == 200
    assert "evil.example" not in reply.text
    assert "ims_requests" not in reply.text


@pytest.mark.parametrize("name", ["../model.tar.gz", "/etc/passwd", "model.tar.gz", ""])
def test_a_manifest_that_was_not_written_here_starts_no_model(tmp_path: Path, name: str) -> None:
    models = Models(Settings(var=tmp_path / "var"), tmp_path / "models")
    models.folder.mkdir()
    for place in (tmp_path, models.folder):
        (place / "model.tar.gz").write_bytes(b"crafted")
    manifest = {"file": name, "sha256": "0", "trained_on": "", "trained_at": "", "seconds": 1.0, "signature": "0" * 64}
    (models.folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelRefused):
        models.current()


async def test_a_session_cannot_be_fixed_from_outside(gateway: Gateway) -> None:
    given = {"Cookie": "session=chosen", "Authorization": "Bearer chosen"}
    reply = await gateway.client.post("/api/conversations", json={"id": "chosen", "token": "chosen"}, headers=given)
    assert "chosen" not in reply.text
    assert "set-cookie" not in reply.headers


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
async def test_an_address_that_a_client_makes_up_does_not_make_it_this_machine(gateway: Gateway, name: str) -> None:
    transport = httpx.ASGITransport(gateway.app, client=("203.0.113.9", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        message = {"sender": "a", "message": "hello"}
        for path, body in (("/metrics", None), ("/webhooks/rest/webhook", message)):
            method = "POST" if body else "GET"
            reply = await client.request(method, path, json=body, headers={name: "127.0.0.1"})
            assert reply.status_code == 401
