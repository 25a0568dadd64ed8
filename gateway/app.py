"""The application: every part made once, passed to those that need it, and put together.

`create_app` takes the parts that differ between a clinic and a test (engine, red-flag net, knowledge, clock).
"""

from __future__ import annotations

import logging
import resource
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from gateway.answers.withdrawals import Withdrawals
from gateway.assembly import Edition, Frame
from gateway.chat.conversations import Conversations
from gateway.chat.retention import TIME, Retention
from gateway.chat.trusted_time import TrustedTime
from gateway.clock import utc_now
from gateway.engine.client import Engine
from gateway.exchange import Exchange
from gateway.handoff.links import Links
from gateway.live.moments import Moments
from gateway.live.open_streams import IN_ALL, OpenStreams
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
from gateway.studio.personal import Personal, without_details
from gateway.studio.trying.shadow import Shadow
from gateway.studio.workplace import Workplace
from gateway.web.guards import BodyLimit, OtherSites, SecurityHeaders
from gateway.web.handlers import HANDLERS
from gateway.web.rate_limits import Addresses
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
    frame = _frame(settings, knowledge, net, now, tracing or Tracing())
    exchange = Exchange(frame, Edition(frame, knowledge, net, engine, settings.engine_urls))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await _start(frame, knowledge.clinic.retention_days)
        await exchange.start()
        yield
        await _stop(frame, exchange)

    app = Starlette(
        routes=[Mount("/", app=exchange)],
        middleware=_around(frame, exchange),
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.state.signals, app.state.withdrawals, app.state.exchange = frame.signals, frame.withdrawals, exchange
    app.state.studio = frame.studio
    return app


def _frame(
    settings: Settings, knowledge: Knowledge, net: SafetyNet, now: Callable[[], datetime], tracing: Tracing
) -> Frame:
    counted = metrics.Metrics()
    database = Database(settings.database_url, tracing.database_write)
    store = Store(database, now, settings.chat_limit, knowledge.clinic.timezone)
    peers = RedisPeers(settings.redis) if settings.redis else None
    others = peers or Alone()
    signals = SharedSignals(others)
    shadow = Shadow(database, lambda: Personal.load(settings.answered_from), now)
    details = without_details(settings.answered_from) if settings.remove_details else None
    audit = Audit(database, now)
    accounts = Accounts(database, now)
    addresses = Addresses(
        SharedBuckets("address", others, settings.address_burst, settings.address_rate),
        SharedBuckets("chats", others, settings.chats_burst, settings.chats_rate),
        trusted=settings.trusts_local(knowledge.clinic.demo),
    )
    throttle = Throttle(tell=partial(others.tell, "guess"))
    others.hear("guess", throttle.heard)
    return Frame(
        settings=settings,
        now=now,
        database=database,
        store=store,
        peers=peers,
        signals=signals,
        counted=counted,
        tracing=tracing,
        conversations=Conversations(store, signals, counted, others, shadow, tracing, without_details=details),
        withdrawals=Withdrawals(database, now, settings.withdrawal_poll),
        retention=Retention(
            store, database, signals, now, time=TrustedTime(settings.var / TIME, now), beside=audit.purge
        ),
        links=Links(settings.link_secret or settings.secret("answer_links"), settings.public_url, now),
        accounts=accounts,
        audit=audit,
        access=Access(accounts, addresses, settings.public_url, settings.require_second_step),
        throttle=throttle,
        shadow=shadow,
        studio=Workplace(settings, knowledge, net, database, now),
        conversation_buckets=SharedBuckets(
            "conversation", others, settings.conversation_burst, settings.conversation_rate
        ),
        addresses=addresses,
        streams=OpenStreams(int(IN_ALL * resource.getrlimit(resource.RLIMIT_NOFILE)[0])),
        moments=Moments(signals, others),
    )


async def _start(frame: Frame, retention_days: int) -> None:
    await frame.database.upgrade()
    await frame.withdrawals.start()
    if frame.peers:
        await frame.peers.start()
        frame.conversations.take_over(frame.settings.take_over_after)
    if resumed := await frame.conversations.resume():
        log.info("took up %d conversations with unanswered messages", resumed)
    frame.retention.start(retention_days)


async def _stop(frame: Frame, exchange: Exchange) -> None:
    frame.signals.close()
    await exchange.stop_listening()
    await frame.shadow.stop()
    await frame.retention.close()
    await frame.conversations.close()
    await frame.withdrawals.close()
    if frame.peers:
        await frame.peers.close()
    await exchange.close()
    await frame.database.close()
    await frame.tracing.close()


def _around(frame: Frame, exchange: Exchange) -> list[Middleware]:
    """What each request passes through, from the outside in."""

    def origins() -> Sequence[str]:
        return frame.settings.origins or exchange.edition.knowledge.clinic.website_origins

    return [
        Middleware(RequestLog, ended=frame.counted.request),
        *([Middleware(TracedRequests, tracing=frame.tracing)] if frame.tracing.on else []),
        Middleware(SecurityHeaders),
        Middleware(OtherSites, origins=origins),
        Middleware(BodyLimit, limit=frame.settings.body_limit),
    ]
