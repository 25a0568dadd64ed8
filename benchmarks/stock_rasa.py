"""Training time and reply time beside stock Rasa, in one run on the same data, as ratios.

Stock is Rasa Open Source 3.6.21 with its default pipeline and policies (`pipeline: null`, `policies: null`) and plain
`rasa run` with its REST channel. Ours is `config.yml` trained by the same command, and a reply over the gateway's HTTP
with everything on the way: message log, red-flag net, engine, rendering. Both train without Rasa's cache.

    .venvs/gateway/bin/python -m benchmarks.stock_rasa [--messages 200] [--out results/stock_rasa.json]

Needs about ten minutes on two cores, nearly all of it stock Rasa's training.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from gateway.settings import Settings
from gateway.training import ENGINE_PYTHON, engine_environment

ROOT = Path.cwd()
STOCK_CONFIG = "recipe: default.v1\nassistant_id: stock\nlanguage: en\npipeline: null\npolicies: null\n"
MESSAGES = Path("benchmarks/patients/questions.jsonl")


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
def serving(command: list[str], env: dict[str, str], url: str) -> Iterator[float]:
    """Run a server until it has answered its first message; yields the seconds that took."""
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
        yield time.perf_counter() - started
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def reply_times(url: str, messages: list[str]) -> dict[str, float]:
    """Milliseconds a reply, each message from a fresh sender, one after the other, after ten to warm up."""
    times = []
    with httpx.Client(timeout=30) as client:
        for number, message in enumerate([*messages[:10], *messages]):
            started = time.perf_counter()
            client.post(url, json={"sender": uuid.uuid4().hex, "message": message}).raise_for_status()
            if number >= 10:
                times.append((time.perf_counter() - started) * 1000)
    times.sort()
    return {"p50": round(statistics.median(times), 1), "p95": round(times[int(len(times) * 0.95)], 1)}


def run(messages: int) -> dict[str, Any]:
    texts = [json.loads(line)["text"] for line in MESSAGES.read_text("utf-8").splitlines()]
    texts = (texts * (messages // len(texts) + 1))[:messages]
    figures: dict[str, Any] = {"cores": os.cpu_count(), "messages": len(texts)}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        stock_config, credentials, endpoints = work / "config.yml", work / "credentials.yml", work / "endpoints.yml"
        stock_config.write_text(STOCK_CONFIG)
        credentials.write_text("rest:\n")
        endpoints.write_text("tracker_store:\n  type: InMemory\n")
        print("training ours ...", flush=True)
        ours = train(ROOT / "config.yml", work / "ours")
        print(f"  {ours}\ntraining stock Rasa's default pipeline ...", flush=True)
        stock = train(stock_config, work / "stock")
        print(f"  {stock}", flush=True)
        figures["training"] = {"ours": ours, "stock": stock}

        serve_stock = [
            *[str(ENGINE_PYTHON.absolute()), "-m", "rasa", "run", "--model", str(work / "stock"), "--port", "5105"],
            *["--interface", "127.0.0.1", "--credentials", str(credentials), "--endpoints", str(endpoints)],
        ]
        url = "http://127.0.0.1:5105/webhooks/rest/webhook"
        with serving(serve_stock, environment(work / "cache"), url) as start:
            figures["start_s"] = {"stock": round(start, 1)}
            figures["reply_ms"] = {"stock": reply_times(url, texts)}
        env = {**os.environ, "IMS_PORT": "8105", "IMS_ENGINE_URL": "http://127.0.0.1:5106"}
        env["IMS_DATABASE"] = f"sqlite:///{work / 'bench.sqlite3'}"
        url = "http://127.0.0.1:8105/webhooks/rest/webhook"
        with serving(["./ims", "run", "--no-train"], env, url) as start:
            figures["start_s"]["ours"] = round(start, 1)
            figures["reply_ms"]["ours"] = reply_times(url, texts)
        shutil.rmtree(work / "cache", ignore_errors=True)
    figures["ratios"] = {
        "training_wall": round(ours["wall_s"] / stock["wall_s"], 3),
        "training_cpu": round(ours["cpu_s"] / stock["cpu_s"], 3),
        "start": round(figures["start_s"]["ours"] / figures["start_s"]["stock"], 3),
        "median_reply": round(figures["reply_ms"]["ours"]["p50"] / figures["reply_ms"]["stock"]["p50"], 3),
    }
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--messages", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("results/stock_rasa.json"))
    arguments = parser.parse_args()
    figures = run(arguments.messages)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(figures, indent=1) + "\n")
    json.dump(figures, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
