"""Starts engine and gateway, restarts what dies, and stops both together: `ims run`.

The gateway serves at once; while the engine loads (some ten seconds), patients are told that no answer can be given
yet. What the parts print goes to `var/logs/`; the screen says what is ready and where.

Another model comes into use while patients write (`swap.py`): a new engine is started beside the old one, the gateway
goes over to it, and the old one is stopped. That is asked for at a socket in `var/`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

import httpx
from rich.console import Console

from environments.setup import ROOT
from gateway.editions import control
from gateway.editions.models import Models
from gateway.operations.processes import CannotStart, NotReady, Part, parts
from gateway.operations.swap import Swaps
from gateway.settings import Settings
from knowledge import Told

LOG_BYTES = 5_000_000  # a log that is longer is put aside, in the place of the one before
LONGEST_PAUSE = 30.0  # seconds between two attempts to start a part
STEADY = 60.0  # a part that lived this many seconds is restarted at once
LOOK = 10.0  # seconds between two looks whether a part still answers,
ANSWER = 5.0  # seconds that its answer may take,
SILENT = 6  # and how often it may give none, before it is taken for hung
PATIENCE = 10.0  # seconds that a part gets to stop by itself


class Supervisor:
    """Keeps parts running until it is told to stop (Ctrl-C, SIGTERM, or `stop`)."""

    def __init__(self, parts: Sequence[Part], logs: Path, address: str, console: Console) -> None:
        self._parts = list(parts)
        self._logs = logs
        self._address = address
        self._console = console
        self._stopping = asyncio.Event()
        self._running: dict[Part, asyncio.subprocess.Process] = {}
        self._unready = set(parts)
        self._leaving: set[Part] = set()
        self._group: asyncio.TaskGroup
        self.listening: Callable[[], Awaitable[asyncio.Server]] | None = None

    @classmethod
    def of(cls, settings: Settings, console: Console | None = None) -> Supervisor:
        """The supervisor of a clinic on one machine; CannotStart with a sentence if something is missing."""
        address = f"http://{'localhost' if settings.host in {'127.0.0.1', '0.0.0.0'} else settings.host}"
        own = cls(parts(settings), settings.var / "logs", f"{address}:{settings.port}", console or Console())
        own.listening = Swaps(settings, Models(settings), own).listen
        return own

    def run(self) -> int:
        """Run until told to stop; the exit code of the command."""
        try:
            return asyncio.run(self.main())
        except CannotStart as error:
            self._console.print(str(error), style="red", highlight=False)
            return 1

    def stop(self) -> None:
        """Stop all parts; a second time kills them."""
        if self._stopping.is_set():
            for process in self._running.values():
                _signal(process, signal.SIGKILL)
        self._stopping.set()

    async def main(self) -> int:
        """The same inside a running event loop."""
        for part in self._parts:
            _check_port(part)
        self._logs.mkdir(parents=True, exist_ok=True)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        try:
            orders = await self.listening() if self.listening else None
        except control.ControlError as error:
            raise CannotStart(str(error)) from error
        self._console.print("Starting IMS Assistant. Ctrl-C stops it.")
        async with asyncio.TaskGroup() as self._group:
            for part in self._parts:
                self._group.create_task(self._keep(part))
            await self._stopping.wait()
            self._console.print("Stopping ...")
            if orders:
                orders.close()
            # The gateway first: what it still waits for from the engine can arrive.
            first, *others = [self._parts[0], *(part for part in self._running if part is not self._parts[0])]
            await self._end(first)
            await asyncio.gather(*(self._end(part) for part in others))
        self._console.print("Stopped.")
        return 0

    async def add(self, part: Part, most: float) -> None:
        """Start one more part and wait until it works; NotReady, and it is gone, if it ends or takes too long."""
        self._unready.add(part)
        keeping = self._group.create_task(self._keep(part, again=False))
        until = time.monotonic() + most
        while part in self._unready and not keeping.done() and time.monotonic() < until:
            await asyncio.sleep(0.05)
        if part not in self._unready:
            self._parts.append(part)
            return
        ended = keeping.done()
        await self.remove(part)
        raise NotReady(f"{part.name} {'ended at its start' if ended else f'was not ready after {most:.0f} s'}.")

    async def remove(self, part: Part) -> None:
        """Stop a part for good."""
        self._leaving.add(part)
        self._unready.discard(part)
        if part in self._parts:
            self._parts.remove(part)
        await self._end(part)
        self._running.pop(part, None)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that are kept running, the gateway first."""
        return tuple(self._parts)

    async def start_again(self, part: Part) -> None:
        """End a part that is then started again."""
        await self._end(part)

    async def _keep(self, part: Part, again: bool = True) -> None:
        """Start a part again whenever it ends, later each time that it does not last. Without `again` only once it
        has worked.
        """
        pause = 0.5
        while not self._stopping.is_set() and part not in self._leaving:
            began = time.monotonic()
            process = await self._start(part)
            watch = asyncio.create_task(self._watch(part, began))
            code = await process.wait()
            watch.cancel()
            if self._stopping.is_set() or part in self._leaving:
                return
            lived = time.monotonic() - began
            pause = 0.5 if lived > STEADY else min(pause * 2, LONGEST_PAUSE)
            again = again or part not in self._unready
            soon = f"it starts again in {pause:.0f} s." if again else "it will not be started again."
            self._console.print(f"[red]{part.name} ended[/] ({_reason(code)}); {soon}")
            if part in self._unready:
                # It never worked, so no patient has been there: what it printed is about its start.
                self._console.print(self._last_lines(part), style="dim", markup=False, highlight=False)
            self._unready.add(part)
            if not again:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _start(self, part: Part) -> asyncio.subprocess.Process:
        log = self._log_of(part)
        _turn_over(log)
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "gateway.operations.child", str(os.getpid()), *part.command),
                cwd=part.folder,
                env={**os.environ, "PYTHONPATH": str(ROOT), **part.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C comes to us alone; we stop them in order
            )
        self._running[part] = process
        return process

    async def _watch(self, part: Part, began: float) -> None:
        """Say when the part works, and where to look if it takes too long."""
        told = False
        async with httpx.AsyncClient(headers=dict(part.headers), timeout=2, trust_env=False) as client:
            while True:
                with suppress(httpx.HTTPError):
                    if (await client.get(part.ready)).status_code == 200:
                        break
                if not told and time.monotonic() - began > STEADY:
                    told = True
                    self._console.print(
                        f"[yellow]{part.name} is not ready after {STEADY:.0f} s.[/] See {self._log_of(part)}"
                    )
                await asyncio.sleep(0.2)
        self._unready.discard(part)
        self._console.print(f"{part.name} is ready after {time.monotonic() - began:.1f} s.")
        if not self._unready:
            self._console.print(f"[bold green]Ready:[/] open {self._address}")
        elif part is self._parts[0]:
            missing = ", ".join(sorted(other.name for other in self._unready))
            self._console.print(f"{self._address} is open; answers come when {missing} is ready.")
        await self._end_if_it_hangs(part)

    async def _end_if_it_hangs(self, part: Part) -> None:
        """Look after a part that works: one that answers no more is ended, and then started again."""
        silent = 0
        while silent < SILENT:
            await asyncio.sleep(LOOK)
            _turn_over(self._log_of(part))
            try:
                async with httpx.AsyncClient(headers=dict(part.headers), timeout=ANSWER, trust_env=False) as client:
                    await client.get(part.ready)
                silent = 0
            except httpx.HTTPError:
                silent += 1
        self._console.print(f"[red]{part.name} no longer answers[/] and is stopped.")
        _signal(self._running[part], signal.SIGKILL)

    async def _end(self, part: Part) -> None:
        process = self._running.get(part)
        if process is None or process.returncode is not None:
            return
        _signal(process, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            _signal(process, signal.SIGKILL)

    def _log_of(self, part: Part) -> Path:
        return self._logs / f"{part.name}.log"

    def _last_lines(self, part: Part, count: int = 8) -> str:
        lines = self._log_of(part).read_text("utf-8", "replace").splitlines()[-count:]
        return "\n".join(f"  {line}" for line in lines)


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _turn_over(log: Path) -> None:
    """Put aside what a log holds when it is long. It stays the same file: its part goes on writing at its end."""
    with suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES:
            shutil.copyfile(log, log.with_suffix(".old.log"))
            os.truncate(log, 0)


def _reason(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _check_port(part: Part) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", part.port))
        except OSError:
            variable = "IMS_PORT" if part.name == "gateway" else "IMS_ENGINE_URL"
            raise CannotStart(
                f"Port {part.port}, which the {part.name} needs, is in use.",
                f"stop the program that uses it, or set {variable}.",
            ) from None


def main() -> int:
    """Run the clinic of the settings until told to stop; the exit code."""
    try:
        return Supervisor.of(Settings.from_environment()).run()
    except Told as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
