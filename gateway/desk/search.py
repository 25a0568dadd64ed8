"""Finds words in the chats that are kept, also with a typing error, without accents, or half typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, select

from gateway.answers.search import LEAST_ALIKE, pairs
from gateway.storage.tables import events

MOST_READ = 20_000  # events, the newest first: more takes longer than somebody waits
SHORTEST = 4  # letters of a word from which a typing error is forgiven
WORD = re.compile(r"\w+")


def newest(connection: Connection) -> Iterable[Any]:
    """What was said in all chats, the newest first."""
    said = events.c.body["text"].as_string().label("text")
    query = select(events.c.conversation_id, events.c.seq, events.c.role, said, events.c.created_at)
    return connection.execute(query.order_by(events.c.created_at.desc(), events.c.seq.desc()).limit(MOST_READ))


def find(said: Iterable[Any], query: str, most: int) -> list[Any]:
    """Those that hold all words of the query: first as they are typed, then those with words much like them."""
    wanted = folded(query).split()
    if not wanted:
        return []
    exact: list[Any] = []
    near: list[Any] = []
    for row in said:
        text = folded(row.text)
        if all(word in text for word in wanted):
            exact.append(row)
            if len(exact) == most:
                break
        elif len(near) < most and all(word in text or _like_one(word, text) for word in wanted):
            near.append(row)
    return [*exact, *near][:most]


def folded(text: str) -> str:
    """The same in small letters and without accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


def _like_one(wanted: str, text: str) -> bool:
    return any(_alike(wanted, found[0]) for found in WORD.finditer(text))


@lru_cache(50_000)
def _alike(wanted: str, word: str) -> bool:
    if len(wanted) < SHORTEST or wanted[0] != word[0] or abs(len(wanted) - len(word)) > max(2, len(wanted) // 2):
        return False
    mine, theirs = pairs(wanted), pairs(word)
    return 2 * len(mine & theirs) / (len(mine) + len(theirs)) >= LEAST_ALIKE
