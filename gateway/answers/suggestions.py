"""What the chat window suggests while somebody types: questions that have an answer, each with the words that people
use for it. The window looks through them itself, so that nothing which is typed leaves the browser before it is sent.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from knowledge import Knowledge, normalise

MOST = 700  # questions: those with most examples, which are those that are asked most
WORDS = 6  # of each, besides those of its title


def suggestions(knowledge: Knowledge) -> list[tuple[str, str]]:
    """Titles with their words, those that are asked most first."""
    asked: dict[str, Counter[str]] = {}
    often: dict[str, int] = {}
    for topic in knowledge.topics.values():
        own = {example for answer in topic.answers.values() for example in answer.examples}
        questions = [(topic.title, [example for example in topic.examples if example not in own] or topic.examples)]
        questions += [(answer.title, list(answer.examples)) for answer in topic.answers.values()]
        for title, examples in questions:
            asked.setdefault(title, Counter()).update(_words(examples))
            # A topic's own question speaks for all within it.
            often[title] = max(often.get(title, 0), len(topic.examples) if title == topic.title else len(examples))
    spread = Counter(word for words in asked.values() for word in words)
    return [(title, _telling(title, asked[title], spread, len(asked))) for title in _most(often)]


def _most(often: dict[str, int]) -> list[str]:
    return sorted(often, key=lambda title: -often[title])[:MOST]


def _words(examples: Iterable[str]) -> Counter[str]:
    """In how many of the examples each word stands."""
    return Counter(word for example in examples for word in set(normalise(example).split()) if len(word) > 1)


def _telling(title: str, words: Counter[str], spread: Counter[str], total: int) -> str:
    """The words that tell this question from others, most telling first."""
    own = set(normalise(title).split())
    weight = {word: count * math.log(total / spread[word]) for word, count in words.items() if word not in own}
    return " ".join(sorted(weight, key=lambda word: (-weight[word], word))[:WORDS])
