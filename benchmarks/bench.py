"""`ims bench`: training, start, replies, throughput, memory beside stock Rasa, in one run on the same data, as ratios.

Stock is Rasa Open Source 3.6.21 with its default pipeline and policies (`pipeline: null`, `policies: null`) and plain
`rasa run` with its REST channel. Ours is `config.yml` trained by the same command, and a reply over the gateway's HTTP
with everything on the way: message log, red-flag net, engine, rendering. Both train without Rasa's cache.

    ./ims bench            everything; about a quarter of an hour on two cores, most of it stock Rasa's training
    ./ims bench --ours     without stock Rasa, with the model that is there: two minutes
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
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

from benchmarks.load import allow_many_files, idle_streams, many_chats, memory_mb, throughput
from gateway.settings import Settings
from gateway.training import ENGINE_PYTHON, Models, engine_environment

ROOT = Path.cwd()
STOCK_CONFIG = "recipe: default.v1\nassistant_id: stock\nlanguage: en\npipeline: null\npolicies: null\n"
Json = dict[str, Any]
MESSAGES = Path("benchmarks/patients/questions.jsonl")


class Serving(NamedTuple):
    """A server that runs: seconds from its start to its first answer, and its process."""

    seconds: float
    pid: int


def environment(cache: Path) -> dict[str, str]:
    return {**engine_environment(Settings.from_environment()), "RASA_CACHE_DIRECTORY": str(cache)}


def train(config: Path, out: Path) -> dict[str, float]:
    """Wall and CPU seconds of `rasa train` on the project's data with this configuration, nothing cached."""
    command = [
        str(ENGINE_PYTHON.absolute()),
        "-m",
        "rasa",
        "train",
        "--force",
        "--config",
        str(config),
        "--out",
        str(out),
    ]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=environment(out / "cache"), check=True, capture_output=True)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - started
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": round(wall, 1), "cpu_s": round(cpu, 1)}


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
    at_rest = memory_mb(started.pid)
    asyncio.run(many_chats(url, 1, min(seconds, 3), texts))  # warm
    replies = [asyncio.run(many_chats(url, chats, seconds, texts)) for chats in levels]
    return {
        "start_s": round(started.seconds, 1),
        "replies": replies,
        "per_second_below_300_ms": throughput(replies),
        "memory_mb": {"at_rest": at_rest, "after_load": memory_mb(started.pid)},
    }


def ours_measured(work: Path, levels: Sequence[int], seconds: float, texts: list[str], idle: int) -> Json:
    """The whole assistant over the gateway's HTTP, with the model that is there."""
    port = free_port()
    env = {
        **os.environ,
        "IMS_PORT": str(port),
        "IMS_ENGINE_URL": f"http://127.0.0.1:{free_port()}",
        "IMS_DATABASE": f"sqlite:///{work / 'bench.sqlite3'}",
        "IMS_CONVERSATION_BURST": "1000000",
    }
    url = f"http://127.0.0.1:{port}"
    with serving(["./ims", "run", "--no-train"], env, f"{url}/webhooks/rest/webhook") as started:
        found = measured(f"{url}/webhooks/rest/webhook", started, levels, seconds, texts)
        found["idle_streams"] = asyncio.run(idle_streams(url, idle, started.pid))
    model = Models(Settings.from_environment()).current()
    found["model_mb"] = round(model.stat().st_size / 1e6, 1) if model else None
    return found


def stock_measured(work: Path, levels: Sequence[int], seconds: float, texts: list[str]) -> Json:
    """Plain `rasa run` with its default pipeline, policies and REST channel."""
    port = free_port()
    credentials, endpoints = work / "credentials.yml", work / "endpoints.yml"
    credentials.write_text("rest:\n")
    endpoints.write_text("tracker_store:\n  type: InMemory\n")
    command = [
        *(str(ENGINE_PYTHON.absolute()), "-m", "rasa", "run", "--model", str(work / "stock"), "--port", str(port)),
        *("--interface", "127.0.0.1", "--credentials", str(credentials), "--endpoints", str(endpoints)),
    ]
    url = f"http://127.0.0.1:{port}/webhooks/rest/webhook"
    with serving(command, environment(work / "cache"), url) as started:
        found = measured(url, started, levels, seconds, texts)
    found["model_mb"] = round(sum(file.stat().st_size for file in (work / "stock").glob("*.tar.gz")) / 1e6, 1)
    return found


def ratios(ours: Json, stock: Json) -> Json:
    """Ours by stock: below 1 is less time or memory, above 1 more throughput."""

    def ratio(*path: str | int) -> float | None:
        one, other = ours, stock
        for step in path:
            one, other = one[step], other[step]  # type: ignore[index]
        return round(float(one) / float(other), 3) if other else None  # type: ignore[arg-type]

    return {
        "training_wall": ratio("training", "wall_s"),
        "training_cpu": ratio("training", "cpu_s"),
        "start": ratio("start_s"),
        "median_reply": ratio("replies", 0, "p50_ms"),
        "throughput": ratio("per_second_below_300_ms"),
        "memory": ratio("memory_mb", "after_load"),
        "model_size": ratio("model_mb"),
    }


def run(levels: Sequence[int], seconds: float, idle: int, *, with_stock: bool) -> Json:
    """Measure; what was measured as one JSON object."""
    allow_many_files()
    texts = [json.loads(line)["text"] for line in MESSAGES.read_text("utf-8").splitlines()]
    figures: Json = {"cores": os.cpu_count(), "seconds_a_level": seconds}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        figures["ours"] = ours_measured(work, levels, seconds, texts, idle)
        if with_stock:
            stock_config = work / "config.yml"
            stock_config.write_text(STOCK_CONFIG)
            figures["ours"]["training"] = train(ROOT / "config.yml", work / "ours")
            training = train(stock_config, work / "stock")
            figures["stock"] = {**stock_measured(work, levels, seconds, texts), "training": training}
            figures["ratios"] = ratios(figures["ours"], figures["stock"])
    return figures
