"""Gateways and trained engines as processes, and a patient who answers the safety questions one by one."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.editions.models import Models
from gateway.operations.processes import engine
from gateway.settings import Settings
from knowledge.screening import Answer, Screening
from tests.support.fake_engine import TOKEN
from tests.support.processes import Processes, eventually, free_port

Json = dict[str, Any]
QUESTIONS = list(Screening.load(Path("data")).questions)


class Clinic(Processes):
    """Nodes with trained engines. The gateways have the small red-flag net, as these tests are not about it."""

    def __init__(self, var: Path, engines: int, environment: Mapping[str, str] = {}) -> None:
        super().__init__(var, output=var.parent / "log")
        self.ports = [free_port() for _ in range(engines)]
        self.environment = {"IMS_ENGINE_TIMEOUT": "5", **environment}

    def start_trained(self, number: int) -> None:
        """The engine of this number."""
        settings = Settings(engine_token=TOKEN)
        models = Models(settings)
        if (manifest := models.in_use()) is None:
            if os.environ.get("IMS_REQUIRE_SYSTEM_PACKAGES"):
                pytest.fail("there is no trained model: run 'make train'")
            pytest.skip("needs a trained model (make train)")
        part = engine(settings, models, manifest, number, httpx.URL(f"http://127.0.0.1:{self.ports[number]}"))
        self.spawn(f"engine-{number}", part.command, {**os.environ, **part.environment}, part.folder)
        eventually(lambda: httpx.get(part.ready, headers=part.headers).status_code == 200, self.patience)

    def start_node(self, name: str, *engines: int, environment: Mapping[str, str] = {}) -> str:
        """A gateway with these engines; returns its address."""
        port = free_port()
        given = {
            "IMS_VAR": str(self.var),
            "IMS_PORT": str(port),
            "IMS_ENGINE_URL": " ".join(f"http://127.0.0.1:{self.ports[number]}" for number in engines),
            "IMS_ENGINE_TOKEN": TOKEN,
            "IMS_CONVERSATION_BURST": "10000",
        }
        command = [sys.executable, "-m", "tests.support.serve_fakes", "gateway"]
        self.spawn(name, command, {**os.environ, **given, **self.environment, **environment})
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: httpx.get(f"{url}/health").status_code == 200, self.patience)
        return url

    @contextmanager
    def standing_still(self, name: str) -> Iterator[None]:
        """Meanwhile this process does nothing at all."""
        pid = self.running[name].pid
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)


@dataclass
class Patient:
    """Somebody in the REST channel, who gets one question after the other and types an answer to each."""

    sender: str = "somebody"
    typed: dict[str, Answer] = field(default_factory=dict)

    def says(self, node: str, text: str) -> list[Json]:
        """The replies at this node."""
        body = {"sender": self.sender, "message": text}
        return list(httpx.post(f"{node}/webhooks/rest/webhook", json=body, timeout=60).json())

    def begins(self, node: str) -> None:
        *_, question = self.says(node, "is it safe for me?")
        assert question["custom"]["kind"] == "screening"

    def answers(self, node: str, answer: Answer) -> None:
        """Answer the question that is on the screen, and look whether the next one comes."""
        self.typed[QUESTIONS[len(self.typed)]] = answer
        *_, question = self.says(node, answer)
        assert question["text"].startswith(f"{len(self.typed) + 1} of {len(QUESTIONS)}"), question["text"]
