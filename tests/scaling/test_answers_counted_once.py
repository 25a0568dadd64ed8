"""Two nodes with trained engines and no Redis: what is typed at either of them counts once, for its own question."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowledge.screening import Answer
from tests.support.processes import free_port
from tests.support.services import PostgreSql
from tests.support.system import needs
from tests.support.trained import Clinic, Patient

pytestmark = [pytest.mark.engine, needs("postgresql", "redis")]


@pytest.fixture
def clinic(postgres: PostgreSql, tmp_path: Path) -> Iterator[Clinic]:
    postgres.empty()
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    clinic = Clinic(tmp_path / "var", engines=2, environment={"IMS_DATABASE": postgres.url, "IMS_REDIS": nobody})
    try:
        yield clinic
    finally:
        clinic.close()


def stored(postgres: PostgreSql) -> dict[str, Answer]:
    with postgres.connect() as connection:
        row = connection.execute("SELECT slots::text FROM conversations WHERE sender = 'somebody'").fetchone()
    assert row
    return dict(json.loads(str(row[0]))["screening"]["answers"])


def test_without_redis_answers_at_changing_nodes_count_for_their_questions(
    clinic: Clinic, postgres: PostgreSql
) -> None:
    nodes = []
    for number in (0, 1):
        clinic.start_trained(number)
        nodes.append(clinic.start_node(f"node-{number}", number))
    patient = Patient()
    patient.begins(nodes[0])
    for turn, answer in enumerate(("no", "no", "yes", "no", "no", "yes")):
        patient.answers(nodes[turn % 2], answer)  # type: ignore[arg-type]
        assert stored(postgres) == patient.typed
