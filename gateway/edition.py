"""Everything in the gateway that is made from one edition: the knowledge, its red-flag net, and the engine that was
trained on it. A new edition is a new one of these, put in the place of the old one between two requests.

`Frame` is what stays: the database, who is signed in, who listens, what was counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import httpx
from fastapi import APIRouter
from starlette.routing import BaseRoute

from gateway import answer_pages, api, health, interface, metrics, pages, pictures, questions, rest_channel, sheet
from gateway.busy import Busy, CountedEngine
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
from gateway.peers import RedisPeers, SharedBuckets, SharedSignals
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
from gateway.studio import pages as studio_pages
from gateway.studio.shadow import Shadow
from gateway.studio.workplace import Workplace
from gateway.tracing import TracedEngine, Tracing
from gateway.turns import RedFlagNet, Turns
from gateway.withdrawals import Withdrawals
from knowledge import Knowledge, Topic

DRAIN = 2.0  # seconds beyond an engine's own time in which what is under way has to end


@dataclass(frozen=True)
class Frame:
    """What stays while editions come and go."""

    settings: Settings
    now: Callable[[], datetime]
    database: Database
    store: Store
    peers: RedisPeers | None
    signals: SharedSignals
    counted: metrics.Metrics
    tracing: Tracing
    conversations: Conversations
    withdrawals: Withdrawals
    retention: Retention
    links: Links
    accounts: Accounts
    audit: Audit
    access: Access
    throttle: Throttle
    shadow: Shadow
    studio: Workplace
    conversation_buckets: SharedBuckets
    address_buckets: SharedBuckets


class Edition:
    """The gateway as one edition makes it: its routes, what a message leads to, and who looks after those who wait."""

    def __init__(
        self, frame: Frame, knowledge: Knowledge, net: RedFlagNet, engine: Engine | None, urls: Sequence[str] = ()
    ) -> None:
        settings, database, store, now = frame.settings, frame.database, frame.store, frame.now
        signals, access, audit = frame.signals, frame.access, frame.audit
        self.knowledge = knowledge
        self.net = net
        self.urls = tuple(urls)
        self._wait = settings.engine_timeout + DRAIN
        self._busy = Busy()
        self._clients = [
            httpx.AsyncClient(base_url=url, timeout=settings.engine_timeout, trust_env=False)
            for url in (() if engine else urls)
        ]
        engine = engine or SeveralEngines(
            [HttpEngine(client, settings.engine_secret(), settings.engine_timeout) for client in self._clients]
        )
        engine = metrics.MeteredEngine(TracedEngine(engine, frame.tracing), frame.counted)
        engine = CountedEngine(engine, self._busy)
        replies = Replies(knowledge, now, frame.withdrawals)
        front_desk = FrontDesk(database, knowledge.clinic, now)
        patients = Patients(store, database, signals, knowledge, front_desk, frame.links.to)
        self.desk = Desk(store, database, signals, knowledge, front_desk, engine, replies)
        mailer = Mailer(settings, database, knowledge, frame.links.to, now)
        self.alerts = Alerts(store, database, signals, knowledge, front_desk, mailer, now)
        self.turns = Turns(net, engine, replies, settings.engine_turns, patients, self._busy)
        limits = RateLimits(frame.conversation_buckets, frame.address_buckets, knowledge)
        templates = Pages(knowledge, now)
        feedback = Feedback(database, now, knowledge.clinic.timezone)
        links, conversations = frame.links, frame.conversations
        reviewed = Reviewed(knowledge, frame.withdrawals, now, settings.public_url)
        numbers = Numbers(database, knowledge)

        def withheld(topic: Topic) -> bool:
            return frame.withdrawals.withheld(topic, now().astimezone(knowledge.clinic.timezone).date())

        all_routes = APIRouter()
        for router in (
            api.routes(
                settings,
                store,
                conversations,
                signals,
                replies,
                limits,
                knowledge,
                feedback,
                frame.retention,
                links,
                patients,
            ),
            handoff_api.routes(store, links, patients, limits, knowledge),
            rest_channel.routes(settings, store, conversations, replies, limits, knowledge),
            sheet.routes(store, links, knowledge, limits, now),
            questions.routes(store, links, knowledge, limits, now),
            health.routes(store, engine, frame.peers),
            metrics.routes(settings, store, frame.counted),
            console.routes(
                self.desk,
                reviewed,
                Proposals(database, now),
                frame.accounts,
                audit,
                access,
                templates,
                signals,
                knowledge,
                settings.heartbeat,
            ),
            report.routes(numbers, access, templates, knowledge, now),
            staff_pages.routes(frame.accounts, audit, access, frame.throttle, limits, templates),
            studio_pages.routes(frame.studio, access, audit, templates),
        ):
            all_routes.include_router(router)
        self.routes: list[BaseRoute] = [
            *all_routes.routes,
            *interface.routes(knowledge, settings.message_limit),
            *pages.routes(knowledge, withheld),
            *pictures.routes(knowledge),
            *answer_pages.routes(knowledge, net, settings, limits, now, frame.withdrawals),
        ]

    async def finished(self) -> bool:
        """Wait for what is under way in this edition, but not forever; whether all of it ended."""
        return await self._busy.over(self._wait)

    async def close(self) -> None:
        """Give back what it holds."""
        await self.alerts.close()
        self.turns.close()
        for client in self._clients:
            await client.aclose()
