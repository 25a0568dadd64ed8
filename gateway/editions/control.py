"""How the parts of one installation tell each other what to do: a line of JSON over a socket in `var/`.

Only who may read `var/` reaches it. The other side may tell how far it is, line by line, before its last word.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import stat
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from knowledge import Told

Json = dict[str, Any]
Tell = Callable[[str], Awaitable[None]]
Handle = Callable[[Json, Tell], Awaitable[Json]]
LONGEST_PATH = 100  # bytes: what the system allows, with room for its own
log = logging.getLogger(__name__)


class ControlError(Told):
    """It was not done; the message says why."""


class NobodyThere(ControlError):
    """Nobody listens at this socket."""


def address(var: Path, name: str, port: int) -> Path:
    """Where the part of this name listens, of the installation that serves at this port."""
    path = var / f"{name}-{port}.sock"
    return min(path.absolute(), Path(os.path.relpath(path)), key=lambda found: len(str(found)))


async def listen(path: Path, handle: Handle) -> asyncio.Server:
    """Answer what is asked at a socket. A ControlError in `handle` goes to whoever asked, other errors as a failure."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def send(line: Json) -> None:
            with suppress(OSError):  # who asked is gone; what was begun goes on
                writer.write(json.dumps(line).encode() + b"\n")
                await writer.drain()

        try:
            asked = json.loads(await reader.readline())
            await send({"done": await handle(asked, lambda words: send({"told": words}))})
        except ControlError as error:
            await send({"error": str(error)})
        except Exception as error:
            log.error("what was asked for failed (%s)", type(error).__name__)
            await send({"error": f"It failed ({type(error).__name__})."})
        finally:
            writer.close()

    if len(os.fsencode(path)) > LONGEST_PATH:
        raise ControlError(f"The path {path} is too long for a socket.", "set IMS_VAR to a shorter one.")
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.stat().st_mode):
            path.unlink()
    before = os.umask(0o177)
    try:
        return await asyncio.start_unix_server(answer, path)
    finally:
        os.umask(before)


async def ask(path: Path, request: Json, told: Callable[[str], None] = lambda words: None, most: float = 600) -> Json:
    """Give an order and return what came of it. `told` hears of the progress.

    Raises NobodyThere if nothing listens at the socket, ControlError if it was not done within `most` seconds.
    """
    try:
        async with asyncio.timeout(most):
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                writer.write(json.dumps(request).encode() + b"\n")
                await writer.drain()
                while line := await reader.readline():
                    said = json.loads(line)
                    if "told" in said:
                        told(said["told"])
                    elif "error" in said:
                        raise ControlError(said["error"])
                    else:
                        return dict(said["done"])
            finally:
                writer.close()
    except TimeoutError:
        raise ControlError(f"No answer came within {most:.0f} s.") from None
    except (FileNotFoundError, ConnectionError) as error:
        raise NobodyThere("It does not run here, or is just starting.") from error
    raise ControlError("It ended in the middle of its work.")
