"""The search finds what patients mean, however they spell it."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from gateway.answers.search import Search, search_in
from knowledge import Knowledge


@pytest.fixture(scope="module")
def search(knowledge: Knowledge) -> Search:
    return Search(knowledge)


@pytest.mark.parametrize(
    "query, topic",
    {
        "sore": "soreness",
        "soreness": "soreness",
        "insurence": "insurance",
        "acupunture": "vs_acupuncture",
        "needels": "needles",
        "twich": "twitch_response",
        "am i pregnent": "pregnancy",
        "PREGNANCY!!": "pregnancy",
        "warfarin": "blood_thinners",
        "bruise": "soreness",
        "does needling hurt": "what_it_feels_like",
        "how much does it cost": "cost",
        "parking": "hours_location",
        "pacemaker": "medical_device_history",
        "sciatica": "condition_help",
    }.items(),
)
def test_typing_errors_and_word_forms_are_forgiven(search: Search, query: str, topic: str) -> None:
    assert topic in search.find(query)[:2]


def test_every_topic_is_found_by_its_title(search: Search, knowledge: Knowledge) -> None:
    missed = [name for name, topic in knowledge.topics.items() if search.find(topic.title)[:1] != [name]]
    assert missed == []


@pytest.mark.parametrize("query", ["", "   ", "?!", "qqqq", "שלום", "💉", "\x00"])
def test_what_no_answer_speaks_of_finds_nothing(search: Search, query: str) -> None:
    assert search.find(query) == []


@pytest.mark.parametrize("query", ["sore " * 20_000, "x" * 100_000, " ".join(f"sore{n}" for n in range(10_000))])
def test_a_huge_query_takes_no_longer(search: Search, query: str) -> None:
    began = time.perf_counter()
    search.find(query)
    assert time.perf_counter() - began < 0.5


def test_nothing_known_finds_nothing(knowledge: Knowledge) -> None:
    assert Search(replace(knowledge, topics={})).find("sore") == []


def test_all_who_search_one_knowledge_share_one_index(knowledge: Knowledge) -> None:
    assert search_in(knowledge) is search_in(knowledge)
    assert search_in(replace(knowledge)) is not search_in(knowledge)
