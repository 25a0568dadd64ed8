"""Changes values in a YAML file and leaves everything else in it as it was written: comments, order, line breaks.

ruamel.yaml keeps comments, order and quotes, but breaks a few lines of its own accord. So the file is written twice,
before and after the change, and only lines that differ between the two are taken over.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable
from difflib import SequenceMatcher
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import FoldedScalarString, LiteralScalarString, ScalarString

from gateway.studio.errors import StudioError

WIDTH = 120
TEXT_WIDTH = 112  # of a folded text, which is indented by up to eight


def edited(source: str, change: Callable[[Any], None]) -> str:
    """The text of a YAML file after a change to what it holds."""
    line_end = "\r\n" if "\r\n" in source else "\n"
    text = source.lstrip("\ufeff").replace("\r\n", "\n")
    document = load(text)
    before = _dump(document)
    change(document)
    after = _dump(document)
    return _taken_over(text, before, after).replace("\n", line_end)


def load(text: str) -> Any:
    """A YAML text, in a form that remembers how it was written. Raises StudioError if it is not valid."""
    try:
        return _yaml().load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" near line {mark.line + 1}" if mark else ""
        raise StudioError(f"The file is not valid YAML{where}.", "fix it by hand first.") from error


def folded(text: str, old: object = None) -> FoldedScalarString:
    """A text of paragraphs as the answer files write it: folded, with a comment that followed the old one."""
    breaks, position = [], 0
    for paragraph in text.split("\n"):
        lines = textwrap.wrap(paragraph, TEXT_WIDTH, break_long_words=False, break_on_hyphens=False)
        at = position
        for line in lines[:-1]:
            at += len(line)
            breaks.append(at)
            at += 1
        position += len(paragraph) + 1
    new = FoldedScalarString(text)
    new.fold_pos = breaks
    return _with_comment(new, old)


def literal(text: str, old: object = None) -> LiteralScalarString:
    """A text of lines as it stands, with a comment that followed the old one."""
    return _with_comment(LiteralScalarString(text), old)


def _with_comment(new: Any, old: object) -> Any:
    comment = getattr(old, "comment", None) if isinstance(old, ScalarString) else None
    if comment is not None:
        new.comment = comment
    return new


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = WIDTH
    yaml.indent(mapping=2, sequence=2, offset=0)
    return yaml


def _dump(document: Any) -> str:
    out = io.StringIO()
    _yaml().dump(document, out)
    return out.getvalue()


def _taken_over(source: str, before: str, after: str) -> str:
    """The source with the lines changed in which `after` differs from `before`."""
    own, old, new = (text.splitlines(keepends=True) for text in (source, before, after))
    written: list[list[str]] = [[] for _ in old]  # how the source writes each line of `before`
    first: list[int] = list(range(len(old)))  # the first line of the piece that a line belongs to
    for tag, i, i_end, j, j_end in SequenceMatcher(None, old, own, autojunk=False).get_opcodes():
        if tag == "equal":
            for line, text in zip(range(i, i_end), own[j:j_end], strict=True):
                written[line] += [text]
        elif i < i_end:
            written[i] += own[j:j_end]
            first[i:i_end] = [i] * (i_end - i)
        elif old:
            written[max(0, i - 1)] += own[j:j_end]
    last = {start: line for line, start in enumerate(first)}
    result: list[str] = []
    for tag, i, i_end, j, j_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            result += new[j:j_end]
            continue
        for line, text in zip(range(i, i_end), new[j:j_end], strict=True):
            whole = first[line] >= i and last[first[line]] < i_end
            result += written[line] if whole else [text]
    return "".join(result)
