"""What a dry run and a training take, compared with training stock Rasa's default pipeline on the same data in one run.

usage: python -m benchmarks.studio.dry_run [--stock-epochs 3]
The dry run is a first one: nothing is encoded yet, and each example counts as new. Processor seconds tell on a busy
machine too. Stock Rasa's 100 epochs are told from a training with one and one with so many, as `benchmarks.stock` does.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import stock
from environments.setup import ROOT
from gateway.settings import Settings
from gateway.studio.trying.dry_run import DryRuns

Json = dict[str, Any]


def dry_run(folder: Path) -> Json:
    """Wall and processor seconds of a first dry run, and how many examples there are."""

    def spent() -> float:
        both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(each.ru_utime + each.ru_stime for each in both)

    began, before = time.perf_counter(), spent()
    found = DryRuns(replace(Settings.from_environment(), var=folder)).run()
    wall, cpu = time.perf_counter() - began, spent() - before
    return {"wall_s": round(wall, 1), "cpu_s": round(cpu, 1), "examples": found.examples}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stock-epochs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found: Json = {"dry_run": dry_run(folder / "var")}
        found["training"] = stock.train(ROOT / "config.yml", folder / "ours")
        _, found["stock_training"] = stock.trained(folder, options.stock_epochs)
    found["load"] = round(os.getloadavg()[0], 1)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
