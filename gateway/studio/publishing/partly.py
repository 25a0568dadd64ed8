"""Publishing a part of what is new while the rest is still worked on: some topics, or the clinic's own facts.

What patients get now is taken as it is, with the part as it is in data/; the rest of a publication is the same.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from gateway.studio.errors import StudioError
from gateway.studio.publishing.clearance import Clearance
from gateway.studio.publishing.publishing import Job, Publishing
from gateway.studio.topics import regressions

Take = Callable[[Path], None]  # brings the part into a copy of the data that patients get now


def look(publishing: Publishing, take: Take) -> Clearance:
    """What is new about the part, and what is missing."""
    try:
        with _alone_changed(publishing, take) as staged:
            return staged.clearances.look()
    except StudioError as error:
        return Clearance(None, (), (), "", None, 0, (str(error),))


def publish(publishing: Publishing, take: Take, by: str) -> Job:
    """Publish the part; how that ended."""
    with _alone_changed(publishing, take) as staged:
        return staged.publish(by)


def topics(data: Path, names: Sequence[str]) -> Take:
    """Topics of data/ with the messages that must stay understood; one that is gone there is taken away."""

    def take(staged: Path) -> None:
        for name in names:
            source, target = (folder / "answers" / f"{name}.yml" for folder in (data, staged))
            if source.exists():
                shutil.copyfile(source, target)
            else:
                target.unlink(missing_ok=True)
            for cases in regressions.files_of(data, name):
                there = staged / cases.relative_to(data)
                there.parent.mkdir(exist_ok=True)
                shutil.copyfile(cases, there)

    return take


@contextmanager
def _alone_changed(publishing: Publishing, take: Take) -> Iterator[Publishing]:
    """The installation, as if nothing but the part had changed since the last publication."""
    settings, models = publishing.settings, publishing.models
    _, before = publishing.clearances.published()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / before.parent.name / before.name
        try:
            shutil.copytree(before.parent, data.parent)
            take(data)
        except OSError as error:
            raise StudioError(f"It could not be copied ({error.strerror}).", "make room on the disk.") from error
        staged = replace(settings, data=data)
        yield Publishing(staged, type(models)(staged, models.folder))
