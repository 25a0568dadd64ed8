"""A danger is often told in pieces: up to three messages of one person are read together."""

import json
from collections.abc import Sequence

import pytest
from ruamel.yaml import YAML

from safety import Finding, Rules
from tests.safety.conftest import ROOT

PIECES = YAML(typ="safe").load((ROOT / "benchmarks/safety/pieces.yml").read_text(encoding="utf-8"))
FLAGS = [(sign, chat) for sign, chats in PIECES["flags"].items() for chat in chats]
DIALOGUES = [
    [turn["user"] for turn in json.loads(line)["turns"]]
    for line in (ROOT / "benchmarks/own/dialogues.jsonl").read_text(encoding="utf-8").splitlines()
]


def last(rules: Rules, chat: Sequence[str]) -> Finding | None:
    """What the last message of a chat leads to."""
    return rules.check(chat[-1], None, chat[:-1])


def test_a_danger_in_pieces_is_found(rules: Rules) -> None:
    found = [chat for _, chat in FLAGS if any(rules.check(text, None, chat[:i][-2:]) for i, text in enumerate(chat))]
    assert len(found) >= 0.95 * len(FLAGS)


@pytest.mark.parametrize("chat", PIECES["quiet"], ids=" / ".join)
def test_a_chat_that_only_looks_like_it_stays_quiet(rules: Rules, chat: list[str]) -> None:
    assert not any(rules.check(text, None, chat[:i][-2:]) for i, text in enumerate(chat))


@pytest.mark.parametrize("chat", DIALOGUES, ids=" / ".join)
def test_ordinary_dialogues_stay_quiet(rules: Rules, chat: list[str]) -> None:
    assert not any(rules.check(text, None, chat[max(0, i - 2) : i]) for i, text in enumerate(chat))


@pytest.mark.parametrize(
    ("chat", "alarm"),
    [
        (["im on warfarin", "i hit my head"], True),
        (["im not on warfarin", "i hit my head"], False),
        (["i was on warfarin years ago", "i hit my head"], False),
        (["my calf was swollen last year", "its all gone", "what do you charge"], False),
        (["i have a fever", "my neck is so stiff i cant bend it"], True),
        (["no fever at all", "my neck is stiff"], False),
        (["what if i got a fever", "my neck is stiff"], False),
    ],
)
def test_what_was_denied_or_is_over_in_an_earlier_message_does_not_count(
    rules: Rules, chat: list[str], alarm: bool
) -> None:
    assert (last(rules, chat) is not None) is alarm


def test_what_an_earlier_message_told_alone_is_not_found_again(rules: Rules) -> None:
    assert rules.check("it is hard to breathe") is not None
    assert last(rules, ["it is hard to breathe", "do you have parking"]) is None


def test_nothing_is_said_about_places_in_other_messages(rules: Rules) -> None:
    finding = last(rules, ["my lips", "are swelling up"])
    assert finding is not None and finding.spans == ()
