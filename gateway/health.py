"""`/health`: the process lives. `/ready`: every part works; if one does not, which and why."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.responses import JSONResponse

from gateway.engine import Engine
from gateway.logs import describe
from gateway.peers import RedisPeers
from gateway.store import Store


def routes(store: Store, engine: Engine, peers: RedisPeers | None) -> APIRouter:
    """The two routes. Patients are served while not ready: with the truth that no answer can be given now."""
    router = APIRouter(tags=["operations"])

    @router.get("/health")
    async def health() -> dict[str, str]:
        """Whether this process answers at all."""
        return {"status": "ok"}

    @router.get("/ready", responses={503: {"description": "Something does not work yet; `parts` says what."}})
    async def ready() -> JSONResponse:
        """Whether every part works."""
        parts = dict(zip(("database", "engine"), await asyncio.gather(_database(store), engine.ready()), strict=True))
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
