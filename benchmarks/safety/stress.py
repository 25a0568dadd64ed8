"""The stress set: every seed sentence in the ways that patients really type. Deterministic.

usage: python -m benchmarks.safety.stress   prints one JSON object a line: kind, sign, levels, text
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

SEEDS = Path(__file__).with_name("seeds.yml")
KINDS_EACH = 4  # variations of one seed besides the seed itself
SHORT_FORMS = {
    "you": "u",
    "are": "r",
    "and": "n",
    "because": "cuz",
    "please": "pls",
    "though": "tho",
    "with": "w",
    "really": "rly",
}
THIRD = {
    "i": "she",
    "im": "shes",
    "i'm": "she's",
    "ive": "shes",
    "i've": "she's",
    "my": "her",
    "me": "her",
    "myself": "herself",
    "am": "is",
}
BEFORE = [
    "Hi there, I have been coming to the clinic for a while and everyone is lovely. ",
    "ok so two things, first what time do you open tomorrow? second ",
    "Thanks for the stretches last week, they are going well. Oh, and ",
    "Sorry to write so late and sorry this is long, I looked at the website and could not find it. ",
]
AFTER = [
    ". anyway do you have anything free on tuesday",
    " also what do I owe you for the last visit?",
    ". Thanks so much, have a great evening!",
    " and can I bring my own shorts",
]
EMOJI = ["😭", "🙏", "😬", "😱😱", "🥺", "‼️"]
FRIEND = ["asking for my mum: ", "my sister says this: ", "typing for my husband who cant type: "]


@dataclass(frozen=True)
class Case:
    """One message, what it is a variation of and what must come out: no levels means that it must stay quiet."""

    kind: str
    sign: str
    levels: tuple[str, ...]
    text: str


def seeds() -> Any:
    return YAML(typ="safe").load(SEEDS.read_text(encoding="utf-8"))


def cases(each: int = KINDS_EACH) -> Iterator[Case]:
    """Every seed, and `each` variations of it."""
    data = seeds()
    ways = list(WAYS.items())
    for sign, messages in data["flags"].items():
        levels = tuple(data["levels"][sign[0]])
        for i, message in enumerate(messages):
            yield Case("as written", sign, levels, message)
            luck = random.Random(f"{sign}{i}")
            for kind, way in luck.sample(ways, each):
                text = way(message, luck)
                if text != message:
                    yield Case(kind, sign, levels, text)


def quiet_cases() -> Iterator[Case]:
    for kind, messages in seeds()["quiet"].items():
        for message in messages:
            yield Case(kind, "", (), message)


def typo(text: str, luck: random.Random) -> str:
    """One slip of the finger in a longer word: two letters swapped, one doubled, left out or beside the right key."""
    words = list(re.finditer(r"[A-Za-z]{6,}", text))
    if not words:
        return text
    word = luck.choice(words)
    i = luck.randrange(word.start() + 1, word.end() - 1)
    slip = luck.randrange(3)
    if slip == 0:
        return text[:i] + text[i + 1] + text[i] + text[i + 2 :]
    if slip == 1:
        return text[:i] + text[i] + text[i:]
    return text[:i] + text[i + 1 :]


def dictated(text: str, luck: random.Random) -> str:
    return " ".join(re.findall(r"[\w']+", text.lower()))


def no_apostrophes(text: str, luck: random.Random) -> str:
    return re.sub(r"['’]", "", text)


def curly(text: str, luck: random.Random) -> str:
    return text.replace("'", "’") + " …"


def shouted(text: str, luck: random.Random) -> str:
    return text.upper() + luck.choice(["!!!", "", "??"])


def stretched(text: str, luck: random.Random) -> str:
    vowels = [m.start() for m in re.finditer(r"(?<=[a-z])[aeiou](?=[a-z])", text)]
    at = luck.choice(vowels)
    return text[:at] + text[at] * 4 + text[at:]


def with_emoji(text: str, luck: random.Random) -> str:
    words = text.split(" ")
    words.insert(luck.randrange(len(words) + 1), luck.choice(EMOJI))
    return " ".join(words) + luck.choice(EMOJI)


def chat(text: str, luck: random.Random) -> str:
    words = [SHORT_FORMS.get(w.lower(), w.lower()) for w in text.split(" ")]
    return luck.choice(["lol ", "hey ", "omg ", "idk "]) + " ".join(words).rstrip(".")


def buried(text: str, luck: random.Random) -> str:
    return luck.choice(BEFORE) + text + luck.choice(AFTER)


def third_person(text: str, luck: random.Random) -> str:
    return " ".join(THIRD.get(w.lower(), w) for w in text.split(" "))


def for_somebody(text: str, luck: random.Random) -> str:
    return luck.choice(FRIEND) + text


def spaced(text: str, luck: random.Random) -> str:
    return "  " + re.sub(" ", lambda _: luck.choice([" ", "  ", "\t"]), text) + " "


def made_small(text: str, luck: random.Random) -> str:
    return text + luck.choice(
        [" prob nothing", " its not that bad tho", ". just checking lol", " should i just sleep on it"]
    )


WAYS: dict[str, Callable[[str, random.Random], str]] = {
    "typo": typo,
    "dictated": dictated,
    "no apostrophes": no_apostrophes,
    "curly apostrophes": curly,
    "capitals": shouted,
    "stretched": stretched,
    "emoji": with_emoji,
    "chat": chat,
    "buried": buried,
    "third person": third_person,
    "for somebody": for_somebody,
    "spaces": spaced,
    "made small": made_small,
}

if __name__ == "__main__":
    for case in cases():
        print(json.dumps(asdict(case), ensure_ascii=False))
