"""What a patient types stands in the database and nowhere else, with the real engine and model."""

from __future__ import annotations

import json

from tests.support.drive import MARK
from tests.support.system import needs
from tests.whole.conftest import Run

pytestmark = needs("engine", "model", "strace", "ip")


def test_no_log_and_no_other_file_holds_what_was_typed(run: Run) -> None:
    files = [file for file in run.folder.rglob("*") if file.is_file() and file.name != "report.json"]
    assert {"gateway.log", "engine.log", "screen.txt"} <= {file.name for file in files}
    assert "status=200" in (run.folder / "var/logs/gateway.log").read_text("utf-8")
    holding = {file.name for file in files if MARK.encode() in file.read_bytes()}
    assert holding
    assert all(name.startswith("ims.sqlite3") for name in holding)


def test_no_error_repeats_what_was_sent(run: Run) -> None:
    assert len(run.report["errors"]) >= 12
    assert all(error["status"] >= 400 for error in run.report["errors"])
    assert MARK not in json.dumps(run.report["errors"])
