"""Requests that nobody thought of: schemathesis makes them from /openapi.json, Hypothesis for what parses input.

Whatever arrives: no error of ours, the shape that the description promises, and never what was sent in an error.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import httpx
import pytest
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from gateway.chat.follow import as_text
from gateway.engine.client import EngineReply
from gateway.settings import Settings, SettingsError
from gateway.storage.records import Body, Event
from gateway.web.typed import clean
from tests.support.fuzzing import ANYTHING, tries
from tests.support.processes import Processes, both_running

pytestmark = pytest.mark.slow  # starts processes of its own

BOUNDED, LIGHT = tries(25, same=True), tries(100)
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
ENDLESS = "/api/conversations/{id}/events"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    with both_running(tmp_path_factory.mktemp("site") / "var") as processes:
        yield processes


def test_every_operation_keeps_its_promise(site: Processes) -> None:
    description = schemathesis.openapi.from_url(f"{site.url}/openapi.json")
    started = httpx.post(f"{site.url}/api/conversations").json()
    known = {"Authorization": f"Bearer {started['token']}"}
    tried: set[str] = set()

    for found in description.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]

        @given(case=operation.as_strategy(), own=st.booleans())
        @BOUNDED
        def check(case: Any, own: bool) -> None:
            # Half of them about a chat that exists; not the stream, which would never end, nor its end.
            if own and "{id}" in case.path and case.path != ENDLESS and case.method != "DELETE":
                case.path_parameters = {**case.path_parameters, "id": started["id"]}
                case.headers = known
            tried.add(case.path)
            case.call_and_validate(base_url=site.url, checks=CHECKS, timeout=20)

        check()
    assert {"/api/conversations/{id}/messages", "/webhooks/rest/webhook", "/metrics"} <= tried


@given(body=st.binary(max_size=300) | ANYTHING.map(lambda value: json.dumps(value).encode()))
@BOUNDED
def test_any_body_is_answered_with_an_error_that_does_not_repeat_it(site: Processes, body: bytes) -> None:
    marked = body.replace(b"a", b"zebra-in-my-kneecap")
    for path in ("/api/conversations/x/messages", "/webhooks/rest/webhook"):
        reply = httpx.post(f"{site.url}{path}", content=marked, headers={"Content-Type": "application/json"})
        assert 400 <= reply.status_code < 500
        assert set(reply.json()) == {"error"}
        assert "zebra" not in reply.text


@given(given_reply=ANYTHING)
@LIGHT
def test_any_reply_of_the_engine_is_read_or_refused(given_reply: object) -> None:
    with contextlib.suppress(ValueError):
        reply = EngineReply.read(given_reply)
        assert isinstance(reply.kind, str)
        assert reply.alarm is None or isinstance(reply.alarm, str)


@given(
    fields=st.fixed_dictionaries(
        {"kind": ANYTHING},
        optional=dict.fromkeys(("intent", "topics", "offered", "confidence", "slots", "messages"), ANYTHING),
    )
)
@LIGHT
def test_any_reply_of_nearly_the_right_shape_is_read_or_refused(fields: Json) -> None:
    with contextlib.suppress(ValueError):
        reply = EngineReply.read(fields)
        assert all(isinstance(name, str) for name in (*reply.topics, *reply.offered))


@given(typed=st.text())
@LIGHT
def test_any_text_is_made_fit_to_be_stored(typed: str) -> None:
    kept = clean(typed)
    assert clean(kept) == kept
    assert "\x00" not in kept
    kept.encode("utf-8")


@given(name=st.sampled_from([f"IMS_{name.upper()}" for name in Settings.__dataclass_fields__]), value=st.text())
@LIGHT
def test_any_setting_is_read_or_named(name: str, value: str) -> None:
    try:
        Settings.from_environment({name: value})
    except SettingsError as error:
        assert name in str(error)


@given(body=st.dictionaries(st.sampled_from(["text", "title", "topic", "link"]), st.text()))
@LIGHT
def test_any_event_is_one_line_of_a_stream(body: Json) -> None:
    event = Event("c", 7, "patient", "message", cast(Body, body), {}, None, None, datetime(2026, 11, 21, tzinfo=UTC))
    head, kind, data, *rest = as_text(event).split("\n")
    assert (head, kind, rest) == ("id: 7", "event: message", ["", ""])
    assert json.loads(data.removeprefix("data: "))["body"] == {**body, "kind": "message"}
