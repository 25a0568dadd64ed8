"""`serve_swaps`: the real supervisor with swaps and the real gateway; in place of Rasa the fake engine.

A model whose file says "broken" has an engine that ends at its start. The settings come from the environment; the
argument is how long the fake engine takes for a message, or `rasa` for the real one.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from gateway.editions.models import Manifest, Models
from gateway.operations import processes, supervisor, swap
from gateway.settings import Settings

PAUSE = sys.argv[1]


def fake_engines(settings: Settings, models: Models, manifest: Manifest, urls: Sequence[str]) -> list[processes.Part]:
    said = (models.folder / manifest.file).read_text()
    program = {"broken": ("-c", "raise SystemExit('broken')")}
    return [
        processes.Part(
            name=f"engine-{number}",
            command=(sys.executable, *program.get(said, ("-m", "tests.support.serve_fakes", "engine", port, PAUSE))),
            port=int(port),
            ready=f"{url}/webhooks/gateway/",
        )
        for number, url in enumerate(urls, 1)
        if (port := url.rpartition(":")[2])
    ]


if __name__ == "__main__":
    real = PAUSE == "rasa"
    if not real:
        for module in (processes, swap):
            setattr(module, "engines", fake_engines)  # noqa: B010
    settings = Settings.from_environment()
    parts = processes.parts(settings) if real else processes.parts(settings, Path(sys.executable))
    gateway = processes.Part(
        name="gateway",
        command=parts[0].command if real else (sys.executable, "-m", "tests.support.serve_fakes", "gateway"),
        port=settings.port,
        ready=parts[0].ready,
        environment=parts[0].environment,
    )
    running = supervisor.Supervisor([gateway, *parts[1:]], settings.var / "logs", "http://here", Console(width=200))
    running.listening = swap.Swaps(settings, Models(settings), running).listen
    sys.exit(running.run())
