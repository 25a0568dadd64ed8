"""Publishing the clinic's own facts alone: hours, fees and phone reach patients while topics are still worked on.

What patients get now is taken as it is, with `clinic.yml` as it is in data/; the rest of a publication is the same.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from gateway.studio.errors import StudioError
from gateway.studio.publishing.clearance import Clearance
from gateway.studio.publishing.publishing import Job, Publishing

FACTS = "clinic.yml"


def look(publishing: Publishing) -> Clearance:
    """What is new about the facts, and what stands in the way."""
    try:
        with _alone_changed(publishing) as staged:
            return staged.clearances.look()
    except StudioError as error:
        return Clearance(None, (), (), "", None, 0, (str(error),))


def publish_facts(publishing: Publishing, by: str) -> Job:
    """Publish them; how that ended."""
    with _alone_changed(publishing) as staged:
        return staged.publish(by)


@contextmanager
def _alone_changed(publishing: Publishing) -> Iterator[Publishing]:
    """The installation, as if nothing but the facts had changed since the last publication."""
    settings, models = publishing.settings, publishing.models
    _, before = publishing.clearances.published()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / before.parent.name / before.name
        try:
            shutil.copytree(before.parent, data.parent)
            shutil.copyfile(settings.data / FACTS, data / FACTS)
        except OSError as error:
            raise StudioError(f"The facts could not be copied ({error.strerror}).", "make room on the disk.") from error
        staged = replace(settings, data=data)
        yield Publishing(staged, type(models)(staged, models.folder))
