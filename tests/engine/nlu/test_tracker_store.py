"""What the engine remembers: the newest conversations, for a while, in memory alone."""

import asyncio
import os
import socket
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from rasa.core.tracker_store import TrackerStore
from rasa.core.utils import AvailableEndpoints
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from nlu.tracker_store import RecentConversations

ROOT = Path(__file__).resolve().parents[3]
MARK = "zebra-in-my-kneecap"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def say(store: TrackerStore, sender: str, text: str = MARK) -> None:
    tracker = await store.get_or_create_tracker(sender)
    tracker.update(UserUttered(text))
    await store.save(tracker)


async def remembered(store: TrackerStore) -> list[str]:
    return sorted(await store.keys())


async def test_a_conversation_goes_on_where_it_was(clock: Clock) -> None:
    store = RecentConversations(Domain.empty(), newest=2, minutes=1, clock=clock)
    await say(store, "a", "one")
    await say(store, "a", "two")
    tracker = await store.retrieve("a")
    assert isinstance(tracker, DialogueStateTracker)
    assert [event.text for event in tracker.events if isinstance(event, UserUttered)] == ["one", "two"]


async def test_only_the_newest_are_kept_however_many_come(clock: Clock) -> None:
    store = RecentConversations(Domain.empty(), newest=50, minutes=60, clock=clock)
    for number in range(2_000):
        await say(store, f"conversation-{number}")
    assert await remembered(store) == sorted(f"conversation-{number}" for number in range(1_950, 2_000))
    assert len(store._saved_at) == 50


async def test_who_says_something_again_is_among_the_newest(clock: Clock) -> None:
    store = RecentConversations(Domain.empty(), newest=2, minutes=60, clock=clock)
    for sender in ("a", "b", "a", "c"):
        await say(store, sender)
    assert await remembered(store) == ["a", "c"]


async def test_what_is_too_old_is_not_remembered(clock: Clock) -> None:
    store = RecentConversations(Domain.empty(), newest=10, minutes=1, clock=clock)
    await say(store, "a")
    clock.now = 30
    await say(store, "b")
    clock.now = 61
    assert await store.retrieve("a") is None
    assert await remembered(store) == ["b"]


async def test_the_last_one_goes_without_another_message() -> None:
    store = RecentConversations(Domain.empty(), newest=10, minutes=0.2 / 60)
    await say(store, "a")
    assert await remembered(store) == ["a"]
    for _ in range(100):
        await asyncio.sleep(0.05)
        if not await remembered(store):
            break
    assert store.store == {}
    assert store._timer is None


def test_plain_rasa_finds_it_in_the_endpoints_and_has_no_complaint() -> None:
    endpoints = AvailableEndpoints.read_endpoints(str(ROOT / "endpoints.yml"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        store = TrackerStore.create(endpoints.tracker_store, Domain.empty())
    assert isinstance(store, RecentConversations)


def test_rasa_shell_works_and_leaves_no_file_with_what_was_typed(model: Path, tmp_path: Path) -> None:
    places = {name: str(tmp_path) for name in ("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    run = subprocess.run(
        [sys.executable, "-m", "rasa", "shell", "--model", str(model), "--port", port],
        input=f"will I be sore? {MARK}\n/stop\n",
        env={**os.environ, **places, "RASA_TELEMETRY_ENABLED": "false", "LOG_LEVEL": "ERROR"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert "Your input" in run.stdout
    assert "sore" in run.stdout.replace(MARK, "").lower()
    assert "Tracker store with type" not in run.stderr
    assert MARK not in run.stderr
    assert [file for file in tmp_path.rglob("*") if file.is_file() and MARK.encode() in file.read_bytes()] == []
