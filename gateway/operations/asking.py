"""Asks the assistant from the command line: the one that is running, or one that lives as long as the command.

The one of our own is the real thing, engine and all, with the model in use and a database that is thrown away
afterwards. Nothing is trained for it, and nothing that patients get is changed by it.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import httpx
from rich.console import Console
from rich.markdown import Markdown

from gateway.settings import Settings
from knowledge import Told

Json = dict[str, Any]
Say = Callable[[str, str], Awaitable[list[Json]]]

AT_ONCE = 4  # messages of a batch that are under way together
START_LIMIT = 120.0  # seconds
FIELDS = ("kind", "topic", "topics", "offered", "confidence")


class NotAvailable(Told):
    """No assistant could be asked; the message says why and what to do."""


def flat(items: list[Json]) -> Json:
    """A turn's items as one object: the contract of the first, the text of all, and the specific answer of each (None
    is the topic's own text).
    """
    custom: Json = next((item["custom"] for item in items if item.get("custom")), {})
    text = "\n\n".join(item["text"] for item in items if item.get("text"))
    answers = [given.get("answer") for item in items if (given := item.get("custom") or {}).get("topic")]
    return {**{name: custom.get(name) for name in FIELDS}, "answers": answers, "text": text}


@asynccontextmanager
async def assistant(settings: Settings) -> AsyncIterator[Say]:
    """A function that sends a message as a sender and returns the items of the reply."""
    async with httpx.AsyncClient(timeout=settings.engine_timeout * 5, trust_env=False) as client:
        url = f"http://127.0.0.1:{settings.port}"
        if await _ready(client, url):
            yield _say(client, url)
            return
        with tempfile.TemporaryDirectory() as folder:
            own = replace(
                settings,
                port=_free_port(),
                engine_url=f"http://127.0.0.1:{_free_port()}",
                engine_workers=1,
                engine_token=settings.engine_secret(),
                database=f"sqlite:///{Path(folder) / 'asking.sqlite3'}",
            )
            async with _started(own, Path(folder)) as ended:
                url = f"http://127.0.0.1:{own.port}"
                await _wait(client, url, ended)
                yield _say(client, url)


def _say(client: httpx.AsyncClient, url: str) -> Say:
    async def say(sender: str, message: str) -> list[Json]:
        for _ in range(20):
            reply = await client.post(f"{url}/webhooks/rest/webhook", json={"sender": sender, "message": message})
            if reply.status_code != 429:
                break
            await asyncio.sleep(float(reply.headers.get("Retry-After", "1")))
        if reply.status_code != 200:
            error = reply.json().get("error", {}) if "json" in reply.headers.get("content-type", "") else {}
            raise NotAvailable(f"The assistant answered {reply.status_code}. {error.get('message', '')}".strip())
        return list(reply.json())

    return say


async def _ready(client: httpx.AsyncClient, url: str) -> bool:
    with suppress(httpx.HTTPError):
        return (await client.get(f"{url}/ready")).status_code == 200
    return False


async def _wait(client: httpx.AsyncClient, url: str, ended: Callable[[], str | None]) -> None:
    until = time.monotonic() + START_LIMIT
    while time.monotonic() < until:
        if await _ready(client, url):
            return
        if (last := ended()) is not None:
            raise NotAvailable(last or "The assistant ended at its start.")
        await asyncio.sleep(0.2)
    raise NotAvailable("The assistant did not start.", "'./ims run' shows why.")


@asynccontextmanager
async def _started(settings: Settings, folder: Path) -> AsyncIterator[Callable[[], str | None]]:
    """All parts with the model in use, on ports of their own, where nobody is sent e-mail and no other gateway hears
    of them. Gives what they said when they ended; None while they run.
    """
    environment = {
        "IMS_HOST": "127.0.0.1",
        "IMS_PORT": str(settings.port),
        "IMS_ENGINE_URL": settings.engine_url,
        "IMS_ENGINE_TOKEN": settings.engine_token,
        "IMS_DATABASE": settings.database,
        "IMS_REDIS": "",
        "IMS_SMTP_HOST": "",
        "IMS_TRUST_LOCAL": "yes",
    }
    log = folder / "run.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway.operations.supervisor"),
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        watch = asyncio.create_task(process.wait())
        try:
            yield lambda: log.read_text("utf-8", "replace").strip() if watch.done() else None
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            await watch


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def once(settings: Settings, question: str, console: Console) -> None:
    """Ask one question and print the answer."""
    with console.status("Asking ..."):
        async with assistant(settings) as say:
            items = await say(uuid.uuid4().hex, question)
    _print(items, console)


async def conversation(settings: Settings, console: Console) -> None:
    """Ask and answer until the person has had enough."""
    sender = uuid.uuid4().hex
    status = console.status("Starting ...")
    status.start()
    async with assistant(settings) as say:
        status.stop()
        console.print("Type a question; an empty line or Ctrl-D ends.", style="dim")
        while True:
            try:
                question = await asyncio.to_thread(console.input, "[bold]you:[/] ")
            except EOFError:
                return
            if not question.strip():
                return
            _print(await say(sender, question), console)


def _print(items: list[Json], console: Console) -> None:
    for item in items:
        custom = item.get("custom") or {}
        console.print(Markdown(item.get("text") or ""))
        for button in item.get("buttons") or []:
            console.print(f"  • {button['title']}", highlight=False)
        if sources := custom.get("sources"):
            console.print("  from: " + "; ".join(source["title"] for source in sources), style="dim", highlight=False)
    about = flat(items)
    console.print(f"  {about['kind']} {', '.join(about['topics'] or [])} {about['confidence'] or ''}\n", style="dim")


async def batch(settings: Settings, lines: BinaryIO, out: TextIO) -> None:
    """One line of JSON for each line: an object; for a JSON array of texts, one conversation, an array of objects."""
    async with assistant(settings) as say:
        limit = asyncio.Semaphore(AT_ONCE)

        async def one(line: str) -> str:
            async with limit:
                return json.dumps(await _answer(say, line), ensure_ascii=False)

        running: list[asyncio.Task[str]] = []
        for raw in lines:
            if line := raw.decode("utf-8", "replace").strip():
                running.append(asyncio.create_task(one(line)))
            # Print in order, and do not read a file of a million lines into memory.
            while running and (running[0].done() or len(running) > 8 * AT_ONCE):
                print(await running.pop(0), file=out, flush=True)
            await asyncio.sleep(0)
        for task in running:
            print(await task, file=out, flush=True)


async def _answer(say: Say, line: str) -> Json | list[Json]:
    turns = _turns(line)
    sender = uuid.uuid4().hex
    if turns is None:
        return {"message": line, **flat(await say(sender, line))}
    return [{"message": turn, **flat(await say(sender, turn))} for turn in turns]


def _turns(line: str) -> list[str] | None:
    """The texts of a line that is a JSON array of texts; None for any other line, which is a message as it stands."""
    if not line.startswith("["):
        return None
    try:
        turns = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return turns if isinstance(turns, list) and all(isinstance(turn, str) for turn in turns) else None
