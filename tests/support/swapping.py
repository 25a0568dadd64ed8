"""An installation with kept models and a supervisor that swaps them, in processes of its own."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from gateway.editions import contents, control
from gateway.editions.models import Manifest, Models
from gateway.settings import Settings
from tests.support.fake_engine import TOKEN
from tests.support.processes import START, eventually, free_port

SORENESS = "answers/soreness.yml"


def kept_model(models: Models, name: str, data: Path, said: str = "weights", trained_on: str = "data") -> Manifest:
    """A model as training leaves it, with its edition."""
    models.folder.mkdir(parents=True, exist_ok=True)
    file = models.folder / f"{name}.tar.gz"
    file.write_text(said)
    content = contents.keep(data, models.folder / name)
    sha256 = hashlib.sha256(said.encode()).hexdigest()
    manifest = Manifest(file.name, sha256, trained_on, "2026-11-27T00:00:00+00:00", 1.0, edition=content)
    models._write(models.folder / f"{name}.json", manifest)
    return manifest


def edited_data(folder: Path, old: str, new: str, file: str = SORENESS) -> Path:
    """A copy of data/ in which a file says something else."""
    data = shutil.copytree("data", folder / "data")
    text = (data / file).read_text("utf-8")
    assert old in text
    (data / file).write_text(text.replace(old, new), "utf-8")
    return data


@dataclass
class Installation:
    """Models `ims-1` (in use) and `ims-2`, whose answer about soreness has another title."""

    folder: Path
    port: int = field(default_factory=free_port)
    engine_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.settings = Settings(var=self.folder / "var", models=self.folder / "models", port=self.port)
        self.models = Models(self.settings)
        title = "title: "
        edited = edited_data(self.folder / "edited", title, f"{title}Edited, ")
        self.models.use(kept_model(self.models, "ims-1", Path("data")))
        kept_model(self.models, "ims-2", edited)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, pause: float | str = 0.0) -> None:
        environment = {
            "IMS_VAR": str(self.folder / "var"),
            "IMS_MODELS": str(self.folder / "models"),
            "IMS_PORT": str(self.port),
            "IMS_ENGINE_URL": f"http://127.0.0.1:{self.engine_port}",
            "IMS_ENGINE_TOKEN": TOKEN,
            "IMS_ENGINE_TIMEOUT": "20",  # so that a busy machine is not taken for a swap that went wrong
            "IMS_CONVERSATION_BURST": "100000",
            "IMS_ADDRESS_BURST": "100000",
        }
        with (self.folder / "screen.txt").open("ab") as screen:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.serve_swaps", str(pause)],
                env={**os.environ, **environment},
                stdout=screen,
                stderr=screen,
            )
        eventually(lambda: httpx.get(f"{self.url}/ready", timeout=5).status_code == 200, START)

    def use(self, name: str, back: bool = False) -> None:
        """Have the supervisor swap."""
        path = control.address(self.settings.var, "supervisor", self.port)
        asyncio.run(control.ask(path, {"do": "use", "model": name, "back": back}))

    def shadow(self, name: str) -> str:
        """Have a candidate run next to the live model; which one does then."""
        path = control.address(self.settings.var, "supervisor", self.port)
        return str(asyncio.run(control.ask(path, {"do": "shadow", "model": name}))["shadow"])

    def title(self) -> str:
        """The title of the answer about soreness, as patients get it."""
        said = httpx.post(
            f"{self.url}/webhooks/rest/webhook", json={"sender": "test", "message": "will I be sore?"}, timeout=20
        )
        page = httpx.get(f"{self.url}/answers/soreness", timeout=20).text
        assert said.json()[0]["custom"]["topic"] == "soreness"
        return page

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()
