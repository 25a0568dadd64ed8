"""What a page can make tappable in a text: phone numbers, web and e-mail addresses, and where the clinic is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from knowledge.clinic import Clinic

WEB = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


@dataclass(frozen=True)
class Link:
    """Words of a text and where they lead: ``kind`` is tel, url or map."""

    kind: str
    text: str
    href: str


def links(text: str, clinic: Clinic) -> list[Link]:
    """All of them in the order of the text, each once."""
    found: dict[str, tuple[int, Link]] = {}

    def add(kind: str, words: str, href: str, at: int) -> None:
        found.setdefault(words, (at, Link(kind, words, href)))

    for number in _numbers(clinic):
        if match := re.search(rf"(?<![\w$-]){re.escape(number)}(?![\w-]|[.,:]\d)", text):
            add("tel", number, f"tel:{re.sub(r'[^+A-Za-z0-9]', '', number)}", match.start())
    for match in WEB.finditer(text):
        add("url", match[0], match[0], match.start())
    for match in EMAIL.finditer(text):
        add("url", match[0], f"mailto:{match[0]}", match.start())
    way = clinic.facts.get("place.map_link")
    if clinic.address and isinstance(way, str) and clinic.address in text:
        add("map", clinic.address, way, text.index(clinic.address))
    return [link for _, link in sorted(found.values(), key=lambda entry: entry[0])]


def _numbers(clinic: Clinic) -> list[str]:
    """Every number that a text may name, the longest first."""
    more = [number for _, number in clinic.more_crisis_lines]
    texts = clinic.facts.get("text_number")
    known = {clinic.phone, *clinic.numbers.named().values(), *more, *([texts] if isinstance(texts, str) else [])}
    return sorted(known, key=len, reverse=True)
