"""The clinic's logo: ``data/logo.svg`` or ``data/logo.png``, a picture that runs nothing and loads nothing.

What an owner uploads is made so by ``gateway/office/logo.py``; a file that somebody put there by hand is held to the
same when the data is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree

from knowledge.pictures import ELEMENTS, SVG
from knowledge.problems import Problem

FILES = {"logo.svg": "image/svg+xml", "logo.png": "image/png"}
XLINK = "http://www.w3.org/1999/xlink"
PNG = b"\x89PNG\r\n\x1a\n"
MOST_BYTES = 200_000
LOGO_ELEMENTS = ELEMENTS | {
    "title", "desc", "defs", "style", "use", "symbol", "clipPath", "mask", "linearGradient", "radialGradient", "stop",
}  # fmt: skip
KIND = re.compile(r"<!DOCTYPE[^>\[]*>", re.IGNORECASE)  # without declarations of its own
LOADS = re.compile(r"url\s*\(\s*(?![\"']?#)|@|\\|expression|javascript:", re.IGNORECASE)

ElementTree.register_namespace("xlink", XLINK)


class UnsafeLogo(ValueError):
    """A drawing that is none, or that cannot be made safe: why, in words."""


@dataclass(frozen=True)
class Logo:
    """A logo as it is served; ``version`` changes with it."""

    content: bytes
    media: str
    version: str


def read_logo(data: Path, problems: list[Problem]) -> Logo | None:
    """The logo of this data; None if it has none, or one that nobody should be shown."""
    there = [data / name for name in FILES if (data / name).is_file()]
    if not there:
        return None
    path, *more = there
    for other in more:
        problems.append(Problem(other.as_posix(), 1, "there are two logos", "keep one of the two"))
    content = path.read_bytes()
    if wrong := _wrong(path.name, content):
        problems.append(Problem(path.as_posix(), 1, wrong, "upload the logo at /office: it is made safe there"))
        return None
    return Logo(content, FILES[path.name], sha256(content).hexdigest()[:12])


def _wrong(name: str, content: bytes) -> str:
    if len(content) > MOST_BYTES:
        return f"the logo has more than {MOST_BYTES // 1000} KB"
    if name.endswith(".png"):
        return "" if content.startswith(PNG) else "the logo is not a PNG picture"
    try:
        return "" if safe_svg(content) == content else "the logo holds something that could run or load"
    except UnsafeLogo as why:
        return str(why)


def safe_svg(content: bytes) -> bytes:
    """The drawing with nothing in it that runs, loads or leads away; UnsafeLogo if that leaves no drawing."""
    try:
        text = KIND.sub("", content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UnsafeLogo("the drawing is not written in UTF-8") from None
    if "<!" in re.sub(r"<!--.*?-->|<!\[CDATA\[", "", text, flags=re.DOTALL):
        raise UnsafeLogo("the drawing declares things of its own")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        raise UnsafeLogo("the drawing cannot be read") from None
    if root.tag != f"{{{SVG}}}svg":
        raise UnsafeLogo("the file is not an SVG drawing")
    _clean(root)
    if not any(_plain(each.tag) in ELEMENTS - {"svg", "g"} for each in root.iter()):
        raise UnsafeLogo("nothing of the drawing is left that can be shown")
    return ElementTree.tostring(root)


def _clean(element: ElementTree.Element) -> None:
    for name, value in list(element.attrib.items()):
        link = name in ("href", f"{{{XLINK}}}href")
        if (
            name.startswith("on")
            or (name.startswith("{") and not link)
            or LOADS.search(value)
            or (link and not value.startswith("#"))
        ):
            del element.attrib[name]
    for child in list(element):
        kept = child.tag in {f"{{{SVG}}}{name}" for name in LOGO_ELEMENTS} if isinstance(child.tag, str) else False
        if not kept or (_plain(child.tag) == "style" and LOADS.search("".join(child.itertext()))):
            element.remove(child)
        else:
            _clean(child)


def _plain(tag: str) -> str:
    return tag.rpartition("}")[2]
