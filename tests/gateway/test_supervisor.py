"""The supervisor, with small programs in place of the parts."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.editions.models import Manifest, Models
from gateway.operations.processes import CannotStart, parts
from gateway.settings import Settings
from tests.support.processes import eventually, free_port

# A part that answers 200 on its port; `stubborn` ignores being asked to stop, `broken` never starts.

pytestmark = pytest.mark.slow  # starts processes of its own

PART = """
import http.server, os, signal, sys
mode = sys.argv[2]
if mode == "broken":
    sys.exit("the model file is damaged")
if mode == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(str(os.getpid()).encode())
    def log_message(self, *args): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
SUPERVISOR = """
import sys
from pathlib import Path
from rich.console import Console
from gateway.operations import processes, supervisor
supervisor.PATIENCE = 1.0
supervisor.LOOK, supervisor.ANSWER, supervisor.SILENT = 0.1, 1.0, 3
folder, *modes = sys.argv[1:]
parts = [
    processes.Part(name, (sys.executable, f"{folder}/part.py", port, mode), int(port), f"http://127.0.0.1:{port}/")
    for name, port, mode in (part.split(":") for part in modes)
]
sys.exit(supervisor.Supervisor(parts, Path(folder), "http://localhost:8000", Console(width=200)).run())
"""


class Run:
    """A supervisor in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in ("gateway", "engine")}
        (folder / "part.py").write_text(PART)
        self.screen = folder / "screen.txt"

    def start(self, gateway: str = "ok", engine: str = "ok") -> None:
        modes = {"gateway": gateway, "engine": engine}
        arguments = [f"{name}:{port}:{modes[name]}" for name, port in self.ports.items()]
        with self.screen.open("wb") as screen:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SUPERVISOR, str(self.folder), *arguments], stdout=screen, stderr=screen
            )

    def pid(self, name: str) -> int:
        return int(httpx.get(f"http://127.0.0.1:{self.ports[name]}/", timeout=2).text)

    def answers(self, name: str) -> bool:
        try:
            return self.pid(name) > 0
        except httpx.HTTPError:
            return False

    def says(self, words: str) -> bool:
        return words in re.sub(r"\x1b\[[0-9;]*m", "", self.screen.read_text())


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    it = Run(tmp_path)
    yield it
    if it.process.poll() is None:
        it.process.kill()
        it.process.wait()


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z" if Path(f"/proc/{pid}").exists() else True


def test_it_says_what_is_ready_and_where(run: Run) -> None:
    run.start()
    eventually(lambda: run.says("Ready: open http://localhost:8000"))
    assert run.says("gateway is ready after")
    assert run.says("engine is ready after")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_all_parts_and_leaves_none(run: Run, how: signal.Signals) -> None:
    run.start()
    eventually(lambda: run.says("Ready:"))
    pids = [run.pid("gateway"), run.pid("engine")]
    run.process.send_signal(how)
    assert run.process.wait(10) == 0
    assert all(gone(pid) for pid in pids)
    assert run.says("Stopped.")


def test_a_part_that_will_not_stop_is_killed(run: Run) -> None:
    run.start(engine="stubborn")
    eventually(lambda: run.says("Ready:"))
    pid = run.pid("engine")
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(10) == 0
    assert gone(pid)


def test_what_dies_is_started_again(run: Run) -> None:
    run.start()
    eventually(lambda: run.says("Ready:"))
    old = run.pid("engine")
    os.kill(old, signal.SIGKILL)
    eventually(lambda: run.answers("engine") and run.pid("engine") != old)
    assert run.says("engine ended (signal 9)")
    assert run.answers("gateway")


def test_what_hangs_is_ended_and_started_again(run: Run) -> None:
    run.start()
    eventually(lambda: run.says("Ready:"))
    old = run.pid("engine")
    os.kill(old, signal.SIGSTOP)
    eventually(lambda: run.says("engine no longer answers"), 30)
    eventually(lambda: run.answers("engine") and run.pid("engine") != old, 30)
    assert run.answers("gateway")


def test_a_log_does_not_grow_without_end_while_its_part_runs(run: Run) -> None:
    run.start()
    eventually(lambda: run.says("Ready:"))
    log = run.folder / "engine.log"
    with log.open("ab") as writer:
        writer.write(b"words\n" * 1_000_000)
    eventually(lambda: log.stat().st_size == 0)
    assert log.with_suffix(".old.log").stat().st_size >= 6_000_000


def test_a_part_that_cannot_start_is_tried_later_and_later_while_the_others_work(run: Run) -> None:
    run.start(engine="broken")
    eventually(lambda: run.says("engine ended (exit code 1); it starts again in 2 s."))
    assert run.says("the model file is damaged")
    assert run.says("http://localhost:8000 is open; answers come when engine is ready")
    assert run.answers("gateway")


def test_no_part_outlives_a_supervisor_that_is_killed(run: Run) -> None:
    run.start(engine="stubborn")
    eventually(lambda: run.says("Ready:"))
    pids = [run.pid("gateway"), run.pid("engine")]
    run.process.kill()
    run.process.wait()
    eventually(lambda: all(gone(pid) for pid in pids), seconds=5)


def test_a_port_in_use_is_said_before_anything_starts(run: Run) -> None:
    with subprocess.Popen([sys.executable, run.folder / "part.py", str(run.ports["engine"]), "ok"]) as other:
        eventually(lambda: run_answers(run.ports["engine"]))
        run.start()
        assert run.process.wait(20) == 1
        assert run.says(f"Port {run.ports['engine']}, which the engine needs, is in use. What to do:")
        assert not run.says("Traceback")
        other.kill()


def run_answers(port: int) -> bool:
    return httpx.get(f"http://127.0.0.1:{port}/").status_code == 200


ENGINE = ".venvs/engine/bin/python"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout that has been set up."""
    (tmp_path / ".venvs/engine/bin").mkdir(parents=True)
    (tmp_path / ".venvs/engine/bin/python").touch()
    (tmp_path / "models").mkdir()
    return tmp_path


