"""The channel over HTTP, served by plain `rasa run`: closed without a token, clear about what it cannot read."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rasa.shared.exceptions import RasaException

from nlu.channel import TOKEN_VARIABLE, GatewayInput

TOKEN = "a-token-for-tests"
ALLOWED = {"Authorization": f"Bearer {TOKEN}"}
START_SECONDS = 90


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine") / "log"


@pytest.fixture(scope="module")
def engine(model: Path, log: Path) -> Iterator[str]:
    """The address of a running engine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "rasa", "run", "--model", str(model), "--interface", "127.0.0.1"]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            env={**os.environ, TOKEN_VARIABLE: TOKEN, "RASA_TELEMETRY_ENABLED": "false", "LOG_LEVEL": "ERROR"},
            cwd=Path(__file__).resolve().parents[3],
            stdout=file,
            stderr=file,
        )
    address = f"http://127.0.0.1:{port}/webhooks/gateway/"
    try:
        deadline = time.monotonic() + START_SECONDS
        while call(address)[0] != 200:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text(errors="replace")[-2000:]
            time.sleep(0.3)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def call(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    """Status and JSON; status 0 when nobody listens."""
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    except urllib.error.URLError:
        return 0, None


def turn(engine: str, message: str) -> Any:
    return call(engine + "webhook", json.dumps({"message": message}).encode(), ALLOWED)[1]


def test_without_a_token_the_channel_does_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    with pytest.raises(RasaException, match=TOKEN_VARIABLE):
        GatewayInput.from_credentials({})


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}])
def test_only_the_token_opens_it(engine: str, headers: dict[str, str]) -> None:
    status, answer = call(engine + "webhook", b'{"message": "hi"}', headers)
    assert status == 401
    assert "messages" not in answer


def test_a_message_gets_decision_and_wording_in_one_answer(engine: str) -> None:
    answer = turn(engine, "how much does one session cost")
    assert (answer["kind"], answer["topics"]) == ("answer", ["cost"])
    assert answer["messages"][0]["text"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"{}", b'{"message": 5}', b'{"message": "hi", "slots": []}',
     b'{"message": "hi", "before": "x"}', b'{"message": "hi", "before": [1]}', b"\xff\xfe"],
)  # fmt: skip
def test_an_unreadable_request_is_refused(engine: str, body: bytes) -> None:
    status, answer = call(engine + "webhook", body, ALLOWED)
    assert status == 400
    assert answer["error"]


def test_nothing_that_a_patient_typed_is_logged(engine: str, log: Path) -> None:
    secret = "marzipan"
    for message in (f"my {secret} hurts", f"/restart {secret}", f"{secret} " * 2000):
        turn(engine, message)
    call(engine + "webhook", f'{{"message": "{secret}"'.encode(), ALLOWED)
    assert secret not in log.read_text(errors="replace")
