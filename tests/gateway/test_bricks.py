"""What many parts of the gateway share: files written whole, work that repeats."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path

import pytest

from gateway.files import sha256, write_whole
from gateway.repeating import Repeating


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    write_whole(file, "old")
    write_whole(file, b"new")
    assert file.read_text() == "new" and list(tmp_path.iterdir()) == [file]
    assert sha256(file) == "11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437"


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    file = tmp_path / "kept.json"
    write_whole(file, "old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError):
        write_whole(file, "new")
    assert file.read_text() == "old" and list(tmp_path.iterdir()) == [file]


async def test_work_goes_on_after_it_failed_and_ends_when_it_is_closed(caplog: pytest.LogCaptureFixture) -> None:
    done = 0

    async def work() -> None:
        nonlocal done
        done += 1
        if done == 1:
            raise ValueError("what a patient typed")

    repeating = Repeating(work, "it could not be done")
    with caplog.at_level(logging.ERROR):
        repeating.start(0.001)
        while done < 3:
            await asyncio.sleep(0.001)
    await repeating.close()
    after = done
    await asyncio.sleep(0.01)
    assert done == after
    assert "it could not be done (ValueError" in caplog.text and "typed" not in caplog.text


async def test_work_may_begin_after_a_pause_and_closing_what_never_began_is_nothing() -> None:
    done = asyncio.Event()

    async def work() -> None:
        done.set()

    repeating = Repeating(work, "")
    await repeating.close()
    repeating.start(0.01, at_once=False)
    await asyncio.sleep(0)
    assert not done.is_set()
    await asyncio.wait_for(done.wait(), 5)
    await repeating.close()
