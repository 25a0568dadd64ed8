"""Calls for help, and dangers in other languages."""

from pathlib import Path

import pytest

from safety.languages import HELP, Languages

LANGUAGES = Languages.load(Path("data"))


@pytest.mark.parametrize(
    "text", ["emergency!", "911", "HELP ME", "please call an ambulance", "who do i call in an emergency", "heart attak"]
)
def test_a_call_for_help_is_heard(text: str) -> None:
    finding = LANGUAGES.check(text)
    assert finding is not None and finding.sign == HELP


@pytest.mark.parametrize(
    "text", ["emergency contact form", "help me find parking", "help", "i drive a 911 turbo", "the push ups hurt"]
)
def test_what_only_looks_like_a_call_for_help_is_none(text: str) -> None:
    assert LANGUAGES.check(text) is None


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("我扎针后喘不过气", "emergency"),
        ("唔該，我透唔到氣", "emergency"),
        ("ਸਾਹ ਨਹੀਂ ਆ ਰਿਹਾ", "emergency"),
        ("मुझे सांस नहीं आ रही", "emergency"),
        ("hindi ako makahinga", "emergency"),
        ("숨을 못 쉬겠어요", "emergency"),
        ("ich bekomme keine Luft", "emergency"),
        ("no siento las piernas", "emergency"),
        ("Tôi khó thở quá", "emergency"),
        ("Não consigo respirar", "emergency"),
        ("не могу дышать", "emergency"),
        ("نمی‌تونم نفس بکشم", "emergency"),
        ("لا أستطيع التنفس", "emergency"),
        ("je veux mourir", "crisis"),
        ("我想死", "crisis"),
    ],
)
def test_an_emergency_in_another_language_is_heard(text: str, level: str) -> None:
    finding = LANGUAGES.check(text)
    assert finding is not None and finding.level == level
    assert "{emergency}" in finding.reply


def test_a_message_in_another_script_is_answered_in_it_and_bad_english_is_english() -> None:
    assert "{emergency}" in (LANGUAGES.not_understood("请问多少钱？") or "")
    assert LANGUAGES.not_understood("me hurt back no good") is None
    assert LANGUAGES.not_understood("Nguyen Thi Lan") is None
