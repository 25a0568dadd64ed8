"""Log lines as JSON objects: what stands in them, and that nothing typed can forge or enter one."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from gateway.monitoring.logs import JsonLines
from gateway.settings import Settings, SettingsError
from tests.gateway.conftest import Gateway

MARK = "zebra-in-my-kneecap"


def line_of(record: logging.LogRecord) -> dict[str, object]:
    text = JsonLines().format(record)
    assert "\n" not in text
    found: dict[str, object] = json.loads(text)
    return found


async def test_a_request_is_one_object_with_the_id_that_the_caller_got(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="gateway.requests"):
        reply = await gateway.client.get("/health")
    (record,) = [record for record in caplog.records if record.name == "gateway.requests"]
    record.request_id = reply.headers["X-Request-ID"]
    line = line_of(record)
    assert (line["method"], line["route"], line["status"]) == ("GET", "/health", 200)
    assert line["request"] == reply.headers["X-Request-ID"]
    assert line["level"] == "INFO"
    assert str(line["time"]).endswith("+00:00")


async def test_what_a_caller_puts_into_an_address_forges_no_line(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        await gateway.client.get(f"/answers/%0a%0dERROR%20{MARK}", headers={"X-Request-ID": MARK})
        await gateway.client.get(f"/{MARK}%0aERROR")
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("gateway")]
    assert len(lines) == 2
    assert not any("\n" in line or MARK in line for line in lines)


def test_a_line_break_in_a_message_stays_inside_its_object() -> None:
    record = logging.LogRecord("gateway", logging.INFO, "file.py", 1, "one\ntwo %s", ("\x1b[31m",), None)
    assert line_of(record)["message"] == "one\ntwo \x1b[31m"


def test_an_error_is_told_without_its_words() -> None:
    try:
        raise ValueError(MARK)
    except ValueError:
        record = logging.LogRecord("gateway", logging.ERROR, "file.py", 1, "failed", (), sys.exc_info())
    line = line_of(record)
    assert str(line["error"]).startswith("ValueError at test_logs.py:")
    assert MARK not in json.dumps(line)


@pytest.mark.parametrize(("value", "meant"), [("yes", True), ("1", True), ("False", False)])
def test_json_lines_are_a_setting(value: str, meant: bool) -> None:
    assert Settings.from_environment({"IMS_LOG_JSON": value}).log_json is meant


def test_a_setting_that_is_neither_yes_nor_no_is_named() -> None:
    with pytest.raises(SettingsError, match="IMS_LOG_JSON must be yes or no"):
        Settings.from_environment({"IMS_LOG_JSON": "perhaps"})
