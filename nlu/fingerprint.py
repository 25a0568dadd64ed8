"""What Rasa's cache of trainings does not see by itself: our own modules, and the lexicons that a component reads."""

import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
CODE = ("nlu", "safety")


def fingerprint(*files: Path) -> str:
    """Changes with these files and with any of our modules. For a component's `fingerprint_addon`: without it, what it
    made before such a change is taken from the cache and used again.
    """
    digest = hashlib.sha256(_code())
    for file in files:
        digest.update(str(file).encode() + b"\0" + (file.read_bytes() if file.exists() else b"\0"))
    return digest.hexdigest()


@cache
def _code() -> bytes:
    digest = hashlib.sha256()
    for file in sorted(file for folder in CODE for file in (ROOT / folder).rglob("*.py")):
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.digest()
