"""What no answer may lack and no answer may say, whoever edits it: the rules that keep a patient from harm."""

from __future__ import annotations

import re

import pytest

from knowledge import Topic
from tests.support.shipped import shipped_knowledge

KNOWLEDGE = shipped_knowledge()
TOPICS = list(KNOWLEDGE.topics.values())
RULES = (  # what no sentence of an answer may do: dose, stop a medicine, diagnose, permit
    r"\b\d+(\.\d+)?\s?(mg|mcg|ml|milligrams?|tablets?|pills?|puffs?)\b",
    r"^(?!.*\b(not|never)\b).*\b(stop|skip|pause|halve|double)(ping)? (taking )?(your|a|the|any) (\w+ )?"
    r"(medicines?|pills?|tablets?|thinners?|warfarin|dose)",
    r"\byou (probably |likely |clearly )?(have|suffer from) (a |an )?"
    r"(torn|slipped|herniated|pinched|sprain|arthritis|sciatica|tendinitis|neuropath)",
    r"\byou (can|may) (safely )?have (ims|dry needling|needling|it)\b(?! if)|it is safe for you",
)
# Where the documents disagree, by the answer that has to say so.
DISAGREEMENTS = {
    "how_often": ("document", "source", "clinic"),
    "how_soon_results": ("document", "source"),
    "soreness": ("warmth",),
    "exercise_after": ("one source", "many clinics"),
    "who_should_not": ("differ",),
    "ims_vs_dry_needling": ("document", "source"),
}


def whole(topic: Topic) -> str:
    return f"{topic.short}\n{topic.more}"


def broken(text: str) -> list[str]:
    """The sentences that break a rule."""
    sentences = re.split(r"(?<=[.?!])\s|\n", text)
    return [line for line in sentences if any(re.search(rule, line, re.IGNORECASE) for rule in RULES)]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_no_answer_doses_stops_a_medicine_diagnoses_or_permits(topic: Topic) -> None:
    assert broken(whole(topic)) == []


@pytest.mark.parametrize("text", ["take 400 mg", "Stop your warfarin", "skip a dose", "You have a torn disc",
                                  "you can have IMS", "It is safe for you"])  # fmt: skip
def test_the_rules_catch_what_they_are_for(text: str) -> None:
    assert broken(text)


@pytest.mark.parametrize("name", ["aftercare", "soreness", "side_effects"])
def test_what_comes_after_needling_always_says_when_to_get_help(name: str) -> None:
    for text in (KNOWLEDGE.topics[name].short, KNOWLEDGE.topics[name].more):
        assert "{emergency}" in text
        assert "breath" in text and ("chest pain" in text or "chest hurts" in text)


def test_who_should_not_be_needled_names_all_four_rules_of_the_documents() -> None:
    for text in (KNOWLEDGE.topics["who_should_not"].short, KNOWLEDGE.topics["who_should_not"].more):
        assert all(word in text for word in ("pregnant", "infection", "hemophilia", "blood thinner"))


def test_pregnancy_is_never_called_fine_from_some_week_on() -> None:
    topic = KNOWLEDGE.topics["pregnancy"]
    assert topic.short.startswith("Needling is not advised if you are pregnant")
    assert not re.search(r"(fine|safe|ok|okay) (after|from|in) (the |week )", whole(topic))


def test_whoever_takes_a_blood_thinner_is_told_to_say_so_and_not_to_stop() -> None:
    topic = KNOWLEDGE.topics["blood_thinners"]
    for text in (topic.short, topic.more):
        assert "Tell your physio if you take a blood thinner" in text
        assert re.search(r"do not stop or skip your blood thinner", text, re.IGNORECASE)


@pytest.mark.parametrize(("name", "words"), DISAGREEMENTS.items())
def test_where_the_documents_disagree_the_answer_says_so(name: str, words: tuple[str, ...]) -> None:
    text = whole(KNOWLEDGE.topics[name]).lower()
    assert any(word in text for word in words)


def test_the_assistant_says_that_it_is_no_clinician_and_can_be_wrong() -> None:
    text = KNOWLEDGE.topics["bot_identity"].short
    assert "not a person, doctor or physio" in text and "can be wrong" in text


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_answer_names_its_sources_and_when_it_is_looked_at_again(topic: Topic) -> None:
    assert topic.sources and all(ref.id in KNOWLEDGE.sources for ref in topic.sources)
    assert topic.review_by is not None
