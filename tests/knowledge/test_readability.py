"""Grades and lengths, against texts that were counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.readability import Readability, read_readability

# words, sentences and syllables counted by hand, with the grade that the formula of 1975 gives for them
COUNTED = [
    ("The cat sat on the mat.", 6, 1, 6, -1.45),
    ("Needles are thin. They go into tight muscles.", 8, 2, 11, 2.20),
    ("You may ache for a day or two.", 8, 1, 8, -0.67),
    ("Your physiotherapist will examine you before the treatment.", 8, 1, 17, 12.61),
    ("IMS can hurt. Tell Dr. Gunn.", 6, 2, 8, 1.31),
    ("Serious harm is rare: 1 in 1,024 visits.", 8, 1, 14, 8.18),
]

SYLLABLES = {
    1: "a ache aches bruise called can't clothes don't ease eased helped hours knees leg makes nerves pressed pulled "
    "size the tree used while years",
    2: "able body bruises centre changes equal exam fatigue fibres follow isn't language likely massage movement "
    "muscle muscles needle needles needling painful patient patients people pressure quiet science settled spasm "
    "syndrome tendon tissue tissues treated treatment trial trying using",
    3: "area arthritis completely continue diagnose dizziness evidence exercise idea infection injury medicine obvious "
    "oxygen physio physios reaction serious sensation video",
    4: "acupuncture anxiety diabetes diagnosis experience immediate information meridian myofascial neuropathic "
    "sciatica scoliosis stimulation usually",
    5: "fibromyalgia haemophilia immediately intramuscular sensitivity",
    6: "anticoagulant osteoarthritis physiotherapist physiotherapy",
}


@pytest.fixture(scope="module")
def readability() -> Readability:
    counter = read_readability(Path("data/lexicon/syllables.yml"), [])
    assert counter is not None
    return counter


@pytest.mark.parametrize("text, words, sentences, syllables, grade", COUNTED)
def test_a_text_is_counted_as_by_hand(
    readability: Readability, text: str, words: int, sentences: int, syllables: int, grade: float
) -> None:
    reading = readability.measure(text)

    assert (reading.words, reading.sentences, reading.syllables) == (words, sentences, syllables)
    assert reading.grade == pytest.approx(grade, abs=0.01)


def test_the_formula_agrees_with_a_published_example(readability: Readability) -> None:
    """13 words with 26 syllables in one sentence are grade 13.08 (test vector of the flesch-kincaid package)."""
    reading = readability.measure("Body " * 13)

    assert (reading.words, reading.syllables) == (13, 26)
    assert round(reading.grade, 2) == 13.08


@pytest.mark.parametrize(
    "word, number", [(word, number) for number, words in SYLLABLES.items() for word in words.split()]
)
def test_the_syllables_of_a_word(readability: Readability, word: str, number: int) -> None:
    assert readability.syllables(word) == number


def test_case_and_possessive_change_no_syllables(readability: Readability) -> None:
    assert readability.syllables("MUSCLE'S") == readability.syllables("muscle")


def test_links_and_phone_numbers_are_not_read(readability: Readability) -> None:
    assert readability.measure("Call 250-555-0142 or see https://example.org/book.").words == 3


def test_abbreviations_end_no_sentence(readability: Readability) -> None:
    assert readability.measure("Dr. Gunn used needles, e.g. thin ones.").sentences == 1


def test_a_paragraph_ends_a_sentence(readability: Readability) -> None:
    assert readability.measure("What to do\n\nCall us").sentences == 2


def test_the_longest_sentence_is_told(readability: Readability) -> None:
    reading = readability.measure("It helps. It may ease pain for a time, in some people. Ask us.")

    assert reading.longest == "It may ease pain for a time, in some people"
    assert reading.longest_words == 10


def test_a_text_without_words_has_grade_zero(readability: Readability) -> None:
    assert readability.measure("").grade == 0
    assert readability.measure("... !!").grade == 0
