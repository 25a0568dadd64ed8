"""Two installations that swaps are measured on, each in a folder that is thrown away: a simulated and a real engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from gateway.editions.models import Manifest, Models
from gateway.settings import Settings
from tests.support.swapping import Installation

ENGINE_TAKES = 0.05  # seconds for a message


def model_in_use() -> tuple[Models, Manifest, Path]:
    """The models, the one in use, and the data that belongs to it; ends the run where there is none."""
    ours = Models(Settings.from_environment())
    manifest = ours.in_use()
    data = ours.data_of(manifest) if manifest else None
    if manifest is None or data is None:
        raise SystemExit("There is no model with its data. What to do: './ims train'.")
    return ours, manifest, data


@contextmanager
def simulated(folder: Path) -> Iterator[Installation]:
    """The real supervisor and gateway; the engine answers by a few words."""
    here = Installation(folder)
    here.start(str(ENGINE_TAKES))
    try:
        yield here
    finally:
        here.stop()


@contextmanager
def real(folder: Path) -> Iterator[Installation]:
    """Rasa with the model in use, which is kept here under two names."""
    ours, manifest, _ = model_in_use()
    here = Installation(folder)
    for name in ("ims-1", "ims-2"):
        file = here.models.folder / f"{name}.tar.gz"
        file.unlink()
        try:
            os.link(ours.folder / manifest.file, file)
        except OSError:
            file.write_bytes((ours.folder / manifest.file).read_bytes())
        own = here.models._trusted(here.models.folder / f"{name}.json")
        here.models._write(here.models.folder / f"{name}.json", replace(own, sha256=manifest.sha256))
    here.models.use(here.models.named("ims-1"))
    here.start("rasa")
    try:
        yield here
    finally:
        here.stop()
