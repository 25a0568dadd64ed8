"""A small installation for tests of publishing: two topics, one of them edited since it was published.

`python -m tests.support.publishing_site FOLDER publish|rollback SECONDS` runs a job there whose training only waits.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from gateway.editions.models import Manifest, Models, TrainingStopped
from gateway.settings import Settings
from gateway.studio.publishing import publishing
from gateway.studio.publishing.publishing import Job, Publishing
from gateway.studio.topics.topics import Topics
from gateway.studio.understanding import Understood
from tests.knowledge.conftest import Data

SHORT = "You may be sore for a day or two. That is a normal sign that the muscle was reached."
UNTIL = date(2099, 1, 1)
ROOT = Path.cwd()


class WaitingModels(Models):
    """Models whose training takes some seconds and learns nothing."""

    seconds = 0.0

    def _rasa_train(self, edition: Path, out: Path, name: str, stop: Callable[[], bool]) -> None:
        until = time.monotonic() + self.seconds
        while time.monotonic() < until:
            if stop():
                raise TrainingStopped("stopped")
            time.sleep(0.02)
        (out / f"{name}.tar.gz").write_text(f"weights {name} {os.urandom(4).hex()}")


class Site:
    """The installation: its data, its models, and its publishing."""

    def __init__(self, folder: Path, seconds: float = 0.0) -> None:
        self.folder = folder
        self.settings = Settings(data=folder / "data", var=folder / "var", port=1)
        self.models = WaitingModels(self.settings, folder / "models")
        self.models.seconds = seconds
        self.publishing = Publishing(self.settings, self.models)

    @classmethod
    def new(cls, folder: Path) -> Site:
        """With a model in use."""
        Data(folder / "data")
        site = cls(folder)
        site.models.train()
        return site

    @property
    def topics(self) -> Topics:
        return Topics.opened(self.settings.data, self.settings.var, "Kim")

    def edit(self, short: str = SHORT) -> None:
        self.topics.edit("soreness", lambda file: file.set_short(short), "edited")

    def sign(self) -> None:
        self.topics.edit(
            "soreness", lambda file: file.sign("Dr Ada Byron", date.today(), UNTIL), "signed by Dr Ada Byron"
        )

    def publish(self, told: Callable[[Job], None] = lambda job: None) -> Job:
        return self.publishing.publish("Kim", told)

    def published_short(self) -> str:
        """What patients read about soreness."""
        manifest = self.models.in_use()
        assert manifest
        data = self.models.data_of(manifest)
        assert data
        return (data / "answers" / "soreness.yml").read_text("utf-8")


def all_right(models: Models, manifest: Manifest, messages: Sequence[str]) -> list[Understood]:
    """A model that takes everything for soreness."""
    return [Understood(("soreness",), (), "faq") for _ in messages]


if __name__ == "__main__":
    folder, what, seconds = sys.argv[1:]
    setattr(publishing, "understood_by", all_right)  # noqa: B010
    here = Site(Path(folder), float(seconds))

    def slowly(job: Job) -> None:
        print(job.step, flush=True)
        time.sleep(float(seconds))

    ended = here.publish(slowly) if what == "publish" else here.publishing.rollback("Kim", slowly)
    print(ended.state, ended.words, flush=True)
