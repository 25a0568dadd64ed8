"""The example questions in an answer file: Rasa's lines, read and compared."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from knowledge.yaml import Section

MARKUP = re.compile(r"[\[\](){}]")
NOT_A_WORD = re.compile(r"[^\w\s]|_")


@lru_cache(maxsize=50_000)  # examples are asked for again and again: by the check, the search, the studio
def normalise(example: str) -> str:
    """The example without case, punctuation and accents: what two examples share that teach the same thing."""
    plain = unicodedata.normalize("NFKD", example.casefold())
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    return " ".join(NOT_A_WORD.sub(" ", plain.replace("'", "").replace("’", "")).split())


def read_examples(block: Section, seen: dict[str, str]) -> tuple[str, ...]:
    """The examples of one intent; `seen` tells where each one of all files stands, so that none stands twice."""
    first = block.line_of("examples") + 1  # the examples begin on the line after "examples: |"
    examples = []
    for number, line in enumerate(block.text("examples").splitlines(), start=first):
        if not line.strip():
            continue
        example = _example(block, line, number)
        if example is None:
            continue
        key, here = normalise(example), f"{block.file}:{number}"
        if key in seen:
            block.report(
                f"the example '{example[:60]}' stands already at {seen[key]}", "remove or reword one of the two", number
            )
        seen.setdefault(key, here)
        examples.append(example)
    return tuple(examples)


def _example(block: Section, line: str, number: int) -> str | None:
    if not line.startswith("- "):
        block.report(f"the line '{line[:60]}' is no example", "begin it with a dash and a space", number)
        return None
    example = line[2:].strip()
    if example.startswith("/"):
        block.report("an example begins with '/', which Rasa takes for a command", "remove the slash", number)
    elif MARKUP.search(example):
        block.report("an example holds brackets or braces", "write it in plain words, without markup", number)
    elif not normalise(example):
        block.report("an example holds no words", "write a question, or remove the line", number)
    else:
        return example
    return None
