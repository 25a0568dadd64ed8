"""What a patient types reaches no log and no error, whatever goes wrong: a real gateway, an engine that fails."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn

from tests.support.fake_engine import FakeEngine
from tests.support.processes import Processes, eventually

pytestmark = pytest.mark.slow  # starts processes of its own

MARK = "zebra-in-my-kneecap"


class Site:
    """A gateway in a process of its own, and a chat."""

    def __init__(self, folder: Path) -> None:
        self.engine = FakeEngine()
        self.processes = Processes(folder / "var", output=folder / "printed.txt")
        config = uvicorn.Config(self.engine.app, port=self.processes.engine_port, log_level="critical")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        self.processes.start_gateway()
        self.client = httpx.Client(base_url=self.processes.url, timeout=20)
        self._key = 0
        self.new_chat()

    def new_chat(self) -> None:
        """Start over: what was said before, such as an alarm, counts no more."""
        started = self.client.post("/api/conversations").json()
        self.path = f"/api/conversations/{started['id']}"
        self.headers = {"Authorization": f"Bearer {started['token']}"}

    def send(self, text: str) -> httpx.Response:
        self._key += 1
        return self.post("messages", {"key": f"key-{self._key}", "text": text})

    def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "application/json", **self.headers, **headers}
        return self.client.post(f"{self.path}/{path}", content=content, headers=given)

    def ask(self, text: str) -> str:
        """Send a message and wait for the answer; returns its kind."""
        reply = self.send(text)
        assert reply.status_code == 202, reply.text
        seq = reply.json()["seq"]
        answers: list[str] = []

        def answered() -> bool:
            history = self.client.get(f"{self.path}/history?after={seq}", headers=self.headers).json()["events"]
            answers[:] = [event["body"]["kind"] for event in history if event["in_reply_to"] == seq]
            return bool(answers)

        eventually(answered)
        return answers[0]

    def rest(self, body: object) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post("/webhooks/rest/webhook", content=content, headers={"Content-Type": "application/json"})

    def close(self) -> None:
        self.client.close()
        self.processes.close()
        self._server.should_exit = True
        self._thread.join(10)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMS_ENGINE_TIMEOUT", "0.5")
        site = Site(tmp_path_factory.mktemp("logged"))
    yield site
    site.close()


@pytest.fixture(autouse=True)
def nothing_printed(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """After each test: no file but the database holds what was typed."""
    yield
    site.engine.mode = "ok"
    printed = site.processes.output
    assert printed
    assert "status=2" in printed.read_text("utf-8"), "else nothing was noted at all"
    holding = {file.name for file in printed.parent.rglob("*") if file.is_file() and MARK.encode() in file.read_bytes()}
    assert {name for name in holding if not name.startswith("ims.sqlite3")} == set()


@pytest.mark.parametrize(
    "text, kind",
    [
        (f"will I be sore? {MARK}", "answer"),
        (f"elephants {MARK}", "unknown"),
        (f"/restart {MARK}", "unknown"),
        (f"trip the net {MARK}", "unknown"),  # raises an error that quotes the message
        (f"I cannot breathe {MARK}", "emergency"),
        (f"end my life {MARK}", "crisis"),
    ],
)
def test_when_all_works_and_when_a_component_raises(site: Site, text: str, kind: str) -> None:
    assert site.ask(text) == kind
    assert site.rest({"sender": MARK, "message": text}).status_code == 200


@pytest.mark.parametrize("mode", ["slow", "status", "malformed", "wrong_shape"])
def test_when_the_engine_fails(site: Site, mode: str) -> None:
    site.engine.mode = mode
    assert site.ask(f"will I be sore? {MARK}") == "handoff"
    assert site.rest({"sender": "a", "message": f"will I be sore? {MARK}"}).status_code == 200


def refused(reply: httpx.Response, status: int) -> None:
    assert reply.status_code == status, reply.text
    assert MARK not in reply.text
    assert MARK not in str(reply.headers)


def test_when_a_message_is_refused(site: Site) -> None:
    good = {"key": "a", "text": MARK}
    refused(site.send(MARK * 2_000), 413)
    refused(site.send(MARK * 100_000), 413)
    refused(site.post("messages", json.dumps(good).encode()[:-1]), 400)
    refused(site.post("messages", b"\xff" + MARK.encode()), 400)
    refused(site.post("messages", {"key": f"{MARK} {MARK}", "text": MARK}), 422)
    refused(site.post("messages", {"key": "a", "text": [MARK]}), 422)
    refused(site.post("messages", {"key": "a", "text": MARK, "choice": MARK}), 422)
    refused(site.post("messages", {"key": "a", "choice": MARK}), 410)
    refused(site.post("messages", [MARK]), 422)
    refused(site.post("messages", MARK), 422)
    refused(site.post("messages", good, Authorization=f"Bearer {MARK}"), 404)
    refused(site.post("messages", good, Authorization=MARK), 401)
    refused(site.post("feedback", {"seq": 1, "verdict": MARK, "note": MARK}), 422)
    refused(site.post("feedback", {"seq": 999, "verdict": "looks_wrong", "note": MARK}), 404)
    refused(site.post("feedback", {"seq": 1, "verdict": "looks_wrong", "note": MARK * 100}), 422)
    refused(site.rest({"sender": "a", "message": [MARK]}), 422)
    refused(site.rest({"sender": "a" * 300, "message": MARK}), 422)
    refused(site.rest(f'{{"sender": "a", "message": "{MARK}'.encode()), 400)


def test_when_it_stands_in_an_address_or_a_header(site: Site) -> None:
    refused(site.client.get(f"/{MARK}"), 404)
    refused(site.client.get(f"/api/conversations/{MARK}/history", headers=site.headers), 404)
    refused(site.client.get(f"{site.path}/history?after={MARK}", headers=site.headers), 422)
    assert site.client.get(f"/answers?q={MARK}").status_code == 200
    assert site.client.get("/health", headers={"Last-Event-ID": MARK, "Referer": f"http://x/{MARK}"}).is_success


def test_when_a_key_is_used_for_another_message(site: Site) -> None:
    assert site.post("messages", {"key": "twice", "text": f"hello {MARK}"}).status_code == 202
    refused(site.post("messages", {"key": "twice", "text": f"needle {MARK}"}), 409)


def test_when_the_database_fails(site: Site) -> None:
    def rename(old: str, new: str) -> None:
        with sqlite3.connect(site.processes.var / "ims.sqlite3", timeout=10) as database:
            database.execute(f"ALTER TABLE {old} RENAME TO {new}")
        database.close()

    rename("events", "events_away")
    try:
        refused(site.send(f"will I be sore? {MARK}"), 503)
        refused(site.rest({"sender": "b", "message": MARK}), 503)
    finally:
        rename("events_away", "events")
    site.new_chat()
    assert site.ask(f"will I be sore? {MARK}") == "answer"
