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
import re
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from gateway.settings import Settings
from knowledge import data_hash
from nlu.quiet import SETTINGS as QUIET

ENGINE_PYTHON = Path(".venvs/engine/bin/python")
ENGINE_PACKAGES = Path("environments/engine.txt")
SECRET = "model_key"
VERSION = re.compile(r"^(rasa|onnxruntime|numpy|scikit-learn|spacy|tensorflow)==(\S+)", re.M)
SEED = re.compile(r"^    seed: int = (\d+)$", re.M)
KEPT = 10  # models; older ones are removed, but never the one in use


class TrainingError(Exception):
    """Training did not succeed; the message is for the person who asked for it."""


class ModelRefused(Exception):
    """A model file is not the one that was trained here."""


@dataclass(frozen=True)
class Manifest:
    """What a model file is: its name and sha256, what it was trained on, when, and how long that took in seconds.

    `trained_on` covers data, pipeline and packages, `data` the data alone. `scores` are the figures of the dry run of
    this data, where there was one.
    """

    file: str
    sha256: str
    trained_on: str
    trained_at: str
    seconds: float
    data: str = ""
    seed: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.file.removesuffix(".tar.gz")

    def signed(self, secret: str) -> dict[str, Any]:
        fields = asdict(self)
        return {**fields, "signature": _signature(fields, secret)}


@dataclass(frozen=True)
class Kept:
    """A model file in the folder, its manifest if it is intact, and else why it is refused."""

    file: Path
    manifest: Manifest | None
    refused: str = ""


def _signature(fields: Mapping[str, Any], secret: str) -> str:
    return hmac.new(secret.encode(), json.dumps(fields, sort_keys=True).encode(), "sha256").hexdigest()


def _sha256(file: Path) -> str:
    with file.open("rb") as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()


def _training_hash(settings: Settings) -> str:
    """Changes when the data, the pipeline's code or the engine's packages change."""
    digest = hashlib.sha256(data_hash(settings.data).encode())
    for file in [*sorted(Path("nlu").rglob("*.py")), ENGINE_PACKAGES]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def engine_environment(settings: Settings) -> dict[str, str]:
    """Environment variables for every process of the engine: no telemetry, and nothing that patients typed in logs.

    Compiled modules are kept, where they may be written: without them each start compiles thousands of files again.
    """
    return {
        **os.environ,
        **QUIET,
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONWARNINGS": "ignore",
        "IMS_ENGINE_TOKEN": settings.engine_secret(),
    }


