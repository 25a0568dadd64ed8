"""The chat window as one file: its modules in the order in which they need each other, without comments and room.

A module becomes a function that gives what it exports. The sources stay as they are and are served beside it, so this
reads only what they use: imports and exports by name, each import and each `export` at the beginning of a line.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

IMPORT = re.compile(r'^import \{([^}]+)\} from "\./([\w-]+)\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|const|class) (\w+))", re.MULTILINE)
COMMENT = re.compile(r"^[ \t]*(?:/\*(?:(?!\*/).)*\*/|//[^\n]*)[ \t]*\n", re.MULTILINE | re.DOTALL)
# At the end of a line: in a string a quote would follow.
REMARK = re.compile(r"[ \t]+(?://[ \t][^\"'`\n]*|/\*[^\"'`\n]*\*/)$", re.MULTILINE)
INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
BLANK = re.compile(r"\n{2,}")
GOES_ON = re.compile(r"(?<=[;{,(\[])\n")  # where the end of a line ends nothing
STYLES, ROOM = "styles", re.compile(r"(?<=[;:{}]) | (?=\{)")  # the module that holds the styles, and spaces in them


@dataclass(frozen=True)
class Bundle:
    """One file, and the name by which browsers may keep it for ever."""

    text: str
    name: str


def bundle(folder: Path, entry: str) -> Bundle:
    """The module `entry` of a folder with all that it needs; what it exports is what the file exports."""
    order: dict[str, tuple[str, list[str]]] = {}

    def take(module: str, above: tuple[str, ...] = ()) -> None:
        if module in above:
            raise ValueError(f"modules import each other: {' > '.join((*above, module))}")
        if module in order:
            return
        source = (folder / f"{module}.js").read_text("utf-8")
        for _, needed in IMPORT.findall(source):
            take(needed, (*above, module))
        order[module] = (source, EXPORT.findall(source))

    take(entry)
    parts = [_function(module, source, exports) for module, (source, exports) in order.items()]
    given = ", ".join(order[entry][1])
    text = "\n".join([*parts, f"export const {{ {given} }} = {_name(entry)};\n"])
    return Bundle(text, f"{entry}.{hashlib.sha256(text.encode()).hexdigest()[:12]}.js")


def _function(module: str, source: str, exports: list[str]) -> str:
    body = REMARK.sub("", COMMENT.sub("", source))
    body = IMPORT.sub(lambda found: f"const {{{found[1]}}} = {_name(found[2])};\n", body)
    body = BLANK.sub("\n", INDENT.sub("", EXPORT.sub("", body))).strip()
    body = GOES_ON.sub("", ROOM.sub("", body) if module == STYLES else body)
    return f"const {_name(module)} = (() => {{\n{body}\nreturn {{ {', '.join(exports)} }};\n}})();"


def _name(module: str) -> str:
    return f"${module.replace('-', '_')}"
