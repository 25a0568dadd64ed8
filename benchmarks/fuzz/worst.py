"""The text that costs each reader of a message the most processor time, found by search; beside what long prose costs.

    .venvs/gateway/bin/python -m benchmarks.fuzz.worst [--seconds 20] [--seed 1] [READER ...]

A text repeats a few pieces until it is as long as a message may be. The search changes the pieces of the dearest text
so far; they come from the lexicons and from what readers have stumbled over. Prints JSON: for each reader milliseconds
of the prose and of the dearest text, their ratio, and its pieces. `tests/gateway/test_cost.py` holds what was dear to a
budget of work.
"""

from __future__ import annotations

import argparse
import json
import random
import time
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from danger.reader import Reader
from gateway.chat.after_alarm import AfterAlarm
from gateway.chat.noting import Noting
from gateway.chat.record import ChatRecord
from gateway.handoff.contact import contact_in
from gateway.settings import Settings
from gateway.studio.personal import Personal
from gateway.web.error_replies import Refused
from gateway.web.typed import check_text
from knowledge import Knowledge
from nlu.courtesy import Courtesy
from nlu.normalise import Normaliser
from nlu.segments import is_question, questions
from safety import Rules
from safety.languages import Languages

DATA = Path("data")
LONGEST = Settings.message_limit
PROSE = (
    "I hurt my shoulder at work about three weeks ago and it still aches at night, so my doctor said that I could try "
    "this treatment. I take a blood thinner for my heart, I have no fever and no numbness, and I have never fainted. "
    "My sister told me that she was sore for two days, but she could drive home. Will I be able to work the next day? "
    "Should I eat before I come, and how much is it if my plan does not pay?\n"
)
ODD = (
    "a",
    "a,",
    "a.",
    "1",
    "1,",
    "604 ",
    "(",
    "<",
    "@",
    "a@",
    "?",
    "\n",
    "'",
    "-",
    "é",
    "胸",
    "😭",
    "ﷺ",
    "aaa",
    "xqzj",
)
Read = Callable[[str], object]


def fill(pieces: Sequence[str]) -> str:
    """The pieces, again and again, as long as a message may be."""
    once = "".join(pieces) or "a"
    stands_for = len(unicodedata.normalize("NFKC", once)) / len(once)  # a character may count as several
    text = (once * (LONGEST // len(once) + 1))[: int(LONGEST / max(1.0, stands_for))]
    while len(unicodedata.normalize("NFKC", text)) > LONGEST:
        text = text[:-1]
    return text


def pieces() -> list[str]:
    """Words and phrases of the lexicons with what sets them apart, and odd characters."""
    words = sorted({word for file in DATA.glob("lexicon/*.yml") for word in file.read_text("utf-8").split()[:3000]})
    return [*(f"{word.strip(',:[]')} " for word in words), *ODD]


def readers() -> dict[str, Read]:
    """What reads each message, without the encoders; those are counted in tokens."""
    knowledge = Knowledge.load(DATA)
    normalise, courtesy = Normaliser.load(DATA / "lexicon/spelling.yml"), Courtesy.load(DATA / "lexicon/courtesy.yml")
    rules, languages, noting, danger = Rules.load(DATA), Languages.load(DATA), Noting(knowledge), Reader.load()
    nothing_told = ChatRecord.read(None)

    def understood(text: str) -> object:
        return questions(courtesy.without(normalise(text), is_question))

    return {
        "typed": lambda text: check_text(text, LONGEST, knowledge),
        "rules": rules.check,
        "parts for the learned half": danger.read,
        "languages": languages.check,
        "language of the message": languages.not_understood,
        "after an alarm": AfterAlarm.load(DATA).kind,
        "what is told": lambda text: noting.note(nothing_told, text),
        "conditions": knowledge.conditions.find,
        "address or number": lambda text: contact_in(text, knowledge.clinic.country),
        "personal details": Personal.load(DATA).remove,
        "readings": understood,
    }


def milliseconds(read: Read, text: str) -> float:
    """Processor time of this thread, the better of two."""
    times = []
    for _ in range(2):
        began = time.thread_time()
        with suppress(Refused):
            read(text)
        times.append(1e3 * (time.thread_time() - began))
    return min(times)


def changed(now: Sequence[str], known: Sequence[str], chance: random.Random) -> list[str]:
    """One piece more, less or other than before."""
    made = list(now)
    place = chance.randrange(len(made) + 1)
    made[place : place + chance.choice((0, 1))] = [chance.choice(known)] if chance.random() < 0.8 else []
    return made[:8] or [chance.choice(known)]


def dearest(read: Read, seconds: float, chance: random.Random) -> tuple[float, list[str]]:
    """The dearest text that was found in this time: its milliseconds and its pieces."""
    known, best, end = pieces(), (0.0, ["a"]), time.monotonic() + seconds
    begins = [[odd] for odd in ODD]
    while time.monotonic() < end:
        if begins:
            tried = begins.pop()
        elif chance.random() < 0.2:
            tried = chance.sample(known, chance.randint(1, 4))
        else:
            tried = changed(best[1], known, chance)
        best = max(best, (milliseconds(read, fill(tried)), tried))
    return best


def main() -> None:
    """Search and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("readers", nargs="*", help="all if none is named")
    parser.add_argument("--seconds", type=float, default=20, help="for each reader")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    found: dict[str, Any] = {}
    for name, read in readers().items():
        if given.readers and name not in given.readers:
            continue
        prose = milliseconds(read, fill([PROSE]))
        worst, made_of = dearest(read, given.seconds, random.Random(given.seed))
        found[name] = {"prose_ms": round(prose, 2), "worst_ms": round(worst, 2), "ratio": round(worst / prose, 1)}
        found[name]["pieces"] = made_of
    print(json.dumps(found, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
