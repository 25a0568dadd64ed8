"""The whole assistant with its real engine and model, run once where there is no network and every call is watched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import free_port

ISOLATED = (("unshare", "--net"), ("unshare", "--map-root-user", "--net"))
WATCHED = "connect,sendto,sendmsg,sendmmsg"


@dataclass(frozen=True)
class Run:
    """What came of it: the driver's report, the folder with everything that was written, and the calls."""

    report: dict[str, Any]
    folder: Path
    calls: list[str]
    isolated: bool
    ports: dict[str, int]


def isolation() -> tuple[str, ...]:
    """The command that runs another without a network; empty where that is not permitted (in some containers)."""
    for command in ISOLATED:
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return command
    return ()


@pytest.fixture(scope="package")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One life of the assistant."""
    base = tmp_path_factory.mktemp("whole")
    folder, calls = base / "folder", base / "calls.txt"
    for name in ("home", "tmp", "var/secrets"):
        (folder / name).mkdir(parents=True)
    shutil.copy("var/secrets/model_key", folder / "var/secrets")  # with which the model was signed
    ports = {name: free_port() for name in ("gateway", "engine")}
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "IMS_VAR": str(folder / "var"),
        "IMS_HOST": "0.0.0.0",
        "IMS_PORT": str(ports["gateway"]),
        "IMS_ENGINE_URL": f"http://127.0.0.1:{ports['engine']}",
        "IMS_ENGINE_TOKEN": "token-of-the-test",
        "IMS_ENGINE_TIMEOUT": "30",
    }
    isolated = isolation()
    loopback = ("sh", "-c", 'ip link set lo up && exec "$@"', "sh") if isolated else ()
    watched = ("strace", "-f", "--seccomp-bpf", "-qq", "-s", "0", "-e", "signal=none", "-e", f"trace={WATCHED}")
    driver = (sys.executable, "-m", "tests.support.drive", str(folder))
    command = [*isolated, *loopback, *watched, "-o", str(calls), *driver]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    logs = "".join(file.read_text("utf-8", "replace")[-2000:] for file in (folder / "var").glob("logs/*.log"))
    assert done.returncode == 0, f"{done.stderr[-3000:]}\n{logs}"
    report = json.loads((folder / "report.json").read_text("utf-8"))
    return Run(report, folder, calls.read_text("utf-8").splitlines(), bool(isolated), ports)
