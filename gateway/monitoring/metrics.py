"""What the gateway counts, and `/metrics`, where Prometheus reads it: numbers about the service, none about a patient.

No label holds an id, an address or anything that was typed. Whoever shows `IMS_METRICS_TOKEN` may read it,
or a machine that is trusted. A gateway counts for itself; Prometheus adds several up.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from gateway.engine.client import Asked, Engine, EngineReply, EngineUnavailable
from gateway.errors import describe
from gateway.settings import Settings
from gateway.storage.records import Event
from gateway.storage.store import Store
from gateway.web.callers import only_here_or_with

log = logging.getLogger(__name__)
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)


class Metrics:
    """The numbers of one gateway, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "ims_requests", "Requests, by route and status.", ("method", "route", "status"), registry=self.registry
        )
        self._request_seconds = Histogram(
            "ims_request_seconds",
            "Seconds until a reply began.",
            ("method", "route"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self._answers = Counter("ims_answers", "What was said to patients, by kind.", ("kind",), registry=self.registry)
        self._answer_seconds = Histogram(
            "ims_answer_seconds",
            "Seconds from a stored message to its stored answer.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self._engine_seconds = Histogram(
            "ims_engine_seconds", "Seconds that the engine took to answer.", buckets=SECONDS, registry=self.registry
        )
        self._engine_failures = Counter(
            "ims_engine_failures", "Messages without an answer of the engine.", ("reason",), registry=self.registry
        )
        self._waiting = Gauge("ims_unanswered_conversations", "Chats in which a message waits.", registry=self.registry)
        self._faults = Gauge("ims_fault", "1 while a part does not work.", ("part",), registry=self.registry)
        self._desk = Gauge("ims_desk_items_open", "What waits for the front desk (up to 200).", registry=self.registry)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was replied to. `route` is the pattern of the route, never the path."""
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(method, route).observe(seconds)

    def answered(self, asked: datetime, said: Sequence[Event]) -> None:
        """A message of a patient was answered with these events."""
        for event in said:
            self._answers.labels(event.kind).inc()
        if said:
            self._answer_seconds.observe(max(0.0, (said[-1].created_at - asked.astimezone(UTC)).total_seconds()))

    def engine_answered(self, seconds: float) -> None:
        """The engine answered."""
        self._engine_seconds.observe(seconds)

    def engine_failed(self, reason: str) -> None:
        """The engine gave no usable answer."""
        self._engine_failures.labels(reason).inc()

    def faulty(self, parts: Sequence[str], faults: Collection[str]) -> None:
        """Of these parts, some do not work."""
        for part in parts:
            self._faults.labels(part).set(part in faults)

    async def exposition(self, store: Store) -> bytes:
        """All numbers in Prometheus' text format."""
        try:
            self._waiting.set(len(await store.unanswered()))
            self._desk.set(len(await store.open_desk_items()))
        except Exception as error:  # `ims_fault` says that the database is away
            log.error("what waits could not be counted (%s)", describe(error))
        return generate_latest(self.registry)


class MeteredEngine:
    """An engine whose answers and failures are counted."""

    def __init__(self, engine: Engine, metrics: Metrics, clock: Callable[[], float] = time.perf_counter) -> None:
        self._engine = engine
        self._metrics = metrics
        self._clock = clock

    async def ask(self, asked: Asked) -> EngineReply:
        """Ask the engine."""
        began = self._clock()
        try:
            reply = await self._engine.ask(asked)
        except EngineUnavailable as error:
            self._metrics.engine_failed(error.reason)
            raise
        self._metrics.engine_answered(self._clock() - began)
        return reply

    async def ready(self) -> str:
        """`ok`, or in a few words why not."""
        return await self._engine.ready()


def routes(settings: Settings, store: Store, metrics: Metrics, *, trusts_local: bool) -> APIRouter:
    """The one route."""
    router = APIRouter(tags=["operations"])

    @router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def read(request: Request) -> Response:
        """Numbers for Prometheus."""
        only_here_or_with(settings.metrics_token, request, "metrics_unauthorized", trusts_local=trusts_local)
        return Response(await metrics.exposition(store), media_type=CONTENT_TYPE_LATEST)

    return router
