"""Starting, killing and waiting for real processes on free ports."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.support.fake_engine import TOKEN

START = 180.0  # seconds that a process may take to start on a busy machine


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def eventually(what: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until `what` holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if what():
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise AssertionError("it did not come true in time")


@dataclass
class Processes:
    """A gateway and a fake engine, each a process of its own that can be killed and started again."""

    var: Path
    engine_port: int = field(default_factory=free_port)
    port: int = field(default_factory=free_port)
    patience: float = START  # seconds that each may take to start
    output: Path | None = None  # a file for all that they print, instead of the test's own output
    around_gateway: tuple[str, ...] = ()  # a command that runs the gateway
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def engine_url(self) -> str:
        return f"http://127.0.0.1:{self.engine_port}"

    def start_engine(self, pause: float = 0) -> None:
        self._start("engine", str(self.engine_port), str(pause))
        eventually(
            lambda: httpx.get(f"http://127.0.0.1:{self.engine_port}/webhooks/gateway/").status_code == 200,
            self.patience,
        )

    def start_gateway(self) -> None:
        self._start("gateway")
        eventually(lambda: httpx.get(f"{self.url}/health").status_code == 200, self.patience)

    def _start(self, *arguments: str, module: str = "tests.support.serve_fakes") -> None:
        environment = {
            **os.environ,
            "IMS_VAR": str(self.var),
            "IMS_PORT": str(self.port),
            "IMS_ENGINE_URL": self.engine_url,
            "IMS_ENGINE_TOKEN": TOKEN,
            "IMS_HEARTBEAT": "0.3",
            "IMS_CONVERSATION_BURST": "10000",
        }
        around = self.around_gateway if arguments[0] == "gateway" else ()
        self.spawn(arguments[0], [*around, sys.executable, "-m", module, *arguments], environment)

    def spawn(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path | None = None
    ) -> None:
        """Start a process under this name."""
        with self.output.open("ab") if self.output else nullcontext() as output:
            self.running[name] = subprocess.Popen(command, env=environment, cwd=folder, stdout=output, stderr=output)

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def stop(self, name: str) -> float:
        """Ask it to stop; returns the seconds that it took."""
        process = self.running.pop(name)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        return time.monotonic() - began

    def close(self) -> None:
        for name in list(self.running):
            self.kill(name)


@contextmanager
def both_running(var: Path) -> Iterator[Processes]:
    """A gateway and its engine that are ready, and are stopped afterwards."""
    both = Processes(var)
    try:
        both.start_engine()
        both.start_gateway()
        yield both
    finally:
        both.close()
