"""What a training depends on besides its examples: the pipeline's code, and the files that it reads."""

import hashlib
from pathlib import Path

CODE = (Path(__file__).parent, Path(__file__).parents[1] / "encoder")


def fingerprint(*files: Path) -> str:
    """Changes with these files and with any module of the pipeline.

    For a component's `fingerprint_addon`: Rasa's cache knows a component by its class and configuration alone, and
    would use again what it made before such a change.
    """
    digest = hashlib.sha256()
    for file in [*(file for folder in CODE for file in sorted(folder.rglob("*.py"))), *files]:
        digest.update(file.name.encode() + b"\0" + (file.read_bytes() if file.exists() else b"\0"))
    return digest.hexdigest()
