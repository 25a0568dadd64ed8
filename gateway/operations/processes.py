"""The processes of a clinic on one machine: which there are, and how each is started."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from environments.setup import ENGINE
from gateway.editions import control
from gateway.editions.models import Manifest, ModelRefused, Models
from gateway.engine.environment import engine_environment, module
from gateway.monitoring import tracing_settings
from gateway.settings import Settings
from knowledge import Knowledge, KnowledgeError, Told


class CannotStart(Told):
    """Something has to be put right first; the message says what and how."""


class NotReady(Told):
    """A part ended, or took too long, before it worked; the message says which."""


@dataclass(frozen=True, eq=False)
class Part:
    """A process of the assistant."""

    name: str
    command: Sequence[str]
    port: int
    ready: str  # an address that answers 200 once the part works
    environment: dict[str, str] = field(default_factory=dict)  # for its next start
    headers: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None  # where it works; else where we do


def parts(settings: Settings, python: Path = ENGINE.python) -> list[Part]:
    """The parts of a clinic on one machine; the gateway first, because it also stops first.

    Raises CannotStart if a part could not run: no environment, no trusted model, a setting of tracing that is wrong.
    """
    try:
        tracing_settings.check()
    except tracing_settings.TracingError as error:
        raise CannotStart(str(error)) from error
    token = settings.engine_secret()
    if not python.exists():
        raise CannotStart("The engine's environment is missing.", "run 'make setup'.")
    models = Models(settings)
    try:
        manifest = models.in_use()
    except ModelRefused as error:
        raise CannotStart(str(error)) from error
    if manifest is None:
        raise CannotStart("There is no trained model.", "run './ims train'.")
    gateway = Part(
        name="gateway",
        command=(sys.executable, "-m", "gateway.serve"),
        port=settings.port,
        ready=f"http://{_reachable(settings.host)}:{settings.port}/health",
        environment={
            "IMS_ENGINE_TOKEN": token,
            "IMS_CONTROL": str(control.address(settings.var, "gateway", settings.port)),
            "IMS_PUBLISHED": str(models.data_of(manifest) or ""),
            **_of_the_demo(settings),
        },
    )
    return [gateway, *engines(settings, models, manifest, settings.engine_urls)]


def _of_the_demo(settings: Settings) -> dict[str, str]:
    """Whoever tries the demo may type what they like: personal details are left out of what it stores."""
    if settings.remove_details is not None:
        return {}
    try:
        return {"IMS_REMOVE_DETAILS": "yes"} if Knowledge.load(settings.data).clinic.demo else {}
    except KnowledgeError:
        return {}


def engines(settings: Settings, models: Models, manifest: Manifest, urls: Sequence[str]) -> list[Part]:
    """The engines with a model, one at each of these addresses."""
    return [engine(settings, models, manifest, number, httpx.URL(url)) for number, url in enumerate(urls, 1)]


def engine(settings: Settings, models: Models, manifest: Manifest, number: int, url: httpx.URL) -> Part:
    """An engine with a model. It works in the folder of the model's edition, where it finds the data."""
    data = models.data_of(manifest)
    return Part(
        name="engine" if number == 1 else f"engine-{number}",
        # Our channel alone: without Rasa's HTTP API and its other channels there is nothing else to protect.
        # It runs the actions in its own process, so there is no action server either (nlu.light: Rasa itself).
        command=(
            *(str(ENGINE.python), *module("nlu.light"), "run"),
            *("--model", str((models.folder / manifest.file).absolute())),
            *("--interface", "127.0.0.1", "--port", str(url.port)),
            *("--connector", "nlu.channel.GatewayInput"),
        ),
        port=url.port or 0,
        ready=str(url.copy_with(path="/webhooks/gateway/")),
        # One message is too little work to be worth sharing among threads.
        environment={**engine_environment(settings), "OPENBLAS_NUM_THREADS": "1"},
        headers={"Authorization": f"Bearer {settings.engine_secret()}"},
        folder=data and data.parent,
    )


def _reachable(host: str) -> str:
    return "127.0.0.1" if host == "0.0.0.0" else host
