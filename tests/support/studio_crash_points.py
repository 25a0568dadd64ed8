"""Kills the studio at every point of a change, and prints what was left.

Run `python -m tests.support.studio_crash_points FOLDER`.

Each change is made to a small data/ folder by a child process, which SIGKILLs itself at the n-th time that it opens a
file to write, writes it to disk, renames or removes one, in `data/` or `var/`. That for every n until the change gets
through. Then the studio is opened again, as a trainer does, and the change is asked for once more.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from gateway.studio.errors import StudioError
from gateway.studio.topics.topics import Topics
from tests.knowledge.conftest import Data

Json = dict[str, Any]
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
EXAMPLES = [f"how do I pay for visit number {number}" for number in range(30)]

STEPS: dict[str, Callable[[Topics], Any]] = {
    "an edit": lambda topics: topics.edit("soreness", lambda file: file.set_title("Sore?"), "title"),
    "a new name": lambda topics: topics.rename("soreness", "aching"),
    "a draft": lambda topics: topics.new("paying", EXAMPLES),
    "retiring": lambda topics: topics.retire("soreness"),
}


def snapshot(folder: Path) -> dict[str, str]:
    """All files of data/ and the drafts; half of a new one, which nothing reads, does not count."""
    return {str(file.relative_to(folder)): file.read_text("utf-8") for file in sorted(folder.rglob("*.yml"))}


def child(folder: Path, work: Callable[[Topics], Any], kill_at: int) -> bool:
    """Make the change in a process of its own, killed at this point (0: not at all); whether it got through."""
    if pid := os.fork():
        _, status = os.waitpid(pid, 0)
        assert status in (0, signal.SIGKILL), f"status {status}"
        return status == 0
    points, sync = itertools.count(1), os.fsync

    def point() -> None:
        if next(points) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def heard(event: str, args: tuple[Any, ...]) -> None:
        writes = event in ("os.rename", "os.remove", "os.mkdir") or (event == "open" and args[2] & WRITING)
        if writes and str(args[0]).startswith(str(folder)):
            point()

    def synced(fd: Any) -> None:
        point()
        sync(fd)
        point()

    os.fsync = synced
    try:
        sys.addaudithook(heard)
        work(Topics.opened(folder / "data", folder / "var", "Kim"))
        os._exit(0)
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(1)


def crashes(good: Path, folder: Path, step: Callable[[Topics], Any]) -> Iterator[Json]:
    """What was left after a crash at each point of a change."""

    def anew() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(good, folder)

    def again(topics: Topics) -> None:
        with suppress(StudioError):  # it was done already
            step(topics)

    anew()
    before = snapshot(folder)
    assert child(folder, step, 0)
    after = snapshot(folder)
    assert before != after, "else there is nothing to see"
    for kill_at in itertools.count(1):
        anew()
        through = child(folder, step, kill_at)
        assert child(folder, lambda topics: None, 0)
        left = snapshot(folder)
        state = "before" if left == before else "after" if left == after else "between"
        assert child(folder, again, 0)
        yield {"through": through, "left": state, "again": snapshot(folder) == after}
        if through:
            return


def main() -> None:
    """All changes."""
    folder = Path(sys.argv[1])
    Data(folder / "good" / "data")
    (folder / "good" / "var").mkdir()
    print(json.dumps({name: list(crashes(folder / "good", folder / "crash", step)) for name, step in STEPS.items()}))


if __name__ == "__main__":
    main()
