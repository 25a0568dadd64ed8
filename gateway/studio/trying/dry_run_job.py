"""A dry run that somebody started from the studio: in the background, one at a time, and its result kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.engine.command import Stopped
from gateway.errors import WRONG_SHAPE
from gateway.evaluation.compare import Difference
from gateway.files import write_whole
from gateway.studio.background import Work
from gateway.studio.trying.alike import Alike
from gateway.studio.trying.dry_run import Alarm, DryRun, DryRuns, WrongCase
from knowledge import Told

USUAL = 60.0  # seconds of a dry run, before one was timed
PATIENCE = 5.0  # seconds in which one that is cancelled ends
FILE = "dry-run.json"


@dataclass(frozen=True)
class Finished:
    """A dry run that is over: who started it, when it was done, how many seconds it took, and what came of it."""

    by: str
    at: datetime
    seconds: float
    result: DryRun | None
    problem: str


class DryRunJob:
    """Starts dry runs and knows how the last one ended; `folder` is where that is kept."""

    def __init__(self, runs: DryRuns, folder: Path, now: Callable[[], datetime]) -> None:
        self._runs = runs
        self._file = folder / FILE
        self._now = now
        self._work: Work[Finished | None] | None = None
        self._cancel = threading.Event()

    @property
    def running(self) -> Work[Finished | None] | None:
        """The dry run that goes on."""
        return self._work if self._work and self._work.running else None

    @property
    def usual(self) -> float:
        """How many seconds one takes, by the last one."""
        last = self.last()
        return max(1.0, last.seconds) if last and last.result else USUAL

    def start(self, by: str) -> bool:
        """Begin, unless one goes on already."""
        if self.running:
            return False
        self._cancel = cancel = threading.Event()
        self._work = Work(lambda say: self._run(by, say, cancel.is_set))
        return True

    async def cancel(self) -> bool:
        """Have the one that goes on end without a result, and wait for that; whether there was one."""
        if not (work := self.running):
            return False
        self._cancel.set()
        return await work.wait(PATIENCE) and work.result is None

    def last(self) -> Finished | None:
        """The last one that is over."""
        if self._work and self._work.result:
            return self._work.result
        try:
            kept = json.loads(self._file.read_text("utf-8"))
            result = _read(kept["result"]) if kept["result"] else None
            return Finished(kept["by"], datetime.fromisoformat(kept["at"]), kept["seconds"], result, kept["problem"])
        except (OSError, *WRONG_SHAPE):
            return None

    def _run(self, by: str, say: Callable[[str], None], stop: Callable[[], bool]) -> Finished | None:
        """Run one; None if it was cancelled: then the one before it is still the last."""
        began = self._now()
        result, problem = None, ""
        try:
            result = self._runs.run(say, stop)
        except Stopped:
            return None
        except Told as error:
            problem = str(error)
        except OSError as error:
            problem = f"The disk failed ({error.strerror}). What to do: make room on it and start again."
        at = self._now()
        finished = Finished(by, at, (at - began).total_seconds(), result, problem)
        self._keep(finished)
        return finished

    def _keep(self, finished: Finished) -> None:
        kept = {**asdict(finished), "at": finished.at.isoformat()}
        if kept["result"]:  # what patients wrote is shown as long as the gateway runs, and kept nowhere
            kept["result"]["past"] = []
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._file, json.dumps(kept))
        except OSError:
            return  # it is told as long as the gateway runs


def _read(kept: dict[str, Any]) -> DryRun:
    def difference(each: dict[str, Any]) -> Difference:
        return Difference(**{**each, "interval": tuple(each["interval"])})

    return DryRun(
        new=kept["new"],
        alike=tuple(Alike(**each) for each in kept["alike"]),
        alarms=tuple(Alarm(**each) for each in kept["alarms"]),
        overall=difference(kept["overall"]) if kept["overall"] else None,
        changes=tuple(difference(each) for each in kept["changes"]),
        right=kept["right"],
        examples=kept["examples"],
        cases=kept.get("cases", 0),
        wrong_cases=tuple(WrongCase(**each) for each in kept.get("wrong_cases", [])),
        asked=kept.get("asked", 0),
    )
