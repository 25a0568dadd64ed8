"""Changes to files under data/ that happen whole or not at all, also when the disk is full or the power fails.

A change names each file with the text that it was made from and the text that it shall hold. It is checked on a copy of
the data first. Then all new texts go into a journal, the journal to the disk, and only then the files are replaced, one
rename each; a journal that is found later is finished.
"""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.files import write_whole
from gateway.studio.errors import EditedMeanwhile, StudioError, WouldBreak
from knowledge import Knowledge, Problem

JOURNAL = "change.json"
LOCK = "change.lock"
PATIENCE = 5.0  # seconds to wait for whoever has the lock
LINE = re.compile(r":\d+")


@dataclass(frozen=True)
class Edit:
    """A file's text before and after; None where there is no file."""

    old: str | None
    new: str | None


Change = Mapping[Path, Edit]


class Changes:
    """Makes changes to the files of a data folder; `var` is where journal and lock are kept."""

    def __init__(self, data: Path, var: Path) -> None:
        self._data = data
        self._var = var
        self._journal = var / JOURNAL

    def make(self, change: Change) -> None:
        """Make the change, all of it or nothing.

        Raises EditedMeanwhile if a file is not as it was read, StudioError if the disk fails.
        """
        change = {path: edit for path, edit in change.items() if edit.old != edit.new}
        with self._alone():
            self._finish()
            for path, edit in change.items():
                now = text_on_disk(path)
                if now != edit.old:
                    raise EditedMeanwhile(path, now, edit.new)
            self._check(change)
            entries = [[str(path.resolve()), edit.new] for path, edit in change.items()]
            try:
                write_whole(self._journal, json.dumps(entries))
            except OSError as error:
                raise _not_saved(error) from error
            self._finish()

    def recover(self) -> bool:
        """Finish a change that was cut short, if there is one. Returns whether there was."""
        if not self._journal.exists():
            return False
        with self._alone():
            return self._finish()

    def _finish(self) -> bool:
        if not self._journal.exists():
            return False
        for name, text in json.loads(self._journal.read_text("utf-8")):
            path = Path(name)
            try:
                if text is None:
                    path.unlink(missing_ok=True)
                else:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    write_whole(path, text)
            except OSError as error:
                raise StudioError(
                    f"{path} could not be written ({error.strerror}); the change is kept and finished later.",
                    "make room on the disk, then do anything with './ims topic'.",
                ) from error
        self._journal.unlink()
        return True

    def _check(self, change: Change) -> None:
        """Nothing may be wrong with the data after the change that is not wrong now."""
        inside = {path: edit for path, edit in change.items() if path.resolve().is_relative_to(self._data.resolve())}
        if not inside:
            return
        try:
            with tempfile.TemporaryDirectory() as folder:
                copy = Path(folder) / self._data.name
                shutil.copytree(self._data, copy)
                for path, edit in inside.items():
                    there = copy / path.resolve().relative_to(self._data.resolve())
                    if edit.new is None:
                        there.unlink(missing_ok=True)
                    else:
                        there.parent.mkdir(exist_ok=True)
                        there.write_bytes(edit.new.encode())
                after = Knowledge.read(copy)[1]
        except OSError as error:
            raise _not_saved(error) from error
        if not after:
            return
        before = {_where(problem, self._data) for problem in Knowledge.read(self._data)[1]}
        if new := [problem for problem in after if _where(problem, copy) not in before]:
            raise WouldBreak([_told(problem, copy, self._data) for problem in new])

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One change at a time, also of several processes."""
        self._var.mkdir(parents=True, exist_ok=True)
        with (self._var / LOCK).open("w") as lock:
            end = time.monotonic() + PATIENCE
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > end:
                        raise StudioError(
                            "Somebody else is changing the files right now.", "wait a minute and save again."
                        ) from None
                    time.sleep(0.05)
            yield


def _not_saved(error: OSError) -> StudioError:
    return StudioError(
        f"The change could not be saved ({error.strerror}). The files are as they were.",
        "make room on the disk and save again.",
    )


def _where(problem: Problem, copy: Path) -> tuple[str, str]:
    """By what a problem is known on both sides of a change, which may move the lines that its message names."""
    return problem.file.removeprefix(copy.as_posix()), LINE.sub("", problem.message.replace(copy.as_posix(), ""))


def _told(problem: Problem, copy: Path, data: Path) -> Problem:
    def moved(text: str) -> str:
        return text.replace(copy.as_posix(), data.as_posix())

    return Problem(moved(problem.file), problem.line, moved(problem.message), moved(problem.remedy), problem.severity)


def text_on_disk(path: Path) -> str | None:
    """A file's text; None if there is none. Raises StudioError if it is not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise StudioError(f"{path} is not UTF-8 text.", "save it as UTF-8.") from None
