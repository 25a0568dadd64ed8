"""Calls for help, and dangers in other languages."""

from pathlib import Path

import pytest

from safety.languages import HELP, Languages, in_latin_letters
from tests.support.shipped import shipped_net

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


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("desde la sesión de ayer me cuesta mucho tomar aire", "emergency"),
        ("ma fille a la langue qui gonfle depuis tout à l'heure", "emergency"),
        ("seit heute früh kann ich den linken Arm nicht bewegen", "emergency"),
        ("爸爸说话突然含糊不清", "emergency"),
        ("어제부터 오른쪽 다리에 힘이 빠져서 주저앉아요", "emergency"),
        ("ਦਾਦੀ ਦਾ ਮੂੰਹ ਅਚਾਨਕ ਵਿੰਗਾ ਹੋ ਗਿਆ", "emergency"),
        ("mainu lagda hai ki saah ghut reha hai", "emergency"),
        ("мама вдруг стала говорить невнятно", "emergency"),
        ("مادربزرگم از پله افتاد و نمی‌تواند بایستد", "urgent"),
        ("minha panturrilha está inchada e quente desde ontem", "urgent"),
        ("ayoko na pong mabuhay, pagod na ako sa lahat", "crisis"),
    ],
)
def test_a_danger_is_heard_by_the_words_that_stand_together(text: str, level: str) -> None:
    finding = LANGUAGES.check(text)
    assert finding is not None and finding.level == level


@pytest.mark.parametrize(
    "text",
    [
        "no tengo dolor en el pecho, solo quiero una cita",
        "hace años que tengo el hombro así, ¿cuánto cuesta la sesión?",
        "pas de fièvre, pas de douleur à la poitrine, tout va bien",
        "我没有胸口痛，想约下星期",
        "double vision: no. chest pain: no. neck stiff since ages",
        "i work downtown and wonder what the session costs",
    ],
)
def test_what_is_denied_or_long_over_in_another_language_is_no_danger(text: str) -> None:
    assert LANGUAGES.check(text) is None


def test_a_message_in_another_script_is_answered_in_it_and_bad_english_is_english() -> None:
    assert "{emergency}" in (LANGUAGES.not_understood("请问多少钱？") or "")
    assert LANGUAGES.not_understood("me hurt back no good") is None
    assert LANGUAGES.not_understood("Nguyen Thi Lan") is None


@pytest.mark.parametrize(
    "text",
    [
        "بكم الجلسة وهل عندكم موقف سيارات؟",
        "قیمت هر جلسه چقدر است؟",
        "Скажите, можно записаться на вторник?",
        "क्या शनिवार को खुला है?",
    ],
)
def test_the_half_that_knows_english_hears_nothing_in_another_script(text: str) -> None:
    assert not in_latin_letters(text)
    assert shipped_net().check(text) is None


def test_a_message_in_english_with_foreign_words_is_heard() -> None:
    assert in_latin_letters("my 奶奶 can't breathe")
    assert in_latin_letters("!!! 911")
