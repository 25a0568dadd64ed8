"""Traces for an OpenTelemetry collector: what took how long. Off, unless OpenTelemetry's own variables ask for it.

Whether they ask is read in `tracing_settings.py`. A span holds names of ours, a status, the kind of an error and the id
that the logs have, too. Never what was typed, an id of a chat, an address or the words of an error. A caller's own
trace headers are not read.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, StatusCode, Tracer
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.engine.client import Asked, Engine, EngineReply, EngineUnavailable
from gateway.monitoring.logs import method_of, request_id
from gateway.monitoring.tracing_settings import asked_for, check

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

UNTRACED = ("/health", "/ready", "/metrics")  # asked for by programs, all day long
PATIENCE = 3.0  # seconds in which a collector has to take the last spans when the gateway stops


class Tracing:
    """Makes spans, and sends them where a provider says; without one it does nothing."""

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("gateway") if provider else None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Tracing:
        """What OpenTelemetry's variables ask for; TracingError if that can't be done."""
        return cls(_provider(environment) if asked_for(environment) else None)

    @property
    def on(self) -> bool:
        """Whether spans are made."""
        return self._provider is not None

    def span(self, name: str, kind: SpanKind = SpanKind.INTERNAL, **attributes: str) -> AbstractContextManager[Span]:
        """A span around what follows. An error is told by its kind alone: its words may quote the patient."""
        return self._span(self._tracer, name, kind, attributes) if self._tracer else nullcontext(INVALID_SPAN)

    def database_write(self, kind: str) -> AbstractContextManager[Span]:
        """A span around one transaction that writes into this kind of database."""
        return self.span("database write", SpanKind.CLIENT, db__system__name=kind)

    @contextmanager
    def _span(self, tracer: Tracer, name: str, kind: SpanKind, attributes: Mapping[str, str]) -> Iterator[Span]:
        given = {"ims.request_id": request_id.get()}
        given |= {name.replace("__", "."): value for name, value in attributes.items()}
        with tracer.start_as_current_span(
            name, kind=kind, attributes=given, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except Exception as error:
                reason = error.reason if isinstance(error, EngineUnavailable) else type(error).__name__
                _failed(span, reason)
                raise

    async def close(self) -> None:
        """Send what is left, but wait for no collector that is away."""
        if self._provider:
            last = threading.Thread(target=self._provider.shutdown, name="last-spans", daemon=True)
            last.start()
            await asyncio.to_thread(last.join, PATIENCE)


class TracedRequests:
    """ASGI middleware: a span for each request, under the pattern of its route."""

    def __init__(self, app: ASGIApp, tracing: Tracing) -> None:
        self._app = app
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in UNTRACED:
            await self._app(scope, receive, send)
            return
        method = method_of(scope)
        with self._tracing.span(method, SpanKind.SERVER, http__request__method=method) as span:

            async def noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        _failed(span, str(message["status"]))
                await send(message)

            try:
                await self._app(scope, receive, noted)
            finally:
                # The pattern of the route, not the path: ids of conversations are not for traces.
                if route := getattr(scope.get("route"), "path", ""):
                    span.set_attribute("http.route", route)
                    span.update_name(f"{method} {route}")


class TracedEngine:
    """An engine with a span around each of its answers."""

    def __init__(self, engine: Engine, tracing: Tracing) -> None:
        self._engine = engine
        self._tracing = tracing

    async def ask(self, asked: Asked) -> EngineReply:
        """Ask the engine."""
        with self._tracing.span("engine", SpanKind.CLIENT):
            return await self._engine.ask(asked)

    async def ready(self) -> str:
        """`ok`, or in a few words why not."""
        return await self._engine.ready()


def _provider(environment: Mapping[str, str]) -> TracerProvider:
    check(environment)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = environment.get("OTEL_SERVICE_NAME") or "service.name=" in environment.get("OTEL_RESOURCE_ATTRIBUTES", "")
    resource = Resource.create({} if named else {"service.name": "ims-assistant"})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _failed(span: Span, reason: str) -> None:
    span.set_attribute("error.type", reason)
    span.set_status(StatusCode.ERROR)
