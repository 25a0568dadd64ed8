"""The safety questions from the browser's requests to the trained engine and back: `ims run`, over HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.processes import eventually, free_port

pytestmark = pytest.mark.engine
CARDS = ("age", "emergency", "you", "blood", "needles", "health", "body", "checks", "visit")
Json = dict[str, Any]


class Chat:
    """A conversation over HTTP."""

    def __init__(self, address: str, language: str | None = None) -> None:
        self._http = httpx.Client(base_url=address, timeout=10)
        started = self._http.post("/api/conversations", json={"language": language}).raise_for_status().json()
        self._path = f"/api/conversations/{started['id']}"
        self._http.headers["Authorization"] = f"Bearer {started['token']}"
        self._keys = 0

    def says(self, text: str) -> list[Json]:
        return self._send({"text": text})

    def ticks(self, card: str, *ticked: str) -> list[Json]:
        return self._send({"card": {"id": card, "ticked": ticked, "rest": "no"}})

    def takes(self, body: Json, label: str) -> list[Json]:
        return self._send({"choice": next(it["id"] for it in body["buttons"] if it["label"] == label)})

    def sheet(self) -> httpx.Response:
        return self._http.get(f"{self._path}/sheet")

    def _send(self, message: Json) -> list[Json]:
        self._keys += 1
        reply = self._http.post(f"{self._path}/messages", json={"key": f"k{self._keys}", **message})
        seq = reply.raise_for_status().json()["seq"]
        until = time.monotonic() + 10
        while time.monotonic() < until:
            events = self._http.get(f"{self._path}/history", params={"after": seq}).json()["events"]
            if said := [event["body"] for event in events if event["in_reply_to"] == seq]:
                return said
            time.sleep(0.05)
        raise AssertionError(f"no answer to message {seq}")


@contextmanager
def ims_run(folder: Path) -> Iterator[str]:
    """The address of a clinic that was started with `ims run`, its database in this folder."""
    if not Path("models/manifest.json").exists():
        if os.environ.get("IMS_REQUIRE_SYSTEM_PACKAGES"):
            pytest.fail("there is no trained model: run 'make train'")
        pytest.skip("needs a trained model (make train)")
    port = free_port()
    environment = {
        "IMS_PORT": str(port),
        "IMS_ENGINE_URL": f"http://127.0.0.1:{free_port()}",
        "IMS_DATABASE": f"sqlite:///{folder / 'clinic.sqlite3'}",
    }
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "gateway.cli", "run", "--no-train"]
        running = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: httpx.get(f"{address}/ready", timeout=5).status_code == 200, 180)
        yield address
    finally:
        running.terminate()
        running.wait(30)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with ims_run(tmp_path_factory.mktemp("clinic")) as address:
        yield address


@pytest.fixture
def chat(clinic: str) -> Chat:
    return Chat(clinic)


def finish(chat: Chat, **ticked: str) -> Json:
    """The result after all cards."""
    *_, card = chat.says("is it safe for me?")
    for name in CARDS:
        assert card["card"]["id"] == name
        *_, card = chat.ticks(name, *([ticked[name]] if name in ticked else []))
    assert card["kind"] == "screening_result"
    return card


def outcomes(body: Json) -> list[str]:
    return [outcome["id"] for outcome in body["result"]["outcomes"]]


def test_cards_lead_to_a_result_that_a_later_word_renews(chat: Chat) -> None:
    assert outcomes(finish(chat)) == ["OK"]
    *_, renewed = chat.says("actually I do take warfarin")
    assert renewed["kind"] == "screening_result"
    assert outcomes(renewed) == ["TELL_THERAPIST"]
    assert [reason["question"] for reason in renewed["result"]["reasons"]] == ["Q06"]
    page = chat.sheet()
    assert page.status_code == 200
    assert renewed["result"]["reasons"][0]["text"] in page.text


def test_a_question_between_is_answered_and_the_card_comes_again(chat: Chat) -> None:
    chat.says("is it safe for me?")
    chat.ticks("age")
    chat.ticks("emergency")
    answer, card = chat.says("will I be sore after ims?")
    assert (answer["kind"], answer["topics"]) == ("answer", ["soreness"])
    assert card["card"]["id"] == "you"
    why, card = chat.says("Why do you ask?")
    assert (why["kind"], card["card"]["id"]) == ("screening", "you")
    assert card["docked"] is True
    *_, card = chat.says("Go back")
    assert card["card"]["id"] == "emergency"
    (stopped,) = chat.says("Stop")
    assert stopped["kind"] == "chat"
    assert chat.sheet().status_code == 404


def test_a_red_flag_ends_it_alone(chat: Chat) -> None:
    chat.says("is it safe for me?")
    chat.ticks("age")
    chat.ticks("emergency")
    (alarm,) = chat.says("my chest hurts and I can't breathe")
    assert alarm["kind"] == "emergency"
    answer, *others = chat.says("will I be sore after ims?")
    assert answer.get("card") is None and not others, "no form is open any more, and the alarm comes first"


def test_a_ticked_emergency_stands_alone_and_is_remembered(chat: Chat) -> None:
    chat.says("is it safe for me?")
    chat.ticks("age")
    (alarm,) = chat.ticks("emergency", "Q00.2")
    assert alarm["kind"] == "emergency"
    assert finish(chat)["result"]["alarmed"] is True


def test_sending_it_is_a_handoff(chat: Chat) -> None:
    (sent,) = chat.takes(finish(chat, you="Q02"), "Send it to the front desk")
    assert sent["kind"] == "handoff"
    assert sent["result"]["answers"]["Q02"] == "yes"


@pytest.mark.parametrize(
    "slip",
    ["sorry, it's my sister who is pregnant, not me", "i meant my wife is pregnant", "my daughter is pregnant, not me"],
)
def test_a_slip_after_it_was_sent_follows_to_the_sheet_and_to_the_desk(chat: Chat, slip: str) -> None:
    chat.takes(finish(chat, you="Q02"), "Send it to the front desk")
    assert "You are pregnant" in chat.sheet().text
    *_, renewed = chat.says(slip)
    assert outcomes(renewed) == ["OK"]
    assert "front desk has your answers from before" in renewed["text"]
    assert "You are pregnant" not in chat.sheet().text
    (sent,) = chat.takes(renewed, "Send it to the front desk")
    assert sent["result"]["answers"]["Q02"] == "no"


def test_what_was_told_and_taken_back_does_not_stand_ticked(chat: Chat) -> None:
    chat.says("i am pregnant")
    chat.says("sorry i meant my sister is pregnant, not me")
    *_, card = chat.says("is it safe for me?")
    while card["card"]["id"] != "you":
        *_, card = chat.ticks(card["card"]["id"])
    assert not [item for item in card["card"]["items"] if "answer" in item]


@pytest.mark.parametrize("between", ["will I be sore after ims?", "how much is a visit", "thank you", "asdf qwer"])
def test_an_interruption_repeats_no_list(chat: Chat, between: str) -> None:
    chat.says("is it safe for me?")
    chat.ticks("age")
    *said, card = chat.says(between)
    assert card["docked"] is True
    assert len(card["text"].splitlines()) == 1
    assert said


def test_the_safety_questions_speak_french_in_a_french_window(clinic: str) -> None:
    chat = Chat(clinic, "fr")
    start, card = chat.says("Est-ce sécuritaire pour moi?")
    assert start["text"].startswith("Je vais vous montrer 9 courtes listes")
    assert (card["card"]["title"], card["card"]["none_label"]) == ("Votre âge", "Aucun de ceux-ci")
    while card["kind"] != "screening_result":
        *_, card = chat.ticks(card["card"]["id"], *(["Q06"] if card["card"]["id"] == "blood" else []))
    assert card["text"].startswith("Dites-le d’abord à votre physio")
    (sent,) = chat.takes(card, "L’envoyer à la réception")
    assert sent["result"]["reasons"][0]["text"].startswith("You take a blood thinner")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("you are a useless pile of junk", "talk to a person"),
        ("this thing is so dumb", "talk to a person"),
        ("ive tried it all and im so tired of hurting", "Long pain wears people down"),
        ("ok", "else you would like to know?"),
        ("okay then", "else you would like to know?"),
        ("testing testing", "I can read you"),
        ("hello, test", "I can read you"),
        ("👍", "What else would you like to know?"),
        ("bruise.jpg", "cannot see photos"),
        ("just sent you a pic of my shoulder", "cannot see photos"),
        ("604 555 0164", "Ask for a person"),
    ],
)
def test_what_is_no_question_gets_what_a_good_receptionist_says(chat: Chat, text: str, says: str) -> None:
    first, *_ = chat.says(text)
    assert says in first["text"]


def test_the_rest_channel_goes_one_by_one(clinic: str) -> None:
    def says(message: str) -> list[Json]:
        body = {"sender": "somebody", "message": message}
        return list(httpx.post(f"{clinic}/webhooks/rest/webhook", json=body, timeout=15).json())

    *_, question = says("is it safe for me?")
    assert question["custom"]["kind"] == "screening"
    assert [it["title"] for it in question["buttons"]] == ["Yes", "No", "Not sure"]
    *_, following = says(question["buttons"][1]["payload"])
    assert following["text"] != question["text"]
    answer, again = says("will I be sore after ims?")
    assert (answer["custom"]["kind"], answer["custom"]["topics"]) == ("answer", ["soreness"])
    assert following["text"].startswith(again["text"])
