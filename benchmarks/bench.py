"""`ims bench`: training, start, replies, throughput and memory compared with stock Rasa, in one run, as ratios.

Stock is Rasa Open Source 3.6.21 with its default pipeline and policies (`pipeline: null`, `policies: null`) and plain
`rasa run` with its REST channel. Ours is `config.yml` trained by the same command, and a reply over the gateway's HTTP
with everything on the way: message log, red-flag net, engine, rendering. Both train without Rasa's cache.

    ./ims bench                       everything; an hour on two cores, most of it stock Rasa's training
    ./ims bench --reuse               with stock Rasa's model of an earlier run on the same data
    ./ims bench --stock-epochs 6      stock Rasa trained for so long only, the rest of its training told from that
    ./ims bench --ours                without stock Rasa, with the model that is there: two minutes
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from benchmarks import stock
from benchmarks.load import allow_many_files, cpu_seconds, idle_streams, many_chats, memory_mb, throughput
from gateway.editions.models import Models
from gateway.engine.command import run_in_engine
from gateway.engine.environment import ENGINE_PYTHON
from gateway.evaluation.hint3 import mcc
from gateway.settings import Settings

ROOT = Path.cwd()
Json = dict[str, Any]
MESSAGES = Path("benchmarks/patients/questions.jsonl")
SETS = ("benchmarks/patients", "benchmarks/own")


class Serving(NamedTuple):
    """A server that runs: seconds from its start to its first answer, and its process."""

    seconds: float
    pid: int


@contextmanager
def serving(command: list[str], env: dict[str, str], url: str) -> Iterator[Serving]:
    """Run a server, which has answered its first message when this yields."""
    started = time.perf_counter()
    server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                reply = httpx.post(
                    url, json={"sender": uuid.uuid4().hex, "message": "what does it feel like"}, timeout=30
                )
                if reply.status_code == 200 and any(
                    item.get("custom", {}).get("topic") or not item.get("custom") for item in reply.json()
                ):
                    break
            except httpx.HTTPError:
                pass
            if server.poll() is not None:
                raise SystemExit(f"{command[:4]} ended before it answered")
            time.sleep(0.1)
        yield Serving(time.perf_counter() - started, server.pid)
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def measured(url: str, started: Serving, levels: Sequence[int], seconds: float, texts: list[str]) -> Json:
    """Replies at each number of chats at once, throughput, and memory at rest and afterwards."""
    at_rest, start_cpu = memory_mb(started.pid), cpu_seconds(started.pid)
    asyncio.run(many_chats(url, 1, min(seconds, 3), texts))  # warm
    replies = []
    for chats in levels:
        before = cpu_seconds(started.pid)
        level = asyncio.run(many_chats(url, chats, seconds, texts))
        used = 1e3 * (cpu_seconds(started.pid) - before)
        replies.append({**level, "cpu_ms": round(used / max(1, level["messages"]), 1)})
    return {
        "start_s": round(started.seconds, 1),
        "start_cpu_s": round(start_cpu, 1),
        "replies": replies,
        "per_second_below_300_ms": throughput(replies),
        "memory_mb": {"at_rest": at_rest, "after_load": memory_mb(started.pid)},
    }


def asked() -> list[str]:
    """What is asked while replies are measured."""
    return [json.loads(line)["text"] for line in MESSAGES.read_text("utf-8").splitlines()]


@contextmanager
def assistant(database: str) -> Iterator[tuple[str, Serving]]:
    """The whole assistant with the model that is there; the address of its REST channel."""
    port = free_port()
    env = {
        **os.environ,
        "IMS_PORT": str(port),
        "IMS_ENGINE_URL": f"http://127.0.0.1:{free_port()}",
        "IMS_DATABASE": database,
        "IMS_CONVERSATION_BURST": "1000000",
        "IMS_TRUST_LOCAL": "yes",
    }
    url = f"http://127.0.0.1:{port}/webhooks/rest/webhook"
    with serving(["./ims", "run", "--no-train"], env, url) as started:
        yield url, started


def ours_measured(work: Path, levels: Sequence[int], seconds: float, texts: list[str], idle: int) -> Json:
    """The whole assistant over the gateway's HTTP, with the model that is there."""
    with assistant(f"sqlite:///{work / 'bench.sqlite3'}") as (url, started):
        found = measured(url, started, levels, seconds, texts)
        found["idle_streams"] = asyncio.run(idle_streams(url.partition("/webhooks")[0], idle, started.pid))
    model = Models(Settings.from_environment()).current()
    found["model_mb"] = round(model.stat().st_size / 1e6, 1) if model else None
    return found


