"""The gateway with a studio on a small data/ folder (IMS_DATA) and a small encoder; a dry run takes four seconds, a
training two.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from gateway.app import create_app
from gateway.engine.command import Stopped
from gateway.evaluation.compare import SAME, Difference
from gateway.serve import server
from gateway.settings import Settings
from gateway.studio.meaning import Meaning
from gateway.studio.publishing.publish_job import run
from gateway.studio.publishing.publishing import Publishing
from gateway.studio.trying.alike import Alike
from gateway.studio.trying.dry_run import Alarm, DryRun, DryRuns, WrongCase
from gateway.studio.trying.past import PastChange
from knowledge import Knowledge
from tests.gateway.conftest import FakeNet
from tests.support.publishing_site import WaitingModels
from tests.support.studio_site import encode

FOUND = DryRun(
    new=2,
    alike=(
        Alike("soreness", "let me talk about it", "human", "let me talk to person number 1", 0.97),
        Alike("soreness", "sore now", "soreness", "now sore", 0.95),
    ),
    alarms=(Alarm("soreness", "i cannot breathe", "E01"),),
    overall=Difference("training examples", "right", 0.91, 0.90, (-0.02, 0.01), 50, 2, SAME),
    changes=(Difference("human", "right", 0.9, 0.7, (-0.35, -0.05), 25, 0, "worse"),),
    right=45,
    examples=50,
    cases=2,
    wrong_cases=(WrongCase("my arm hurts since you needled it", "soreness", "not understood"),),
    asked=7,
    past=(PastChange("does it hurt", "soreness", "did you mean human or soreness"),),
)


def dry_run(_: DryRuns, say: Callable[[str], None], stop: Callable[[], bool]) -> DryRun:
    """Takes its time, so that a test sees it run."""
    say("Trying each example on a model that has not seen it")
    until = time.monotonic() + 4
    while time.monotonic() < until:
        if stop():
            raise Stopped
        time.sleep(0.02)
    return FOUND


class ThreadJobs:
    """Jobs in a thread instead of a process, so that they work with small models."""

    def __init__(self, publishing: Publishing) -> None:
        self._publishing = publishing
        self._last = threading.Thread()

    @property
    def alive(self) -> bool:
        return self._last.is_alive()

    def start(self, what: str, by: str, *about: str) -> None:
        self._last = threading.Thread(target=run, args=(self._publishing, what, by, about))
        self._last.start()


if __name__ == "__main__":
    Meaning._by_engine = lambda _, texts: encode(texts)  # type: ignore[method-assign, assignment]
    DryRuns.run = dry_run  # type: ignore[method-assign, assignment]
    settings = Settings.from_environment()
    app = create_app(settings, Knowledge.load(Path("data")), FakeNet())
    models = WaitingModels(settings, settings.var.parent / "models")
    models.train()
    models.seconds = 2
    work = app.state.studio
    work.publishing.models = work.publishing.clearances._models = models
    work.jobs = ThreadJobs(Publishing(settings, models))
    server(settings, app).run()
