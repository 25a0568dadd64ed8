"""Specific answers stand below their topic's general one, and are checked, signed and versioned on their own."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge import Knowledge
from knowledge.check import check, findings, notes, specific_share
from knowledge.references import signed_text
from knowledge.specific import opening
from tests.knowledge.conftest import SORENESS, Data

FILE = "answers/soreness.yml"
TODAY = date(2026, 11, 30)
EXAMPLES = """\
- intent: faq/soreness.how_long
  examples: |
    - how long will it ache
    - when does it stop aching
responses:
"""
ANSWER = """\
  utter_faq/soreness.how_long:
  - text: >-
      It mostly aches for a day or two. Call {clinic_phone} if it lasts longer.
    metadata:
      title: How long will I ache?
      claims: [F001]
      sources:
      - {id: "003", section: "after treatment"}
      - {id: brady2014}
      reviewer: ""
      reviewed: ""
      review_by: "2027-05-21"
"""
WITH = SORENESS.replace("responses:\n", EXAMPLES) + ANSWER


@pytest.fixture
def specific(data: Data) -> Data:
    data.write(FILE, WITH)
    return data


def test_a_specific_answer_is_read_with_its_topic(specific: Data) -> None:
    topic = Knowledge.load(specific.folder).topics["soreness"]
    answer = topic.answers["how_long"]

    assert (answer.name, answer.intent) == ("soreness.how_long", "faq/soreness.how_long")
    assert answer.title == "How long will I ache?"
    assert answer.text.startswith("It mostly aches")
    assert answer.examples == ("how long will it ache", "when does it stop aching")
    assert set(answer.examples) < set(topic.examples)
    assert answer.sources[0].id == "003"
    assert answer.claims == ("F001",)
    assert answer.reviewed is None
    assert not answer.expired(date(2027, 5, 21))
    assert answer.expired(date(2027, 5, 22))


def test_it_is_signed_for_its_own_words(specific: Data) -> None:
    answer = Knowledge.load(specific.folder).topics["soreness"].answers["how_long"]
    mark = signed_text(answer.title, answer.text, "", answer.sources)
    signature = f'reviewer: R. Example\n      reviewed: "2026-11-01"\n      signed: "{mark}"'
    specific.write(FILE, WITH.replace(ANSWER, ANSWER.replace('reviewer: ""\n      reviewed: ""', signature)))

    signed = Knowledge.load(specific.folder).topics["soreness"]
    assert (signed.answers["how_long"].reviewer, signed.reviewer) == ("R. Example", "")

    specific.replace(FILE, "It mostly aches", "It always aches")
    changed = Knowledge.load(specific.folder).topics["soreness"].answers["how_long"]
    assert (changed.reviewer, changed.lapsed) == ("", "R. Example")
    assert changed.version != answer.version


CAUTION = """\
cautions:
- topic: soreness
  says: ["call {clinic_phone}", ask your physio]
"""


def caution(data: Data, lines: str) -> None:
    data.write("standards.yml", (data.folder / "standards.yml").read_text("utf-8") + lines)


def test_every_answer_of_a_topic_says_its_caution(specific: Data) -> None:
    caution(specific, CAUTION)
    assert not list(findings(Knowledge.load(specific.folder), TODAY))

    specific.replace(FILE, "Call {clinic_phone} if it lasts longer.", "Rest a while.")
    (found,) = findings(Knowledge.load(specific.folder), TODAY)
    assert found.message == "soreness.how_long: 'text' lacks the caution of its topic"
    assert "call {clinic_phone}" in found.remedy


def test_an_answer_about_something_else_is_spared_its_caution(specific: Data) -> None:
    specific.replace(FILE, "Call {clinic_phone} if it lasts longer.", "Rest a while.")
    caution(specific, CAUTION + "  except: [how_long]\n")
    assert not list(findings(Knowledge.load(specific.folder), TODAY))


SPOILED = {
    "no answer": ("utter_faq/soreness.how_long:", "utter_faq/soreness.when:", "faq/soreness.how_long has no answer"),
    "no examples": ("faq/soreness.how_long\n", "faq/soreness.when\n", "soreness.how_long has no examples"),
    "another topic": ("faq/soreness.how_long\n", "faq/needles.how_long\n", "in a file named soreness.yml"),
    "no id": ("faq/soreness.how_long\n", "faq/soreness.How-long\n", "in a file named soreness.yml"),
    "an example that stands twice": ("- how long will it ache", "- does it ache on day 3", "stands already at"),
    "an unknown claim": ("claims: [F001]", "claims: [F999]", "the claim 'F999' in 'claims' is unknown"),
    "an unknown placeholder": ("Call {clinic_phone} if it lasts", "Call {phone} if it lasts", "is unknown here"),
    "a wrong polarity": ("claims: [F001]", "claims: [F001]\n      polarity: perhaps", "'polarity' is 'perhaps'"),
    "an unknown key": ("claims: [F001]", "claims: [F001]\n      more: no", "has an unknown key 'more'"),
}


@pytest.mark.parametrize("old, new, message", SPOILED.values(), ids=SPOILED)
def test_a_spoiled_specific_answer_is_refused(specific: Data, old: str, new: str, message: str) -> None:
    specific.write(FILE, new.join(WITH.rsplit(old, 1)))

    assert any(message in problem.message for problem in specific.problems()), specific.problems()


FOUND = {
    "too many words": ("day or two.", "day or two " + "and " * 40 + ".", "words, more than 45"),
    "too many sentences": ("day or two.", "day. Or two. Or so.", "4 sentences, more than 3"),
    "yes without polarity": ("It mostly aches", "Yes, it mostly aches", "opens with 'yes'"),
    "polarity without yes": ("claims: [F001]", "claims: [F001]\n      polarity: yes", "does not open so"),
    "a promise": ("It mostly aches", "It cures you and aches", "'text' says 'cures'"),
    "a claim without its document": ('- {id: "003", section: "after treatment"}\n', "", "comes from 003"),
}


@pytest.mark.parametrize("old, new, message", FOUND.values(), ids=FOUND)
def test_a_specific_answer_below_the_standards_is_found(specific: Data, old: str, new: str, message: str) -> None:
    head, _, tail = WITH.rpartition("utter_faq/soreness.how_long")
    specific.write(FILE, f"{head}utter_faq/soreness.how_long{tail.replace(old, new, 1)}")
    found = [p.message for p in findings(Knowledge.load(specific.folder), TODAY) if "soreness.how_long" in p.message]

    assert len(found) == 1, found
    assert message in found[0]


@pytest.mark.parametrize(
    ("text", "opens"),
    [("Yes, it is.", "yes"), ("No: it is not.", "no"), ("Often, yes.", "yes"), ("No one knows.", ""), ("It is.", "")],
)
def test_yes_and_no_are_told_from_other_openings(text: str, opens: str) -> None:
    assert opening(text) == opens


def test_what_could_be_better_is_noted_and_fails_nothing(specific: Data) -> None:
    specific.write(FILE, WITH.replace("      - {id: brady2014}\n      reviewer", "      reviewer"))
    knowledge = Knowledge.load(specific.folder)
    before = check(specific.folder, TODAY)

    assert [note.severity for note in notes(knowledge)] == ["note"]
    assert "no source that a reader can open" in next(notes(knowledge)).message
    assert not any(problem.severity == "note" for problem in before)


def test_the_share_of_examples_with_a_specific_answer_is_told(specific: Data) -> None:
    share = specific_share(Knowledge.load(specific.folder))

    assert share["human"] == 0
    assert 0 < share["soreness"] < 0.2
