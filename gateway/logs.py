"""Logging: one line a request, with an id that the caller can quote. Nothing that a patient typed, no token."""

from __future__ import annotations

import logging
import logging.config
import secrets
import time
import traceback
from contextvars import ContextVar

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.problems import Refused

request_id: ContextVar[str] = ContextVar("request_id", default="-")
log = logging.getLogger("gateway.requests")


def configure(level: str = "INFO") -> None:
    """Send everything to standard error in one form. For the processes that we start, not for imports."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"request": {"()": _RequestId}},
            "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s request=%(request_id)s %(message)s"}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request"]}},
            "root": {"level": level, "handlers": ["stderr"]},
            # These print addresses with the ids of conversations in them, or the sentences that they work on.
            "loggers": {name: {"level": "WARNING"} for name in ("httpx", "httpcore", "uvicorn", "PyRuSH", "alembic")},
        }
    )


def describe(error: BaseException) -> str:
    """An error without its message, which may quote the patient: its kind and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    place = f" at {ours[-1].filename.rpartition('/')[2]}:{ours[-1].lineno}" if ours else ""
    return f"{type(error).__name__}{place}"


class _RequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class RequestLog:
    """ASGI middleware: gives each request an id (`X-Request-ID`) and writes one line when it ends."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token = request_id.set(secrets.token_hex(6))
        began = time.perf_counter()
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id.get()
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:
            # Caught here: further out it would be printed with its message, which may quote the patient.
            log.error("a request failed (%s)", describe(error))
            if not status:
                await Refused.because("failed").response()(scope, receive, noted)
        finally:
            # The pattern of the route, not the path: ids of conversations are not for logs.
            route = getattr(scope.get("route"), "path", "-")
            took = (time.perf_counter() - began) * 1e3
            log.info("%s %s status=%d ms=%.1f", scope["method"], route, status, took)
            request_id.reset(token)
