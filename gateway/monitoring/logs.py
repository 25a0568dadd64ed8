"""Logging: one line a request, with an id that the caller can quote. Nothing that a patient typed, no token.

Each line is text for people, or with `IMS_LOG_JSON=yes` a JSON object for programs that collect them.
"""

from __future__ import annotations

import json
import logging
import logging.config
import secrets
import time
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import describe
from gateway.web.error_replies import Refused

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
request_id: ContextVar[str] = ContextVar("request_id", default="-")
log = logging.getLogger("gateway.requests")


def configure(level: str = "INFO", *, as_json: bool = False) -> None:
    """Send everything to standard error in one form. For the processes that we start, not for imports."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"request": {"()": _RequestId}},
            "formatters": {
                "text": {"format": "%(asctime)s %(levelname)s %(name)s request=%(request_id)s %(message)s"},
                "json": {"()": JsonLines},
            },
            "handlers": {
                "stderr": {
                    "class": "logging.StreamHandler",
                    "formatter": "json" if as_json else "text",
                    "filters": ["request"],
                }
            },
            "root": {"level": level, "handlers": ["stderr"]},
            # These print addresses with the ids of conversations in them, or the sentences that they work on.
            "loggers": {name: {"level": "WARNING"} for name in ("httpx", "httpcore", "uvicorn", "PyRuSH", "alembic")},
        }
    )


def method_of(scope: Scope) -> str:
    """The method of a request; `other` for one that only the caller knows."""
    method: str = scope["method"]
    return method if method in METHODS else "other"


class _RequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class JsonLines(logging.Formatter):
    """A log line as one JSON object: time, level, logger, request, message, and the fields of a request's line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; an error's own words are left out, as they may quote the patient."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request": getattr(record, "request_id", "-"),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1]:
            line["error"] = describe(record.exc_info[1])
        return json.dumps(line)


class RequestLog:
    """ASGI middleware: gives each request an id (`X-Request-ID`) and writes one line when it ends.

    `ended` hears of each request: method, pattern of the route, status, seconds until the reply began.
    """

    def __init__(self, app: ASGIApp, ended: Callable[[str, str, int, float], None]) -> None:
        self._app = app
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token = request_id.set(secrets.token_hex(6))
        began = time.perf_counter()
        status, first = 0, 0.0

        async def noted(message: Message) -> None:
            nonlocal status, first
            if message["type"] == "http.response.start":
                status, first = message["status"], time.perf_counter() - began
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
            method = method_of(scope)
            fields = {"method": method, "route": route, "status": status, "ms": round(took, 1)}
            log.info("%s %s status=%d ms=%.1f", method, route, status, took, extra={"fields": fields})
            self._ended(method, route, status, first)
            request_id.reset(token)
