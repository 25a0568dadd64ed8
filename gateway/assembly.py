"""Everything in the gateway that is made from one edition: the knowledge, its red-flag net, and the engine that was
trained on it. A new edition is a new one of these, put in the place of the old one between two requests.

`Frame` is what stays: the database, who is signed in, who listens, what was counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from fastapi import FastAPI

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
from gateway.web import install_page, site
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


class Edition:
    """The gateway as one edition makes it: the application, what a message leads to, who looks after those who wait."""

    def __init__(
        self, frame: Frame, knowledge: Knowledge, net: SafetyNet, engine: Engine | None, urls: Sequence[str] = ()
    ) -> None:
        settings, database, store, now = frame.settings, frame.database, frame.store, frame.now
        signals, access, audit = frame.signals, frame.access, frame.audit
        self.knowledge = knowledge
        self.net = net
        self.urls = tuple(urls)
        self._wait = settings.engine_timeout + DRAIN
        self._busy = Busy()
        self._connections = [KeptOpen(url) for url in (() if engine else urls)]
        engine = engine or SeveralEngines(
            [HttpEngine(each, settings.engine_secret(), settings.engine_timeout) for each in self._connections]
        )
        each_works = engine.all_ready if isinstance(engine, SeveralEngines) else engine.ready
        engine = metrics.MeteredEngine(TracedEngine(engine, frame.tracing), frame.counted)
        engine = CountedEngine(engine, self._busy)
        replies = Replies(knowledge, now, frame.withdrawals)
        front_desk = FrontDesk(database, knowledge.clinic, now)
        patients = Patients(store, database, signals, knowledge, front_desk, frame.links.to)
        self.desk = Desk(store, database, signals, knowledge, front_desk, engine, replies)
        mailer = Mailer(settings, database, knowledge, frame.links.to, now)
        self.alerts = Alerts(store, database, signals, knowledge, front_desk, mailer, now)
        after, languages = AfterAlarm.load(knowledge.folder), Languages.load(knowledge.folder)
        self.turns = Turns(net, engine, replies, patients, self._busy, after, languages, Dialogue(knowledge, replies))
        self.watch = Watch(
            database=database,
            engine=each_works,
            net=net,
            danger=self.turns.danger,
            mail=mailer.works,
            metrics=frame.counted,
            var=settings.var,
            now=now,
            ring=partial(signals.send, DESK),
        )
        limits = RateLimits(frame.conversation_buckets, frame.addresses, knowledge)
        templates = Pages(knowledge, now)
        feedback = Feedback(database, now, knowledge.clinic.timezone)
        links, conversations = frame.links, frame.conversations
        reviewed = Reviewed(knowledge, frame.withdrawals, now, settings.public_url)
        numbers = DeskNumbers(database, knowledge, now)

        def withheld(topic: Topic) -> bool:
            return frame.withdrawals.withheld(topic, now().astimezone(knowledge.clinic.timezone).date())

        self.app = FastAPI(
            title="IMS Assistant",
            description="A chat that answers patients' questions about Intramuscular Stimulation.",
            version=__version__,
            docs_url=None,  # they load scripts from other machines; the description itself is at /openapi.json
            redoc_url=None,
            # It would record errors with what patients typed in them, if somebody set its environment variables.
            telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
            exception_handlers={**HANDLERS, StudioError: not_done},
        )
        self.app.add_middleware(CountedRequests, limits=limits)
        for router in (
            ChatApi(
                settings=settings,
                store=store,
                conversations=conversations,
                signals=signals,
                replies=replies,
                limits=limits,
                knowledge=knowledge,
                feedback=feedback,
                retention=frame.retention,
                links=links,
                patients=patients,
                streams=frame.streams,
            ).router(),
            HandoffApi(store, links, patients, limits, knowledge).router(),
            rest_channel.routes(settings, store, conversations, replies, limits, knowledge),
            screening_sheet.routes(store, links, knowledge, now),
            questions_sheet.routes(store, links, knowledge, now),
            health.routes(store, engine, net, frame.peers, self.watch),
            metrics.routes(settings, store, frame.counted, trusts_local=settings.trusts_local(knowledge.clinic.demo)),
            Console(
                desk=self.desk,
                reviewed=reviewed,
                replies=ReadyReplies(database, knowledge, reviewed),
                listing=Listing(
                    self.desk,
                    knowledge,
                    ChatNames(knowledge, templates.when),
                    templates,
                    Tags(database, signals, knowledge.desk.tags),
                    self.watch.lasting,
                ),
                proposals=Proposals(database, now),
                accounts=frame.accounts,
                audit=audit,
                access=access,
                pages=templates,
                signals=signals,
                knowledge=knowledge,
                heartbeat=settings.heartbeat,
            ).router(),
            ReportPages(numbers, access, templates, knowledge, now).router(),
            AccountPages(frame.accounts, audit, access, frame.throttle, templates).router(),
            studio_pages.routes(
                frame.studio, access, audit, templates, Trial(engine, net, knowledge, frame.withdrawals, now)
            ),
            OfficePages(frame.studio, access, audit, templates).router(),
        ):
            self.app.include_router(router)
        self.app.router.routes += [
            *window.routes(knowledge, settings.message_limit),
            *site.routes(knowledge, withheld, settings.public_url),
            *install_page.routes(knowledge, settings.origins or knowledge.clinic.website_origins, settings.public_url),
            *picture_routes.routes(knowledge),
            *answer_pages.routes(knowledge, self.turns.danger, settings, now, frame.withdrawals),
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
