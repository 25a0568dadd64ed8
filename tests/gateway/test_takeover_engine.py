"""The takeover with the trained engine behind a real gateway: `ims run`, over HTTP, and the desk on its database."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.load import processes
from gateway.app import create_app
from gateway.settings import Settings
from knowledge import Knowledge
from safety import Net
from tests.gateway.test_screening_engine import ims_run
from tests.gateway.test_takeover import over_a_person
from tests.support.processes import eventually

pytestmark = pytest.mark.engine
Json = dict[str, Any]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Settings]]:
    folder = tmp_path_factory.mktemp("clinic")
    with ims_run(folder) as clinic:
        yield clinic, Settings(database=f"sqlite:///{folder / 'clinic.sqlite3'}", var=folder / "var")


def engines() -> list[int]:
    """The engines that were started from here."""
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in processes(os.getpid())}
    return [pid for pid, command in commands.items() if b"nlu.channel" in command]


def test_no_word_of_the_trained_engine_reaches_a_patient_who_talks_to_a_person(running: tuple[str, Settings]) -> None:
    talk(*running, engine_dies=False)


def test_an_engine_that_dies_while_a_person_has_the_chat_changes_nothing_for_the_patient(
    running: tuple[str, Settings],
) -> None:
    before = engines()
    talk(*running, engine_dies=True)
    assert before and set(engines()).isdisjoint(before), "it was started again"


def talk(clinic: str, settings: Settings, *, engine_dies: bool) -> None:
    http = httpx.Client(base_url=clinic, timeout=10)
    started = http.post("/api/conversations").raise_for_status().json()
    path = f"/api/conversations/{started['id']}"
    http.headers["Authorization"] = f"Bearer {started['token']}"
    keys = iter(range(100))

    def types(text: str) -> int:
        message = {"key": f"k{next(keys)}", "text": text}
        return int(http.post(f"{path}/messages", json=message).raise_for_status().json()["seq"])

    def history() -> list[Json]:
        events: list[Json] = http.get(f"{path}/history").raise_for_status().json()["events"]
        return events

    def answered(seq: int) -> bool:
        return any(event["in_reply_to"] == seq for event in history())

    desk = create_app(settings, Knowledge.load(settings.data), Net.load(settings.data)).state.exchange.edition.desk

    async def take() -> None:
        await desk.claim(started["id"], 1, "Robin")
        await desk.reply(started["id"], 1, "Hello, how can I help?", "k")

    asked = types("Can I talk to a person?")
    eventually(lambda: answered(asked), 10)
    assert http.get(f"{path}/handoff").json()["state"] == "waiting"
    meanwhile = types("will I be sore afterwards?")
    eventually(lambda: answered(meanwhile), 10)
    late = types("how often do I have to come?")  # the engine may still be at it when the person joins
    asyncio.run(take())
    if engine_dies:
        for pid in engines():
            os.kill(pid, signal.SIGKILL)
    for words in ("/restart", '/inform{"x": 1}', "what does it feel like?"):
        types(words)
    danger = types("I have chest pain and I cannot breathe")
    eventually(lambda: answered(danger), 10)
    eventually(lambda: http.get("/ready").status_code == 200, 180)
    asyncio.run(desk.hand_back(started["id"], 1, "We talked about your visit."))
    called = types("I called them")  # while an alarm is open, other questions wait
    eventually(lambda: answered(called), 10)
    after = types("will I be sore afterwards?")
    eventually(lambda: answered(after), 10)

    events = history()
    assert over_a_person(events) == 0
    assert [event["body"]["kind"] for event in events if event["in_reply_to"] == danger] == ["emergency"]
    joined = next(e["seq"] for e in events if e["body"].get("handoff", {}).get("state") == "person")
    assert [event for event in events if event["in_reply_to"] == late and event["seq"] > joined] == []
    assert [event["body"]["topic"] for event in events if event["in_reply_to"] == after] == ["soreness"]
