"""Another model comes into use while patients write, and none of them notices.

The new engine starts beside the old one, on another port of this machine. When it works, the gateway goes over to it
and to its answers, finishes what it had begun with the old one, and only then the manifest in `models/` says that the
new model is in use and the old engine is stopped. Whatever fails before, the old model goes on, also after a power cut.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

import httpx

from gateway.editions import control
from gateway.editions.control import ControlError, Json, Tell
from gateway.editions.models import Manifest, ModelRefused, Models
from gateway.operations.processes import NotReady, Part, engines
from gateway.settings import Settings

START_LIMIT = 240.0  # seconds that a new engine may take to start
GOING_OVER = 60.0  # seconds that the gateway may take to go over


class Parts(Protocol):
    """The running parts; the supervisor has them."""

    @property
    def parts(self) -> tuple[Part, ...]: ...

    async def add(self, part: Part, most: float) -> None: ...

    async def remove(self, part: Part) -> None: ...

    async def start_again(self, part: Part) -> None: ...


class Swaps:
    """Carries out swaps, one at a time."""

    def __init__(self, settings: Settings, models: Models, running: Parts) -> None:
        self._settings = settings
        self._models = models
        self._running = running
        self._alone = asyncio.Lock()
        self._gateway = control.address(settings.var, "gateway", settings.port)
        self._live: Manifest | None = None  # what the parts that run were started with
        self._shadow: tuple[Part, str] | None = None

    async def listen(self) -> asyncio.Server:
        """Take orders at the supervisor's socket, from its start on."""
        self._live = self._models.in_use()
        return await control.listen(
            control.address(self._settings.var, "supervisor", self._settings.port), self._ordered
        )

    async def _ordered(self, order: Json, tell: Tell) -> Json:
        if order.get("do") == "use":
            await self.use(str(order.get("model")), bool(order.get("back")), tell)
        elif order.get("do") == "shadow":
            await self.shadow(str(order.get("model")))
        elif order.get("do") != "tell":
            raise ControlError("The supervisor does not know this order.")
        return {"shadow": self._shadow[1] if self._shadow else ""}

    async def use(self, name: str, back: bool, tell: Tell) -> None:
        """Put a kept model in use; ControlError, and the old one goes on, if that cannot be done."""
        if self._alone.locked():
            raise ControlError("Another model is coming into use just now.", "wait until that is done.")
        async with self._alone:
            try:
                manifest = await asyncio.to_thread(self._models.named, name)
            except ModelRefused as error:
                raise ControlError(str(error)) from error
            if self._shadow and self._shadow[1] == name:
                await self._end_shadow()
            gateway, *others = self._running.parts
            old_engines = [part for part in others if not (self._shadow and part is self._shadow[0])]
            await tell("starting the new engine")
            new_engines = await self._started(manifest, len(old_engines))
            try:
                await tell("switching to it")
                await self._go_over(manifest, new_engines)
                await asyncio.to_thread(self._models.use, manifest, back)
            except (ControlError, OSError) as error:
                if not isinstance(error, control.NobodyThere):
                    await self._go_back(old_engines, gateway)
                for part in new_engines:
                    await self._running.remove(part)
                why = str(error) if isinstance(error, ControlError) else f"it could not be recorded ({error.strerror})."
                raise ControlError(f"The new model was not put in use: {why} The old one stays.") from error
            self._live = manifest
            gateway.environment.update(self._of(manifest, new_engines))
            await tell("stopping the old engine")
            for part in old_engines:
                await self._running.remove(part)

    async def shadow(self, name: str) -> None:
        """Run a kept model next to the one in use (see studio/trying/shadow.py); without a name, stop it.

        Raises ControlError if a swap is under way, or the model can't be used.
        """
        if self._alone.locked():
            raise ControlError("A model is coming into use just now.", "wait until that is done.")
        async with self._alone:
            await self._end_shadow()
            if not name:
                return
            try:
                manifest = await asyncio.to_thread(self._models.named, name)
            except ModelRefused as error:
                raise ControlError(str(error)) from error
            (part,) = await self._started(manifest, 1)
            self._shadow = part, name
            candidate = [_url(part), name]
            self._running.parts[0].environment["IMS_SHADOW"] = " ".join(candidate)
            await control.ask(self._gateway, {"do": "shadow", "candidate": candidate}, most=GOING_OVER)

    async def _end_shadow(self) -> None:
        if self._shadow is None:
            return
        part, self._shadow = self._shadow[0], None
        self._running.parts[0].environment.pop("IMS_SHADOW", None)
        with suppress(ControlError):  # a gateway that starts again has none
            await control.ask(self._gateway, {"do": "shadow", "candidate": []}, most=GOING_OVER)
        await self._running.remove(part)

    async def _started(self, manifest: Manifest, count: int) -> list[Part]:
        urls = [f"http://127.0.0.1:{port}" for port in free_ports(count)]
        new = engines(self._settings, self._models, manifest, urls)
        found = await asyncio.gather(*(self._running.add(part, START_LIMIT) for part in new), return_exceptions=True)
        if failed := [error for error in found if error is not None]:
            for part in new:
                await self._running.remove(part)
            why = str(failed[0]) if isinstance(failed[0], NotReady) else type(failed[0]).__name__
            raise ControlError(
                f"The new engine did not start: {why} The old one stays.",
                f"look at {self._settings.var / 'logs'}.",
            ) from failed[0]
        return new

    async def _go_over(self, manifest: Manifest, new: Sequence[Part]) -> None:
        order = {"do": "use", "data": self._data(manifest), "engines": [_url(part) for part in new]}
        until = time.monotonic() + GOING_OVER
        while True:
            try:
                await control.ask(self._gateway, order, most=GOING_OVER)
                return
            except control.NobodyThere:  # it may just be starting again
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.3)

    async def _go_back(self, old_engines: Sequence[Part], gateway: Part) -> None:
        assert self._live is not None
        try:
            await self._go_over(self._live, old_engines)
        except ControlError:  # it may serve either: it starts again with the old ones
            with suppress(ProcessLookupError):
                await self._running.start_again(gateway)

    def _of(self, manifest: Manifest, new: Sequence[Part]) -> dict[str, str]:
        """What a gateway has to know at its start."""
        return {
            "IMS_PUBLISHED": str(self._models.data_of(manifest) or ""),
            "IMS_ENGINE_URL": " ".join(map(_url, new)),
        }

    def _data(self, manifest: Manifest) -> str:
        return str(self._models.data_of(manifest) or self._settings.data)


def free_ports(count: int) -> list[int]:
    """So many ports of this machine that nobody uses now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _url(part: Part) -> str:
    return str(httpx.URL(part.ready).copy_with(path="/")).rstrip("/")


async def put_in_use(settings: Settings, models: Models, manifest: Manifest, back: bool = False) -> bool:
    """Put a model in use: at once where the assistant runs (True), else from its next start on."""
    path = control.address(settings.var, "supervisor", settings.port)
    try:
        await control.ask(path, {"do": "use", "model": manifest.name, "back": back})
    except control.NobodyThere:
        await asyncio.to_thread(models.use, manifest, back)
        return False
    return True
