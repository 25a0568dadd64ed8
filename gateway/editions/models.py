"""Trains the engine when what it knows has changed, and vouches for the model that came out.

A model's manifest says which data it was trained on and what its file looked like, signed with this installation's
secret: a model that was swapped or damaged on disk is not started (compare CVE-2024-49375, code execution by a
crafted model). What it was trained on is kept beside it (`contents.py`). `manifest.json` alone says which model is in
use: it is replaced in one step, so that a power cut leaves the old model with its answers, or the new one with its own.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from environments.setup import ENGINE, ROOT
from gateway.clock import utc_now
from gateway.editions import contents
from gateway.engine.environment import ENGINE_PYTHON, LOOK, engine_environment, module
from gateway.errors import WRONG_SHAPE
from gateway.files import sha256, to_disk, write_whole
from gateway.settings import Settings
from knowledge import Told, data_hash
from nlu.fingerprint import fingerprint

ENGINE_PACKAGES = ENGINE.lock
SECRET = "model_key"
VERSION = re.compile(r"^(rasa|onnxruntime|numpy|scikit-learn|spacy|tensorflow)==(\S+)", re.M)
SEED = re.compile(r"^    seed: int = (\d+)$", re.M)
KEPT = 10  # models; older ones are removed, but never the one in use
MAKING = ".making-"  # begins the name of a folder in which a model is being made


class TrainingError(Told):
    """Training did not succeed; the message is for the person who asked for it."""


class TrainingStopped(TrainingError):
    """Somebody stopped the training."""


class ModelRefused(Told):
    """A model file is not the one that was trained here."""


@dataclass(frozen=True)
class Manifest:
    """What a model file is: its name and sha256, what it was trained on, when, and how long that took in seconds.

    `trained_on` covers data, pipeline and packages, `data` the data alone, `edition` all that is kept beside the model
    (empty: a model from before editions). `scores` are the figures of the dry run of this data, where there was one.
    """

    file: str
    sha256: str
    trained_on: str
    trained_at: str
    seconds: float
    data: str = ""
    edition: str = ""
    seed: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.file.removesuffix(".tar.gz")

    @property
    def at(self) -> datetime:
        """When it was trained."""
        return datetime.fromisoformat(self.trained_at)

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


def _training_hash(settings: Settings) -> str:
    """Changes when the data, the pipeline's code or the engine's packages change."""
    trained_with = data_hash(settings.data) + fingerprint(ENGINE_PACKAGES)
    return hashlib.sha256(trained_with.encode()).hexdigest()


class Models:
    """The trained models of this assistant: `models/` with a signed manifest each, and a copy of the one in use."""

    def __init__(self, settings: Settings, folder: Path | None = None) -> None:
        self.settings = settings
        self.folder = folder or settings.models
        self._manifest = self.folder / "manifest.json"
        self._log = self.folder / "used.txt"  # the names of the models in the order in which they came into use

    def current(self) -> Path | None:
        """The model to start, or None if there is none yet. Raises ModelRefused if it is not what was trained here."""
        manifest = self.in_use()
        return self.folder / manifest.file if manifest else None

    def in_use(self) -> Manifest | None:
        """The manifest of the model to start; as `current`."""
        if not self._manifest.exists() or not (self.folder / self._trusted(self._manifest).file).exists():
            return None
        return self._intact(self._manifest)

    def stamp(self) -> object:
        """Something that is another whenever another model comes into use, known without reading a model."""
        try:
            about = self._manifest.stat()
        except OSError:
            return None
        return about.st_mtime_ns, about.st_size, about.st_ino

    def data_of(self, manifest: Manifest) -> Path | None:
        """The data that is answered from with this model; None for a model from before editions."""
        return self.folder / manifest.name / "data" if manifest.edition else None

    def named(self, name: str) -> Manifest:
        """The manifest of a kept model; ModelRefused if there is none, or it was not trained here."""
        file = self.folder / f"{name}.tar.gz"
        if name != Path(name).name or not file.exists():
            raise ModelRefused(f"There is no model '{name[:80]}'.", "'./ims models list' shows the names.")
        return self._of(file)

    def all(self) -> list[Kept]:
        """Every model file of the folder, newest first, also those that would be refused."""
        found = []
        for file in sorted(self.folder.glob("*.tar.gz"), reverse=True):
            try:
                found.append(Kept(file, self._of(file)))
            except ModelRefused as error:
                found.append(Kept(file, None, str(error)))
        return found

    def before(self) -> Iterator[Manifest]:
        """The models that were in use before this one, and are still there and intact; the last one first."""
        for name in dict.fromkeys(reversed(self._used_before())):
            with suppress(ModelRefused):
                if name != self._named_in_use():
                    yield self._of(self.folder / f"{name}.tar.gz")

    def earlier(self) -> Manifest:
        """The last of them; ModelRefused if there is none."""
        if found := next(self.before(), None):
            return found
        raise ModelRefused("There is no earlier model to go back to.", "'./ims models list' shows all.")

    def _of(self, file: Path) -> Manifest:
        """The manifest of a model file; ModelRefused unless it is signed here and the file is as it was then."""
        for manifest in (file.with_name(file.name.replace(".tar.gz", ".json")), self._manifest):
            if manifest.exists() and self._trusted(manifest).file == file.name:
                return self._intact(manifest)
        raise ModelRefused(f"{file} has no manifest: it was not trained here.", "remove it.")

    def _trusted(self, path: Path) -> Manifest:
        try:
            kept = json.loads(path.read_text("utf-8"))
            signature = kept.pop("signature")
            manifest = Manifest(**kept)
        except WRONG_SHAPE as error:
            raise ModelRefused(f"{path} is damaged.", "'./ims train' makes a new model.") from error
        expected = _signature(kept, self.settings.secret(SECRET))
        if not hmac.compare_digest(str(signature).encode("utf-8", "replace"), expected.encode()):
            raise self._foreign(self.folder / str(manifest.file))
        return manifest

    def _intact(self, path: Path) -> Manifest:
        manifest = self._trusted(path)
        file = self.folder / manifest.file
        if not file.exists() or sha256(file) != manifest.sha256:
            raise self._foreign(file)
        if (data := self.data_of(manifest)) and contents.content(data) != manifest.edition:
            raise self._foreign(data.parent)
        return manifest

    def _foreign(self, file: Path) -> ModelRefused:
        return ModelRefused(f"{file} is not the model that was trained here.", "remove it and run './ims train'.")

    def is_current(self) -> bool:
        """Whether the model there is was trained on the data as it is now, and is intact."""
        try:
            manifest = self.in_use()
        except ModelRefused:
            return False
        return manifest is not None and manifest.trained_on == _training_hash(self.settings)

    def is_up_to_date(self) -> bool:
        """Whether patients get exactly what data/ says now. ModelRefused as `in_use`."""
        manifest = self.in_use()
        return manifest is not None and manifest.edition == contents.content(self.settings.data)

    def train(
        self,
        scores: Mapping[str, Any] | None = None,
        promote: bool = True,
        stop: Callable[[], bool] = lambda: False,
    ) -> Manifest:
        """Train a model with plain `rasa train`, and put it in use unless it shall only be kept as a candidate.

        Raises TrainingError with Rasa's words, and TrainingStopped when `stop` says so. Nothing is left behind then.
        """
        with self._making() as folder:
            trained_on, data = _training_hash(self.settings), data_hash(self.settings.data)
            kept = folder / "edition"
            content = contents.keep(self.settings.data, kept)
            if content != contents.content(self.settings.data):
                raise TrainingError("data/ changed while it was being copied.", "try again.")
            name = self._free_name(trained_on)
            started = time.monotonic()
            self._rasa_train(kept, folder, name, stop)
            file = folder / f"{name}.tar.gz"
            manifest = Manifest(
                file=file.name,
                sha256=sha256(file),
                trained_on=trained_on,
                trained_at=utc_now().isoformat(timespec="seconds"),
                seconds=round(time.monotonic() - started, 1),
                data=data,
                edition=content,
                seed=int(_first(SEED, ROOT / "nlu/ranker.py")),
                versions=dict(VERSION.findall(ENGINE_PACKAGES.read_text("utf-8"))),
                scores=scores or {},
            )
            self._keep(file, kept, manifest)
        if promote:
            self.use(manifest)
        self._clear()
        return manifest

    def renewed(self) -> Manifest | None:
        """The model in use with the data as it is now, kept under a name of its own; None if that needs a training.

        Facts of the clinic, wording and the like are not trained. The manifest in use itself if nothing changed.
        """
        try:
            manifest = self.in_use()
        except ModelRefused:
            return None
        if manifest is None or manifest.trained_on != _training_hash(self.settings):
            return None
        if manifest.edition == contents.content(self.settings.data):
            return manifest
        with self._making() as folder:
            name = self._free_name(manifest.trained_on)
            content = contents.keep(self.settings.data, folder / "edition")
            file = folder / f"{name}.tar.gz"
            os.link(self.folder / manifest.file, file)
            renewed = replace(manifest, file=file.name, edition=content)
            self._keep(file, folder / "edition", renewed)
        self._clear()
        return renewed

    def _free_name(self, trained_on: str) -> str:
        """A name for a new model: when it was made, and of what."""
        name = f"ims-{utc_now():%Y%m%d-%H%M%S}-{trained_on[:8]}"
        found, number = name, 2
        while (self.folder / f"{found}.tar.gz").exists():
            found, number = f"{name}-{number}", number + 1
        return found

    def _rasa_train(self, edition: Path, out: Path, name: str, stop: Callable[[], bool]) -> None:
        command = (
            # Answers are checked before (`ims check`), rules while they are learned; Rasa would read all once more.
            *(str(ENGINE_PYTHON), *module("nlu.guarded"), "train", "--skip-validation", "--data", "data"),
            *("--out", str(out.absolute()), "--fixed-model-name", name),
        )
        with tempfile.TemporaryFile() as words:
            run = subprocess.Popen(
                [sys.executable, "-P", "-m", "gateway.operations.child", str(os.getpid()), *command],
                cwd=edition,
                env=engine_environment(self.settings),
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
            )
            try:
                while run.poll() is None:
                    if stop():
                        raise TrainingStopped("The training was stopped. The model in use has not changed.")
                    time.sleep(LOOK)
            finally:
                run.kill()
                run.wait()
            if run.returncode or not (out / f"{name}.tar.gz").exists():
                words.seek(0)
                last = words.read().decode("utf-8", "replace").strip().splitlines()[-12:]
                said = "\n  ".join(last) or f"nothing; it ended with {run.returncode}"
                raise TrainingError(f"Training stopped. Rasa says:\n  {said}")

    @contextmanager
    def _making(self) -> Iterator[Path]:
        """A folder in which a model is made, one at a time; it goes afterwards, and what a crash left goes now."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / ".lock").open("w")
        except OSError as error:
            raise TrainingError(
                f"{self.folder} cannot be written ({error.strerror}).", "let this account write there."
            ) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise TrainingError("Another training is under way.", "wait until it is done.") from None
            self._sweep()
            folder = self.folder / f"{MAKING}{secrets.token_hex(4)}"
            try:
                folder.mkdir()
                yield folder
            except OSError as error:
                raise TrainingError(
                    f"The new model could not be saved ({error.strerror or error}). The model in use has not changed.",
                    "make room on the disk, and try again.",
                ) from error
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def _keep(self, file: Path, edition: Path, manifest: Manifest) -> None:
        """Put a new model in its place, after its edition and its manifest: without the file they do not count."""
        to_disk(file)
        edition.rename(self.folder / manifest.name)
        self._write(self.folder / f"{manifest.name}.json", manifest)
        file.rename(self.folder / manifest.file)
        to_disk(self.folder)

    def _sweep(self) -> None:
        """Remove what a crash left of models that were being made."""
        for left in self.folder.glob(f"{MAKING}*"):
            shutil.rmtree(left, ignore_errors=True)
        for left in self.folder.glob(".*.new"):
            left.unlink()
        for left in self.folder.glob("ims-*"):
            name = left.name.removesuffix(".json")
            if left.name.endswith(".tar.gz") or (self.folder / f"{name}.tar.gz").exists():
                continue
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink()

    def use(self, manifest: Manifest, back: bool = False) -> None:
        """Make this the model in use. On the way back the models after it are no longer behind it."""
        before = self._used_before()
        self._write(self._manifest, manifest)
        if back:
            before = before[: before.index(manifest.name)] if manifest.name in before else before
            self._log.write_text("".join(f"{line}\n" for line in [*before, manifest.name]), "utf-8")
        else:
            with self._log.open("a", encoding="utf-8") as log:
                log.write(f"{manifest.name}\n")

    def _used_before(self) -> list[str]:
        """The models that were in use before the one that is now."""
        used = self._log.read_text("utf-8").split() if self._log.exists() else []
        now = self._named_in_use()
        while used and used[-1] == now:
            used.pop()
        return used

    def _named_in_use(self) -> str:
        """The name of the model in use; empty if there is none that was trained here, as before the first training."""
        try:
            return self._trusted(self._manifest).name if self._manifest.exists() else ""
        except ModelRefused:
            return ""

    def _clear(self) -> None:
        """Remove old models beyond KEPT."""
        in_use = self._named_in_use()
        for file in sorted(self.folder.glob("ims-*.tar.gz"), reverse=True)[KEPT:]:
            if file.name != f"{in_use}.tar.gz":
                file.unlink()
                file.with_name(file.name.replace(".tar.gz", ".json")).unlink(missing_ok=True)
                shutil.rmtree(file.with_name(file.name.removesuffix(".tar.gz")), ignore_errors=True)

    def _write(self, path: Path, manifest: Manifest) -> None:
        write_whole(path, json.dumps(manifest.signed(self.settings.secret(SECRET)), indent=1) + "\n")


def _first(pattern: re.Pattern[str], file: Path) -> str:
    found = pattern.search(file.read_text("utf-8"))
    return found[1] if found else "0"
