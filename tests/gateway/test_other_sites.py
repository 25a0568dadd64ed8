"""The chat window on the clinic's own website: the sites that the clinic names may use it, others may not."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from gateway.settings import Settings, SettingsError
from knowledge import Knowledge
from tests.gateway.conftest import Gateway, Start

CLINIC = "https://www.salal-physio.example"
OTHER = "https://elsewhere.example"
WINDOW = ["/widget.js", "/widget/element.js", "/static/icon.svg", "/api/widget"]


def allowed(reply: httpx.Response) -> str | None:
    return reply.headers.get("Access-Control-Allow-Origin")


async def ask_first(gateway: Gateway, path: str, origin: str, method: str = "POST") -> httpx.Response:
    """What a browser asks before it sends something from a page of another site."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type,last-event-id",
    }
    return await gateway.client.options(path, headers=headers)


@pytest.mark.parametrize("path", WINDOW)
async def test_a_site_that_is_named_gets_the_chat_window(start: Start, path: str) -> None:
    async with start(origins=(CLINIC,)) as gateway:
        reply = await gateway.client.get(path, headers={"Origin": CLINIC})
        assert (reply.status_code, allowed(reply)) == (200, CLINIC)
        assert reply.headers["Vary"].lower().count("origin") == 1
        assert "Access-Control-Allow-Credentials" not in reply.headers
        other = await gateway.client.get(path, headers={"Origin": OTHER})
        assert allowed(other) is None
        assert "origin" in other.headers["Vary"].lower()


async def test_a_chat_can_be_held_from_a_site_that_is_named(start: Start) -> None:
    async with start(origins=(CLINIC,)) as gateway:
        chat = await gateway.chat()
        address = f"/api/conversations/{chat.id}"
        for path, method in (
            ("/api/conversations", "POST"),
            (f"{address}/messages", "POST"),
            (f"{address}/events", "GET"),
            (f"{address}/transcript", "GET"),
            (address, "DELETE"),
        ):
            reply = await ask_first(gateway, path, CLINIC, method)
            assert (reply.status_code, allowed(reply)) == (200, CLINIC)
            assert method in reply.headers["Access-Control-Allow-Methods"]
        sent = {"key": "a", "text": "x" * 50_000}
        reply = await gateway.client.post(f"{address}/messages", json=sent, headers={**chat.headers, "Origin": CLINIC})
        assert (reply.status_code, allowed(reply)) == (413, CLINIC), "the page can read why"
        assert "Retry-After" in reply.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("origin", [OTHER, "null", f"{CLINIC}.evil.example", CLINIC.replace("https", "http")])
async def test_another_site_is_turned_away(start: Start, origin: str) -> None:
    async with start(origins=(CLINIC,)) as gateway:
        reply = await ask_first(gateway, "/api/conversations", origin)
        assert (reply.status_code, allowed(reply)) == (400, None)
        assert allowed(await gateway.client.post("/api/conversations", headers={"Origin": origin})) is None


@pytest.mark.parametrize("path", ["/webhooks/rest/webhook", "/health", "/ready", "/", "/answers", "/openapi.json"])
async def test_what_the_chat_window_does_not_need_stays_with_our_own_pages(start: Start, path: str) -> None:
    async with start(origins=(CLINIC,)) as gateway:
        assert allowed(await gateway.client.get(path, headers={"Origin": CLINIC})) is None
        assert allowed(await ask_first(gateway, path, CLINIC)) is None


async def test_without_a_list_only_our_own_pages_use_the_chat(gateway: Gateway) -> None:
    for path in (*WINDOW, "/api/conversations"):
        assert allowed(await gateway.client.get(path, headers={"Origin": CLINIC})) is None
        assert (await ask_first(gateway, path, CLINIC)).status_code == 405


async def test_the_list_stands_in_the_clinics_file_unless_the_environment_says_otherwise(
    start: Start, knowledge: Knowledge
) -> None:
    known = replace(knowledge, clinic=replace(knowledge.clinic, website_origins=(CLINIC,)))
    async with start(knowledge=known) as gateway:
        assert allowed(await ask_first(gateway, "/api/conversations", CLINIC)) == CLINIC
    async with start(knowledge=known, origins=(OTHER,)) as gateway:
        assert allowed(await ask_first(gateway, "/api/conversations", CLINIC)) is None
        assert allowed(await ask_first(gateway, "/api/conversations", OTHER)) == OTHER


def test_the_environment_names_sites() -> None:
    found = Settings.from_environment({"IMS_ORIGINS": f"{CLINIC}, http://localhost:3000"}).origins
    assert found == (CLINIC, "http://localhost:3000")


@pytest.mark.parametrize(
    "value", ["*", "null", "clinic.example", f"{CLINIC}/", f"{CLINIC}/chat", "http://clinic.example"]
)
def test_what_names_no_site_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="IMS_ORIGINS must be sites like"):
        Settings.from_environment({"IMS_ORIGINS": value})
