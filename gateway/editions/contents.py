"""Editions: what a model was trained on, kept beside it in `models/NAME/`.

Engine and gateway work from the edition of the model in use and never from `data/` itself. So an edit reaches nobody
before it is published, and going back to an earlier model brings its answers back with it.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from gateway.files import to_disk

BESIDE = ("config.yml", "domain.yml", "endpoints.yml", "credentials.yml")


def files(data: Path) -> dict[str, Path]:
    """What an edition of this data folder holds, by name in the edition: the data, and how Rasa is set up."""
    found = {f"data/{path.relative_to(data).as_posix()}": path for path in data.rglob("*") if _counts(path)}
    for name in BESIDE:
        own, common = data.resolve().parent / name, Path(name)
        if (path := own if own.is_file() else common).is_file():
            found[name] = path
    return found


def content(data: Path) -> str:
    """The sha256 over all names and contents of an edition of this data folder."""
    digest = hashlib.sha256()
    for name, path in sorted(files(data).items()):
        text = path.read_bytes()
        digest.update(f"{name}\0{len(text)}\0".encode() + text)
    return digest.hexdigest()


def keep(data: Path, folder: Path) -> str:
    """Copy the data into a new folder, down to the disk; returns the content that was copied."""
    for name, path in files(data).items():
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        to_disk(copy)
    return content(folder / "data")


def _counts(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and path.suffix != ".new"