def stock_measured(model: Path, work: Path, levels: Sequence[int], seconds: float, texts: list[str]) -> Json:
    """Plain `rasa run` with its default pipeline, policies and REST channel."""
    port = free_port()
    credentials, endpoints = work / "credentials.yml", work / "endpoints.yml"
    credentials.write_text("rest:\n")
    endpoints.write_text("tracker_store:\n  type: InMemory\n")
    command = [
        *(str(ENGINE_PYTHON.absolute()), "-m", "rasa", "run", "--model", str(model), "--port", str(port)),
        *("--interface", "127.0.0.1", "--credentials", str(credentials), "--endpoints", str(endpoints)),
    ]
    url = f"http://127.0.0.1:{port}/webhooks/rest/webhook"
    with serving(command, stock.environment(work / "cache"), url) as started:
        found = measured(url, started, levels, seconds, texts)
    found["model_mb"] = round(sum(file.stat().st_size for file in model.glob("*.tar.gz")) / 1e6, 1)
    return found


def understood(model: Path, config: Path) -> Json:
    """How often the topic is found and what lies outside refused, on our sets and on HINT3's."""
    settings = Settings.from_environment()
    found: Json = run_in_engine(settings, "benchmarks.parse_score", str(model), *SETS)
    strange = run_in_engine(settings, "benchmarks.hint3_score", "benchmarks/hint3", str(config))
    return {**found, "hint3_mcc": {name: round(mcc(run["items"]), 3) for name, run in strange.items()}}


def ratios(ours: Json, other: Json) -> Json:
    """Ours by stock: below 1 is less time or memory, above 1 more throughput."""

    def ratio(*path: str | int) -> float | None:
        above, below = ours, other
        for step in path:
            above, below = above[step], below[step]  # type: ignore[index]
        return round(float(above) / float(below), 3) if below else None  # type: ignore[arg-type]

    return {
        "training_wall": ratio("training", "wall_s"),
        "training_cpu": ratio("training", "cpu_s"),
        "start": ratio("start_s"),
        "start_cpu": ratio("start_cpu_s"),
        "median_reply": ratio("replies", 0, "p50_ms"),
        "cpu_a_message": ratio("replies", 0, "cpu_ms"),
        "throughput": ratio("per_second_below_300_ms"),
        "memory": ratio("memory_mb", "after_load"),
        "model_size": ratio("model_mb"),
    }


def run(
    levels: Sequence[int], seconds: float, idle: int, *, with_stock: bool, epochs: int, again: bool, accuracy: bool
) -> Json:
    """Measure; what was measured as one JSON object."""
    allow_many_files()
    texts = asked()
    figures: Json = {
        "cores": os.cpu_count(),
        "seconds_a_level": seconds,
        "load": [round(x, 1) for x in os.getloadavg()],
    }
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        if with_stock:  # first, so that Rasa's modules are compiled when anything starts
            model, training = stock.trained(work, epochs, again=again)
            figures["stock"] = {**stock_measured(model, work, levels, seconds, texts), "training": training}
        figures["ours"] = ours_measured(work, levels, seconds, texts, idle)
        if with_stock:
            figures["ours"]["training"] = stock.train(ROOT / "config.yml", work / "ours")
            figures["ratios"] = ratios(figures["ours"], figures["stock"])
            if accuracy:
                figures["ours"]["understood"] = understood(work / "ours", ROOT / "config.yml")
                figures["stock"]["understood"] = understood(model, model / "config.yml")
    return figures
