"""What a change of the rules does, on messages: which examples of danger, and which messages of real chats, would get
another alarm, or read other words in it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from danger.examples import read
from gateway.settings import Settings
from gateway.studio.differences import differing
from gateway.studio.personal import Personal
from gateway.studio.trying.past import past_messages
from knowledge import Knowledge, normalise
from safety import Net

EACH = 12  # examples of each sign, and of each kind of look-alike, that are asked
SHOWN = 5  # messages of each change
NO_ALARM = "no alarm"
DANGER = "lexicon/"  # the folder that the net is made of


@dataclass(frozen=True)
class Effect:
    """What this many messages lead to, before and with the change; some of them, without personal details."""

    before: str
    now: str
    count: int
    messages: tuple[str, ...]

    @property
    def lost(self) -> bool:
        """Whether these would raise no alarm any more."""
        return self.now == NO_ALARM


@dataclass(frozen=True)
class Effects:
    """The effects on examples of danger and on messages of patients, and how many of each were asked; `faults` are
    what does not work in the net with the change.
    """

    danger: tuple[Effect, ...]
    asked: int
    past: tuple[Effect, ...]
    past_asked: int
    faults: tuple[str, ...]


class Listener:
    """A state of the data that says what a message leads to before anything else looks at it."""

    def __init__(self, data: Path, net: Net) -> None:
        self.net = net
        self._knowledge = Knowledge.load(data)

    def says(self, message: str) -> str:
        """The level of the alarm, and what the patient reads; NO_ALARM without one."""
        found = self.net.check(message)
        return f"{found.level}: {self._knowledge.fill(found.reply)}" if found else NO_ALARM


def effects(settings: Settings, before: Path, say: Callable[[str], None] = lambda step: None) -> Effects:
    """Ask both states of the data the same messages."""
    say("Reading the rules of both")
    net = Net.load(before)
    same = not any(name.startswith(DANGER) for name in differing(before, settings.data))
    old, new = Listener(before, net), Listener(settings.data, net if same else Net.load(settings.data))
    say("Asking examples of danger")
    examples = _some(before, settings.data)
    danger = _changes(examples, old, new)
    say("Asking what patients wrote")
    past = asyncio.run(past_messages(settings))
    personal = Personal.load(settings.data)
    return Effects(
        danger,
        len(examples),
        tuple(
            Effect(each.before, each.now, each.count, tuple(personal.remove(text).text for text in each.messages))
            for each in _changes(past, old, new)
        ),
        len(past),
        tuple(filter(None, [new.net.fault])),
    )


def _some(*folders: Path) -> list[str]:
    """Some examples of each kind, spread over all of them, and all that only one of the folders has."""
    kinds: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for data in folders:
        for example in read(data):
            own = kinds[example.sign, example.status]
            own[example.text] = own.get(example.text, 0) + 1
    chosen: dict[str, None] = {}
    for own in kinds.values():
        texts = list(own)
        step = max(1, len(texts) // EACH)
        chosen |= dict.fromkeys([*texts[::step][:EACH], *(text for text in texts if own[text] < len(folders))])
    return list(chosen)


def _changes(messages: Sequence[str], old: Listener, new: Listener) -> tuple[Effect, ...]:
    """The messages that lead to something else, by what they lead to; alarms that would be lost come first."""
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for message in messages:
        if normalise(message) and (before := old.says(message)) != (now := new.says(message)):
            found[before, now].append(message)
    told = [Effect(*words, len(own), tuple(own[:SHOWN])) for words, own in found.items()]
    return tuple(sorted(told, key=lambda effect: (not effect.lost, -effect.count)))
