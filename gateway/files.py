"""Files that outlive a power cut: written whole, and on the disk before anybody is told."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def to_disk(path: Path) -> None:
    """Have the system write a file, or the names in a folder, to the disk now: a power cut comes without warning."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def as_cell(value: object) -> object:
    """A value for a CSV file: what begins as a formula does is text, which a spreadsheet must not run."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def write_whole(path: Path, content: str | bytes) -> None:
    """Replace a file: before and after there is a whole one under its name. On an OSError the old one is untouched."""
    new = path.with_name(f".{path.name}.new")
    try:
        with new.open("wb") as writer:
            writer.write(content.encode() if isinstance(content, str) else content)
            writer.flush()
            os.fsync(writer.fileno())
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    to_disk(path.parent)


def sha256(file: Path) -> str:
    """The hash of what is in a file, in hexadecimal."""
    with file.open("rb") as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()
