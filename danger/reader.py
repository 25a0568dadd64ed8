"""From a message to vectors: the whole of it, and the parts of a long one, since one clause may hold the danger."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from danger.store import DANGER
from encoder.products import session
from encoder.store import FOLDER, graph_path, tokenizer_path, undamaged

WHOLE = 160  # tokens that are read at once
SHORT = 100  # words of a message that is read as a whole alone
PART = 70  # words of a part, about; parts end where sentences do, if they can
MOST_PARTS = 12
MOST_TOKENS = 960  # of all parts: twice what 2,000 characters of prose have
LONGEST = 8000  # characters that are read; the gateway takes far less
SENTENCE = re.compile(r"[^.!?\n…]+[.!?\n…]*")


class Reader:
    """The tuned encoder on ONNX Runtime. A message's vectors have length 1; the first is the whole message's."""

    def __init__(self, session: Any, tokenizer: Any) -> None:
        self._session = session
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, folder: Path = FOLDER) -> Reader:
        """EncoderError says what to do when a file is missing or damaged."""
        tokenizer = Tokenizer.from_file(str(tokenizer_path(folder)))
        tokenizer.enable_truncation(WHOLE)
        tokenizer.no_padding()
        return cls(session(str(undamaged(graph_path(folder, DANGER)))), tokenizer)

    def __call__(self, text: str) -> np.ndarray:
        """One row for the message, and one for each part of a long one."""
        return np.vstack([self._vector(tokens) for tokens in self.read(text)])

    def read(self, text: str) -> list[list[int]]:
        """The tokens that are read of a message and of its parts. Of parts with more than MOST_TOKENS together, which
        no prose has, those in the middle are left out: a text that was made to be dear costs no more than a long one.
        """
        whole, *others = [self._tokens(part) for part in parts(text)]
        while sum(map(len, others)) > MOST_TOKENS:
            del others[len(others) // 2]
        return [whole, *others]

    def one(self, text: str) -> np.ndarray:
        """The vector of a text as it stands, cut after WHOLE tokens."""
        return self._vector(self._tokens(text))

    def _tokens(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids

    def _vector(self, ids: list[int]) -> np.ndarray:
        tokens = np.array([ids], dtype=np.int64)
        vectors: list[np.ndarray] = self._session.run(["vector"], {"tokens": tokens, "mask": np.ones_like(tokens)})
        return vectors[0][0]


def parts(text: str) -> list[str]:
    """The message, and the parts of a long one."""
    text = text.encode("utf-8", "ignore").decode("utf-8")[:LONGEST]  # half a character is no text to a tokenizer
    words = len(text.split())
    if words <= SHORT:
        return [text]
    return [text, *_windows(text, max(PART, -(-words // (MOST_PARTS - 2))))]


def _windows(text: str, size: int) -> list[str]:
    """Whole sentences of about `size` words together; a sentence of more is cut."""
    found: list[str] = []
    waiting: list[str] = []
    for piece in _pieces(text, size):
        if waiting and len(waiting) + len(piece) > size:
            found.append(" ".join(waiting))
            waiting = []
        waiting += piece
    return [*found, " ".join(waiting)][:MOST_PARTS]


def _pieces(text: str, size: int) -> Iterator[list[str]]:
    for sentence in SENTENCE.findall(text):
        words = sentence.split()
        yield from (words[i : i + size] for i in range(0, len(words), size))
