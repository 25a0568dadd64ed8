"""The examples of danger, and of what only looks like it: `data/lexicon/danger/`, one message a line.

The name of a file says what its messages are: a sign of the catalogue ("E01.txt"), or why they need no alarm
("over.txt"). Under `rounds/` stand the rounds of fresh messages that were measured, and are learned from since.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from knowledge.yaml import plain_values

MARKUP = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})")
FOLDER = "lexicon/danger"
NONE, NOW = "none", "now"
STATUSES = (NOW, "asked", "over", "denied", "elsewhere", "harmless")
UNSAID = "unsaid"  # needs no alarm; nobody wrote down why
EVERYDAY = "everyday"  # questions that nothing of danger is near
ORDINARY, STORY = "ordinary_question", "personal_story"  # kinds of messages of the rounds that are no look-alikes


@dataclass(frozen=True)
class Example:
    """A message, its sign ("none" if it needs no alarm), and whether it happens now or why it does not count.

    `kind` says what needs no alarm; a message of a round also has the level that is right.
    """

    text: str
    sign: str
    status: str
    kind: str = ""
    level: str = ""
    round: str = ""

    @property
    def key(self) -> int:
        """The same for the same message with the same meaning."""
        said = f"{self.sign}\0{self.status}\0{self.text}"
        return int.from_bytes(hashlib.sha256(said.encode()).digest()[:4])


def files(data: Path) -> list[Path]:
    """The files of examples, in a fixed order."""
    return sorted((data / FOLDER).glob("*.txt"))


def rounds(data: Path) -> list[Path]:
    """The rounds that are learned from, oldest first."""
    return sorted((data / FOLDER / "rounds").glob("*.jsonl"))


def read(data: Path) -> list[Example]:
    """Every message of danger and every look-alike."""
    written = [example for file in files(data) if file.stem != EVERYDAY for example in _of(file)]
    return [*written, *(example for file in rounds(data) for example in _of_round(file))]


def everyday(data: Path) -> list[str]:
    """What patients ask every day: the examples of the topics, and a file of further questions."""
    texts = [example.text for example in _of(data / FOLDER / f"{EVERYDAY}.txt")]
    for file in sorted([*(data / "answers").glob("*.yml"), *(data / "dialogue").glob("*.yml")]):
        for entry in plain_values(file).get("nlu", []):
            if entry["intent"] != "red_flag":
                lines = (line.strip().removeprefix("-").strip() for line in entry.get("examples", "").splitlines())
                texts += [MARKUP.sub(r"\1", line) for line in lines if line]
    return sorted(set(texts))


def is_left_out(text: str, share: float) -> bool:
    """Whether a message is one of those that are never learned from: a coin that always falls alike."""
    return hashlib.sha256(text.encode()).digest()[0] < 256 * share


def digest(data: Path) -> str:
    """Changes with any example."""
    found = hashlib.sha256()
    for file in (*files(data), *rounds(data)):
        found.update(file.name.encode() + b"\0" + file.read_bytes())
    return found.hexdigest()


def _of(file: Path) -> Iterator[Example]:
    name = file.stem
    sign = NONE if name in (*STATUSES, UNSAID, EVERYDAY) else name
    status = name if name in STATUSES else NOW if sign == name else ""
    for line in file.read_text(encoding="utf-8").splitlines():
        if text := line.strip():
            yield Example(text, sign, status, kind=name if sign == NONE else "")


def _of_round(file: Path) -> Iterator[Example]:
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        status = "" if row["sign"] == NONE else NOW
        yield Example(row["text"], row["sign"], status, row.get("kind") or "", row.get("level") or "", file.stem)
