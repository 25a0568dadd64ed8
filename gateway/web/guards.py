"""ASGI middleware around the whole application: how much a request may send, and what browsers may do with a reply."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.web.error_replies import Refused, reply_to

log = logging.getLogger(__name__)

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class SecurityHeaders:
    """Puts the security headers on every reply."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
                if scope["path"].startswith("/api/conversations"):  # tokens, and what patients wrote
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, guarded)


# What the chat window needs on a page of another site; the rest stays with this one.
SHARED = ("/api/conversations", "/api/widget", "/widget.js", "/widget/", "/static/", "/pictures/")


MOST_TOLD = 100  # sites that the log names; anybody can make them up


class OtherSites:
    """Lets pages of these sites load and use the chat window (CORS). Without any, browsers keep it to our own pages.

    `origins` is asked at each request, as the clinic may name others while we run.
    """

    def __init__(self, app: ASGIApp, origins: Callable[[], Sequence[str]]) -> None:
        self._app = app
        self._origins = origins
        self._told: set[str] = set()
        self._shared: tuple[tuple[str, ...], ASGIApp] = ((), app)

    def _shared_with(self, origins: tuple[str, ...]) -> ASGIApp:
        if origins != self._shared[0]:
            shared = CORSMiddleware(
                self._app,
                allow_origins=origins,
                allow_methods=("GET", "POST", "DELETE"),
                allow_headers=("Authorization", "Content-Type", "Last-Event-ID"),
                expose_headers=("Retry-After", "X-Request-ID"),
            )
            self._shared = origins, shared
        return self._shared[1]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origins = tuple(self._origins())
        if scope["type"] != "http" or not scope["path"].startswith(SHARED):
            await self._app(scope, receive, send)
            return

        self._notice(Headers(scope=scope), origins)
        if not origins:
            await self._app(scope, receive, send)
            return

        async def varied(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if "origin" not in headers.get("Vary", "").lower():  # caches keep one copy a site
                    headers.add_vary_header("Origin")
            await send(message)

        await self._shared_with(origins)(scope, receive, varied)

    def _notice(self, headers: Headers, origins: Sequence[str]) -> None:
        """Tell once in the log of a site that is not allowed: its owner sees no chat and wonders why."""
        origin = headers.get("origin", "")
        own = origin.partition("://")[2] == headers.get("host")
        if origin in {"", "null"} or own or origin in {*origins, *self._told} or len(self._told) >= MOST_TOLD:
            return
        self._told.add(origin)
        log.warning("a page of %s asked for the chat, and is not in website_origins", repr(origin[:100]))


class BodyLimit:
    """Reads the body of a request whole, within a limit of bytes and of seconds, before the application sees it."""

    def __init__(self, app: ASGIApp, limit: int, seconds: float = 20.0) -> None:
        self._app = app
        self._limit = limit
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._seconds):
                body = await self._read(scope, receive)
        except Refused as refused:
            await reply_to(Request(scope), refused)(scope, receive, send)
            return
        except TimeoutError:
            await Refused.because("too_slow").response()(scope, receive, send)
            return
        if body is None:  # gone before the request was complete
            return
        given = False

        async def complete() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, complete, send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        length = Headers(scope=scope).get("content-length", "")
        if length.isdigit() and int(length) > self._limit:
            raise Refused.because("too_big", limit=self._limit)
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if len(body) > self._limit:
                raise Refused.because("too_big", limit=self._limit)
            if not message.get("more_body"):
                return bytes(body)
