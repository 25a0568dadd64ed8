"""Where the processor milliseconds of a message go, from socket to socket, in gateway and engine, as a table.

    .venvs/gateway/bin/python -m benchmarks.profile [MESSAGES]

The whole assistant answers so many questions of `patients` (100 if nothing is said), one after the other, over its
REST channel: that is what each process takes, as the system counts it. What the parts take is measured by
`benchmarks.engine_turn` and `benchmarks.gateway_turn`; the rest of each process is HTTP, JSON, logs and threads.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from benchmarks import gateway_turn
from benchmarks.bench import asked, assistant
from gateway.engine.environment import ENGINE_PYTHON
from safety import Net

Json = dict[str, Any]
PROCESSES = {"gateway.serve": "gateway", "nlu.light": "engine"}
TICK = 1000 / os.sysconf("SC_CLK_TCK")
WARM = 20
CHATS = "12"


def processes(above: int) -> Iterator[tuple[str, int]]:
    """The gateway and the engine among those that a process has started, with their numbers."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        children.setdefault(int(fields[1]), []).append(int(folder.name))
    waiting = [above]
    while waiting:
        waiting += (below := children.get(waiting.pop(), []))
        for number in below:
            command = Path(f"/proc/{number}/cmdline").read_text()
            yield from ((name, number) for words, name in PROCESSES.items() if words in command)


def taken(number: int) -> float:
    """Processor milliseconds of a process so far."""
    fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK


def whole(messages: int) -> Json:
    """Milliseconds of a message in each process."""
    texts = asked()

    def ask(client: httpx.Client, url: str, count: int) -> None:
        for number in range(count):
            body = {"sender": f"chat-{number // 8}", "message": texts[number % len(texts)]}
            client.post(url, json=body).raise_for_status()

    with (
        tempfile.TemporaryDirectory() as folder,
        assistant(f"sqlite:///{folder}/profile.sqlite3") as (url, started),
        httpx.Client(timeout=60, trust_env=False) as client,
    ):
        ask(client, url, WARM)
        running = dict(processes(started.pid))
        before = {name: taken(number) for name, number in running.items()}
        ask(client, url, messages)
        return {name: (taken(number) - before[name]) / messages for name, number in running.items()}


def net() -> float:
    """Milliseconds of the red-flag net for the median question."""
    found = Net.load(Path("data"))
    times = gateway_turn.Times()
    for text in asked():
        times.of("net", lambda text=text: found.check(text))  # type: ignore[misc]
    return times.medians()["net"]


def engine_parts() -> Json:
    """What `benchmarks.engine_turn` says."""
    command = [str(ENGINE_PYTHON), "-m", "benchmarks.engine_turn", CHATS]
    said: Json = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    return said["ms_by_part"]


def rows(messages: int) -> Iterator[tuple[str, str, float]]:
    """Process, part and milliseconds, the rest of each process last."""
    processes_take = whole(messages)
    with tempfile.TemporaryDirectory() as folder:
        stored = sum(gateway_turn.transactions(Path(folder)).values())
    gateway = {"red-flag net": net(), "transactions": stored, "deciding": sum(gateway_turn.deciding().values())}
    for process, parts in (("gateway", gateway), ("engine", engine_parts())):
        yield from ((process, part, spent) for part, spent in parts.items())
        yield process, "HTTP, JSON, logs and the rest", processes_take[process] - sum(parts.values())
        yield process, "**all of it**", processes_take[process]


def main() -> None:
    """Print the table."""
    print("| process | part | ms |\n|---|---|---|")
    for process, part, spent in rows(int(sys.argv[1]) if len(sys.argv) > 1 else 100):
        print(f"| {process} | {part} | {spent:.2f} |")


if __name__ == "__main__":
    main()
