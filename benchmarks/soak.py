"""Memory over hours: the whole assistant with its trained engine at a clinic's pace, and how much it grows.

    .venvs/gateway/bin/python -m benchmarks.soak               one hour
    .venvs/gateway/bin/python -m benchmarks.soak --hours 24    a day

First some hundred chats, until all is loaded that ever is; after that one message a second. Writes
`results/soak.jsonl` as it goes, then `soak.json` and `soak.png` with the slope of each process in MB an hour, of the
lowest memory of each five minutes: erasing a chat takes as much as the database is big, for a moment. Ends with
status 1 if a reply was lost or the whole grows by more than `--most`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy
import typer

from benchmarks.bench import MESSAGES, free_port, serving
from benchmarks.load import TURNS, allow_many_files, memory_mb, processes

AT_ONCE = 8  # chats while the engine's memory fills
ROUND = 10.0  # seconds between two looks at the memory
VALLEY = 300.0  # seconds of which the lowest memory counts
AGAIN = 2.0  # seconds until a message that was refused is sent again
SETTLING = 300.0  # seconds after the filling that do not count: memory goes back to the system in its own time
REPLY = 60.0  # seconds that an answer may take before it counts as lost
Json = dict[str, Any]


@dataclass
class Clinic:
    """What the patients did."""

    url: str
    texts: Sequence[str]
    dice: random.Random
    answered: int = 0
    lost: int = 0
    refused: int = 0  # and sent again
    deleted: int = 0
    milliseconds: list[float] = field(default_factory=list)

    async def chat(self, client: httpx.AsyncClient, pause: float) -> None:
        """A chat as a browser has it: an open event stream, a message, its answer, the next message. Some are deleted
        at the end.
        """
        started = (await client.post(f"{self.url}/api/conversations")).raise_for_status().json()
        path = f"{self.url}/api/conversations/{started['id']}"
        headers = {"Authorization": f"Bearer {started['token']}"}
        async with client.stream("GET", f"{path}/events", headers=headers) as stream:
            lines = stream.aiter_lines()
            for number in range(TURNS):
                began = time.perf_counter()
                message = {"key": f"key-{number}", "text": self.dice.choice(self.texts)}
                while (sent := await client.post(f"{path}/messages", json=message, headers=headers)).status_code >= 500:
                    self.refused += 1
                    await asyncio.sleep(AGAIN)
                seq = sent.raise_for_status().json()["seq"]
                try:
                    async with asyncio.timeout(REPLY):
                        while not (line := await anext(lines)).startswith("data:") or f'reply_to": {seq},' not in line:
                            pass
                    self.answered += 1
                except (TimeoutError, StopAsyncIteration):
                    self.lost += 1
                    return
                took = time.perf_counter() - began
                self.milliseconds.append(took * 1e3)
                await asyncio.sleep(max(0.0, pause - took))
        if self.dice.random() < 0.05:
            (await client.delete(path, headers=headers)).raise_for_status()
            self.deleted += 1


def memory(pid: int) -> dict[str, float]:
    """Megabytes of the gateway, of the engine, and of both with what started them."""
    found = {"whole": memory_mb(pid)}
    for one in processes(pid):
        command = Path(f"/proc/{one}/cmdline").read_bytes()
        if b"gateway.serve" in command:
            found["gateway"] = memory_mb(one)
        elif b"nlu.channel" in command:
            found["engine"] = memory_mb(one)
    return found


def valleys(samples: Sequence[Json], name: str) -> list[Json]:
    """The sample with the least memory of each whole five minutes."""
    end = (samples[-1]["at"] + 2 * ROUND) // VALLEY * VALLEY
    whole = [sample for sample in samples if sample["at"] < end]
    spans = itertools.groupby(whole, lambda sample: sample["at"] // VALLEY)
    return [min(span, key=lambda sample: sample[name]) for _, span in spans]


def slope(samples: Sequence[Json], name: str) -> float:
    """MB an hour: least squares over the samples."""
    hours = numpy.array([sample["at"] for sample in samples]) / 3600
    return float(numpy.polyfit(hours, [sample[name] for sample in samples], 1)[0])


def picture(samples: Sequence[Json], slopes: dict[str, float], file: Path) -> None:
    """Memory over time, one line a process."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4), layout="constrained")
    minutes = [sample["at"] / 60 for sample in samples]
    for name, style in (("whole", "-"), ("engine", "--"), ("gateway", ":")):
        axes.plot(minutes, [s[name] for s in samples], style, label=f"{name}: {slopes[name]:+.2f} MB an hour")
    axes.axvspan(0, SETTLING / 60, color="0.9", label="settling, not counted")
    axes.set(xlabel="minutes at one message a second", ylabel="resident memory, MB", ylim=(0, None))
    axes.legend(loc="center right")
    figure.savefig(file, dpi=110)


