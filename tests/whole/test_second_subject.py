"""Another subject with no change of code: started, checked, trained, and asked over HTTP with its real engine."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from gateway.operations.new_assistant import create
from tests.support.processes import free_port
from tests.support.system import needs

pytestmark = needs("engine")

TRAINING = 300.0  # seconds, on a busy machine
ASKED = {
    "what is an eswt": "what_is_it",
    "how sore is it while you're doing it": "what_it_feels_like",
    "walk me through it, what do you do in a visit?": "session",
    "how many goes does it usually take?": "how_many_treatments",
    "when should it start to improve?": "how_soon_results",
    "any risks I should know about?": "side_effects",
    "am I allowed to jog the next day?": "aftercare",
    "I'm 5 months pregnant, is shockwave ok?": "who_should_not",
    "any good for tennis elbow": "condition_help",
    "what's the success rate": "evidence",
}
# Names of our own program stay: the element <ims-chat>, and IMS_... of the settings.
OURS = re.compile(r"\bIMS\b(?!_)|dry needling|intramuscular|acupunct")
Json = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("second") / "shockwave"
    create(place, "shockwave")
    return place


@pytest.fixture(scope="module")
def patient(folder: Path) -> Iterator[httpx.Client]:
    """The assistant, checked, trained and running."""
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("IMS_")},
        "IMS_PORT": str(port),
        "IMS_ENGINE_URL": f"http://127.0.0.1:{free_port()}",
        "IMS_ENGINE_TIMEOUT": "30",
    }
    for command in ("check", "train"):
        done = subprocess.run(
            [folder / "ims", command], env=environment, capture_output=True, text=True, timeout=TRAINING, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    running = subprocess.Popen([folder / "ims", "run", "--no-train"], env=environment, stdout=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
            _wait(client, running)
            yield client
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(60)


def _wait(client: httpx.Client, running: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + TRAINING
    while running.poll() is None and time.monotonic() < end:
        try:
            if client.get("/ready").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.3)
    raise AssertionError("the assistant did not start")


def ask(patient: httpx.Client, message: str) -> list[Json]:
    said = patient.post("/webhooks/rest/webhook", json={"sender": uuid4().hex, "message": message})
    assert said.status_code == 200, said.text
    found: list[Json] = said.json()
    return found


def test_a_patient_gets_the_answers_of_the_other_subject(patient: httpx.Client) -> None:
    got = {message: ask(patient, message)[0]["custom"]["topic"] for message in ASKED}

    assert got == ASKED


def test_what_is_out_of_its_scope_is_refused(patient: httpx.Client) -> None:
    for message in ("do you sell running shoes", "can shockwave break up my kidney stone?"):
        assert ask(patient, message)[0]["custom"]["kind"] in {"unknown", "clarify"}, message


def test_a_red_flag_is_caught(patient: httpx.Client) -> None:
    said = ask(patient, "I can't breathe and my chest hurts")

    assert [item["custom"]["kind"] for item in said] == ["emergency"]
    assert "911" in said[0]["text"]


def test_its_own_safety_questions_are_asked(patient: httpx.Client) -> None:
    sender = uuid4().hex
    said = [
        item["text"]
        for message in ["check if it is safe for me", *["no"] * 8]
        for item in patient.post("/webhooks/rest/webhook", json={"sender": sender, "message": message}).json()
    ]

    assert any("cortisone" in text for text in said)
    assert "Nothing you ticked is a reason that I know of to avoid shockwave therapy" in said[-1]


def test_nothing_names_our_own_subject(patient: httpx.Client) -> None:
    pages = [
        "/",
        "/answers",
        "/answers/what_is_it",
        "/answers/side_effects",
        "/answers?q=pain",
        "/api/widget?language=en",
    ]
    replies = {path: patient.get(path) for path in pages}
    assert {reply.status_code for reply in replies.values()} == {200}
    said = {path: reply.text for path, reply in replies.items()}
    for message in [*ASKED, "hello", "what can i ask", "do you do acupuncture", "can i do it on myself", "qwertz"]:
        said[message] = json.dumps(ask(patient, message))

    assert "Arbutus Physiotherapy" in said["/"]
    assert {name: found[0] for name, text in said.items() if (found := OURS.search(text))} == {}
