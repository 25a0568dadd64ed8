"""The application: every part made once, passed to those that need it, and put together.

`create_app` takes the parts that differ between a clinic and a test (engine, red-flag net, knowledge, clock).
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from gateway.answers.withdrawals import Withdrawals
from gateway.assembly import Edition, Frame
from gateway.chat.conversations import Conversations
from gateway.chat.retention import Retention
from gateway.clock import utc_now
from gateway.engine.client import Engine
from gateway.exchange import Exchange
from gateway.handoff.links import Links
from gateway.live.peers import Alone, RedisPeers, SharedBuckets, SharedSignals
from gateway.monitoring import metrics
from gateway.monitoring.logs import RequestLog
from gateway.monitoring.tracing import TracedRequests, Tracing
from gateway.settings import Settings
from gateway.staff.access import Access
from gateway.staff.accounts import Accounts
from gateway.staff.audit import Audit
from gateway.staff.throttle import Throttle
from gateway.storage.database import Database
from gateway.storage.store import Store
from gateway.studio.personal import Personal
from gateway.studio.trying.shadow import Shadow
from gateway.studio.workplace import Workplace
from gateway.web.guards import BodyLimit, OtherSites, SecurityHeaders
from gateway.web.handlers import HANDLERS
from knowledge import Knowledge
from safety import SafetyNet

log = logging.getLogger(__name__)


def create_app(
    settings: Settings,
    knowledge: Knowledge,
    net: SafetyNet,
    engine: Engine | None = None,
    now: Callable[[], datetime] = utc_now,
    tracing: Tracing | None = None,
) -> Starlette:
    """The gateway as an ASGI application. Without `engine`, the one at `settings.engine_url`; no traces by default."""
    counted = metrics.Metrics()
    tracing = tracing or Tracing()
    database = Database(settings.database_url, tracing.database_write)
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
        access=Access(accounts, settings.public_url, settings.require_second_step),
        throttle=Throttle(),
        shadow=shadow,
        studio=Workplace(settings, knowledge, net, database, now),
        conversation_buckets=SharedBuckets(
            "conversation", others, settings.conversation_burst, settings.conversation_rate
        ),
        address_buckets=SharedBuckets("address", others, settings.address_burst, settings.address_rate),
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
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

    exchange = Exchange(frame, Edition(frame, knowledge, net, engine, settings.engine_urls))
    around = [Middleware(RequestLog, ended=counted.request)]
    if tracing.on:
        around.append(Middleware(TracedRequests, tracing=tracing))
    around.append(Middleware(SecurityHeaders))
    if origins := settings.origins or knowledge.clinic.website_origins:
        around.append(Middleware(OtherSites, origins=origins))
    around.append(Middleware(BodyLimit, limit=settings.body_limit))
    app = Starlette(
        routes=[Mount("/", app=exchange)], middleware=around, exception_handlers=HANDLERS, lifespan=lifespan
    )
    app.state.signals, app.state.withdrawals, app.state.exchange = signals, withdrawals, exchange
    app.state.studio = frame.studio
    return app
