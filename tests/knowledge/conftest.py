"""A small, good ``data/`` folder in a temporary place, for tests to spoil."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from knowledge import Knowledge, KnowledgeError, Problem
from knowledge.screening import LABELS, SENTENCES, WORDS

EXAMPLES = "\n".join(f"    - does it ache on day {number}" for number in range(1, 26))

# The examples stand on lines 5 to 29, the response begins on line 30.
SORENESS = f"""\
version: "3.1"
nlu:
- intent: faq/soreness
  examples: |
{EXAMPLES}
responses:
  utter_faq/soreness:
  - text: >-
      You may ache for a day or two. Call {{clinic_phone}} if it gets worse.
    metadata:
      title: Will I be sore?
      more: >-
        You may ache for a day or two. A cool pack can help.

        Call {{clinic_phone}} if it gets worse.
      sources:
      - {{id: "003", section: after treatment}}
      - {{id: brady2014}}
      claims:
        F001: a day or two
      more_claims: [F002]
      see_also: [human]
      reviewer: ""
      reviewed: ""
      review_by: "2027-05-21"
"""

HUMAN = (
    SORENESS.replace("soreness", "human")
    .replace("does it ache on day", "let me talk to person number")
    .replace("see_also: [human]", "see_also: []")
    .replace("claims:\n        F001: a day or two\n      more_claims: [F002]", "claims: {}\n      more_claims: []")
    .replace("title: Will", "kind: handoff\n      title: Will")
)

# One question on one card. Of the many sentences, labels and words only the names matter.
SCREENING = """\
reviewer: ""
reviewed: ""
review_by: "2027-05-21"
minutes: 2
offered_by: [soreness]
outcomes:
- {id: ASK, title: Ask first, text: Talk to your physio first.}
- {id: OK, title: Nothing to report, text: Nothing speaks against it.}
people: {physio: your physio}
skipped: {outcome: ASK, reason: "You skipped this: {label}.", talk_to: physio}
cards:
- {id: blood, title: Bleeding, ask: Does this fit you?}
questions:
- id: Q05
  card: blood
  question: Do you bleed easily?
  label: I bleed easily
  help: Also bruises.
  why_asked: It can be hard to stop.
  yes: {outcome: ASK, reason: You bleed easily., talk_to: physio}
  not_sure: {outcome: ASK, reason: You are not sure if you bleed easily., talk_to: physio}
  mentions: [bleed easily]
  sources: ["003"]
""" + "\n".join(
    [
        "reading:",
        *(f'  "{name}": ["{name}"]' for name in WORDS),
        "sentences:",
        *(f'  "{name}": Say {name}.' for name in SENTENCES),
        "labels:",
        *(f'  "{name}": "{name}"' for name in LABELS),
        "",
    ]
)

FILES = {
    "answers/soreness.yml": SORENESS,
    "answers/human.yml": HUMAN,
    "standards.yml": """\
        short: {words: 60, grade: 6, sentence_words: 20}
        more: {words: 200, grade: 8, sentence_words: 25}
        specific: {words: 45, sentences: 3, grade: 6}
        examples: 25
        sources: 1
        review_months: 24
        """,
    "sources.yml": """\
        sources:
        - {id: "003", kind: document, title: Dry Needling}
        - {id: brady2014, kind: publication, title: Adverse events, year: 2014, url: "https://example.org/brady"}
        """,
    "groups.yml": """\
        groups:
        - {name: after, title: After a visit, topics: [soreness]}
        others: More questions
        """,
    "claims.yml": """\
        claims:
        - {id: F001, documents: ["003"], claim: It aches, caution: Say "may"}
        - {id: F002, documents: ["003"], claim: A cool pack helps}
        - {id: F003, documents: ["003"], claim: It cures, left_out: no one can promise a cure}
        """,
    "clinic.yml": """\
        demo: true
        name: Test Clinic
        phone: 250-555-0100
        region: BC
        numbers:
          BC: {emergency: "911", nurse_line: "811", crisis_line: "988", \
               poison_line: "1", victim_line: "2", child_line: "3", youth_line: "4"}
        timezone: America/Vancouver
        hours:
          monday: ["08:00-12:00", "13:00-17:00"]
          tuesday: ["08:00-17:00"]
          wednesday: ["08:00-17:00"]
          thursday: ["08:00-17:00"]
          friday: ["08:00-17:00"]
          saturday: []
          sunday: ["00:30-03:30"]
        holidays: {country: CA, province: BC, closed: true}
        closures:
        - {date: "2026-12-24", name: staff day}
        consent_required: true
        retention_days: 30
        theme: {primary: "#1f6f5c"}
        treatment: {name: IMS, in_full: IMS (dry needling)}
        """,
    "screening.yml": SCREENING,
    "wording.yml": """\
        wording:
          unknown_booking_link: the front desk, {clinic_phone}
          wait: {text: "Wait {seconds} seconds.", values: [seconds]}
        """,
    "interface/en.yml": """\
        language: en
        name: English
        strings: {call: "Call {number}", unavailable: "Please call {clinic_phone}."}
        """,
    "lexicon/syllables.yml": """\
        syllables: {needle: 2}
        abbreviations: [Dr, e.g]
        """,
    "lexicon/conditions.yml": """\
        conditions:
        - id: sore_knee
          name: knee pain
          documents: ["003"]
          class: named_ok
          body_part: knee
          synonyms: [bad knee]
          misspellings: [kneee pain]
          note: It may ease.
          doctor_first: See a doctor about a swollen knee.
          sources: ["003"]
        body_parts:
        - {id: knee, name: knee, about: sore_knee, synonyms: [kneecap]}
        - {id: toe, name: toe, synonyms: [toes]}
        """,
    "lexicon/overclaims.yml": """\
        allow: ['no one can[^.]{0,40}']
        overclaims:
        - {phrase: '\\bcures?\\b', reason: it is not known to, suggestion: say that it may ease pain}
        """,
}


class Data:
    """A folder of files that can be rewritten, then loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> Path:
        return self.write_bytes(name, dedent(text).encode())

    def write_bytes(self, name: str, raw: bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
        return path

    def replace(self, name: str, old: str, new: str) -> None:
        """Replaces the first occurrence, which has to be there."""
        text = (self.folder / name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new, 1))

    def load(self) -> Knowledge:
        return Knowledge.load(self.folder)

    def problems(self) -> list[Problem]:
        """What loading finds wrong; there has to be something."""
        with pytest.raises(KnowledgeError) as caught:
            self.load()
        return caught.value.problems

    def only_problem(self) -> tuple[str, int, str]:
        """File (inside data/), line and message of the one thing that is wrong."""
        problems = self.problems()
        assert len(problems) == 1, problems
        problem = problems[0]
        assert problem.severity == "error"
        assert problem.remedy
        return Path(problem.file).relative_to(self.folder).as_posix(), problem.line, problem.message


@pytest.fixture
def data(tmp_path: Path) -> Data:
    """A good data/ folder with two topics."""
    return Data(tmp_path / "data")
