"""The answer pages: every answer, whole, without a script; nothing that has expired; nothing that was typed as HTML."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from html import unescape
from html.parser import HTMLParser
from types import MappingProxyType
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from gateway.app import create_app
from gateway.settings import Settings
from knowledge import Knowledge
from tests.gateway.conftest import NOW, FakeNet, Gateway, Start

VOID = {"meta", "link", "input", "br", "path"}


class Page(HTMLParser):
    """What a test asks of a page; complains about tags that are not closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.headings: list[tuple[int, str]] = []
        self.links: list[dict[str, str]] = []
        self.ids: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        assert "style" not in given
        assert not any(name.startswith("on") for name in given)
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a":
            self.links.append(given)
        if tag not in VOID:
            self._open.append(tag)
        if re.fullmatch(r"h\d", tag):
            self.headings.append((int(tag[1]), ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "script":
            self.text += data
        if self._open and re.fullmatch(r"h\d", self._open[-1]):
            level, text = self.headings[-1]
            self.headings[-1] = level, text + data


async def get(gateway: Gateway, path: str, **params: str) -> str:
    reply = await gateway.client.get(path, params=params or None)
    assert reply.status_code == 200, reply.text
    return reply.text


def with_topic(knowledge: Knowledge, name: str, **changes: Any) -> Knowledge:
    topics = {**knowledge.topics, name: replace(knowledge.topics[name], **changes)}
    return replace(knowledge, topics=MappingProxyType(topics))


# all answers


async def test_all_answers_are_listed_once_under_their_group(gateway: Gateway, knowledge: Knowledge) -> None:
    page = Page(await get(gateway, "/answers"))
    listed = [link["href"].removeprefix("/answers/") for link in page.links if link["href"].startswith("/answers/")]
    assert sorted(set(listed) - {"handout"}) == sorted(knowledge.topics)
    assert len(listed) == len(knowledge.topics) + 1
    assert [text for level, text in page.headings if level == 2] == [group.title for group in knowledge.groups]


async def test_a_search_without_script_shows_answers_with_their_short_text(
    gateway: Gateway, knowledge: Knowledge
) -> None:
    page = Page(await get(gateway, "/answers", q="sore"))
    assert knowledge.fill(knowledge.topics["soreness"].short) in page.text
    assert re.search(r"\d answers for “sore”", page.headings[1][1])


async def test_a_search_that_finds_nothing_says_so_and_whom_to_call(gateway: Gateway, knowledge: Knowledge) -> None:
    page = Page(await get(gateway, "/answers", q="qqqq"))
    assert knowledge.wording("no_answer_found") in page.text
    assert {"href": f"tel:{knowledge.clinic.phone}"} in page.links


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


async def test_html_in_the_search_is_shown_as_text(gateway: Gateway) -> None:
    html = await get(gateway, "/answers", q=HOSTILE)
    assert "<script>alert" not in html
    assert "<img" not in html
    assert html.count("&#34;&gt;&lt;script&gt;") == 3  # title, field, heading
    assert HOSTILE in Page(html).headings[1][1]


@pytest.mark.parametrize("query", ["sore " * 12_000, "<" * 15_000, "\x00\x1b", "\u202eשלום", "%", "{clinic_phone}"])
async def test_no_query_breaks_the_page(gateway: Gateway, query: str) -> None:
    html = await get(gateway, "/answers", q=query)
    Page(html)
    assert len(html) < 40_000


async def test_a_sign_of_danger_in_the_search_stands_alone(gateway: Gateway) -> None:
    html = await get(gateway, "/answers", q="sore and cannot breathe")
    assert re.search(r'role="alert">Call <a href="tel:911">911</a> now\.', html)
    assert "answers for" not in html
    assert "<title>Get help now" in html


async def test_a_search_is_answered_while_the_red_flag_net_fails(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    page = Page(await get(gateway, "/answers", q="trip the net, I am sore"))
    assert "answers for" in page.text
    assert "In an emergency, call 911." in page.text
    assert "red-flag net failed" in caplog.text


async def test_what_is_searched_for_is_not_logged(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    for query in ("zebra", "trip the net zebra"):
        await get(gateway, "/answers", q=query)
    await gateway.client.get("/answers/zebra")
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("gateway")]
    assert ours
    assert "zebra" not in "\n".join(ours)


# one answer


async def test_every_answer_has_a_whole_page(gateway: Gateway, knowledge: Knowledge) -> None:
    for name, topic in knowledge.topics.items():
        html = await get(gateway, f"/answers/{name}")
        page = Page(html)
        assert page.headings[0] == (1, topic.title)
        told = [title for level, title in page.headings[1:] if level == 3]
        assert told == [answer.title for answer in topic.answers.values()]
        assert {level for level, _ in page.headings[1:]} == ({2, 3} if told else {2})
        assert all(f"q-{answer}" in page.ids for answer in topic.answers)
        assert len(page.ids) == len(set(page.ids))
        text = " ".join(page.text.split())
        assert text.index(knowledge.fill(topic.short)) < text.index("In more detail")
        for paragraph in knowledge.fill(topic.more).split("\n\n"):
            assert " ".join(paragraph.removeprefix("- ").split()) in text
        for ref in topic.sources:
            assert knowledge.sources[ref.id].title in text
        for other in topic.see_also:
            assert {"href": f"/answers/{other}"} in page.links
        assert "Not yet reviewed by a physiotherapist" in text
        assert topic.version not in text  # the office's word, not a patient's
        assert not re.search(r"\{[a-z_]+\}", text), "a placeholder was not filled"


async def test_the_head_of_a_page_says_what_it_is(gateway: Gateway, knowledge: Knowledge) -> None:
    html = await get(gateway, "/answers/soreness")
    topic = knowledge.topics["soreness"]
    assert '<html lang="en-CA">' in html
    assert f"<title>{topic.title} | {knowledge.clinic.name}</title>" in html
    assert '<link rel="canonical" href="http://gateway/answers/soreness">' in html
    assert f'<meta name="description" content="{knowledge.fill(topic.short)}">' in unescape(html)
    assert html.index('class="skip" href="#main"') < html.index("<header")


async def test_a_source_on_the_web_opens_in_a_new_tab_that_learns_nothing(gateway: Gateway) -> None:
    page = Page(await get(gateway, "/answers/soreness"))
    outside = [link for link in page.links if link["href"].startswith("https:")]
    assert outside
    for link in outside:
        assert link["target"] == "_blank"
        assert {"noopener", "noreferrer"} <= set(link["rel"].split())
    assert "(opens in a new tab)" in page.text


async def test_phone_numbers_can_be_called_and_the_booking_link_followed(
    gateway: Gateway, knowledge: Knowledge
) -> None:
    page = Page(await get(gateway, "/answers/booking"))
    targets = {link["href"] for link in page.links}
    assert {f"tel:{knowledge.clinic.phone}", knowledge.clinic.booking_link} <= targets


async def test_the_clinics_own_facts_stand_on_the_page_but_not_what_is_true_only_now(
    gateway: Gateway, knowledge: Knowledge
) -> None:
    assert "$115" in await get(gateway, "/answers/cost")
    hours = await get(gateway, "/answers/hours_location")
    assert "Monday to Tuesday 8 am to 6 pm" in hours
    assert "We are open now" not in hours


async def test_search_engines_get_the_question_and_its_answer(gateway: Gateway, knowledge: Knowledge) -> None:
    html = await get(gateway, "/answers/soreness")
    data = json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)[0])
    assert data["@type"] == "FAQPage"
    question, *specific = data["mainEntity"]
    assert [each["name"] for each in specific] == [each.title for each in knowledge.topics["soreness"].answers.values()]
    assert question["name"] == knowledge.topics["soreness"].title
    assert question["acceptedAnswer"]["text"].startswith(knowledge.fill(knowledge.topics["soreness"].short))


async def test_no_answer_can_break_out_of_its_page(start: Start, knowledge: Knowledge) -> None:
    hostile = "</script><script>alert(1)</script><!-- & \" '"
    async with start(
        knowledge=with_topic(knowledge, "soreness", title=hostile, short=hostile, more=hostile)
    ) as gateway:
        html = await get(gateway, "/answers/soreness")
        assert "<script>alert" not in html
        assert "<!--" not in html
        Page(html)
        data = json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)[0])
        assert data["mainEntity"][0]["name"] == hostile


