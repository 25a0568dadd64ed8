"""Trains the engine when what it knows has changed, and vouches for the model that came out.

A model's manifest says which data it was trained on and what its file looked like, signed with this installation's
secret: a model that was swapped or damaged on disk is not started (compare CVE-2024-49375, code execution by a
crafted model).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import subprocess
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

from gateway.settings import Settings
from knowledge import data_hash
from nlu.quiet import SETTINGS as QUIET

ENGINE_PYTHON = Path(".venvs/engine/bin/python")
SECRET = "model_key"


class TrainingError(Exception):
    """Training did not succeed; the message is for the person who asked for it."""


class ModelRefused(Exception):
    """A model file is not the one that was trained here."""


@dataclass(frozen=True)
class Manifest:
    """What a model file is: its name and sha256, what it was trained on, when, and how long that took in seconds."""

    file: str
    sha256: str
    trained_on: str
    trained_at: str
    seconds: float

    def signature(self, secret: str) -> str:
        return hmac.new(secret.encode(), json.dumps(asdict(self), sort_keys=True).encode(), "sha256").hexdigest()


def _sha256(file: Path) -> str:
    with file.open("rb") as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()


def _training_hash(settings: Settings) -> str:
    """Changes when the data, the pipeline's code or the engine's packages change."""
    digest = hashlib.sha256(data_hash(settings.data).encode())
    for file in [*sorted(Path("nlu").rglob("*.py")), Path("environments/engine.txt")]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def engine_environment(settings: Settings) -> dict[str, str]:
    """Environment variables for every process of the engine: no telemetry, and nothing that patients typed in logs."""
    return {
        **os.environ,
        **QUIET,
        "PYTHONWARNINGS": "ignore",
        "IMS_ENGINE_TOKEN": settings.engine_secret(),
    }


class Models:
    """The trained models of this installation: `models/` with a signed manifest."""

    def __init__(self, settings: Settings, folder: Path = Path("models")) -> None:
        self.settings = settings
        self.folder = folder
        self._manifest = folder / "manifest.json"

    def current(self) -> Path | None:
        """The model to start, or None if there is none yet. Raises ModelRefused if it is not what was trained here."""
        if not self._manifest.exists():
            return None
        try:
            kept = json.loads(self._manifest.read_text("utf-8"))
            signature = kept.pop("signature")
            manifest = Manifest(**kept)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ModelRefused(f"{self._manifest} is damaged. What to do: './ims train' makes a new model.") from error
        file = self.folder / manifest.file
        if not file.exists():
            return None
        signed = hmac.compare_digest(signature, manifest.signature(self.settings.secret(SECRET)))
        if not signed or _sha256(file) != manifest.sha256:
            raise ModelRefused(
                f"{file} is not the model that was trained here. What to do: remove it and run './ims train'."
            )
        return file

    def is_current(self) -> bool:
        """Whether the model there is was trained on the data as it is now, and is intact."""
        try:
            file = self.current()
        except ModelRefused:
            return False
        if file is None:
            return False
        return json.loads(self._manifest.read_text("utf-8"))["trained_on"] == _training_hash(self.settings)

    def train(self) -> Manifest:
        """Train a model with plain `rasa train` and make it the current one; raises TrainingError with Rasa's words."""
        trained_on = _training_hash(self.settings)
        name = f"ims-{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{trained_on[:8]}"
        started = time.monotonic()
        command = [
            str(ENGINE_PYTHON),
            "-m",
            "rasa",
            "train",
            "--data",
            str(self.settings.data),
            "--out",
            str(self.folder),
        ]
        run = subprocess.run(
            [*command, "--fixed-model-name", name],
            env=engine_environment(self.settings),
            capture_output=True,
            text=True,
            check=False,
        )
        file = self.folder / f"{name}.tar.gz"
        if run.returncode or not file.exists():
            words = (run.stderr.strip() or run.stdout.strip()).splitlines()[-12:]
            raise TrainingError("Training stopped. Rasa says:\n  " + "\n  ".join(words))
        manifest = Manifest(
            file=file.name,
            sha256=_sha256(file),
            trained_on=trained_on,
            trained_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - started, 1),
        )
        self._write(manifest)
        return manifest

    def _write(self, manifest: Manifest) -> None:
        signed = {**asdict(manifest), "signature": manifest.signature(self.settings.secret(SECRET))}
        new = self._manifest.with_suffix(".new")
        new.write_text(json.dumps(signed, indent=1) + "\n", "utf-8")
        new.replace(self._manifest)
