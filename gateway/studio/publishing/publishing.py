"""Publishing: from data/ as it is now to a model that patients get, as one job that can be watched and cancelled.

Check, train, ask the regression cases, swap. Until the swap nothing has changed for patients; the swap is one step. The
job is a process of its own. It holds a lock while it lives, so that a job that was killed is known for one, and tells
how far it is in a file.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from gateway.editions import contents
from gateway.editions.models import Manifest, Models, TrainingStopped
from gateway.errors import WRONG_SHAPE
from gateway.files import write_whole
from gateway.operations.swap import put_in_use
from gateway.settings import Settings
from gateway.studio.errors import StudioError
from gateway.studio.publishing.clearance import Clearances
from gateway.studio.topics import regressions
from gateway.studio.understanding import understood_by
from knowledge import Told

STEPS = {
    "check": "Checking",
    "train": "Training",
    "cases": "Asking the messages that must stay understood",
    "swap": "Bringing it into use",
}
RUNNING, DONE, FAILED, CANCELLED = "running", "done", "failed", "cancelled"
USUAL = 60.0  # seconds of a training, before one was timed
SHOWN = 20  # cases that are told
AS_IT_WAS = "Patients get what they got before."


@dataclass(frozen=True)
class Job:
    """How far a job is. `words` are its last ones, `model` what it made; times in seconds since 1970."""

    id: str
    by: str
    what: str  # publish or rollback
    state: str
    step: str
    words: str
    began: float
    step_began: float
    ended: float = 0.0
    usual: float = USUAL
    model: str = ""

    @property
    def percent(self) -> int:
        """How far it is, as far as that can be told: training is nearly all of it."""
        if self.state != RUNNING:
            return 100
        if self.step == "train":
            return 5 + min(80, round(80 * (time.time() - self.step_began) / max(1.0, self.usual)))
        return {"check": 2, "cases": 88, "swap": 93}[self.step]

    @property
    def title(self) -> str:
        return STEPS[self.step]

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.ended or self.began, UTC)


class Cancelled(Exception):
    """Somebody cancelled the job."""


class Publishing:
    """Runs jobs, one at a time, and knows about the last one."""

    def __init__(self, settings: Settings, models: Models | None = None) -> None:
        self.settings = settings
        self.models = models or Models(settings)
        self.clearances = Clearances(settings, self.models)
        folder = settings.var / "studio"
        self._file, self._lock, self._cancel = folder / "job.json", folder / "job.lock", folder / "job.cancel"
        self._told: Callable[[Job], None] = lambda job: None

    def last(self) -> Job | None:
        """The last job. One that says that it runs and does not was cut short: nothing of it counts."""
        try:
            job = Job(**json.loads(self._file.read_text("utf-8")))
        except (OSError, *WRONG_SHAPE):
            return None
        if job.state != RUNNING or self._busy():
            return job
        words = "It was interrupted. Patients get what they got before, or the new version if the swap was done."
        return replace(job, state=FAILED, words=words)

    def cancel(self) -> bool:
        """Have the running job stop; whether there is one that still can."""
        job = self.last()
        if job is None or job.state != RUNNING or job.step == "swap":
            return False
        self._cancel.write_text(job.id, "utf-8")
        return True

    def publish(self, by: str, told: Callable[[Job], None] = lambda job: None) -> Job:
        """Publish data/ as it is now; how that ended."""
        return self._run("publish", by, told, self._published)

    def rollback(self, by: str, told: Callable[[Job], None] = lambda job: None) -> Job:
        """Put the model in use that was in use before, with its answers."""
        return self._run("rollback", by, told, self._rolled_back)

    def switch(self, by: str, name: str, told: Callable[[Job], None] = lambda job: None) -> Job:
        """Put a model in use again that was in use once, with its answers: what it says was cleared then."""
        return self._run("rollback", by, told, lambda job: self._switched(job, name))

    def _published(self, job: Job) -> Job:
        content = contents.content(self.settings.data)
        clearance = self.clearances.look()
        if not clearance.clear:
            raise StudioError("This cannot be published yet:\n" + "\n".join(clearance.missing))
        assert clearance.in_use is not None
        candidate = self.models.renewed()
        if candidate == clearance.in_use:
            raise StudioError("There is nothing new to publish.")
        if candidate is None:
            job = self._at(replace(job, usual=clearance.in_use.seconds or USUAL), "train")
            candidate = self.models.train(promote=False, stop=lambda: self._cancelled(job))
        if candidate.edition != content:
            raise StudioError("data/ changed while it was being checked.", "publish again.")
        job = self._at(replace(job, model=candidate.name), "cases")
        self._ask_cases(candidate)
        return self._swapped(job, candidate, back=False)

    def _rolled_back(self, job: Job) -> Job:
        earlier = self.models.earlier()
        return self._swapped(replace(job, model=earlier.name), earlier, back=True)

    def _switched(self, job: Job, name: str) -> Job:
        wanted = next((each for each in self.models.before() if each.name == name), None)
        if wanted is None:
            raise StudioError("This version was never live here, or is not kept any more.", "choose another one.")
        return self._swapped(replace(job, model=wanted.name), wanted, back=True)

    def _ask_cases(self, candidate: Manifest) -> None:
        cases = regressions.live_cases(self.settings.data)
        found = regressions.outcomes(cases, understood_by(self.models, candidate, [case.message for case in cases]))
        if wrong := [outcome for outcome in found if not outcome.right]:
            told = [f"'{each.case.message}' is about {each.case.topic}: {each.now.words}" for each in wrong[:SHOWN]]
            raise StudioError(
                f"The new model is kept, but not put in use: it gets {len(wrong)} of {len(found)} regression cases "
                "wrong. What to do: give those topics more examples, or retire a case with a reason.\n"
                + "\n".join(told)
            )

    def _swapped(self, job: Job, manifest: Manifest, back: bool) -> Job:
        if self._cancelled(job):
            raise Cancelled
        job = self._at(job, "swap")
        at_once = asyncio.run(put_in_use(self.settings, self.models, manifest, back))
        when = "is in use" if at_once else "is in use from the next start of './ims run'"
        return replace(job, words=f"{manifest.name} {when}.")

    def _run(self, what: str, by: str, told: Callable[[Job], None], work: Callable[[Job], Job]) -> Job:
        self._told = told
        now = time.time()
        job = Job(secrets.token_hex(4), by, what, RUNNING, "check", "", now, now)
        with self._alone():
            self._cancel.unlink(missing_ok=True)
            job = self._kept(job)
            try:
                job = replace(work(job), state=DONE)
            except (Cancelled, TrainingStopped):
                job = replace(self._now(job), state=CANCELLED, words=f"It was cancelled. {AS_IT_WAS}")
            except Told as error:
                job = replace(self._now(job), state=FAILED, words=str(error))
            except OSError as error:
                words = f"The disk failed ({error.strerror}). {AS_IT_WAS} What to do: make room on it."
                job = replace(self._now(job), state=FAILED, words=words)
            with suppress(OSError):  # the disk is full; whoever waits for the job is told nevertheless
                self._kept(replace(job, ended=time.time()))
        return replace(job, ended=time.time())

    def _at(self, job: Job, step: str) -> Job:
        if self._cancelled(job):
            raise Cancelled
        return self._kept(replace(job, step=step, step_began=time.time()))

    def _kept(self, job: Job) -> Job:
        write_whole(self._file, json.dumps(asdict(job)))
        self._told(job)
        return job

    def _now(self, job: Job) -> Job:
        """The job as it was noted last: it knows the step that failed."""
        with suppress(OSError, *WRONG_SHAPE):
            return Job(**json.loads(self._file.read_text("utf-8")))
        return job

    def _cancelled(self, job: Job) -> bool:
        try:
            return self._cancel.read_text("utf-8") == job.id
        except FileNotFoundError:
            return False

    def _busy(self) -> bool:
        with self._lock.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        with self._lock.open("w") as lock:
            until = time.monotonic() + 1
            while True:  # somebody may just be looking whether a job runs
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > until:
                        raise StudioError("Another job is running.", "wait until it is done.") from None
                    time.sleep(0.05)
            yield
