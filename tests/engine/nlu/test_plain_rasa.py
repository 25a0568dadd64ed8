"""Rasa's own command line with this project's files: it works, and leaves nothing that was typed behind."""

import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
MARK = "zebra-in-my-kneecap"


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
