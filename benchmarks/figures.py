"""`make figures`: repeats the figures that README and docs state, and says which of them has changed.

    .venvs/gateway/bin/python -m benchmarks.figures [--only WORD] [--again]

`figures.yml` beside this file lists the figures, each with its command. What a command said is kept in
`results/figures.json` until sources, data or measures change, so a run that was interrupted goes on where it was. Needs
no network. Ends with 1 if a figure has changed, or its command failed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

LIST = Path("benchmarks/figures.yml")
KEPT = Path("results/figures.json")
SOURCES = ("actions", "benchmarks", "config.yml", "danger", "data", "domain.yml", "encoder", "gateway", "knowledge")
MORE_SOURCES = ("models/manifest.json", "nlu", "safety")
Number = tuple[float, ...]  # one number, or hits and of how many


@dataclass(frozen=True)
class Figure:
    """A figure: the command that measures it, where it is found in what that says, and where it is stated."""

    command: str
    found: str
    page: Path
    stated: str
    file: Path | None = None
    within: float = 0.0

    def on_page(self) -> str:
        """The figure as the page states it; ValueError if it does not."""
        if (match := re.search(self.stated, self.page.read_text("utf-8"), re.S)) is None:
            raise ValueError(f"{self.page} does not state it: {self.stated}")
        return " of ".join(match.groups())

    def judge(self, said: str) -> str:
        """`same`, or in words what has changed, from what the command said."""
        if (match := re.search(self.found, said, re.S)) is None:
            return f"'{self.command}' does not tell it any more: {self.found}"
        stated, found = self.on_page(), tuple(map(float, match.groups()))
        measured = _as_stated(found, stated)
        return "same" if self._same(measured, stated) else f"stated {stated}, measured {measured}"

    def _same(self, measured: str, stated: str) -> bool:
        if " of " in stated:
            return measured == stated
        return abs(float(measured) - float(stated)) <= self.within * float(stated) + 1e-9


def _as_stated(found: Number, stated: str) -> str:
    """What was found in the form of what is stated: hits of how many, or with as many decimals."""
    if " of " in stated:
        return " of ".join(f"{number:.0f}" for number in found)
    number = found[0] if len(found) == 1 else 100 * found[0] / found[1]
    return f"{number:.{len(stated.partition('.')[2])}f}"


def figures() -> list[Figure]:
    """All that are listed."""
    rows = YAML(typ="safe", pure=True).load(LIST.read_text("utf-8"))
    return [
        Figure(
            row["command"], row["found"], Path(row["page"]), row["stated"], _path(row.get("in")), row.get("within", 0)
        )
        for row in rows
    ]


def _path(name: str | None) -> Path | None:
    return Path(name) if name else None


def state() -> str:
    """What the figures depend on, as one number: sources, data and the model in use."""
    digest = hashlib.sha256()
    for source in map(Path, (*SOURCES, *MORE_SOURCES)):
        for file in sorted(source.rglob("*")) if source.is_dir() else [source]:
            if file.is_file() and file.suffix != ".pyc":
                digest.update(f"{file}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def run(command: str) -> str:
    """What a command prints; what it complains of goes to the screen. CalledProcessError if it fails."""
    words = [sys.executable if word == "python" else word for word in shlex.split(command)]
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout


def repeat(listed: Sequence[Figure], kept: Path, now: str, run: Callable[[str], str] = run) -> list[tuple[Figure, str]]:
    """Each figure with `same` or what has changed. Each command runs once, and not if `kept` has what it said `now`."""
    told = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    told = told if told.get("state") == now else {"state": now, "said": {}}
    judged = []
    for figure in listed:
        key = f"{figure.command} > {figure.file or ''}"
        if key not in told["said"]:
            try:
                said = run(figure.command)
            except (subprocess.CalledProcessError, OSError) as error:
                judged.append((figure, f"'{figure.command}' failed ({type(error).__name__})"))
                continue
            told["said"][key] = figure.file.read_text("utf-8") if figure.file else said
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(told), "utf-8")
        judged.append((figure, figure.judge(told["said"][key])))
    return judged


def main() -> int:
    """Repeat the figures and print what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="commands that hold this word")
    parser.add_argument("--again", action="store_true", help="forget what an earlier run measured")
    given = parser.parse_args()
    if given.again:
        KEPT.unlink(missing_ok=True)
    judged = repeat([figure for figure in figures() if given.only in figure.command], KEPT, state())
    for figure, verdict in judged:
        print(f"{'  ' if verdict == 'same' else '! '}{figure.page}: {figure.on_page()}  {verdict}  ({figure.command})")
    changed = sum(verdict != "same" for _, verdict in judged)
    print(f"{len(judged)} figures, {changed} changed.")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