async def test_a_signed_answer_says_who_reviewed_it_and_until_when(start: Start, knowledge: Knowledge) -> None:
    signed = with_topic(knowledge, "soreness", reviewer="Robin <Example>", reviewed=date(2026, 6, 1), answers={})
    async with start(knowledge=signed) as gateway:
        page = Page(await get(gateway, "/answers/soreness"))
        assert "Reviewed by Robin <Example> on June 1, 2026. To be checked again by May 21, 2027." in page.text
        assert "Not yet reviewed" not in page.text
        assert "<lastmod>2026-06-01</lastmod>" in await get(gateway, "/sitemap.xml")


@pytest.mark.parametrize("name", ["nothing_like_this", "Soreness", "<script>", "x" * 10_000, "a b"])
async def test_an_unknown_answer_is_a_page_that_helps_on(gateway: Gateway, name: str) -> None:
    reply = await gateway.client.get(f"/answers/{name}")
    assert reply.status_code == 404
    page = Page(reply.text)
    assert "No such answer" in page.text
    assert '<meta name="robots" content="noindex">' in reply.text
    assert "<script>" not in reply.text


async def test_a_misspelt_address_offers_what_was_meant(gateway: Gateway) -> None:
    reply = await gateway.client.get("/answers/sorenes")
    assert {"href": "/answers/soreness"} in Page(reply.text).links


