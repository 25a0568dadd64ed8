"""Reads a YAML file into sections that remember their lines.

Only plain YAML is accepted: text, numbers, lists and mappings. Tags, anchors and aliases are refused, so no file can
build an object or blow up in memory. Every getter of a :class:`Section` checks the type of what it returns and reports
what is wrong with file and line instead of raising, so that one run shows everything that has to be fixed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Union

from ruamel.yaml.resolver import implicit_resolvers
from yaml import MarkedYAMLError
from yaml.cyaml import CParser
from yaml.events import AliasEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.resolver import BaseResolver

from knowledge.problems import KnowledgeError, Problem

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
YAML_TAG = "tag:yaml.org,2002:"

Plain = Union[str, int, float, bool, None, "list[Value]", "dict[str, Value]"]


class _Parser(CParser, BaseResolver):
    """libyaml's parser, which takes a tenth of the time of one in Python. Plain words read as YAML 1.2 has them: "no"
    and "on" are words.
    """

    def __init__(self, written: str) -> None:
        CParser.__init__(self, written)
        BaseResolver.__init__(self)


for _versions, _tag, _pattern, _first in implicit_resolvers:
    if (1, 2) in _versions:
        _Parser.add_implicit_resolver(_tag, _pattern, _first)


@dataclass(frozen=True)
class Value:
    """A value of the file and the line (from 1) on which it begins."""

    plain: Plain
    line: int


class Section:
    """A mapping of the file with typed getters; what is wrong goes to ``problems``."""

    def __init__(self, file: str, problems: list[Problem], values: dict[str, Value], line: int, name: str) -> None:
        self.file = file
        self.problems = problems
        self.values = values
        self.line = line
        self.name = name

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def report(self, message: str, remedy: str, at: int | str | None = None) -> None:
        """Notes an error at a line, or at a key, or where the section begins."""
        line = self.line_of(at) if isinstance(at, str) else at or self.line
        self.problems.append(Problem(self.file, line, message, remedy))

    def line_of(self, key: str) -> int:
        return self.values[key].line if key in self.values else self.line

    def only(self, *keys: str) -> None:
        """Reports keys that nobody reads: most often a spelling mistake."""
        for key, value in self.values.items():
            if key not in keys:
                remedy = f"use one of {', '.join(keys)}, or remove it"
                self.report(f"{self.name} has an unknown key '{key}'", remedy, value.line)

    def text(self, key: str, *, empty: bool = False) -> str:
        """A required text."""
        value = self._required(key)
        if value is None:
            return ""
        found = _as_text(self, f"'{key}'", value)
        if not found.strip() and not empty and value.plain == found:
            self.report(f"'{key}' is empty", f"write the {key}", value.line)
        return found

    def optional_text(self, key: str) -> str | None:
        """A text, or None where the key is missing, null or empty."""
        value = self.values.get(key)
        if value is None or value.plain is None:
            return None
        return _as_text(self, f"'{key}'", value).strip() or None

    def integer(self, key: str) -> int:
        value = self._required(key)
        if value is None:
            return 0
        if isinstance(value.plain, bool) or not isinstance(value.plain, int):
            self.report(f"'{key}' is {_kind(value)}, not a whole number", f"write {key} as a whole number", key)
            return 0
        return value.plain

    def boolean(self, key: str) -> bool:
        value = self._required(key)
        if value is None:
            return False
        if not isinstance(value.plain, bool):
            self.report(f"'{key}' is {_kind(value)}, not true or false", f"write {key}: true or {key}: false", key)
            return False
        return value.plain

    def date(self, key: str, *, empty: bool = False) -> date | None:
        """A required date; None where it is missing or wrong, or may be empty and is."""
        written = self.text(key, empty=empty).strip()
        if not written:
            return None
        try:
            return datetime.strptime(written, "%Y-%m-%d").date()  # date.fromisoformat takes more forms from 3.11 on
        except ValueError:
            self.report(
                f"'{key}' is '{written[:40]}', which is not a date",
                'write it as year-month-day in quotes, for example "2027-05-21"',
                key,
            )
            return None

    def choice(self, key: str, options: Collection[str]) -> str:
        """A required text that is one of ``options``."""
        chosen = self.text(key)
        if chosen and chosen not in options:
            self.report(f"'{key}' is '{chosen[:40]}'", f"use one of {', '.join(options)}", key)
        return chosen

    def texts(self, key: str) -> list[str]:
        """A list of texts; empty where the key is missing."""
        return [text for text, _ in self.texts_with_lines(key)]

    def texts_with_lines(self, key: str) -> list[tuple[str, int]]:
        """A list of texts, each with the line that it stands on."""
        return [(_as_text(self, f"an item of '{key}'", item), item.line) for item in self.items(key)]

    def text_map(self, key: str) -> dict[str, str]:
        """A mapping from text to text; empty where the key is missing."""
        if key not in self.values:
            return {}
        section = self.section(key)
        return {name: section.text(name) for name in section.values}

    def section(self, key: str) -> Section:
        """A required mapping."""
        value = self._required(key)
        if value is not None and not isinstance(value.plain, dict):
            self.report(f"'{key}' is {_kind(value)}, not a mapping", f"write {key}: and its keys below it", value.line)
        return _section(self, value, f"'{key}'")

    def sections(self, key: str) -> list[Section]:
        """A list of mappings; empty where the key is missing."""
        found = []
        for item in self.items(key):
            if isinstance(item.plain, dict):
                found.append(_section(self, item, f"an item of '{key}'"))
            else:
                message = f"an item of '{key}' is {_kind(item)}, not a mapping"
                self.report(message, "write it as key: value pairs", item.line)
        return found

    def items(self, key: str) -> list[Value]:
        """The raw items of a list with their lines; empty where the key is missing."""
        value = self.values.get(key)
        if value is None:
            return []
        if not isinstance(value.plain, list):
            self.report(f"'{key}' is {_kind(value)}, not a list", "begin each item with a dash", value.line)
            return []
        return value.plain

    def _required(self, key: str) -> Value | None:
        value = self.values.get(key)
        if value is None:
            self.report(f"{self.name} has no '{key}'", f"add '{key}'")
        return value


def read(path: Path, problems: list[Problem]) -> Section | None:
    """The top mapping of a file, or None (and a problem) where the file cannot be read."""
    file = path.as_posix()
    try:
        return Section(file, problems, _values(path, file), 1, "the file")
    except KnowledgeError as error:
        problems.extend(error.problems)
        return None


def plain_values(path: Path) -> dict[str, Any]:
    """The keys of a file with plain values, without their lines: for files whose shape is checked where they are used.

    Raises KnowledgeError where the file cannot be read.
    """
    return {key: _bare(value) for key, value in _values(path, path.as_posix()).items()}


def _bare(value: Value) -> Any:
    if isinstance(value.plain, dict):
        return {key: _bare(each) for key, each in value.plain.items()}
    return [_bare(each) for each in value.plain] if isinstance(value.plain, list) else value.plain


def _values(path: Path, file: str) -> dict[str, Value]:
    written = _decode(_bytes(path, file), file)
    try:
        _refuse_anchors(written, file)
        node = _Parser(written).get_single_node()
    except KnowledgeError:
        raise
    except Exception as error:  # the parser raises much more than its own errors on broken input
        mark = error.problem_mark or error.context_mark if isinstance(error, MarkedYAMLError) else None
        detail = error.problem if isinstance(error, MarkedYAMLError) and error.problem else "the text cannot be parsed"
        raise _error(
            file,
            min(mark.line, written.count("\n")) + 1 if mark is not None else 1,  # the end is not a line of its own
            f"this is not valid YAML ({detail})",
            "check the indentation, quotes and colons near this line",
        ) from None
    if node is None:
        raise _error(file, 1, "the file holds nothing", "fill it as the other files of its folder, or remove it")
    value = _plain(node, file, 0)
    if not isinstance(value.plain, dict):
        raise _error(file, value.line, f"the file holds {_kind(value)}, not keys", "begin it with 'key: value' lines")
    return value.plain


def _bytes(path: Path, file: str) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _error(file, 1, "the file is larger than 1 MB", "split it, or remove what does not belong in it")
        return path.read_bytes()
    except FileNotFoundError:
        raise _error(file, 1, "the file is missing", "put it back, for example from version control") from None
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise _error(file, 1, f"the file cannot be read ({reason})", "check that it is a file you may read") from None


def _decode(raw: bytes, file: str) -> str:
    remedy = "save it as plain text in UTF-8"
    try:
        written = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _error(file, raw.count(b"\n", 0, error.start) + 1, "the file is not UTF-8 text", remedy) from None
    for position, character in enumerate(written):
        if character < " " and character not in "\t\r\n":
            raise _error(file, written.count("\n", 0, position) + 1, "the file holds control characters", remedy)
    return written


def _refuse_anchors(written: str, file: str) -> None:
    """Before anything is built: an anchor that is used again and again would fill the memory."""
    if "&" in written:
        parser = _Parser(written)
        while parser.check_event():
            event = parser.get_event()
            if (anchor := getattr(event, "anchor", None)) and not isinstance(event, AliasEvent):
                line = event.start_mark.line + 1
                raise _error(file, line, f"the anchor '&{anchor}' is not allowed", "write the text out in each place")


def _plain(node: Node, file: str, depth: int) -> Value:
    line = node.start_mark.line + 1
    if not str(node.tag).startswith(YAML_TAG):
        raise _error(file, line, f"the tag '{node.tag}' is not allowed", "remove it and write plain text")
    if depth > MAX_DEPTH:
        raise _error(file, line, "the file is nested too deeply", "write it as the other files of its folder")
    tag = str(node.tag)[len(YAML_TAG) :]
    if isinstance(node, MappingNode) and tag == "map":
        return Value(dict(_pairs(node, file, depth)), line)
    if isinstance(node, SequenceNode) and tag == "seq":
        return Value([_plain(item, file, depth + 1) for item in node.value], line)
    if isinstance(node, ScalarNode):
        return Value(_scalar(node, tag, file, line), line)
    raise _error(file, line, f"the tag '!!{tag}' is not allowed", "remove it and write plain text")


def _pairs(node: MappingNode, file: str, depth: int) -> Iterator[tuple[str, Value]]:
    seen: set[str] = set()
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, ScalarNode):
            raise _error(file, line, "a key is not plain text", "write keys as plain text")
        key = str(key_node.value)
        if key in seen:
            raise _error(file, line, f"the key '{key}' stands twice", "keep one of the two")
        seen.add(key)
        yield key, _plain(value_node, file, depth + 1)


def _scalar(node: ScalarNode, tag: str, file: str, line: int) -> Plain:
    written = str(node.value)
    if tag in ("str", "timestamp"):
        return written
    if tag == "null":
        return None
    if tag == "bool":
        return written.lower() == "true"
    try:
        if tag == "int":
            return int(written.replace("_", ""), 10)
        if tag == "float":
            return float(written.replace("_", ""))
    except ValueError:
        raise _error(file, line, f"'{written[:40]}' is not a number", "put it in quotes if it is text") from None
    raise _error(file, line, f"the tag '!!{tag}' is not allowed", "remove it and write plain text")


def _section(parent: Section, value: Value | None, name: str) -> Section:
    if value is None or not isinstance(value.plain, dict):
        # The type error is reported already; an empty section would only repeat it for each missing key.
        return Section(parent.file, [], {}, value.line if value else parent.line, name)
    return Section(parent.file, parent.problems, value.plain, value.line, name)


def _as_text(section: Section, name: str, value: Value) -> str:
    if isinstance(value.plain, str):
        return value.plain
    section.report(f"{name} is {_kind(value)}, not text", "put the text in quotes", value.line)
    return ""


def _kind(value: Value) -> str:
    kinds: Iterable[tuple[type, str]] = (
        (bool, "true or false"),
        (int, "a number"),
        (float, "a number"),
        (str, "text"),
        (list, "a list"),
        (dict, "a mapping"),
    )
    return next((name for kind, name in kinds if isinstance(value.plain, kind)), "nothing")


def _error(file: str, line: int, message: str, remedy: str) -> KnowledgeError:
    return KnowledgeError([Problem(file, line, message, remedy)])
