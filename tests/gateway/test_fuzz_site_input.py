"""Whatever reaches the site over HTTP besides the API's bodies: headers, addresses, forms. Never an error of ours."""

from __future__ import annotations

import string
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.fuzzing import tries
from tests.support.processes import both_running

pytestmark = pytest.mark.slow  # starts processes of its own

MANY = tries(60)
PAGES = ("/", "/answers", "/answers/soreness", "/staff/login", "/desk", "/api/conversations/x/history", "/metrics")
HEADERS = (
    *("accept", "accept-language", "content-type", "origin", "referer", "x-csrf-token", "authorization", "cookie"),
    *("x-forwarded-for", "x-forwarded-proto", "forwarded", "x-real-ip", "if-none-match", "range", "traceparent"),
)
VISIBLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60).map(str.strip)
QUERIES = (
    *("/answers?q=", "/answers/condition_help?part=", "/answers/handout?topics=", "/staff/login?after="),
    *("/api/widget?language=", "/api/conversations/x/history?after=", "/sheet?token="),
)
FORMS = (
    *("/staff/login", "/staff/password", "/sheet", "/desk/out", "/studio/topics/soreness", "/studio/inbox/teach"),
    *("/studio/review", "/studio/topics/soreness/questions", "/studio/try", "/office/hours", "/office/numbers/approve"),
)
KINDS = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data", "text/plain")
PARTS = st.sampled_from(
    ["--x", "--x--", "\r\n", '\r\nContent-Disposition: form-data; name="login"', "\r\n\r\n", "login=", "&", "%zz", "a"]
)
DEEP = (b"[" * 100_000, b'{"key":' * 50_000, b'{"key": "k", "text": ' + b"[" * 90_000)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    running = both_running(tmp_path_factory.mktemp("site") / "var")
    with running as processes, httpx.Client(base_url=processes.url, timeout=30) as client:
        yield client


@given(path=st.sampled_from(PAGES), name=st.sampled_from(HEADERS), value=VISIBLE)
@MANY
def test_any_header_is_met_without_a_failure(site: httpx.Client, path: str, name: str, value: str) -> None:
    assert site.get(path, headers={name: value}).status_code < 500


@given(value=VISIBLE)
@MANY
def test_any_origin_or_token_of_a_form_is_refused(site: httpx.Client, value: str) -> None:
    reply = site.post("/staff/login", data={"csrf": value}, headers={"origin": value, "x-csrf-token": value})
    assert reply.status_code == 403


@given(path=st.sampled_from(QUERIES), value=st.text(max_size=60))
@MANY
def test_any_address_is_met_without_a_failure_and_shown_as_text(site: httpx.Client, path: str, value: str) -> None:
    reply = site.get(path + quote_plus(value, errors="replace"))
    assert reply.status_code < 500
    assert f"<{value}>" not in reply.text or not value.strip(string.whitespace)
    assert site.get(f"/{quote(value, safe='', errors='replace')}").status_code < 500


BODIES = st.binary(max_size=300) | st.lists(PARTS).map("".join)


@given(path=st.sampled_from(FORMS), kind=st.sampled_from(KINDS), body=BODIES)
@MANY
def test_any_form_of_a_stranger_is_refused(site: httpx.Client, path: str, kind: str, body: bytes | str) -> None:
    reply = site.post(path, content=body, headers={"content-type": kind, "origin": str(site.base_url).rstrip("/")})
    assert 400 <= reply.status_code < 500


@pytest.mark.parametrize("body", DEEP, ids=["lists", "objects", "in a message"])
def test_a_body_that_is_nested_without_end_is_refused(site: httpx.Client, body: bytes) -> None:
    started = site.post("/api/conversations").json()
    headers = {"authorization": f"Bearer {started['token']}", "content-type": "application/json"}
    for path in (f"/api/conversations/{started['id']}/messages", "/webhooks/rest/webhook"):
        reply = site.post(path, content=body, headers=headers)
        assert (reply.status_code, set(reply.json())) == (400, {"error"})
