"""The application: every part made once, passed to those that need it, and put together.

`create_app` takes the parts that differ between a clinic and a test (engine, red-flag net, knowledge, clock).
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway import metrics
from gateway.conversations import Conversations
from gateway.database import Database
from gateway.desk.links import Links
from gateway.edition import Edition, Frame
from gateway.engine import Engine
from gateway.exchange import Exchange
from gateway.guards import BodyLimit, OtherSites, SecurityHeaders
from gateway.logs import RequestLog, describe
from gateway.peers import Alone, RedisPeers, SharedBuckets, SharedSignals
from gateway.problems import SENTENCES, Refused, error_body, problem_page, wants_page
from gateway.retention import Retention
from gateway.settings import Settings
from gateway.staff.access import Access
from gateway.staff.accounts import Accounts
from gateway.staff.audit import Audit
from gateway.staff.throttle import Throttle
from gateway.store import Store
from gateway.studio.errors import StudioError
from gateway.studio.personal import Personal
from gateway.studio.shadow import Shadow
from gateway.studio.workplace import Workplace
from gateway.tracing import TracedRequests, Tracing
from gateway.turns import RedFlagNet
from gateway.withdrawals import Withdrawals
from knowledge import Knowledge

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


def create_app(
    settings: Settings,
    knowledge: Knowledge,
    net: RedFlagNet,
    engine: Engine | None = None,
    now: Callable[[], datetime] = utc_now,
    tracing: Tracing | None = None,
) -> FastAPI:
    """The gateway as an ASGI application. Without `engine`, the one at `settings.engine_url`; no traces by default."""
    counted = metrics.Metrics()
    tracing = tracing or Tracing()
    database = Database(settings.database_url, tracing)
    store = Store(database, now)
    peers = RedisPeers(settings.redis) if settings.redis else None
    others = peers or Alone()
    signals = SharedSignals(others)
    withdrawals = Withdrawals(database, now, settings.withdrawal_poll)
    shadow = Shadow(database, lambda: Personal.load(settings.answered_from), now)
    conversations = Conversations(store, signals, counted, others, shadow, tracing)
    retention = Retention(store, database, signals, now)
    accounts = Accounts(database, now)
    frame = Frame(
        settings=settings,
        now=now,
        database=database,
        store=store,
        peers=peers,
        signals=signals,
        counted=counted,
        tracing=tracing,
        conversations=conversations,
        withdrawals=withdrawals,
        retention=retention,
        links=Links(settings.secret("answer_links"), settings.public_url),
        accounts=accounts,
        audit=Audit(database, now),
        access=Access(accounts, settings.public_url),
        throttle=Throttle(),
        shadow=shadow,
        studio=Workplace(settings, knowledge, net, database, now),
        conversation_buckets=SharedBuckets(
            "conversation", others, settings.conversation_burst, settings.conversation_rate
        ),
        address_buckets=SharedBuckets("address", others, settings.address_burst, settings.address_rate),
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await database.upgrade()
        await withdrawals.start()
        if peers:
            await peers.start()
            conversations.take_over(settings.take_over_after)
        if resumed := await conversations.resume():
            log.info("took up %d conversations with unanswered messages", resumed)
        retention.start(knowledge.clinic.retention_days)
        await exchange.start()
        yield
        signals.close()
        await exchange.stop_listening()
        await shadow.stop()
        await retention.close()
        await conversations.close()
        await withdrawals.close()
        if peers:
            await peers.close()
        await exchange.close()
        await database.close()
        await tracing.close()

    app = FastAPI(
        title="IMS Assistant",
        description="A chat that answers patients' questions about Intramuscular Stimulation.",
        version="1",
        docs_url=None,  # they load scripts from other machines; the description itself is at /openapi.json
        redoc_url=None,
        # It would record errors with what patients typed in them, if somebody set its environment variables.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        lifespan=lifespan,
    )
    exchange = Exchange(frame, app, Edition(frame, knowledge, net, engine, settings.engine_urls))
    app.state.signals, app.state.withdrawals, app.state.exchange = signals, withdrawals, exchange
    app.state.studio = frame.studio
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(StudioError, _not_done)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    for gone in (OperationalError, InterfaceError):
        app.add_exception_handler(gone, _not_stored)
    app.add_middleware(BodyLimit, limit=settings.body_limit)
    if origins := settings.origins or knowledge.clinic.website_origins:
        app.add_middleware(OtherSites, origins=origins)
    app.add_middleware(SecurityHeaders)
    if tracing.on:
        app.add_middleware(TracedRequests, tracing=tracing)
    app.add_middleware(RequestLog, ended=counted.request)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    if wants_page(request) and request.method == "POST" and request.url.path.startswith("/studio"):
        return problem_page(error.status, "This was not done", error.message)
    return error.response()


async def _not_done(request: Request, error: Exception) -> Response:
    assert isinstance(error, StudioError)
    if wants_page(request):
        return problem_page(409, "This was not done", str(error))
    return JSONResponse(error_body("not_done", str(error)), 409)


async def _not_stored(request: Request, error: Exception) -> Response:
    """The database is locked, full or away. Nothing was taken, and what asks again later finds it again."""
    log.error("the database does not answer (%s)", describe(error))
    return Refused.because("not_stored").response()


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = error.errors()
    if any(problem["type"] == "json_invalid" for problem in problems):
        return Refused.because("bad_json").response()
    # Only the names of our own fields: the rest of the error quotes what was sent.
    fields = sorted({str(problem["loc"][-1]) for problem in problems})
    return Refused.because("wrong_shape", fields=", ".join(fields)).response()


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    codes = {status: code for code, (status, _) in SENTENCES.items() if code in {"not_found", "method_not_allowed"}}
    return Refused.because(codes.get(error.status_code, "bad_request")).response()
