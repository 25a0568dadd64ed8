"""Two trained engines behind one address (`IMS_ENGINE_WORKERS`): both answer, and one that is killed loses nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.support.processes import free_port
from tests.support.system import needs
from tests.support.trained import Clinic

pytestmark = [pytest.mark.engine, needs("model")]

PATIENTS, MESSAGES = 4, 6
TICKS = os.sysconf("SC_CLK_TCK")


def in_a_row() -> int:
    """A free port with a free one after it."""
    while True:
        port = free_port()
        try:
            with httpx.Client() as client:
                client.get(f"http://127.0.0.1:{port + 1}/")
        except httpx.ConnectError:
            return port


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    clinic = Clinic(tmp_path / "var", engines=2)
    clinic.ports[:] = [first := in_a_row(), first + 1]
    try:
        yield clinic
    finally:
        clinic.close()


def seconds(clinic: Clinic, engine: str) -> float:
    """Of the processor, that an engine has taken."""
    fields = Path(f"/proc/{clinic.running[engine].pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def asks(node: str, sender: str) -> list[str]:
    """What patients get who ask the same, each in a chat of their own: nothing is said twice in one."""
    said = []
    for number in range(MESSAGES):
        body = {"sender": f"{sender}-{number}", "message": "will I be sore afterwards?"}
        reply = httpx.post(f"{node}/webhooks/rest/webhook", json=body, timeout=60)
        said.append(" ".join(each.get("text", "") for each in reply.json()))
    return said


def test_both_workers_answer_and_one_that_is_killed_loses_nothing(clinic: Clinic) -> None:
    for number in (0, 1):
        clinic.start_trained(number)
    workers = {"IMS_ENGINE_URL": f"http://127.0.0.1:{clinic.ports[0]}", "IMS_ENGINE_WORKERS": "2"}
    node = clinic.start_node("node", 0, environment=workers)
    idle = [seconds(clinic, f"engine-{number}") for number in (0, 1)]
    with ThreadPoolExecutor(PATIENTS) as patients:
        answered = list(patients.map(lambda number: asks(node, f"before-{number}"), range(PATIENTS)))
        assert [text for said in answered for text in said if "ache" not in text] == []
        assert all(seconds(clinic, f"engine-{number}") > idle[number] for number in (0, 1)), "both have worked"
        under_way = [patients.submit(asks, node, f"after-{number}") for number in range(PATIENTS)]
        clinic.kill("engine-1")
        said = [text for each in under_way for text in each.result()]
    assert len(said) == PATIENTS * MESSAGES
    # What was under way at the engine that died is told so; all else is answered by the other one.
    assert sum("ache" in text for text in said) >= len(said) - PATIENTS
    assert all(said)
    assert "ache" in asks(node, "later")[0]
    assert httpx.get(f"{node}/ready").json()["parts"]["engine"] == "ok"
