"""The answers as pages: `/answers` lists, groups and searches them, `/answers/<topic>` tells one, `/answers/handout`
makes a PDF of several. Everything works without JavaScript; `answers.js` only adds buttons.

Answers are shown as the chat shows them: filled with the clinic's facts, and withheld when their review is overdue or
they were withdrawn.
What is typed into the search goes through the red-flag net first, as everything that a patient types.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any
from xml.sax.saxutils import escape as xml

from markupsafe import Markup, escape
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.answers.answer_parts import (
    Citation,
    about_conditions,
    citations,
    citations_of,
    lasting_facts,
    parts,
    qr_code,
    review_state,
)
from gateway.answers.handout import MOST_TOPICS, handout
from gateway.answers.picture_routes import questions
from gateway.answers.search import QUERY_LIMIT, search_in
from gateway.answers.withdrawals import Withdrawals
from gateway.settings import Settings
from gateway.web import logo
from gateway.web.error_replies import Refused
from gateway.web.site import packed
from gateway.web.templates import FRESH, environment
from gateway.web.typed import clean
from knowledge import Knowledge, Topic
from knowledge.placeholders import PLACEHOLDER, REGION
from safety import Finding

log = logging.getLogger(__name__)

MOST_SEARCHES = 20  # that wait at a time
Danger = Callable[[str], Awaitable[Finding | None]]
PHONES = {f"{{{name}}}" for name in ("clinic_phone", *REGION)}
LABEL = re.compile(r"[A-Z\d][^.:!?\n]{0,40}:(?=\s|$)")  # as the chat window has it (text.js)
Json = dict[str, Any]
HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")


def routes(
    knowledge: Knowledge,
    danger: Danger,
    settings: Settings,
    now: Callable[[], datetime],
    withdrawals: Withdrawals,
) -> list[BaseRoute]:
    """The routes of the answer pages."""
    pages = _Pages(knowledge, danger, settings, now, withdrawals)
    return [
        packed("/answers", pages.index),
        Route("/answers/handout", pages.handout),
        packed("/answers/{topic}", pages.topic),
        Route("/sitemap.xml", pages.sitemap),
        Route("/robots.txt", pages.robots),
    ]


@lru_cache(maxsize=500)
def _qr(address: str) -> Markup:
    """The code that leads to a page; it takes longer to make than the page."""
    return Markup(qr_code(address).svg_inline(border=2, light="#fff", omitsize=True))


@dataclass(frozen=True)
class Shown:
    """A topic as it may be shown today: its short text, or why there is none."""

    name: str
    title: str
    short: Markup
    withheld: bool


@dataclass(frozen=True)
class Specific:
    """A specific question of a topic, as its page shows it."""

    id: str
    title: str
    text: Markup
    review: str
    sources: list[Citation]


class _Pages:
    def __init__(
        self,
        knowledge: Knowledge,
        danger: Danger,
        settings: Settings,
        now: Callable[[], datetime],
        withdrawals: Withdrawals,
    ) -> None:
        self._knowledge = knowledge
        self._danger_in = danger
        self._settings = settings
        self._now = now
        self._withdrawals = withdrawals
        self._search = search_in(knowledge)
        self._one_handout = asyncio.Lock()
        self._one_search = asyncio.Lock()
        self._searching = 0
        self._group_of = {name: group for group in knowledge.groups for name in group.topics}
        self._templates = environment()
        self._templates.globals.update(
            logo=logo.address(knowledge.logo),
            clinic=knowledge.clinic,
            wording=knowledge.wording,
            say=self._say,
            rich=self._rich,
            labelled=self._labelled,
            query_limit=QUERY_LIMIT,
        )

    async def index(self, request: Request) -> Response:
        """All answers in groups, and above them those that fit the search."""
        typed = clean(request.query_params.get("q", "")[: 2 * QUERY_LIMIT])
        query = " ".join(typed.split())[:QUERY_LIMIT]
        alarm = await self._danger(query)
        # A sign of danger stands alone: nobody should read on first.
        found = self._found(query) if query and not alarm else []
        return self._page(
            request,
            "index.html",
            path="/answers",
            query=query,
            found=found,
            alarm=alarm,
            groups=self._groups(),
        )

    async def topic(self, request: Request) -> Response:
        """One answer; for a name that is none, the answers that fit its words."""
        name = request.path_params["topic"]
        topic = self._knowledge.topics.get(name)
        if topic is None:
            words = name.replace("_", " ").replace("-", " ")[:QUERY_LIMIT]
            found = [self._shown(other) for other in self._search.find(words, most=5)]
            return self._page(request, "missing.html", 404, path=None, found=found)
        shown, address = self._shown(name), f"{self._base(request)}/answers/{name}"
        part = self._asked_part(topic, request.query_params.get("part", ""))
        return self._page(
            request,
            "topic.html",
            path=f"/answers/{name}",
            shown=shown,
            topic=topic,
            group=self._group_of[name],
            more=parts(topic.more),
            specific=self._specific(topic),
            part=part,
            about_part=self._about(part) if part else (),
            picture=topic.picture,
            drawing=self._drawing(topic),
            questions=questions(self._knowledge, topic.picture) if topic.picture else (),
            facts=lasting_facts(self._knowledge, topic, self._local_now()),
            sources=citations(self._knowledge, topic),
            see_also=[self._knowledge.topics[other] for other in topic.see_also],
            review=review_state(self._knowledge, topic),
            data=None if shown.withheld else self._structured(topic),
            description=self._knowledge.fill(topic.short),
            address=address,
            qr=_qr(address),
        )

    async def handout(self, request: Request) -> Response:
        """The PDF of the chosen topics; or the list to choose from, with what was wrong with the choice."""
        given = request.query_params.getlist("topics")
        names = list(dict.fromkeys(name for item in given for part in item.split(",") if (name := part.strip())))
        problem = self._unfit(names) if given else None
        if not given or problem:
            return self._page(
                request,
                "handout.html",
                400 if problem else 200,
                path=None,
                problem=problem,
                chosen=frozenset(names),
                most=MOST_TOPICS,
                groups=self._groups(),
            )
        topics = [self._knowledge.topics[name] for name in names]
        make = partial(handout, self._knowledge, topics, self._base(request), self._local_now())
        headers = {**FRESH, "Content-Disposition": 'inline; filename="ims-handout.pdf"'}
        async with self._one_handout:  # it takes a second; the chat needs the processor too
            pdf = await run_in_threadpool(make)
        return Response(pdf, media_type="application/pdf", headers=headers)

    async def sitemap(self, request: Request) -> Response:
        """The pages that a search engine may show."""
        base, topics = self._base(request), self._knowledge.topics
        entries = [f"<url><loc>{xml(base)}/answers</loc></url>"]
        for name, topic in topics.items():
            if not self._withheld(topic):
                changed = f"<lastmod>{topic.reviewed}</lastmod>" if topic.reviewed else ""
                entries.append(f"<url><loc>{xml(base)}/answers/{name}</loc>{changed}</url>")
        lines = [
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
        ]
        return Response("\n".join([*lines, *entries, "</urlset>\n"]), media_type="application/xml", headers=FRESH)

    async def robots(self, request: Request) -> Response:
        """What search engines may read: the pages, not the chat."""
        lines = ["User-agent: *", "Disallow: /api/", "Disallow: /webhooks/", "Disallow: /answers/handout"]
        return PlainTextResponse("\n".join([*lines, "", f"Sitemap: {self._base(request)}/sitemap.xml", ""]))

    # parts

    def _page(self, request: Request, template: str, status: int = 200, *, path: str | None, **values: Any) -> Response:
        canonical = f"{self._base(request)}{path}" if path else None
        page = self._templates.get_template(f"answers/{template}").render(canonical=canonical, **values)
        return HTMLResponse(page, status, headers=FRESH)

    def _found(self, query: str) -> list[Shown]:
        """What fits a search: questions that are answered in a sentence or two first, and then whole topics."""
        found, seen = [], set()
        for name in self._search.find_answers(query):
            topic, _, id = name.partition(".")
            answer = self._knowledge.topics[topic].answers[id]
            if not self._withdrawals.withheld(answer, self._today()):
                text = self._rich(self._knowledge.words(answer, self._local_now(), lasting=True))
                found.append(Shown(f"{topic}#q-{id}", answer.title, text, withheld=False))
                seen.add(answer.title)
        topics = [self._shown(name) for name in self._search.find(query)]
        return [*found, *(topic for topic in topics if topic.title not in seen)]

    def _shown(self, name: str) -> Shown:
        topic = self._knowledge.topics[name]
        if self._withheld(topic):
            return Shown(name, topic.title, self._say("withheld"), withheld=True)
        return Shown(name, topic.title, self._rich(topic.short), withheld=False)

    def _specific(self, topic: Topic) -> list[Specific]:
        """The specific questions that may be answered today."""
        told = [answer for answer in topic.answers.values() if not self._withdrawals.withheld(answer, self._today())]
        return [
            Specific(
                answer.id,
                answer.title,
                self._rich(self._knowledge.words(answer, self._local_now(), lasting=True)),
                review_state(self._knowledge, answer),
                citations_of(self._knowledge, answer.sources),
            )
            for answer in told
        ]

    def _asked_part(self, topic: Topic, part: str) -> str:
        """The name of the part of the body that the answer is asked about, or nothing."""
        known = topic.picture.parts if topic.picture else ()
        return self._knowledge.conditions.body_parts[part].name if part in known else ""

    def _about(self, part: str) -> list[Markup]:
        """What is known about pain in a part of the body, paragraph by paragraph."""
        found = about_conditions(self._knowledge, part)
        return [self._rich(paragraph) for paragraph in found[0].split("\n\n")] if found else []

    def _drawing(self, topic: Topic) -> Markup | None:
        """The drawing as part of the page; data/pictures/ holds nothing that could run in it."""
        picture = topic.picture
        return Markup(picture.svg(self._knowledge.fill(picture.words))) if picture and picture.drawing else None

    def _withheld(self, topic: Topic) -> bool:
        return self._withdrawals.withheld(topic, self._today())

    def _groups(self) -> list[tuple[str, str, list[Shown]]]:
        return [
            (group.name, group.title, [self._shown(name) for name in group.topics]) for group in self._knowledge.groups
        ]

    def _unfit(self, names: Sequence[str]) -> str | None:
        """Why a handout of these topics can't be made, or None."""
        say, topics = self._knowledge.wording, self._knowledge.topics
        if not names:
            return say("handout_none")
        if unknown := [name for name in names if name not in topics]:
            return say("handout_unknown", names=", ".join(name[:40] for name in unknown[:MOST_TOPICS]))
        if len(names) > MOST_TOPICS:
            return say("handout_too_many", count=len(names), most=MOST_TOPICS)
        if withheld := [topics[name].title for name in names if self._withheld(topics[name])]:
            return say("handout_withheld", titles=", ".join(withheld))
        return None

    async def _danger(self, typed: str) -> Markup | None:
        """What to do at once, if the search names a sign of danger.

        One search at a time, so that patients' messages never wait behind many; Refused where too many wait.
        """
        if not typed:
            return None
        if self._searching >= MOST_SEARCHES:
            raise Refused.because("too_many_requests", seconds=1)
        self._searching += 1
        try:
            async with self._one_search:
                finding = await self._danger_in(typed)
        finally:
            self._searching -= 1
        return self._rich(finding.reply) if finding else None

    def _rich(self, text: str) -> Markup:
        """The text as HTML, its phone numbers and booking link ready to be used."""
        return Markup(PLACEHOLDER.sub(lambda found: self._fact(found[0]), str(escape(text))))

    def _labelled(self, text: str) -> Markup:
        """The text as HTML; a label at its beginning ("Common: ...") stands in bold."""
        if (label := LABEL.match(text)) is None:
            return self._rich(text)
        return Markup("<strong>{}</strong>{}").format(self._rich(label[0]), self._rich(text[label.end() :]))

    def _say(self, key: str) -> Markup:
        return self._rich(self._knowledge.sentences[key].text)

    def _fact(self, placeholder: str) -> str:
        value = escape(self._knowledge.fill(placeholder))
        if placeholder in PHONES:
            return f'<a href="tel:{value}">{value}</a>'
        if value.startswith("https://"):
            return f'<a href="{value}" rel="noopener">{value}</a>'
        return str(value)

    def _structured(self, topic: Topic) -> Markup:
        """The answer as search engines read it. No text of it can end the script element that it stands in."""
        fill = self._knowledge.fill
        question = {
            "@type": "Question",
            "name": topic.title,
            "acceptedAnswer": {"@type": "Answer", "text": f"{fill(topic.short)}\n\n{fill(topic.more)}".strip()},
        }
        specific = [
            {
                "@type": "Question",
                "name": answer.title,
                "acceptedAnswer": {
                    "@type": "Answer",
                    "text": self._knowledge.said(answer, self._local_now(), lasting=True),
                },
            }
            for answer in topic.answers.values()
            if not self._withdrawals.withheld(answer, self._today())
        ]
        data: Json = {
            "@context": "https://schema.org",
            "@type": "FAQPage",
            "inLanguage": "en-CA",
            "publisher": self._business(),
            "mainEntity": [question, *specific],
        }
        if topic.reviewed:
            data |= {"dateModified": str(topic.reviewed), "reviewedBy": {"@type": "Person", "name": topic.reviewer}}
        written = json.dumps(data, ensure_ascii=False)
        return Markup(written.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))

    def _business(self) -> Json:
        """The clinic as search engines read it, as far as its facts are known."""
        clinic = self._knowledge.clinic
        hours = [
            {
                "@type": "OpeningHoursSpecification",
                "dayOfWeek": day.capitalize(),
                "opens": f"{span.opens:%H:%M}",
                "closes": f"{span.closes:%H:%M}",
            }
            for day, spans in (clinic.hours or {}).items()
            for span in spans
        ]
        known = {"address": clinic.address, "email": clinic.email, "openingHoursSpecification": hours}
        return {
            "@type": "MedicalClinic",
            "name": clinic.name,
            "telephone": clinic.phone,
            **{k: v for k, v in known.items() if v},
        }

    def _base(self, request: Request) -> str:
        """The address that patients reach the pages at; Refused if the request names no possible host."""
        if self._settings.public_url:
            return self._settings.public_url.rstrip("/")
        if not HOST.fullmatch(host := request.headers.get("host", "")):
            raise Refused.because("bad_request")
        return f"{request.url.scheme}://{host}"

    def _local_now(self) -> datetime:
        return self._now().astimezone(self._knowledge.clinic.timezone)

    def _today(self) -> date:
        return self._local_now().date()
