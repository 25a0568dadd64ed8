"""Starts the whole assistant, talks to it, sees what it listens on, stops it: `python -m tests.support.drive FOLDER`.

A program of its own, so that it can be put into a place without network together with all that it starts. Everything
goes into FOLDER: `report.json` is what came of it, `screen.txt` what `ims run` printed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

MARK = "zebra-in-my-kneecap"
START = 240.0  # seconds, on a busy machine and while every call is watched
LISTENS = "0A"  # in /proc/net/tcp
Json = dict[str, Any]


def say(client: httpx.Client, message: str) -> list[Json]:
    """What is answered to a message."""
    reply = client.post("/webhooks/rest/webhook", json={"sender": "a patient", "message": message})
    assert reply.status_code == 200, reply.text
    found: list[Json] = reply.json()
    return found


def errors(client: httpx.Client, engine: str) -> list[Json]:
    """What is answered to requests that cannot be served, of gateway and engine."""
    marked = json.dumps({"sender": MARK, "message": MARK}).encode()
    replies = [
        client.post("/webhooks/rest/webhook", content=marked[:-4]),
        client.post("/webhooks/rest/webhook", json={"sender": "a", "message": [MARK]}),
        client.post("/api/conversations/x/messages", json={"key": MARK, "text": MARK}),
        client.get(f"/{MARK}"),
    ]
    address, token = f"{engine}/webhooks/gateway/webhook", os.environ["IMS_ENGINE_TOKEN"]
    for headers in ({}, {"Authorization": f"Bearer {token}"}):
        replies += [
            httpx.post(address, content=marked[:-4], headers=headers),
            httpx.post(address, json={"sender": "a", "message": [MARK]}, headers=headers),
            httpx.post(address, json={"sender": "a", "choice": {"intent": MARK}}, headers=headers),
            httpx.post(address, json={"sender": "a", "message": MARK, "slots": MARK}, headers=headers),
        ]
    return [{"status": reply.status_code, "body": reply.text} for reply in replies]


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those that these started."""
    children = [
        int(child) for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()
    ]
    return [*children, *(found for child in children for found in descendants(child))]


def listening(pids: list[int]) -> list[str]:
    """The addresses on which these processes wait for connections, as `address:port`."""
    sockets = set()
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            try:
                target = str(descriptor.readlink())
            except FileNotFoundError:
                continue  # closed meanwhile
            if target.startswith("socket:["):
                sockets.add(target[8:-1])
    found = []
    for name in ("tcp", "tcp6"):
        table = Path(f"/proc/net/{name}")
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            fields = line.split()
            if fields[3] == LISTENS and fields[9] in sockets:
                found.append(_address(*fields[1].split(":")))
    return sorted(found)


def _address(host: str, port: str) -> str:
    if len(host) == 8:
        host = ".".join(str(int(host[at : at + 2], 16)) for at in (6, 4, 2, 0))
    return f"{host}:{int(port, 16)}"


def main() -> None:
    """Do it."""
    folder = Path(sys.argv[1])
    address = f"http://127.0.0.1:{os.environ['IMS_PORT']}"
    report: Json = {"interfaces": _interfaces()}
    with (folder / "screen.txt").open("wb") as screen:
        assistant = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "run", "--no-train"], stdout=screen, stderr=screen
        )
    try:
        with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
            report["ready"] = _wait_until_ready(client, assistant)
            report["answers"] = {
                name: say(client, message)
                for name, message in {
                    "question": f"will I be sore after the session? {MARK}",
                    "unknown": f"what is the capital of {MARK}",
                    "command": f"/restart {MARK}",
                    "screening": f"can you check if IMS is safe for me {MARK}",
                    "danger": f"I can't breathe and my chest hurts {MARK}",
                }.items()
            }
            report["errors"] = errors(client, os.environ["IMS_ENGINE_URL"])
            report["listening"] = listening(descendants(assistant.pid))
    finally:
        assistant.send_signal(signal.SIGTERM)
        report["exit_code"] = assistant.wait(60)
        (folder / "report.json").write_text(json.dumps(report, indent=1), "utf-8")


def _wait_until_ready(client: httpx.Client, assistant: subprocess.Popen[bytes]) -> Any:
    end = time.monotonic() + START
    while assistant.poll() is None and time.monotonic() < end:
        try:
            ready = client.get("/ready")
            if ready.status_code == 200:
                return ready.json()["parts"]
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise AssertionError("the assistant did not start")


def _interfaces() -> list[str]:
    return [line.partition(":")[0].strip() for line in Path("/proc/net/dev").read_text().splitlines()[2:]]


if __name__ == "__main__":
    main()
