"""The application: every part made once, passed to those that need it, and put together.

`create_app` takes the parts that differ between a clinic and a test (engine, red-flag net, knowledge, clock).
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gateway import answer_pages, api, health, interface, metrics, pages, pictures, questions, rest_channel, sheet
from gateway.conversations import Conversations
from gateway.database import Database
from gateway.desk import api as handoff_api
from gateway.desk import console, report
from gateway.desk.alerts import Alerts
from gateway.desk.front_desk import FrontDesk
from gateway.desk.links import Links
from gateway.desk.mail import Mailer
from gateway.desk.numbers import Numbers
from gateway.desk.patients import Patients
from gateway.desk.proposals import Proposals
from gateway.desk.reviewed import Reviewed
from gateway.desk.service import Desk
from gateway.engine import Engine, HttpEngine
from gateway.engines import SeveralEngines
from gateway.feedback import Feedback
from gateway.guards import BodyLimit, OtherSites, SecurityHeaders
from gateway.logs import RequestLog, describe
from gateway.peers import Alone, RedisPeers, SharedBuckets, SharedSignals
from gateway.problems import SENTENCES, Refused
from gateway.rate_limits import RateLimits
from gateway.replies import Replies
from gateway.retention import Retention
from gateway.settings import Settings
from gateway.staff import pages as staff_pages
from gateway.staff.access import Access
from gateway.staff.accounts import Accounts
from gateway.staff.audit import Audit
from gateway.staff.templates import Pages
from gateway.staff.throttle import Throttle
from gateway.store import Store
from gateway.turns import RedFlagNet, Turns
from gateway.withdrawals import Withdrawals
from knowledge import Knowledge, Topic

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
) -> FastAPI:
    """The gateway as an ASGI application. Without `engine`, the one at `settings.engine_url`."""
    clients = [
        httpx.AsyncClient(base_url=url, timeout=settings.engine_timeout, trust_env=False)
        for url in settings.engine_urls
    ]
    counted = metrics.Metrics()
    engine = engine or SeveralEngines(
        [HttpEngine(client, settings.engine_secret(), settings.engine_timeout) for client in clients]
    )
    engine = metrics.MeteredEngine(engine, counted)
    database = Database(settings.database_url)
    store = Store(database, now)
    peers = RedisPeers(settings.redis) if settings.redis else None
    others = peers or Alone()
    signals = SharedSignals(others)
    withdrawals = Withdrawals(database, now, settings.withdrawal_poll)
    replies = Replies(knowledge, now, withdrawals)
    retention = Retention(store, database, signals, now)
    feedback = Feedback(database, now, knowledge.clinic.timezone)
    links = Links(settings.secret("answer_links"), settings.public_url)
    front_desk = FrontDesk(database, knowledge.clinic, now)
    patients = Patients(store, database, signals, knowledge, front_desk, links.to)
    desk = Desk(store, database, signals, knowledge, front_desk, engine, replies)
    mailer = Mailer(settings, database, knowledge, links.to, now)
    alerts = Alerts(store, database, signals, knowledge, front_desk, mailer, now)
    turns = Turns(net, engine, replies, settings.engine_turns, patients)
    conversations = Conversations(store, turns, signals, counted, others)
    limits = RateLimits(
        SharedBuckets("conversation", others, settings.conversation_burst, settings.conversation_rate),
        SharedBuckets("address", others, settings.address_burst, settings.address_rate),
        knowledge,
    )
    accounts, audit = Accounts(database, now), Audit(database, now)
    access, staff_templates = Access(accounts, settings.public_url), Pages(knowledge, now)
    reviewed = Reviewed(knowledge, withdrawals, now, settings.public_url)

    def withheld(topic: Topic) -> bool:
        return withdrawals.withheld(topic, now().astimezone(knowledge.clinic.timezone).date())

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
        alerts.start(settings.desk_poll)
        yield
        signals.close()
        await alerts.close()
        await retention.close()
        await conversations.close()
        await withdrawals.close()
        if peers:
            await peers.close()
        for client in clients:
            await client.aclose()
        await database.close()

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
    app.state.signals = signals
    app.state.desk, app.state.withdrawals = desk, withdrawals
    app.state.alerts = alerts
    app.include_router(
        api.routes(
            settings, store, conversations, signals, replies, limits, knowledge, feedback, retention, links, patients
        )
    )
    app.include_router(handoff_api.routes(store, links, patients, limits, knowledge))
    app.include_router(rest_channel.routes(settings, store, conversations, replies, limits, knowledge))
    app.include_router(sheet.routes(store, links, knowledge, limits, now))
    app.include_router(questions.routes(store, links, knowledge, limits, now))
    app.include_router(health.routes(store, engine, peers))
    app.include_router(metrics.routes(settings, store, counted))
    app.include_router(
        console.routes(
            desk,
            reviewed,
            Proposals(database, now),
            accounts,
            audit,
            access,
            staff_templates,
            signals,
            knowledge,
            settings.heartbeat,
        )
    )
    app.include_router(report.routes(Numbers(database, knowledge), access, staff_templates, knowledge, now))
    app.include_router(staff_pages.routes(accounts, audit, access, Throttle(), limits, staff_templates))
    app.router.routes.extend(
        [
            *interface.routes(knowledge, settings.message_limit),
            *pages.routes(knowledge, withheld),
            *pictures.routes(knowledge),
        ]
    )
    app.router.routes.extend(answer_pages.routes(knowledge, net, settings, limits, now, withdrawals))
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    for gone in (OperationalError, InterfaceError):
        app.add_exception_handler(gone, _not_stored)
    app.add_middleware(BodyLimit, limit=settings.body_limit)
    if origins := settings.origins or knowledge.clinic.website_origins:
        app.add_middleware(OtherSites, origins=origins)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestLog, ended=counted.request)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return error.response()


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
