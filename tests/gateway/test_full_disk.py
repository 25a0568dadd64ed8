"""A full disk: the patient is told, nothing acknowledged is lost, and the gateway goes on by itself afterwards."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.processes import Processes, eventually

pytestmark = pytest.mark.slow  # starts processes of its own

PRIVATE = ("unshare", "--map-root-user", "--mount")  # a file system that only the gateway sees
SMALL = 6 << 20  # bytes
MOUNT = 'mount -t tmpfs -o size=6m none "$0" && exec "$@"'
Json = dict[str, Any]


@dataclass
class SmallDisk(Processes):
    """The gateway's folder is a disk of six megabytes."""

    def __post_init__(self) -> None:
        self.var.mkdir()
        self.around_gateway = (*PRIVATE, "sh", "-c", MOUNT, str(self.var))

    @contextmanager
    def full(self) -> Iterator[None]:
        filler = Path(f"/proc/{self.running['gateway'].pid}/root") / self.var.relative_to("/") / "filler"
        disk = os.statvfs(filler.parent)
        assert disk.f_blocks * disk.f_frsize <= SMALL, "never fill the disk of the machine"
        try:
            with filler.open("wb", buffering=0) as writer, pytest.raises(OSError) as error:
                for _ in range(SMALL // 4096 + 1):
                    writer.write(b"x" * 4096)
            assert error.value.errno == errno.ENOSPC
            yield
        finally:
            filler.unlink()


class NoRoom(Processes):
    """Files cannot grow, as with a quota that is used up."""

    @contextmanager
    def full(self) -> Iterator[None]:
        pid = self.running["gateway"].pid
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        yield
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def kinds() -> list[type[Processes]]:
    """A disk of its own only where the system lets us mount one; the other case stands for it."""
    mounts = subprocess.run([*PRIVATE, "true"], check=False, capture_output=True).returncode == 0
    return [SmallDisk, NoRoom] if mounts else [NoRoom]


@pytest.fixture(params=kinds())
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk | NoRoom]:
    both = request.param(tmp_path / "var")
    try:
        both.start_engine(pause=0.5)
        both.start_gateway()
        yield both
    finally:
        both.close()


def test_a_full_disk_is_told_and_loses_nothing(both: SmallDisk | NoRoom) -> None:
    started = httpx.post(f"{both.url}/api/conversations").json()
    address = f"{both.url}/api/conversations/{started['id']}"
    headers = {"Authorization": f"Bearer {started['token']}"}

    def send(key: str) -> httpx.Response:
        body = {"key": key, "text": "will I be sore?"}
        return httpx.post(f"{address}/messages", headers=headers, json=body, timeout=30)

    def history() -> list[Json]:
        found: list[Json] = httpx.get(f"{address}/history", headers=headers, timeout=30).json()["events"]
        return found

    assert send("before").status_code == 202
    with both.full():  # its answer comes when there is no room for it
        refused = send("meanwhile")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        assert refused.json()["error"]["code"] == "not_stored"
        assert "sore" not in refused.text
        assert httpx.get(f"{both.url}/health", timeout=30).status_code == 200
        assert [event["key"] for event in history() if event["role"] == "patient"] == ["before"]
        assert send("meanwhile").status_code == 503
    eventually(lambda: send("meanwhile").status_code == 202)
    assert send("after").status_code == 202
    eventually(lambda: len([event for event in history() if event["in_reply_to"]]) >= 3, 60)
    events = history()
    assert [event["key"] for event in events if event["role"] == "patient"] == ["before", "meanwhile", "after"]
    asked = [event["seq"] for event in events if event["role"] == "patient"]
    assert [event["in_reply_to"] for event in events if event["in_reply_to"]] == asked
