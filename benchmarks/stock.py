"""Stock Rasa to compare with: its default pipeline and policies, trained on the project's data by plain `rasa train`.

Its training takes the better part of an hour of processor time, so what came of it can be kept and used again as long
as the data is the same. With fewer epochs than Rasa's own 100, the seconds of 100 are told from two short trainings:
each epoch costs the same. Only times and sizes may be taken from such a model; it has hardly learned.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import resource
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.engine.environment import ENGINE_PYTHON, engine_environment
from gateway.settings import Settings
from knowledge import data_hash

Json = dict[str, Any]
EPOCHS = 100  # of each of Rasa's four networks, unless one says otherwise
KEPT = Path("var/bench")
CONFIG = "recipe: default.v1\nassistant_id: stock\nlanguage: en\n"
DEFAULTS = "rasa/engine/recipes/config_files/default_config.yml"


def environment(cache: Path) -> dict[str, str]:
    return {**engine_environment(Settings.from_environment()), "RASA_CACHE_DIRECTORY": str(cache)}


def train(config: Path, out: Path, data: Path = Path("data")) -> Json:
    """Wall and CPU seconds of `rasa train` with this configuration, nothing cached."""
    command = [str(ENGINE_PYTHON.absolute()), "-m", "rasa", "train", "--force", "--config", str(config)]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [*command, "--out", str(out), "--data", str(data)],
        env=environment(out / "cache"),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{config} did not train. Rasa says:\n" + "\n".join(done.stderr.strip().splitlines()[-8:]))
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - started
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": round(wall, 1), "cpu_s": round(cpu, 1)}


def config(epochs: int = EPOCHS) -> str:
    """Rasa's defaults, with this many epochs for each network."""
    if epochs == EPOCHS:
        return CONFIG + "pipeline: null\npolicies: null\n"
    defaults = next((ENGINE_PYTHON.parent.parent / "lib").glob(f"*/site-packages/{DEFAULTS}")).read_text("utf-8")
    return CONFIG + re.sub(r"epochs: \d+", f"epochs: {epochs}", defaults.partition("language: en\n")[2])


def trained(work: Path, epochs: int = EPOCHS, *, again: bool = True) -> tuple[Path, Json]:
    """The folder of the model and what its training took; an earlier one of the same data unless it is made again."""
    key = hashlib.sha256(f"{data_hash(Path('data'))} {epochs}".encode()).hexdigest()[:12]
    folder = KEPT / f"stock-{key}"
    report = folder / "training.json"
    if not again and report.exists():
        return folder, {**json.loads(report.read_text("utf-8")), "measured_in_this_run": False}
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.tar.gz"):
        old.unlink()
    (folder / "config.yml").write_text(config(epochs), "utf-8")
    found = train(folder / "config.yml", folder)
    if epochs != EPOCHS:
        one = work / "one-epoch.yml"
        one.write_text(config(1), "utf-8")
        found = told_for_all_epochs(train(one, work / "one"), found, epochs)
    found["load"] = round(os.getloadavg()[0], 1)
    report.write_text(json.dumps(found), "utf-8")
    return folder, {**found, "measured_in_this_run": True}


def told_for_all_epochs(one: Mapping[str, float], some: Mapping[str, float], epochs: int) -> Json:
    """What all epochs would take, from a training with one and a training with some."""
    told = {name: round(one[name] + (EPOCHS - 1) * (some[name] - one[name]) / (epochs - 1), 1) for name in one}
    return {**told, "told_from_epochs": epochs, "one_epoch": dict(one), "some_epochs": dict(some)}
