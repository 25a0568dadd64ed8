"""Runs the gateway alone: `python -m gateway.serve`. `ims run` starts it together with the engine."""

from __future__ import annotations

import os
import resource
import socket
import sys
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette

from gateway.app import create_app
from gateway.monitoring import logs
from gateway.monitoring.tracing import Tracing
from gateway.settings import Settings
from gateway.web.connections import connection_class
from knowledge import Knowledge, Told
from safety import Net


class Server(uvicorn.Server):
    """uvicorn, which ends the event streams first when it stops: it would wait for them to end by themselves."""

    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._end_streams = end_streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._end_streams()
        await super().shutdown(sockets)


def server(settings: Settings, app: Starlette) -> Server:
    """The server for this application; loopback unless the settings say otherwise."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,  # it prints addresses with ids in them; logs.RequestLog does it better
        log_config=None,
        http=connection_class(settings.header_seconds, settings.header_limit),
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    return Server(config, app.state.signals.close)


def allow_many_connections() -> None:
    """As many open files as this process may have: each patient who listens holds a connection."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> int:
    """Serve until told to stop."""
    try:
        settings = Settings.from_environment()
        knowledge = Knowledge.load(settings.answered_from)
        net = Net.load(settings.answered_from)
        tracing = Tracing.from_environment()
    except Told as error:
        print(error, file=sys.stderr)
        return 1
    os.umask(0o077)  # the database holds what patients wrote
    logs.configure(as_json=settings.log_json)
    allow_many_connections()
    server(settings, create_app(settings, knowledge, net, tracing=tracing)).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
