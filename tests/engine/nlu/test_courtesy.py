"""Courtesy next to a question never swallows it, and alone it stays what it is."""

import pytest

from nlu.courtesy import Courtesy
from nlu.segments import is_question

COURTESY = Courtesy.load()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("thanks, can i drive after?", "can i drive after?"),
        ("thank you so much! can i drive after", "can i drive after"),
        ("ok. great. does it hurt", "does it hurt"),
        ("can i drive after? thanks", "can i drive after?"),
        ("how much is it, please, thank you!", "how much is it"),
        ("no i mean can it cause headaches", "can it cause headaches"),
        ("thats not what i asked, should he have stopped", "should he have stopped"),
        ("one more. needle in back, milk is okay after?", "needle in back, milk is okay after?"),
        ("useless bot. do you direct bill or not", "do you direct bill or not"),
        ("good. will i need my health card", "will i need my health card"),
        ("right, is there a bus stop close by", "is there a bus stop close by"),
        ("fine. so on monday?", "so on monday?"),
    ],
)
def test_the_question_beside_courtesy_is_read(text: str, left: str) -> None:
    assert COURTESY.without(text, is_question) == left


@pytest.mark.parametrize(
    "text",
    [
        "thanks",
        "ok thanks",
        "thank you for the info",
        "hi im dave",
        "no thank you",
        "i meant my sister",
        "great",
        "good.",
        "fine",
        "good physios near the harbour?",
        "right elbow hurts",
        "",
        "bye",
    ],
)
def test_courtesy_alone_is_left_as_it_is(text: str) -> None:
    assert COURTESY.without(text, is_question) == text


def test_without_a_lexicon_nothing_is_left_out() -> None:
    assert Courtesy().without("thanks, can i drive after?", is_question) == "thanks, can i drive after?"
