"""What the chat window is given: words, starters, ways to the clinic, tables, suggestions; and how it is installed."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from gateway.answers.fact_tables import fact_tables
from gateway.answers.search import Search
from gateway.answers.suggestions import suggestions
from gateway.web.install_page import told
from knowledge import Knowledge
from tests.gateway.conftest import Chat, Gateway, Start

MONDAY = datetime(2026, 11, 30, 18, tzinfo=UTC)


async def test_a_chat_begins_with_questions_that_are_understood_without_words(gateway: Gateway, chat: Chat) -> None:
    (greeting,) = await chat.history()
    labels = {button["label"]: button["id"] for button in greeting["body"]["buttons"]}
    assert list(labels)[:5] == [
        starter.label for starter in gateway.app.state.exchange.edition.knowledge.window.starters
    ]
    (reply,) = await chat.ask(choice=labels["Cost and booking"])
    assert reply["topic"] == "cost"


@pytest.mark.parametrize("asked, reached", [("what does it feel like", False), ("what do you charge", True)])
async def test_prices_come_with_the_ways_to_call_and_to_book(
    gateway: Gateway, chat: Chat, knowledge: Knowledge, asked: str, reached: bool
) -> None:
    gateway.engine.topics = ["cost" if reached else "what_it_feels_like"]
    (reply,) = await chat.ask("something about a topic")
    clinic = knowledge.clinic
    ways = [(way["label"], way["href"]) for way in reply.get("reach", [])]
    both = [(f"Call {clinic.phone}", f"tel:{clinic.phone}"), ("Book online", clinic.booking_link)]
    assert ways == (both if reached else [])


def test_a_week_is_told_from_today_on_with_its_holidays(knowledge: Knowledge) -> None:
    said = "We are open today. Monday to Thursday 8 am to 6 pm, Friday 8 am to 5 pm, Saturday and Sunday closed."
    christmas = datetime(2026, 12, 23, 18, tzinfo=UTC).astimezone(knowledge.clinic.timezone)
    (table,) = fact_tables(knowledge, said, christmas)
    assert table["instead_of"].startswith("Monday to Thursday")
    assert [row[1] for row in table["rows"][:3]] == ["8 am to 7 pm", "closed", "closed"]
    assert table["rows"][0][0] == "Today (Wednesday)" and table["rows"][1][0] == "Thursday"
    later = fact_tables(knowledge, said, christmas + timedelta(days=1))
    assert later[0]["rows"][0][0] == "Today (Thursday)"


@pytest.mark.parametrize("said", ["We open on Monday.", "A first visit costs $115.", ""])
def test_what_names_one_day_or_one_price_needs_no_table(knowledge: Knowledge, said: str) -> None:
    assert fact_tables(knowledge, said, MONDAY) == []


def test_what_is_suggested_has_an_answer_and_brings_the_words_that_people_use(knowledge: Knowledge) -> None:
    found = dict(suggestions(knowledge))
    titles = {topic.title for topic in knowledge.topics.values()}
    titles |= {answer.title for topic in knowledge.topics.values() for answer in topic.answers.values()}
    assert set(found) <= titles
    assert "beer" in found["Can I drink alcohol after?"].split()
    assert all("hurt" not in words.split() for title, words in found.items() if "hurt" in title.lower().split())


async def test_suggestions_are_sent_packed_and_kept(gateway: Gateway) -> None:
    reply = await gateway.client.get("/api/widget/suggestions", headers={"Accept-Encoding": "gzip"})
    assert reply.headers["content-encoding"] == "gzip" and "max-age" in reply.headers["cache-control"]
    assert all(len(entry) == 2 for entry in reply.json())


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("can i go for a run after", "exercise_after.run"),
        ("beer", "aftercare.alcohol"),
        ("wheres parking", "hours_location.parking"),
    ],
)
def test_the_search_finds_the_answer_within_the_topic(knowledge: Knowledge, query: str, answer: str) -> None:
    assert answer in Search(knowledge).find_answers(query)


@pytest.mark.parametrize("query", ["je suis enceinte", "xylophone concert tickets", "blorp sore flurb wug"])
def test_nonsense_gets_nothing(knowledge: Knowledge, query: str) -> None:
    assert Search(knowledge).find(query) == []
    assert Search(knowledge).find_answers(query) == []


async def test_the_log_names_a_site_that_is_not_allowed_once(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with start() as gateway:
        for _ in range(3):
            await gateway.client.get("/widget/element.js", headers={"Origin": "https://physio.example"})
        await gateway.client.get("/widget/element.js", headers={"Origin": "http://gateway"})
    told = [record.getMessage() for record in caplog.records if "website_origins" in record.getMessage()]
    assert len(told) == 1 and "https://physio.example" in told[0]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("www.clinic.example", ["on the list", "not on the list"]),
        ("https://www.clinic.example/contact?x=1", ["on the list", "not on the list"]),
        ("http://www.clinic.example", ["https://"]),
        ("our website", ["not the address"]),
        ("https://", ["not the address"]),
    ],
)
def test_the_page_that_installs_it_says_what_is_missing(knowledge: Knowledge, typed: str, says: list[str]) -> None:
    lines = told(knowledge, ["https://www.clinic.example"], typed)
    assert len(lines) == len(says)
    assert all(part in line for part, line in zip(says, lines, strict=True))


async def test_the_page_that_installs_it_shows_the_line_and_no_markup_of_others(start: Start) -> None:
    async with start(public_url="https://chat.clinic.example") as gateway:
        page = await gateway.client.get("/install", params={"site": "<script>alert(1)</script>"})
        assert "&lt;script src=&#34;https://chat.clinic.example/widget.js&#34; async&gt;" in page.text
        assert "<script>alert" not in page.text


async def test_the_pages_of_the_clinic_have_its_colour(gateway: Gateway) -> None:
    colour = gateway.app.state.exchange.edition.knowledge.clinic.theme["primary"]
    page = (await gateway.client.get("/answers")).text
    styles = await gateway.client.get("/static/theme.css")
    assert page.index("/static/answers.css") < page.index("/static/theme.css")
    assert f"--accent: {colour}" in styles.text and "text/css" in styles.headers["content-type"]
