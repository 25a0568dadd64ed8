"""Passwords that are guessed first: the words of every leaked list, with the digits and signs that people add."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

LIST = Path(__file__).with_name("common_passwords.txt")
ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn")
SIGNS = str.maketrans({"@": "a", "4": "a", "3": "e", "1": "i", "!": "i", "0": "o", "5": "s", "$": "s", "7": "t"})
LEAST_LEFT = 4  # letters that have to be left of a password when what is common is taken out
LEAST_OWN = 3  # letters of a name that counts


def is_common(password: str, own: Iterable[str] = ()) -> bool:
    """Whether little is left of a password without common ones, rows of keys, repetitions, and names of the person."""
    plain = password.casefold()
    names = {word for text in own for word in re.findall(r"[a-z]+", text.casefold()) if len(word) >= LEAST_OWN}
    return any(_left(each, names) < LEAST_LEFT for each in (plain, plain.translate(SIGNS)))


def _left(text: str, names: set[str]) -> int:
    """How many different letters are in what is not common."""
    for word in sorted(_words() | names, key=len, reverse=True):
        text = text.replace(word, " ")
    for row in ROWS:
        for piece in (row, row[::-1]):
            for length in range(len(piece), 2, -1):
                for start in range(len(piece) - length + 1):
                    text = text.replace(piece[start : start + length], " ")
    return len(set(re.findall(r"[^\W\d_]", text)))


@lru_cache(maxsize=1)
def _words() -> set[str]:
    return {line for line in LIST.read_text("utf-8").split() if line}
