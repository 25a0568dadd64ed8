"""What a topic's file said before: every version that the studio wrote, and every commit where data/ is under git."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from gateway.clock import utc_now
from gateway.files import write_whole
from gateway.studio.errors import StudioError
from gateway.studio.topics.topic_file import SIGNED, TopicFile, digest

GIT_LOG = "--format=%H%x1f%an%x1f%aI%x1f%s"


@dataclass(frozen=True)
class Version:
    """A state of a topic's file: who made it, when, and what was done. `text` is None where the topic went."""

    id: str
    author: str
    at: datetime
    done: str
    text: str | None


class TopicHistory:
    """The versions of the topics' files, kept in `folder`; `answers` is where the files are now."""

    def __init__(self, folder: Path, answers: Path, now: Callable[[], datetime] = utc_now) -> None:
        self._folder = folder
        self._answers = answers
        self._now = now
        self._commits: dict[str, list[Version]] = {}

    def note(self, name: str, author: str, done: str, old: str | None, new: str | None) -> None:
        """Keep a version, and the one before it if nobody kept that."""
        kept = self._own(name)
        if old is not None and (not kept or kept[0].text != old):
            self._keep(name, "", "edited outside the studio", old)
        self._keep(name, author, done, new)

    def of(self, name: str) -> list[Version]:
        """All versions of a topic, newest first."""
        return sorted([*self._own(name), *self._committed(name)], key=lambda version: version.at, reverse=True)

    def written_by(self, name: str, id: str = "") -> str:
        """Who wrote the words of a topic, or of one of its specific answers, as they are now; empty if nobody knows."""
        versions = self.of(name)
        for newer, older in pairwise(versions):
            if _words(newer, name, id) != _words(older, name, id):
                return newer.author
        return versions[-1].author if versions else ""

    def last_signed(self, name: str, id: str = "") -> tuple[str, ...]:
        """The words that were signed last; none if none were."""
        for version in self.of(name):
            if SIGNED in (version.text or "") and (file := _read(version, name)) and file.review_of(id)[0]:
                return file.words_of(id)
        return ()

    def version(self, name: str, id: str) -> Version:
        """The version whose id is or begins like this. Raises StudioError if there is not exactly one."""
        found = [version for version in self.of(name) if version.id.startswith(id)]
        if len(found) != 1:
            many = "several versions" if found else "no version"
            raise StudioError(f"{name} has {many} '{id}'.", f"'./ims topic history {name}' lists them.")
        return found[0]

    def _keep(self, name: str, author: str, done: str, text: str | None) -> None:
        at = self._now()
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        number = len(list(folder.glob("*.json"))) + 1
        entry = {"author": author, "at": at.isoformat(), "done": done, "text": text}
        write_whole(folder / f"{number:06d}.json", json.dumps(entry))

    def _own(self, name: str) -> list[Version]:
        found = []
        for file in sorted((self._folder / name).glob("*.json"), reverse=True):
            entry = json.loads(file.read_text("utf-8"))
            at = datetime.fromisoformat(entry["at"])
            id = digest(f"{file.stem}{entry['text']}")[:8]
            found.append(Version(id, entry["author"], at, entry["done"], entry["text"]))
        return found

    def _committed(self, name: str) -> list[Version]:
        """Those under git, asked for once."""
        if name not in self._commits:
            self._commits[name] = self._asked_git(name)
        return self._commits[name]

    def _asked_git(self, name: str) -> list[Version]:
        path = f"./{name}.yml"
        log = self._git("log", GIT_LOG, "--", path)
        found = []
        for line in log.splitlines() if log else []:
            commit, author, at, subject = line.split("\x1f", 3)
            text = self._git("show", f"{commit}:{path}")
            found.append(Version(commit[:12], author, datetime.fromisoformat(at), subject, text))
        return found

    def _git(self, *arguments: str) -> str | None:
        """What git prints, or None where there is no git, or no such thing in it."""
        try:
            run = subprocess.run(
                [shutil.which("git") or "git", "-C", str(self._answers), *arguments],
                capture_output=True,
                check=False,
            )
        except OSError:
            return None
        return run.stdout.decode("utf-8", "replace") if run.returncode == 0 else None


def _read(version: Version, name: str) -> TopicFile | None:
    try:
        return TopicFile(name, version.text) if version.text else None
    except StudioError:
        return None


def _words(version: Version, name: str, id: str) -> tuple[str, ...]:
    file = _read(version, name)
    return file.words_of(id) if file else ()
