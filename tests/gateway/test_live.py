"""Live events, with a real server and real connections that break."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from gateway.chat.follow import RESET, Place
from gateway.chat.follow import follow as follow_log
from gateway.live.signals import LocalSignals
from gateway.storage.records import Draft
from gateway.storage.store import Store
from gateway.storage.tables import events
from tests.support.processes import Processes, eventually

pytestmark = pytest.mark.slow  # starts processes of its own

Json = dict[str, Any]


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    both = Processes(tmp_path_factory.mktemp("live") / "var")
    both.start_engine()
    both.start_gateway()
    yield both
    both.close()


@contextmanager
def new_chat(processes: Processes) -> Iterator[httpx.Client]:
    """A client inside of a new conversation."""
    with httpx.Client(base_url=processes.url, timeout=10) as client:
        started = client.post("/api/conversations").json()
        client.headers["Authorization"] = f"Bearer {started['token']}"
        client.base_url = httpx.URL(f"{processes.url}/api/conversations/{started['id']}/")
        yield client


@pytest.fixture
def client(processes: Processes) -> Iterator[httpx.Client]:
    with new_chat(processes) as client:
        yield client


Fresh = Callable[..., tuple[Processes, httpx.Client]]


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Fresh]:
    """Processes that the test may kill, whose engine takes `pause` seconds to answer, and a chat in them."""
    with ExitStack() as stack:

        def begin(pause: float = 0) -> tuple[Processes, httpx.Client]:
            both = Processes(tmp_path / "var")
            stack.callback(both.close)
            both.start_engine(pause)
            both.start_gateway()
            return both, stack.enter_context(new_chat(both))

        yield begin


def say(client: httpx.Client, text: str, key: str) -> int:
    reply = client.post("messages", json={"key": key, "text": text})
    assert reply.status_code == 202, reply.text
    return int(reply.json()["seq"])


def history(client: httpx.Client, after: int = 0) -> list[Json]:
    events: list[Json] = client.get("history", params={"after": after}).json()["events"]
    return events


def follow(client: httpx.Client, count: int, **headers: str) -> list[Json]:
    """The first events of a stream, which is then cut."""
    found: list[Json] = []
    with client.stream("GET", "events", headers=headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("data: "):
                found.append(json.loads(line[6:]))
                if len(found) == count:
                    break
    return found


def test_a_stream_tells_everything_from_the_beginning_in_order(client: httpx.Client) -> None:
    say(client, "will I be sore?", "a")
    events = follow(client, 3)
    assert [event["seq"] for event in events] == [1, 2, 3]
    assert [event["role"] for event in events] == ["assistant", "patient", "assistant"]


def test_an_answer_arrives_on_an_open_stream(client: httpx.Client) -> None:
    with client.stream("GET", "events", headers={"Last-Event-ID": "1"}) as stream:
        say(client, "will I be sore?", "a")
        found = []
        for line in stream.iter_lines():
            if line.startswith("id: "):
                found.append(line)
            if len(found) == 2:
                break
    assert found == ["id: 2", "id: 3"]


def test_after_a_broken_connection_only_what_was_missed_is_told(client: httpx.Client) -> None:
    say(client, "will I be sore?", "a")
    seen = follow(client, 3)
    say(client, "hello", "b")
    missed = follow(client, 2, **{"Last-Event-ID": str(seen[-1]["seq"])})
    assert [event["seq"] for event in missed] == [4, 5]


def test_a_quiet_stream_gives_signs_of_life(client: httpx.Client) -> None:
    with client.stream("GET", "events", headers={"Last-Event-ID": "1"}) as stream:
        assert next(line for line in stream.iter_lines() if line.startswith(":")) == ": still here"


def test_a_nonsense_last_event_id_is_taken_as_none(client: httpx.Client) -> None:
    assert follow(client, 1, **{"Last-Event-ID": "-1; drop"})[0]["seq"] == 1


def test_many_streams_of_one_conversation_all_hear_the_same(client: httpx.Client) -> None:
    say(client, "will I be sore?", "a")
    assert [follow(client, 3) for _ in range(3)] == [follow(client, 3)] * 3


def test_a_message_in_another_conversation_is_not_heard(client: httpx.Client, processes: Processes) -> None:
    other = httpx.post(f"{processes.url}/api/conversations").json()
    wrong = client.get(f"{processes.url}/api/conversations/{other['id']}/events")
    assert wrong.status_code == 404


def test_the_gateway_stops_promptly_with_open_streams_and_goes_on_after_a_restart(fresh: Fresh) -> None:
    both, client = fresh()
    with client.stream("GET", "events") as stream:
        next(stream.iter_lines())
        assert both.stop("gateway") < 3
    both.start_gateway()
    assert say(client, "will I be sore?", "a") == 2


def test_a_gateway_killed_between_acknowledgement_and_answer_answers_after_its_start_once(fresh: Fresh) -> None:
    both, client = fresh(pause=1)
    for key in "abc":
        say(client, "will I be sore?", key)
    both.kill("gateway")
    both.kill("engine")
    both.start_engine()
    both.start_gateway()
    eventually(lambda: len(history(client)) >= 7)
    events = history(client)
    assert [event["seq"] for event in events] == [1, 2, 3, 4, 5, 6, 7]
    assert [event["in_reply_to"] for event in events] == [None, None, None, None, 2, 3, 4]
    assert all(event["body"]["topic"] == "soreness" for event in events[4:])


def test_an_engine_killed_in_the_middle_of_a_reply_is_told_to_the_patient(fresh: Fresh) -> None:
    both, client = fresh(pause=2)
    asked = say(client, "will I be sore?", "a")
    both.kill("engine")
    eventually(lambda: len(history(client, asked)) == 1)
    (answer,) = history(client, asked)
    assert answer["body"]["kind"] == "handoff"
    assert "911" in answer["body"]["text"]


def test_an_engine_that_answers_too_late_is_not_heard(fresh: Fresh) -> None:
    both, client = fresh(pause=4)

    def answers() -> list[Json]:
        return [event for event in history(client) if event["in_reply_to"]]

    began = time.monotonic()
    say(client, "will I be sore?", "a")
    eventually(lambda: len(answers()) == 1)
    assert time.monotonic() - began >= 3, "the patience that the settings say"
    assert answers()[0]["body"]["kind"] == "handoff"
    time.sleep(3)  # the engine has its answer by now
    assert len(answers()) == 1
    both.kill("engine")
    both.start_engine()
    say(client, "will I be sore?", "b")
    eventually(lambda: len(answers()) == 2)
    assert answers()[1]["body"]["topic"] == "soreness"


def test_a_listener_that_knows_more_than_the_log_is_told_to_read_it_again(client: httpx.Client) -> None:
    say(client, "will I be sore?", "a")
    eventually(lambda: len(history(client)) == 3)
    (last,) = history(client, 2)
    for beyond in ("9", f"{last['seq']}-of another day"):
        with client.stream("GET", "events", headers={"Last-Event-ID": beyond}) as stream:
            lines = [line for line in stream.iter_lines() if line]
        assert lines[1:] == ["event: reset", "data: {}"], "and the stream ends"
    say(client, "hello", "b")
    assert follow(client, 1, **{"Last-Event-ID": f"{last['seq']}-{last['mark']}"})[0]["seq"] == 4


async def test_a_listener_hears_that_the_log_went_back_while_it_listened(store: Store) -> None:
    kept, _, _ = await store.open(Draft("assistant", "answer", {"text": "hello"}))
    signals = LocalSignals()
    stream = follow_log(store, signals, kept.id, Place(), heartbeat=30, gone="")
    parts = [await anext(stream), await anext(stream)]
    await store._database.write(lambda connection: connection.execute(update(events).values(client_key="other")))
    signals.send(kept.id)
    assert [*parts, *[part async for part in stream]][-1] == RESET
