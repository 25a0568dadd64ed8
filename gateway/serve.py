"""Runs the gateway alone: `python -m gateway.serve`. `ims run` starts it together with the engine."""

from __future__ import annotations

import socket
import sys
from typing import cast

import uvicorn
from fastapi import FastAPI

from gateway import logs
from gateway.app import create_app
from gateway.collector import TracingError
from gateway.connections import connection_class
from gateway.settings import Settings, SettingsError
from gateway.tracing import Tracing
from knowledge import Knowledge, KnowledgeError
from safety import Net, RulesError


class Server(uvicorn.Server):
    """uvicorn, which ends the event streams first when it stops: it would wait for them to end by themselves."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        cast(FastAPI, self.config.app).state.signals.close()
        await super().shutdown(sockets)


def server(settings: Settings, app: FastAPI) -> Server:
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
    return Server(config)


def main() -> int:
    """Serve until told to stop."""
    try:
        settings = Settings.from_environment()
        knowledge = Knowledge.load(settings.answered_from)
        net = Net.load(settings.answered_from)
        tracing = Tracing.from_environment()
    except (SettingsError, KnowledgeError, RulesError, TracingError) as error:
        print(error, file=sys.stderr)
        return 1
    logs.configure(as_json=settings.log_json)
    server(settings, create_app(settings, knowledge, net, tracing=tracing)).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