# what has expired


@pytest.fixture
async def later(settings: Settings, knowledge: Knowledge) -> AsyncIterator[httpx.AsyncClient]:
    """The gateway two years on: no review of today holds any longer."""
    app = create_app(settings, knowledge, FakeNet(), now=lambda: datetime(2029, 1, 1, tzinfo=UTC))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client,
    ):
        yield client


async def test_an_answer_past_its_review_is_withheld_everywhere(later: httpx.AsyncClient, knowledge: Knowledge) -> None:
    topic = knowledge.topics["soreness"]
    withheld, secret = knowledge.wording("withheld"), knowledge.fill(topic.short)[:40]
    page = await later.get("/answers/soreness")
    assert page.status_code == 200
    assert withheld in " ".join(Page(page.text).text.split())
    found = await later.get("/answers", params={"q": "sore"})
    assert withheld in Page(found.text).text
    handout = await later.get("/answers/handout", params={"topics": "soreness"})
    assert handout.status_code == 400
    assert f"cannot be handed out now: {topic.title}." in handout.text
    sitemap = await later.get("/sitemap.xml")
    for reply in (page, found, handout, sitemap):
        assert secret not in reply.text
    assert "ld+json" not in page.text
    assert '<meta name="robots" content="noindex">' in page.text
    assert "/answers/soreness<" not in sitemap.text


@pytest.mark.parametrize("review_by, shown", [(date(2026, 11, 21), True), (date(2026, 11, 20), False)])
async def test_the_last_day_of_a_review_is_the_clinics_day(
    start: Start, knowledge: Knowledge, review_by: date, shown: bool
) -> None:
    assert NOW.astimezone(knowledge.clinic.timezone).date() == date(2026, 11, 21)
    async with start(knowledge=with_topic(knowledge, "soreness", review_by=review_by)) as gateway:
        assert ("In more detail" in await get(gateway, "/answers/soreness")) is shown


# search engines and addresses


async def test_the_site_map_lists_every_answer(gateway: Gateway, knowledge: Knowledge) -> None:
    tree = ElementTree.fromstring(await get(gateway, "/sitemap.xml"))
    found = [element.text for element in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert found == ["http://gateway/answers", *(f"http://gateway/answers/{name}" for name in knowledge.topics)]


async def test_search_engines_are_told_of_the_site_map_and_kept_out_of_the_chat(gateway: Gateway) -> None:
    robots = (await get(gateway, "/robots.txt")).splitlines()
    assert {"Disallow: /api/", "Sitemap: http://gateway/sitemap.xml"} <= set(robots)


async def test_links_and_codes_carry_the_address_that_patients_know(start: Start) -> None:
    async with start(public_url="https://chat.example.org/") as gateway:
        html = await get(gateway, "/answers/soreness")
        assert html.count("https://chat.example.org/answers/soreness") == 6  # canonical, data, code, link (2), copy
        assert "<loc>https://chat.example.org/answers</loc>" in await get(gateway, "/sitemap.xml")


@pytest.mark.parametrize("host", ['"><script>', "a b", "x" * 5000, "evil.example/path", ""])
@pytest.mark.parametrize("path", ["/answers", "/answers/soreness", "/sitemap.xml", "/robots.txt"])
async def test_a_host_that_is_none_is_refused(gateway: Gateway, host: str, path: str) -> None:
    reply = await gateway.client.get(path, headers={"Host": host})
    assert reply.status_code == 400
    assert "script>" not in reply.text


async def test_the_demo_page_leads_to_the_answers(gateway: Gateway) -> None:
    page = Page(await get(gateway, "/"))
    cards = [link["href"] for link in page.links if link["href"].startswith("/answers/")]
    assert len(cards) == 6
    assert {"href": "/answers"} in page.links
    for address in cards:
        await get(gateway, address)
