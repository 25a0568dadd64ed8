"""One typed answer to a safety question counts once, and for that question alone, whatever fails: real processes."""

from __future__ import annotations

import json
import resource
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.engine.failover import REST
from knowledge.screening import Answer
from tests.support.processes import eventually
from tests.support.trained import Clinic, Patient

pytestmark = pytest.mark.engine


def stored(clinic: Clinic) -> dict[str, Answer]:
    """The answers of the one patient who answers the questions."""
    with sqlite3.connect(clinic.var / "ims.sqlite3") as database:
        (slots,) = database.execute("SELECT slots FROM conversations WHERE sender = 'somebody'").fetchone()
    sheet: dict[str, Any] = json.loads(slots)["screening"]
    return dict(sheet["answers"])


def unanswered(clinic: Clinic) -> int:
    with sqlite3.connect(clinic.var / "ims.sqlite3") as database:
        return int(database.execute("SELECT count(*) FROM events WHERE state = 'received'").fetchone()[0])


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    clinic = Clinic(tmp_path / "var", engines=2)
    try:
        yield clinic
    finally:
        clinic.close()


@contextmanager
def no_room(clinic: Clinic) -> Iterator[None]:
    """Meanwhile no file of the gateway can grow."""
    pid = clinic.running["node"].pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def test_an_answer_that_cannot_be_stored_for_seconds_counts_once(clinic: Clinic) -> None:
    clinic.start_trained(0)
    node, patient = clinic.start_node("node", 0), Patient()
    patient.begins(node)
    patient.answers(node, "no")
    with clinic.standing_still("engine-0"):
        answering = threading.Thread(target=patient.answers, args=(node, "no"))
        answering.start()
        eventually(lambda: unanswered(clinic) == 1)  # it is on disk, and the engine has not decided yet
        room = no_room(clinic)
        room.__enter__()
    time.sleep(5)
    assert unanswered(clinic) == 1
    room.__exit__(None, None, None)
    answering.join(60)
    eventually(lambda: unanswered(clinic) == 0)
    assert stored(clinic) == patient.typed and len(patient.typed) == 2
    patient.answers(node, "yes")
    assert stored(clinic) == patient.typed


def test_an_engine_that_failed_somebody_else_and_comes_back_mixes_up_nothing(clinic: Clinic) -> None:
    for number in (0, 1):
        clinic.start_trained(number)
    node, patient = clinic.start_node("node", 0, 1, environment={"IMS_ENGINE_TIMEOUT": "2"}), Patient()
    patient.begins(node)
    patient.answers(node, "no")
    patient.answers(node, "no")
    for failing in ("engine-0", "engine-1"):
        with clinic.standing_still(failing):
            for number in range(8):  # one of them is at home there, and everybody goes to the other engine for a while
                began = time.monotonic()
                Patient(f"stranger-{failing}-{number}").says(node, "hello")
                if time.monotonic() - began > 1.5:
                    break
        patient.answers(node, "yes")
        time.sleep(REST + 0.5)
        patient.answers(node, "no")
    assert stored(clinic) == patient.typed
