"""Kinds of message that were once read wrongly, in other words than those in which they were reported."""

import pytest

from safety import Net, Rules


@pytest.mark.parametrize(
    "text",
    [
        "i am 14 weeks pregnant and scared of needles",
        "im 16 weeks and afraid the needles hurt",
        "i'm 9 months postpartum and scared of being needled",
        "im fifteen and scared of needles",
        "i'm 12 minutes away and worried i am late",
        "im 11 km out and afraid of the snow",
        "i am ten weeks along and scared of the pain",
    ],
)
def test_a_number_of_weeks_minutes_or_kilometres_is_no_age_of_a_child(net: Net, text: str) -> None:
    assert net.check(text) is None


@pytest.mark.parametrize(
    "text", ["im 13 and scared to go home", "i am 15 and my stepdad touches me at night", "im 14 and my dad hits me"]
)
def test_a_child_in_danger_is_still_heard(net: Net, text: str) -> None:
    finding = net.check(text)
    assert finding is not None and finding.level == "crisis"


@pytest.mark.parametrize(
    "text",
    [
        "short of breath? no. chest pain? no.",
        "chest pain: none. can I book",
        "Trouble breathing - no, fever - no",
        "numbness between the legs? None. Book me for Friday",
        "coughing blood: nope",
        "Vomiting blood: never. Knee: sore.",
        "lost control of your bladder? N",
        "Fainting N, chest pain N, hives N. Next page?",
        "Convulsions : non. Douleur thoracique : nein",
        "it's not that I can't breathe",
        "its not like i cant breathe, i just want a visit",
    ],
)
def test_a_form_answered_with_no_raises_no_alarm(rules: Rules, text: str) -> None:
    assert rules.check(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "fever: none. chest pain: yes, bad",
        "chest pain n i cant breathe",
        "Fever N, rash N, chest pain Y since noon",
        "numbness? no. but i cant breathe",
        "chest pain? no idea what you call it, i cant breathe",
        "not numb anymore but now I can't move my foot",
        "cannot say I am not thinking of ending it",
        "I can't move my foot",
    ],
)
def test_a_no_beside_a_danger_does_not_hide_it(net: Net, text: str) -> None:
    assert net.check(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "if you get a pneumothorax how would you know",
        "does the form ask about loss of bladder control",
        "do you ask about chest pain on the form",
        "was out of breath and swearing, worth it",
        "I have had back pain for 10 years and i am afraid it never goes away",
        "my grandaughter say u put needel in my back",
        "worried my neck pain never goes away",
    ],
)
def test_a_question_about_danger_a_turn_of_phrase_or_a_fear_raises_no_alarm(rules: Rules, text: str) -> None:
    assert rules.check(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "hes coming along with grandma",
        "he's back on skates",
        "he is here, which door",
        "bus is held up on the bridge",
        "like a rope in the muscle",
        "got my doctor to sign, she wrote a note",
        "we picked the day, June 3",
        "im 29 weeks and baby kicks like mad",
        "my wife wont let me skip physio",
        "the van collapsed a spring, need a later time",
    ],
)
def test_a_short_everyday_message_that_shares_its_words_with_a_crisis_raises_no_alarm(rules: Rules, text: str) -> None:
    assert rules.check(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "hes coming up the stairs, hide me",
        "my ex has a knife to me",
        "im on the bridge and i wont turn back",
        "i bought a rope",
        "there is a rope in my closet and im ready",
        "29 weeks and hardly any kicks since lunch",
        "he wont let me leave",
        "collapsed in the car",
    ],
)
def test_the_crisis_that_shares_these_words_is_still_heard(net: Net, text: str) -> None:
    assert net.check(text) is not None
