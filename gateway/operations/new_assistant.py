"""`ims new-assistant DIR`: a folder in which another assistant lives, with data, models and chats of its own.

What any subject needs comes from our own `data/` (`examples/general.yml` says what). Over it go the files of
`examples/blank`, which say what is to be filled in, and over these the files of a finished example where one is asked
for. The code stays where it is: the new folder holds a small program `ims` that calls it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from environments.setup import ROOT
from knowledge import Told

EXAMPLES = ROOT / "examples"
BLANK = "blank"
# How Rasa is set up is the same for every subject.
RASA = ("config.yml", "domain.yml", "endpoints.yml", "credentials.yml")
# The head of a specific answer's examples: without our answer to it, they belong to the topic's general question.
SPECIFIC = re.compile(r"^- intent: faq/\w+\.\w+\n  examples: \|\n", re.MULTILINE)
KEY = re.compile(r"[A-Za-z_]\w*:")
LAUNCHER = """\
#!/bin/sh
# The command line of this assistant; the code is elsewhere. './ims --help' lists the commands.
code={code}
if [ ! -x "$code" ]; then
    echo "ims: the code is no longer at $code. What to do: correct the path in $0." >&2
    exit 1
fi
IMS_CALLED_FROM=$PWD exec "$code" -C "$(dirname -- "$0")" "$@"
"""

Files = dict[str, bytes]


class NewAssistantError(Told):
    """No assistant can be started there; the message says why and what to do. Nothing was written."""


def examples() -> list[str]:
    """The finished examples that a new assistant can start from."""
    return sorted(folder.name for folder in EXAMPLES.iterdir() if folder.is_dir() and folder.name != BLANK)


def create(folder: Path, example: str = "") -> list[str]:
    """Start an assistant in a new or empty folder; the names of its files. Raises NewAssistantError."""
    if example and example not in examples():
        raise NewAssistantError(f"There is no example '{example}'.", f"name one of {', '.join(examples())}, or none.")
    _check(folder)
    files = contents(example)
    made = [above for above in (folder, *folder.parents) if not above.exists()]
    try:
        for name, content in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        (folder / "ims").chmod(0o755)
    except OSError as error:
        _remove(folder, files, made)
        raise NewAssistantError(
            f"{folder} can't be written ({error.strerror}).",
            "choose a folder that you may write to, on a disk with room.",
        ) from error
    return list(files)


def contents(example: str = "") -> Files:
    """What stands in the folder of a new assistant: the content of each file by its name."""
    files: Files = {f"data/{name}": text.encode() for name, text in _general(ROOT / "data")}
    files |= {name: (ROOT / name).read_bytes() for name in RASA}
    for layer in (BLANK, example) if example else (BLANK,):
        for path in sorted(path for path in (EXAMPLES / layer).rglob("*") if path.is_file()):
            name = path.relative_to(EXAMPLES / layer).as_posix()
            above = path.read_bytes()
            if name in files and path.suffix == ".yml":
                above = laid_over(files[name].decode(), above.decode()).encode()
            files[name] = above
    files["ims"] = LAUNCHER.format(code=shlex.quote(str(ROOT / "ims"))).encode()
    return files


def laid_over(below: str, above: str) -> str:
    """One YAML file over another: its own top-level keys, and then those of the other that it does not have."""
    own, others = blocks(above), blocks(below)
    kept = [text for key, text in others.items() if key not in own]
    return "\n".join(text.strip("\n") + "\n" for text in [*own.values(), *kept])


def blocks(text: str) -> dict[str, str]:
    """The text of each top-level key of a YAML file, with the comment that stands before it."""
    found: dict[str, str] = {}
    key, waiting = "", ""
    for line in text.splitlines(keepends=True):
        if KEY.match(line):
            key = line.partition(":")[0]
            found[key] = waiting + line
            waiting = ""
        elif line.startswith("#") or not line.strip():
            waiting += line
        else:
            found[key] += waiting + line
            waiting = ""
    return found


def _general(data: Path) -> Iterator[tuple[str, str]]:
    """The files of `data` that any subject can use, as far as they are not about ours."""
    listed: Mapping[str, Any] = YAML(typ="safe", pure=True).load((EXAMPLES / "general.yml").read_text("utf-8"))
    ours = re.compile("|".join(rf"\b{re.escape(word)}" for word in listed["ours"]), re.IGNORECASE)
    for folder in listed["folders"]:
        yield from ((f"{folder}/{path.name}", path.read_text("utf-8")) for path in sorted((data / folder).glob("*.*")))
    for entry in listed["files"]:
        text = (data / entry["name"]).read_text("utf-8")
        if keys := entry.get("keys"):
            text = "\n".join(block.strip("\n") + "\n" for key, block in blocks(text).items() if key in keys)
        if entry.get("ours"):
            text = "".join(line for line in text.splitlines(keepends=True) if line[:1] != " " or not ours.search(line))
        yield entry["name"], SPECIFIC.sub("", text)


def _check(folder: Path) -> None:
    if not folder.name or any(not character.isprintable() for character in str(folder)):
        raise NewAssistantError("This is no name for a folder.", "use letters, digits, '-' and '_'.")
    try:
        if ROOT in (place := folder.resolve()).parents or place == ROOT:
            raise NewAssistantError(
                f"{folder} is inside the folder of the code, {ROOT}.", "choose a folder outside of it."
            )
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise NewAssistantError(f"{folder} exists and is no folder.", "choose another name.")
        if folder.exists() and any(folder.iterdir()):
            raise NewAssistantError(f"{folder} is not empty.", "choose a new folder; nothing was changed.")
    except OSError as error:
        raise NewAssistantError(f"{folder} can't be used ({error.strerror}).", "choose another.") from error


def _remove(folder: Path, files: Files, made: list[Path]) -> None:
    """Take back what was written; a folder that was there before stays."""
    for name in files:
        (folder / name).unlink(missing_ok=True)
    below = {parent for name in files for parent in (folder / name).parents if folder in parent.parents}
    for empty in sorted(below, key=lambda path: -len(path.parts)) + made:
        if empty.is_dir():
            empty.rmdir()