async def soak(clinic: Clinic, pid: int, hours: float, rate: float, filling: int, log: Path) -> list[Json]:
    """Fill the engine's memory with this many chats, then talk at this rate; returns the samples of the second part."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
    async with httpx.AsyncClient(timeout=REPLY, limits=limits, trust_env=False) as client:
        chats = iter(range(filling))

        async def fill() -> None:
            for _ in chats:
                await clinic.chat(client, 0)

        await asyncio.gather(*(fill() for _ in range(AT_ONCE)))
        print(f"{clinic.answered} answers in {filling} chats; from here on the memory is measured", flush=True)
        clinic.milliseconds.clear()
        talking = AT_ONCE / rate  # seconds from one message of a chat to the next
        end = time.monotonic() + hours * 3600

        async def talk() -> None:
            await asyncio.sleep(clinic.dice.random() * talking)
            while time.monotonic() < end:
                await clinic.chat(client, talking)

        patients = [asyncio.create_task(talk()) for _ in range(AT_ONCE)]
        samples: list[Json] = []
        began = time.monotonic()
        with log.open("w") as lines:
            while time.monotonic() < end and not any(task.done() for task in patients):
                samples.append({"at": round(time.monotonic() - began, 1), **memory(pid), "answers": clinic.answered})
                lines.write(json.dumps(samples[-1]) + "\n")
                lines.flush()
                await asyncio.sleep(ROUND)
        await asyncio.gather(*patients)
    return samples


def main(
    hours: float = typer.Option(1.0, help="After so many chats that all is loaded."),
    rate: float = typer.Option(1.0, help="Messages a second."),
    most: float = typer.Option(5.0, help="MB an hour that the whole may grow by."),
    out: Path = typer.Option(Path("results"), help="Folder for the figures."),
    filling: int = typer.Option(300, help="Chats before it is measured."),
) -> None:
    """Run, and print the slopes."""
    allow_many_files()
    out.mkdir(exist_ok=True)
    texts = [json.loads(line)["text"] for line in MESSAGES.read_text("utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        var = Path(folder) / "var"
        (var / "secrets").mkdir(parents=True)
        shutil.copy("var/secrets/model_key", var / "secrets")  # with which the model was signed
        url = f"http://127.0.0.1:{(port := free_port())}"
        environment = {
            **os.environ,
            "IMS_VAR": str(var),
            "IMS_PORT": str(port),
            "IMS_ENGINE_URL": f"http://127.0.0.1:{free_port()}",
            "IMS_ENGINE_TIMEOUT": "30",
            "IMS_DATABASE": f"sqlite:///{var / 'soak.sqlite3'}",
            "IMS_TRUST_LOCAL": "yes",
        }
        with serving(["./ims", "run", "--no-train"], environment, f"{url}/webhooks/rest/webhook") as started:
            clinic = Clinic(url, texts, random.Random(1))
            samples = asyncio.run(soak(clinic, started.pid, hours, rate, filling, out / "soak.jsonl"))
    counted = [sample for sample in samples if sample["at"] >= SETTLING]
    slopes = {name: round(slope(valleys(counted, name), name), 2) for name in ("whole", "engine", "gateway")}
    figures = {
        "hours": round(samples[-1]["at"] / 3600, 2),
        "answers": clinic.answered,
        "lost": clinic.lost,
        "refused_and_sent_again": clinic.refused,
        "chats_deleted": clinic.deleted,
        "median_ms": round(float(numpy.median(clinic.milliseconds)), 1),
        "mb_at_the_beginning": counted[0]["whole"],
        "mb_at_the_end": counted[-1]["whole"],
        "mb_an_hour": slopes,
    }
    (out / "soak.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    picture(samples, slopes, out / "soak.png")
    print(json.dumps(figures, indent=1))
    raise typer.Exit(1 if clinic.lost or slopes["whole"] > most else 0)


if __name__ == "__main__":
    typer.run(main)
