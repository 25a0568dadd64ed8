"""Two gateways and two engines as processes of their own, over PostgreSQL, Redis and nginx: order, and no loss."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from tests.gateway.conftest import Json
from tests.support.cluster import Cluster
from tests.support.processes import eventually
from tests.support.services import PostgreSql, Redis
from tests.support.system import needs

pytestmark = needs("postgresql", "redis", "nginx")
QUESTION = "will I be sore?"


@dataclass
class Patient:
    """A chat whose messages go through whichever gateway the test names."""

    id: str
    headers: dict[str, str]
    acknowledged: list[int] = field(default_factory=list)
    keys: int = 0

    @classmethod
    def at(cls, url: str) -> Patient:
        started = httpx.post(f"{url}/api/conversations", timeout=20).json()
        return cls(started["id"], {"Authorization": f"Bearer {started['token']}"})

    def send(self, url: str, text: str = QUESTION) -> None:
        self.keys += 1
        body = {"key": f"key-{self.keys}", "text": text}
        reply = httpx.post(f"{url}/api/conversations/{self.id}/messages", json=body, headers=self.headers, timeout=20)
        assert reply.status_code == 202, reply.text
        self.acknowledged.append(reply.json()["seq"])

    def history(self, url: str) -> list[Json]:
        reply = httpx.get(f"{url}/api/conversations/{self.id}/history", headers=self.headers, timeout=20)
        found: list[Json] = reply.json()["events"]
        return found

    def answered(self, url: str) -> list[int]:
        """The numbers of the answered messages, in the order of the answers."""
        return [event["in_reply_to"] for event in self.history(url) if event["in_reply_to"]]

    def all_is_answered_in_order(self, url: str) -> None:
        eventually(lambda: len(self.answered(url)) >= len(self.acknowledged), 40)
        assert self.answered(url) == self.acknowledged
        events = self.history(url)
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


@pytest.fixture(scope="module")
def cluster(postgres: PostgreSql, redis: Redis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    postgres.empty()
    both = Cluster(postgres, redis, tmp_path_factory.mktemp("cluster") / "var")
    try:
        both.start()
        yield both
    finally:
        both.close()


def test_messages_that_alternate_between_gateways_keep_their_order(cluster: Cluster) -> None:
    patient = Patient.at(cluster.node(0))
    for number in range(12):
        patient.send(cluster.node(number % 2))
    patient.all_is_answered_in_order(cluster.node(0))
    assert patient.history(cluster.node(0)) == patient.history(cluster.node(1))


def test_a_stream_at_one_gateway_hears_what_another_one_answers(cluster: Cluster) -> None:
    patient = Patient.at(cluster.node(0))
    url = f"{cluster.node(0)}/api/conversations/{patient.id}/events"
    with httpx.stream("GET", url, headers=patient.headers, timeout=20) as stream:
        lines = stream.iter_lines()
        next(lines)
        patient.send(cluster.node(1))
        assert any(f'"in_reply_to": {patient.acknowledged[0]}' in line for line in lines)


def test_every_part_is_ready(cluster: Cluster) -> None:
    for number in (0, 1):
        parts = httpx.get(f"{cluster.node(number)}/ready").json()["parts"]
        assert parts == {"database": "ok", "engine": "ok", "redis": "ok"}


def test_a_gateway_killed_in_the_middle_of_a_reply_loses_nothing(cluster: Cluster) -> None:
    for number in (0, 1):
        cluster.kill(f"engine-{number}")
        cluster.start_engine_of(number, pause=0.6)
    patients = [Patient.at(cluster.node(0)) for _ in range(4)]
    for patient in patients:
        for _ in range(3):
            patient.send(cluster.node(0))
    cluster.kill("gateway-0")
    for patient in patients:
        patient.send(cluster.nginx.url)  # nginx goes to the other one
    for patient in patients:
        patient.all_is_answered_in_order(cluster.node(1))
    cluster.start_node(0)
    for patient in patients:
        assert patient.history(cluster.node(0)) == patient.history(cluster.node(1))


def test_a_dead_engine_is_replaced_by_the_other_one(cluster: Cluster) -> None:
    cluster.kill("engine-0")
    try:
        patients = [Patient.at(cluster.nginx.url) for _ in range(6)]
        for patient in patients:
            patient.send(cluster.nginx.url)
        for patient in patients:
            patient.all_is_answered_in_order(cluster.nginx.url)
            assert patient.history(cluster.nginx.url)[-1]["body"]["kind"] == "answer"
    finally:
        cluster.start_engine_of(0)


def test_without_redis_chats_go_on_in_order_and_it_is_found_again(cluster: Cluster) -> None:
    patient = Patient.at(cluster.node(0))
    cluster.redis.stop()
    try:
        url = f"{cluster.node(0)}/api/conversations/{patient.id}/events"
        with httpx.stream("GET", url, headers=patient.headers, timeout=30) as stream:
            lines = stream.iter_lines()
            patient.send(cluster.node(1))
            assert any(f'"in_reply_to": {patient.acknowledged[0]}' in line for line in lines)
        for number in range(4):
            patient.send(cluster.node(number % 2))
        patient.all_is_answered_in_order(cluster.node(1))
        ready = httpx.get(f"{cluster.node(0)}/ready", timeout=20)
        assert (ready.status_code, "alone" in ready.json()["parts"]["redis"]) == (200, True)
    finally:
        cluster.redis.start()
    eventually(lambda: httpx.get(f"{cluster.node(0)}/ready").json()["parts"]["redis"] == "ok")
    for number in range(4):
        patient.send(cluster.node(number % 2))
    patient.all_is_answered_in_order(cluster.node(0))


@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGINT])
def test_a_restarted_database_loses_nothing_and_is_found_again(cluster: Cluster, how: signal.Signals) -> None:
    patient = Patient.at(cluster.node(0))
    for _ in range(3):
        patient.send(cluster.node(0))
    cluster.postgres.stop(how)
    try:
        body = {"key": "while-away", "text": QUESTION}
        path = f"/api/conversations/{patient.id}/messages"
        refused = httpx.post(f"{cluster.node(0)}{path}", json=body, headers=patient.headers, timeout=30)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "not_stored")
        assert QUESTION not in refused.text
        ready = httpx.get(f"{cluster.node(1)}/ready", timeout=30)
        assert (ready.status_code, ready.json()["parts"]["database"][:15]) == (503, "does not answer")
    finally:
        cluster.postgres.start()
    eventually(lambda: httpx.get(f"{cluster.node(0)}/ready", timeout=20).status_code == 200)
    eventually(lambda: httpx.get(f"{cluster.node(1)}/ready", timeout=20).status_code == 200)
    patient.send(cluster.node(1))
    patient.all_is_answered_in_order(cluster.node(0))
