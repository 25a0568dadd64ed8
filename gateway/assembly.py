"""Everything in the gateway that is made from one edition: the knowledge, its red-flag net, and the engine that was
trained on it. A new edition is a new one of these, put in the place of the old one between two requests.

`Frame` is what stays: the database, who is signed in, who listens, what was counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from gateway import __version__
from gateway.answers import answer_pages, picture_routes
from gateway.answers.feedback import Feedback
from gateway.answers.withdrawals import Withdrawals
from gateway.chat import questions_sheet, rest_channel, screening_sheet, window
from gateway.chat.after_alarm import AfterAlarm
from gateway.chat.api import ChatApi
from gateway.chat.conversations import Conversations
from gateway.chat.dialogue import Dialogue
from gateway.chat.handoff_api import HandoffApi
from gateway.chat.replies import Replies
from gateway.chat.retention import Retention
from gateway.chat.turns import Turns
from gateway.desk.alerts import Alerts
from gateway.desk.blocking import Blocking
from gateway.desk.console import Console
from gateway.desk.listing import Listing
from gateway.desk.mail import Mailer
from gateway.desk.names import ChatNames
from gateway.desk.numbers import DeskNumbers
from gateway.desk.proposals import Proposals
from gateway.desk.ready_replies import ReadyReplies
from gateway.desk.report_page import ReportPages
from gateway.desk.reviewed import Reviewed
from gateway.desk.service import Desk
from gateway.desk.tags import Tags
from gateway.engine.busy import Busy, CountedEngine
from gateway.engine.client import Engine, HttpEngine
from gateway.engine.failover import SeveralEngines
from gateway.engine.kept_open import KeptOpen
from gateway.handoff.front_desk import FrontDesk
from gateway.handoff.links import Links
from gateway.handoff.patients import Patients
from gateway.handoff.side import DESK
from gateway.live.moments import Moments
from gateway.live.open_streams import OpenStreams
from gateway.live.peers import RedisPeers, SharedBuckets, SharedSignals
from gateway.monitoring import health, metrics
from gateway.monitoring.tracing import TracedEngine, Tracing
from gateway.monitoring.watch import Watch
from gateway.office.pages import OfficePages
from gateway.settings import Settings
from gateway.staff.access import Access
from gateway.staff.account_pages import AccountPages
from gateway.staff.accounts import Accounts
from gateway.staff.audit import Audit
from gateway.staff.page_views import Pages
from gateway.staff.throttle import Throttle
from gateway.storage.database import Database
from gateway.storage.store import Store
from gateway.studio import pages as studio_pages
from gateway.studio.errors import StudioError
from gateway.studio.trying.shadow import Shadow
from gateway.studio.trying.trial import Trial
from gateway.studio.workplace import Workplace
from gateway.web import install_page, logo, site
from gateway.web.handlers import HANDLERS, not_done
from gateway.web.rate_limits import Addresses, CountedRequests, RateLimits
from knowledge import Knowledge, Topic
from safety import SafetyNet
from safety.languages import Languages

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
    addresses: Addresses
    streams: OpenStreams
    moments: Moments


class Edition:
    """The gateway as one edition makes it: the application, what a message leads to, who looks after those who wait."""

    def __init__(
        self, frame: Frame, knowledge: Knowledge, net: SafetyNet, engine: Engine | None, urls: Sequence[str] = ()
    ) -> None:
        database, store, signals, now = frame.database, frame.store, frame.signals, frame.now
        self._frame = frame
        self.knowledge = knowledge
        self.net = net
        self.urls = tuple(urls)
        self._wait = frame.settings.engine_timeout + DRAIN
        self._busy = Busy()
        self._connections = [KeptOpen(url) for url in (() if engine else urls)]
        engine = engine or self._own_engines()
        each_works = engine.all_ready if isinstance(engine, SeveralEngines) else engine.ready
        engine = metrics.MeteredEngine(TracedEngine(engine, frame.tracing), frame.counted)
        self._engine = CountedEngine(engine, self._busy)
        self._replies = Replies(knowledge, now, frame.withdrawals)
        front_desk = FrontDesk(database, knowledge.clinic, now)
        self._patients = Patients(store, database, signals, knowledge, front_desk, frame.links.to)
        self.desk = Desk(store, database, signals, knowledge, front_desk, self._engine, self._replies)
        self.blocking = Blocking(store, database, signals, knowledge, front_desk)
        mailer = Mailer(frame.settings, database, knowledge, frame.links.to, now)
        self.alerts = Alerts(store, database, signals, knowledge, front_desk, mailer, now)
        self.turns = Turns(
            net,
            self._engine,
            self._replies,
            self._patients,
            self._busy,
            AfterAlarm.load(knowledge.folder),
            Languages.load(knowledge.folder),
            Dialogue(knowledge, self._replies),
            knowledge,
        )
        self.watch = Watch(
            database=database,
            engine=each_works,
            net=net,
            danger=self.turns.danger,
            mail=mailer.works,
            metrics=frame.counted,
            var=frame.settings.var,
            now=now,
            ring=partial(signals.send, DESK),
        )
        self._limits = RateLimits(frame.conversation_buckets, frame.addresses, knowledge)
        self._pages = Pages(knowledge, now)
        self.app = self._application()

    def _own_engines(self) -> SeveralEngines:
        settings = self._frame.settings
        token, timeout = settings.engine_secret(), settings.engine_timeout
        return SeveralEngines([HttpEngine(each, token, timeout) for each in self._connections])

    def _application(self) -> FastAPI:
        app = FastAPI(
            title="IMS Assistant",
            description="A chat that answers patients' questions about Intramuscular Stimulation.",
            version=__version__,
            docs_url=None,  # they load scripts from other machines; the description itself is at /openapi.json
            redoc_url=None,
            # It would record errors with what patients typed in them, if somebody set its environment variables.
            telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
            exception_handlers={**HANDLERS, StudioError: not_done},
        )
        app.add_middleware(CountedRequests, limits=self._limits)
        for router in (*self._for_patients(), *self._for_programs(), *self._for_staff()):
            app.include_router(router)
        app.router.routes += self._website()
        return app

    def _for_patients(self) -> Iterator[APIRouter]:
        frame, settings, store, knowledge = self._frame, self._frame.settings, self._frame.store, self.knowledge
        yield ChatApi(
            settings=settings,
            store=store,
            conversations=frame.conversations,
            signals=frame.signals,
            replies=self._replies,
            limits=self._limits,
            knowledge=knowledge,
            feedback=Feedback(frame.database, frame.now, knowledge.clinic.timezone),
            retention=frame.retention,
            links=frame.links,
            patients=self._patients,
            streams=frame.streams,
            moments=frame.moments,
        ).router()
        yield HandoffApi(store, frame.links, self._patients, self._limits, knowledge).router()
        yield rest_channel.routes(settings, store, frame.conversations, self._replies, self._limits, knowledge)
        yield screening_sheet.routes(store, frame.links, knowledge, frame.now)
        yield questions_sheet.routes(store, frame.links, knowledge, frame.now)

    def _for_programs(self) -> Iterator[APIRouter]:
        frame, settings = self._frame, self._frame.settings
        trusts_local = settings.trusts_local(self.knowledge.clinic.demo)
        yield health.routes(frame.store, self._engine, self.net, frame.peers, self.watch)
        yield metrics.routes(settings, frame.store, frame.counted, trusts_local=trusts_local)

    def _for_staff(self) -> Iterator[APIRouter]:
        frame, knowledge, pages = self._frame, self.knowledge, self._pages
        database, now, access, audit = frame.database, frame.now, frame.access, frame.audit
        reviewed = Reviewed(knowledge, frame.withdrawals, now, frame.settings.public_url)
        tags = Tags(database, frame.signals, knowledge.desk.tags)
        yield Console(
            desk=self.desk,
            reviewed=reviewed,
            replies=ReadyReplies(database, knowledge, reviewed),
            listing=Listing(self.desk, knowledge, ChatNames(knowledge, pages.when), pages, tags, self.watch.lasting),
            blocking=self.blocking,
            proposals=Proposals(database, now),
            accounts=frame.accounts,
            audit=audit,
            access=access,
            pages=pages,
            signals=frame.signals,
            moments=frame.moments,
            knowledge=knowledge,
            heartbeat=frame.settings.heartbeat,
        ).router()
        yield ReportPages(DeskNumbers(database, knowledge, now), access, pages, knowledge, now).router()
        yield AccountPages(frame.accounts, audit, access, frame.throttle, pages).router()
        trial = Trial(self._engine, self.net, knowledge, frame.withdrawals, now)
        yield studio_pages.routes(frame.studio, access, audit, pages, trial)
        yield OfficePages(frame.studio, access, audit, pages).router()

    def _website(self) -> list[BaseRoute]:
        """The window, the answer pages and all that a website needs of them."""
        frame, settings, knowledge = self._frame, self._frame.settings, self.knowledge

        def withheld(topic: Topic) -> bool:
            return frame.withdrawals.withheld(topic, frame.now().astimezone(knowledge.clinic.timezone).date())

        return [
            *window.routes(knowledge, settings.message_limit),
            *site.routes(knowledge, withheld, settings.public_url),
            *install_page.routes(knowledge, settings.origins or knowledge.clinic.website_origins, settings.public_url),
            *picture_routes.routes(knowledge),
            *logo.routes(knowledge),
            *answer_pages.routes(knowledge, self.turns.danger, settings, frame.now, frame.withdrawals),
        ]

    async def finished(self) -> bool:
        """Wait for what is under way in this edition, but not forever; whether all of it ended."""
        return await self._busy.over(self._wait)

    def start(self, poll: float) -> None:
        """Look after those who wait, and after the parts."""
        self.alerts.start(poll)
        self.watch.start(poll)

    async def stop(self) -> None:
        """Look after nobody any more."""
        await self.alerts.close()
        await self.watch.close()

    async def close(self) -> None:
        """Give back what it holds."""
        await self.stop()
        self.turns.close()
        for each in self._connections:
            await each.aclose()
