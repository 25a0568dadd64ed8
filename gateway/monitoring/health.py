"""`/health`: the process lives. `/ready`: every part works; if one does not, which and why."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.responses import JSONResponse

from gateway import __version__
from gateway.engine.client import Engine
from gateway.errors import describe
from gateway.live.peers import RedisPeers
from gateway.monitoring.watch import Watch
from gateway.storage.store import Store
from safety import SafetyNet


def routes(store: Store, engine: Engine, net: SafetyNet, peers: RedisPeers | None, watch: Watch) -> APIRouter:
    """The two routes. Patients are served while not ready: with the truth that no answer can be given now."""
    router = APIRouter(tags=["operations"])

    @router.get("/health")
    async def health() -> dict[str, str]:
        """Whether this process answers at all, what of its parts does not work, by name, and its version."""
        faults = {**watch.faults, **({"net": net.fault} if net.fault else {})}
        return {"status": "red" if faults else "ok", **faults, "version": __version__}

    @router.get("/ready", responses={503: {"description": "Something does not work yet; `parts` says what."}})
    async def ready() -> JSONResponse:
        """Whether every part works."""
        parts = dict(zip(("database", "engine"), await asyncio.gather(_database(store), engine.ready()), strict=True))
        if net.fault:
            parts["net"] = net.fault
        works = all(state == "ok" for state in parts.values())
        if peers:  # a gateway works without the others, so this is told and not counted
            parts["redis"] = await peers.ready()
        return JSONResponse({"ready": works, "parts": parts}, 200 if works else 503)

    return router


async def _database(store: Store) -> str:
    try:
        async with asyncio.timeout(3):
            await store.ping()
    except Exception as error:
        return f"does not answer ({describe(error)})"
    return "ok"