class Models:
    """The trained models of this installation: `models/` with a signed manifest each, and a copy of the one in use."""

    def __init__(self, settings: Settings, folder: Path = Path("models")) -> None:
        self.settings = settings
        self.folder = folder
        self._manifest = folder / "manifest.json"
        self._log = folder / "used.txt"  # the names of the models in the order in which they came into use

    def current(self) -> Path | None:
        """The model to start, or None if there is none yet. Raises ModelRefused if it is not what was trained here."""
        if not self._manifest.exists():
            return None
        file = self.folder / self._trusted(self._manifest).file
        if not file.exists():
            return None
        self._intact(self._manifest)
        return file

    def all(self) -> list[Kept]:
        """Every model file of the folder, newest first, also those that would be refused."""
        found = []
        for file in sorted(self.folder.glob("*.tar.gz"), reverse=True):
            try:
                found.append(Kept(file, self._of(file)))
            except ModelRefused as error:
                found.append(Kept(file, None, str(error)))
        return found

    def promote(self, name: str) -> Manifest:
        """Make a kept model the one in use, from the next start on."""
        file = self.folder / f"{name}.tar.gz"
        if name != Path(name).name or not file.exists():
            raise ModelRefused(f"There is no model '{name}'. What to do: './ims models list' shows the names.")
        manifest = self._of(file)
        self._use(manifest)
        return manifest

    def rollback(self) -> Manifest:
        """Go back to the model that was in use before this one, and is still there and intact."""
        used = self._used()
        now = self._trusted(self._manifest).name if self._manifest.exists() else ""
        while used and used[-1] == now:
            used.pop()
        for name in reversed(used):
            try:
                manifest = self._of(self.folder / f"{name}.tar.gz")
            except ModelRefused:
                continue
            self._log.write_text("".join(f"{line}\n" for line in used[: used.index(name)]), "utf-8")
            self._use(manifest)
            return manifest
        raise ModelRefused("There is no earlier model to go back to. What to do: './ims models list' shows all.")

    def _of(self, file: Path) -> Manifest:
        """The manifest of a model file; ModelRefused unless it is signed here and the file is as it was then."""
        for manifest in (file.with_name(file.name.replace(".tar.gz", ".json")), self._manifest):
            if manifest.exists() and self._trusted(manifest).file == file.name:
                return self._intact(manifest)
        raise ModelRefused(f"{file} has no manifest: it was not trained here. What to do: remove it.")

    def _trusted(self, path: Path) -> Manifest:
        try:
            kept = json.loads(path.read_text("utf-8"))
            signature = kept.pop("signature")
            manifest = Manifest(**kept)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ModelRefused(f"{path} is damaged. What to do: './ims train' makes a new model.") from error
        if not hmac.compare_digest(str(signature), _signature(kept, self.settings.secret(SECRET))):
            raise self._foreign(self.folder / manifest.file)
        return manifest

    def _intact(self, path: Path) -> Manifest:
        manifest = self._trusted(path)
        file = self.folder / manifest.file
        if not file.exists() or _sha256(file) != manifest.sha256:
            raise self._foreign(file)
        return manifest

    def _foreign(self, file: Path) -> ModelRefused:
        return ModelRefused(
            f"{file} is not the model that was trained here. What to do: remove it and run './ims train'."
        )

    def is_current(self) -> bool:
        """Whether the model there is was trained on the data as it is now, and is intact."""
        try:
            file = self.current()
        except ModelRefused:
            return False
        if file is None:
            return False
        return json.loads(self._manifest.read_text("utf-8"))["trained_on"] == _training_hash(self.settings)

    def train(self, scores: Mapping[str, Any] | None = None, promote: bool = True) -> Manifest:
        """Train a model with plain `rasa train`, and put it in use unless it shall only be kept as a candidate.

        Raises TrainingError with Rasa's words.
        """
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
            data=data_hash(self.settings.data),
            seed=int(_first(SEED, Path("nlu/ranker.py"))),
            versions=dict(VERSION.findall(ENGINE_PACKAGES.read_text("utf-8"))),
            scores=scores or {},
        )
        self._write(file.with_name(f"{name}.json"), manifest)
        if promote:
            self._use(manifest)
        self._clear()
        return manifest

    def _use(self, manifest: Manifest) -> None:
        self._write(self._manifest, manifest)
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"{manifest.name}\n")

    def _used(self) -> list[str]:
        return self._log.read_text("utf-8").split() if self._log.exists() else []

    def _clear(self) -> None:
        """Remove old models beyond KEPT."""
        in_use = self._trusted(self._manifest).file if self._manifest.exists() else ""
        for file in sorted(self.folder.glob("ims-*.tar.gz"), reverse=True)[KEPT:]:
            if file.name != in_use:
                file.unlink()
                file.with_name(file.name.replace(".tar.gz", ".json")).unlink(missing_ok=True)

    def _write(self, path: Path, manifest: Manifest) -> None:
        new = path.with_suffix(".new")
        new.write_text(json.dumps(manifest.signed(self.settings.secret(SECRET)), indent=1) + "\n", "utf-8")
        new.replace(path)


def _first(pattern: re.Pattern[str], file: Path) -> str:
    found = pattern.search(file.read_text("utf-8"))
    return found[1] if found else "0"