def trained(root: Path, settings: Settings) -> Path:
    """A model as training leaves it."""
    file = root / "models/a.tar.gz"
    file.write_bytes(b"weights")
    sha256 = hashlib.sha256(b"weights").hexdigest()
    Models(settings).use(Manifest(file.name, sha256, "data", "2026-11-21T00:00:00+00:00", 1.0))
    return file


def test_what_is_missing_is_said_with_what_to_do(root: Path) -> None:
    settings = Settings(var=root / "var", models=root / "models")
    with pytest.raises(CannotStart, match="ims train"):
        parts(settings, root / ENGINE)
    (root / ENGINE).unlink()
    with pytest.raises(CannotStart, match="make setup"):
        parts(settings, root / ENGINE)


def test_a_model_that_was_not_trained_here_is_not_started(root: Path) -> None:
    settings = Settings(var=root / "var", models=root / "models")
    model = trained(root, settings)
    assert str(model) in parts(settings, root / ENGINE)[1].command
    model.write_bytes(b"other weights")
    with pytest.raises(CannotStart, match="not the model that was trained here"):
        parts(settings, root / ENGINE)


def test_the_engine_listens_on_this_machine_alone_with_a_token_and_without_telemetry(root: Path) -> None:
    settings = Settings(var=root / "var", models=root / "models")
    trained(root, settings)
    by_name = {part.name: part for part in parts(settings, root / ENGINE)}
    engine = by_name["engine"]
    assert engine.command[engine.command.index("--interface") + 1] == "127.0.0.1"
    assert "--enable-api" not in engine.command
    assert engine.environment["RASA_TELEMETRY_ENABLED"] == "false"
    assert engine.environment["LOG_LEVEL"] in {"WARNING", "ERROR"}
    token = engine.environment["IMS_ENGINE_TOKEN"]
    assert len(token) > 30
    assert token == by_name["gateway"].environment["IMS_ENGINE_TOKEN"]
    assert not any(token in word for word in engine.command), "ps shows the command"
    assert set(by_name) == {"gateway", "engine"}, "the actions run inside the engine"


def test_each_address_of_an_engine_is_a_part(root: Path) -> None:
    settings = Settings(
        var=root / "var", models=root / "models", engine_url="http://127.0.0.1:5105, http://127.0.0.1:5106"
    )
    trained(root, settings)
    found = {part.name: part.port for part in parts(settings, root / ENGINE)}
    assert found == {"gateway": 8000, "engine": 5105, "engine-2": 5106}


def test_the_parts_end_quickly(run: Run) -> None:
    run.start()
    eventually(lambda: run.says("Ready:"))
    began = time.monotonic()
    run.process.send_signal(signal.SIGTERM)
    run.process.wait(10)
    assert time.monotonic() - began < 3


def test_what_is_missing_is_said_in_one_sentence(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd()), "IMS_VAR": str(tmp_path / "var")}
    command = [sys.executable, "-m", "gateway.operations.supervisor"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr == "There is no trained model. What to do: run './ims train'.\n"


def test_what_runs_for_months_has_not_loaded_the_command_line() -> None:
    heavy = {"gateway.cli", "numpy", "opentelemetry", "sqlalchemy"}
    code = f"import sys, gateway.operations.supervisor; print(sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]"
