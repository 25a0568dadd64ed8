"""The safety questions: the shipped file, the rules of the outcome, and what is said about a broken file."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import KnowledgeError
from knowledge.screening import Answer, Screening, texts
from tests.support.shipped import shipped_knowledge

DATA = Path("data")
SCREENING = Screening.load(DATA)
NAMES = list(SCREENING.questions)
SEVERITY = list(SCREENING.outcomes)
ANSWERS: list[Answer] = ["yes", "no", "not_sure", "skipped"]
COUNTING = [name for name, question in SCREENING.questions.items() if not question.advice]
ALL_NO: dict[str, Answer] = dict.fromkeys(NAMES, "no")

answer = st.sampled_from(ANSWERS)
sheets = st.dictionaries(st.sampled_from(NAMES), answer).map(lambda some: {**ALL_NO, **some})


def rank(outcome: str) -> int:
    return SEVERITY.index(outcome)


def alone(name: str, given: Answer) -> str:
    return SCREENING.questions[name].answers[given].outcome


def test_the_shipped_questions_are_all_there() -> None:
    assert len(NAMES) == 38
    worst_first = ["EMERGENCY", "ASK_CLINIC", "NOT_RECOMMENDED", "DOCTOR_FIRST", "TALK_FIRST", "TELL_THERAPIST", "OK"]
    assert worst_first == SEVERITY
    assert [card.id for card in SCREENING.cards][:2] == ["age", "emergency"]
    assert len(SCREENING.cards) == 9
    assert max(len(card.questions) for card in SCREENING.cards) <= 7


def test_all_no_leads_to_nothing_to_report() -> None:
    assert SCREENING.outcome(ALL_NO).outcomes == ("OK",)
    assert SCREENING.outcome(ALL_NO).reasons == ()


@given(sheets)
def test_the_worst_answer_decides(answers: dict[str, Answer]) -> None:
    worst = min((alone(name, given) for name, given in answers.items()), key=rank)
    assert SCREENING.outcome(answers).outcomes[0] == worst


@given(sheets, st.randoms())
def test_the_order_of_answering_does_not_matter(answers: dict[str, Answer], random: object) -> None:
    shuffled = list(answers.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert SCREENING.outcome(dict(shuffled)) == SCREENING.outcome(answers)


@given(sheets, st.sampled_from(COUNTING), st.sampled_from(["not_sure", "skipped", "yes"]))
def test_anything_but_no_is_never_ok(answers: dict[str, Answer], name: str, given: Answer) -> None:
    result = SCREENING.outcome({**answers, name: given})
    assert "OK" not in result.outcomes and result.reasons


@given(st.sets(st.sampled_from(COUNTING), min_size=1))
def test_an_open_question_is_never_ok(left_out: set[str]) -> None:
    assert "OK" not in SCREENING.outcome({n: a for n, a in ALL_NO.items() if n not in left_out}).outcomes


@given(sheets, st.sampled_from(NAMES), answer)
def test_changing_an_answer_changes_the_outcome_accordingly(
    answers: dict[str, Answer], name: str, given: Answer
) -> None:
    before, after = (SCREENING.outcome({**answers, name: value}).outcomes[0] for value in ("no", given))
    assert rank(after) == min(rank(before), rank(alone(name, given)))
    assert SCREENING.outcome({**answers, name: "no"}).outcomes[0] == before


@given(sheets)
def test_every_answer_that_counts_is_a_reason_with_a_person(answers: dict[str, Answer]) -> None:
    result = SCREENING.outcome(answers)
    assert all(reason.text and reason.talk_to for reason in result.reasons)
    assert [rank(reason.outcome) for reason in result.reasons] == sorted(rank(r.outcome) for r in result.reasons)
    if SCREENING.outcomes[result.outcomes[0]].ends:
        assert result.outcomes == (result.reasons[0].outcome,)
    elif result.reasons:
        counting = {name for name, given in answers.items() if alone(name, given) != "OK"}
        assert {reason.question for reason in result.reasons} == counting
        assert set(result.outcomes) - {result.outcomes[0]} <= {"DOCTOR_FIRST"}


def test_the_documented_traps() -> None:
    assert SCREENING.outcome({**ALL_NO, "Q02": "yes"}).outcomes == ("NOT_RECOMMENDED",)
    assert SCREENING.outcome({**ALL_NO, "Q06": "yes"}).outcomes == ("TELL_THERAPIST",)
    assert SCREENING.outcome({**ALL_NO, "Q02": "yes", "Q17a": "yes"}).outcomes == ("NOT_RECOMMENDED", "DOCTOR_FIRST")
    assert SCREENING.outcome({**ALL_NO, "Q01": "yes", "Q02": "yes"}).outcomes == ("ASK_CLINIC",)
    assert SCREENING.outcome({**ALL_NO, "Q01": "yes", "Q00": "yes"}).outcomes == ("EMERGENCY",)
    assert SCREENING.ended_by({"Q01": "no", "Q00": "not_sure"}) == "EMERGENCY"
    assert SCREENING.ended_by({"Q02": "yes"}) is None


def test_what_patients_read_is_plain_and_promises_nothing() -> None:
    knowledge = shipped_knowledge()
    medicines = re.compile(r"\b(?:" + "|".join(SCREENING.questions["Q06"].mentions) + r")\b", re.IGNORECASE)
    for line, text in texts(SCREENING):
        # the name of a medicine is what its owner reads on the box, however long
        reading = knowledge.readability.measure(medicines.sub("it", re.sub("[{}]", "", text)))
        assert reading.longest_words <= knowledge.standards.short.sentence_words, f"{line}: {text}"
        if reading.words >= 12:  # the grade of a few words says nothing
            assert round(reading.grade, 1) <= knowledge.standards.short.grade, f"{line}: {reading.grade:.1f}: {text}"
        assert not [found for overclaim in knowledge.overclaims if (found := overclaim.find(text))], text
        assert "you can have it" not in text.lower()


def test_each_result_as_a_whole_reads_at_the_grade() -> None:
    knowledge = shipped_knowledge()
    for outcome in SCREENING.outcomes.values():
        reasons = [
            consequence.reason
            for question in SCREENING.questions.values()
            for consequence in question.answers.values()
            if consequence.outcome == outcome.id
        ]
        text = knowledge.fill(" ".join([outcome.text, *reasons]))
        assert knowledge.readability.measure(text).grade <= knowledge.standards.short.grade, outcome.id


def test_what_is_advice_alone_changes_no_outcome() -> None:
    assert [name for name in NAMES if name not in COUNTING] == ["Q24"]
    assert SCREENING.outcome({**ALL_NO, "Q24": "yes"}).outcomes == ("OK",)
    assert [question.id for question in SCREENING.advised({**ALL_NO, "Q24": "yes"})] == ["Q24"]


def test_the_minutes_that_are_told_are_those_that_reading_takes() -> None:
    lines = [label for question in SCREENING.questions.values() for _, label in question.items]
    shown = [*lines, *(q.help for q in SCREENING.questions.values()), *(card.ask for card in SCREENING.cards)]
    seconds = sum(len(text.split()) for text in shown) / 150 * 60 + 2 * len(lines)
    assert SCREENING.minutes == math.ceil(seconds / 60)


def test_no_phrase_names_two_questions() -> None:
    phrases = [phrase for question in SCREENING.questions.values() for phrase in question.mentions]
    assert len(phrases) == len(set(phrases))


def test_the_topics_that_offer_the_questions_exist() -> None:
    assert set(SCREENING.offered_by) <= set(shipped_knowledge().topics)


@pytest.fixture
def spoiled(tmp_path: Path) -> Callable[[str, str], list[str]]:
    """What is said about the shipped file after a change."""

    def spoil(old: str, new: str) -> list[str]:
        written = (DATA / "screening.yml").read_text(encoding="utf-8")
        assert old in written
        (tmp_path / "screening.yml").write_text(written.replace(old, new, 1), encoding="utf-8")
        (tmp_path / "sources.yml").write_bytes((DATA / "sources.yml").read_bytes())
        with pytest.raises(KnowledgeError) as error:
            Screening.load(tmp_path)
        return [str(replace(problem, file=Path(problem.file).name)) for problem in error.value.problems]

    return spoil


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("yes: {outcome: ASK_CLINIC", "yes: {outcome: OK", "leads to the best outcome"),
        ("yes: {outcome: ASK_CLINIC", "yes: {outcome: FINE", "the outcome 'FINE' is unknown"),
        ("not_sure: {outcome: ASK_CLINIC", "not_sure: {outcome: OK", "leads to the best outcome"),
        ("skipped: {outcome: TELL_THERAPIST", "skipped: {outcome: OK", "leads to the best outcome"),
        ("talk_to: clinic}", "talk_to: nobody}", "the person 'nobody' is unknown"),
        ("sources: [infants-act-bc", "sources: [nowhere", "the source 'nowhere' is unknown"),
        ("  card: blood\n", "  card: blod\n", "the card 'blod' of Q05 is unknown"),
        ("- id: Q03", "- id: Q02", "the question Q02 stands twice"),
        ("call {emergency} now. Do", "call {ambulance} now. Do", "the placeholder {ambulance} is unknown"),
        ("  stopped: >-", "  stoped: >-", "unknown key 'stoped'"),
        ("  ends: true", "  ends: maybe", "not true or false"),
    ],
)
def test_a_mistake_is_named_with_its_line(
    spoiled: Callable[[str, str], list[str]], old: str, new: str, says: str
) -> None:
    problems = spoiled(old, new)
    assert any(says in problem for problem in problems), problems
    assert all(problem.startswith("screening.yml:") for problem in problems)
