"""What publishing would change, file by file and in words: no file of an edition goes to patients unseen.

A YAML file is read as values, each with the place where it stands ("hours, friday"); any other text as lines.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from gateway.editions import contents
from knowledge.logo import FILES

LOGOS = tuple(FILES)
LONGEST = 400  # characters of a value that is shown
NAMES = ("id", "name", "what", "date", "intent", "rule", "question")  # what an entry of a list is known by
SILENT = frozenset({"nlu", "responses", "metadata", "examples", "text"})  # keys that say nothing to whoever reads
TITLES = {
    "clinic.yml": "The clinic's facts",
    "clinic_answers.yml": "How the clinic's facts are said",
    "clinic_fields.yml": "Which facts a clinic can have",
    "costs.yml": "What costs depend on",
    "claims.yml": "What the documents say",
    "sources.yml": "Sources",
    "groups.yml": "Groups of topics",
    "pictures.yml": "Pictures",
    **dict.fromkeys(LOGOS, "The clinic's logo"),
    "screening.yml": "The safety questions",
    "wording.yml": "The assistant's own sentences",
    "talk.yml": "How a conversation is held",
    "standards.yml": "What an answer has to be like",
    "studio.yml": "The studio's own numbers",
    "lexicon/red_flags.yml": "Signs of danger, and what is said to them",
    "lexicon/red_flag_words.yml": "Words of danger",
    "lexicon/red_flag_spelling.yml": "Spelling of words of danger",
    "lexicon/red_flag_context.yml": "When words of danger do not count",
    "lexicon/calls_for_help.yml": "Calls for help",
    "lexicon/after_alarm.yml": "What is said after an alarm",
    "lexicon/conditions.yml": "Conditions, and what is said to each",
    "config.yml": "How the engine understands",
    "domain.yml": "What the engine knows of",
}
FOLDERS = {
    "answers": "Topic",
    "dialogue": "Other replies",
    "interface": "Words of the chat window",
    "lexicon/danger": "Examples of danger",
    "lexicon/languages": "Danger in another language",
    "lexicon": "Words that are understood",
    "things": "Things that patients name",
    "regressions": "Messages that stay understood",
    "translations": "Answers in another language",
    "pictures": "Picture",
}


@dataclass(frozen=True)
class Difference:
    """What is new at one place of a file, and what stood there before."""

    where: str
    before: tuple[str, ...]
    now: tuple[str, ...]


@dataclass(frozen=True)
class ChangedFile:
    """A file that is not what it was. `name` is its path in data/; `guarded` if the change needs a second person."""

    name: str
    title: str
    differences: tuple[Difference, ...]
    guarded: bool = False

    @property
    def count(self) -> int:
        return sum(max(len(each.before), len(each.now)) for each in self.differences)


def differing(before: Path, now: Path) -> list[str]:
    """The files in which two folders of data differ, by their paths in data/."""
    old, new = contents.files(before), contents.files(now)
    names = sorted(name for name in {*old, *new} if _bytes(old.get(name)) != _bytes(new.get(name)))
    return [name.removeprefix("data/") for name in names]


def changed_files(before: Path, now: Path) -> list[ChangedFile]:
    """The same with their differences."""
    old, new = (
        {name.removeprefix("data/"): path for name, path in contents.files(data).items()} for data in (before, now)
    )
    return [
        ChangedFile(name, title_of(name), differences(old.get(name), new.get(name))) for name in differing(before, now)
    ]


def title_of(name: str) -> str:
    """What a file is about, for somebody who has never seen it."""
    folder, stem = next((each for each in FOLDERS if name.startswith(f"{each}/")), ""), Path(name).stem
    return TITLES.get(name) or (f"{FOLDERS[folder]}: {_plain(stem)}" if folder else _plain(stem).capitalize())


def differences(before: Path | None, now: Path | None) -> tuple[Difference, ...]:
    """Place by place, in the order of the file as it is now."""
    held = [values(file) if file and file.suffix == ".yml" else None for file in (before, now)]
    as_lines = any(file and each is None for file, each in zip((before, now), held, strict=True))
    old, new = (_said(file, None if as_lines else each) for file, each in zip((before, now), held, strict=True))
    found = []
    for where in dict.fromkeys([*new, *old]):
        gone, added = Counter(old.get(where, ())), Counter(new.get(where, ()))
        left = Difference(where, tuple((gone - added).elements()), tuple((added - gone).elements()))
        if left.before or left.now:
            found.append(left)
        elif old.get(where, []) != new.get(where, []):
            found.append(Difference(where, ("the same in another order",), ()))
    return tuple(found)


def values(file: Path) -> Any:
    """What a YAML file holds; None where it cannot be read."""
    try:
        return YAML(typ="safe").load(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError, YAMLError):
        return None


def _said(file: Path | None, held: Any) -> Mapping[str, list[str]]:
    """The values that a file holds, by their places; its lines without them."""
    said: defaultdict[str, list[str]] = defaultdict(list)
    if file is None:
        return said
    if file.name in LOGOS:
        said[""] = [f"a picture of {file.stat().st_size} bytes"]
        return said
    if held is None:
        said[""] = [line for line in _bytes(file).decode("utf-8", "replace").splitlines() if line.strip()]
        return said
    for where, text in _items(held, ()):
        said[", ".join(where)].append(text if len(text) <= LONGEST else f"{text[:LONGEST]}...")
    return said


def _items(held: Any, where: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every single value with its place."""
    if isinstance(held, dict):
        for key, value in held.items():
            yield from _items(value, where if key in SILENT else (*where, _plain(str(key).removeprefix("utter_"))))
    elif isinstance(held, list):
        for number, value in enumerate(held, 1):
            if isinstance(value, dict) and (name := next((key for key in NAMES if key in value), None)):
                rest = {key: each for key, each in value.items() if key != name}
                yield from _items(rest, (*where, str(value[name]))) if rest else [(where, str(value[name]))]
            elif isinstance(value, dict | list) and len(held) > 1:
                yield from _items(value, (*where, str(number)))
            else:
                yield from _items(value, where)
    elif isinstance(held, str):
        for line in held.splitlines() or [""]:
            if text := line.strip().removeprefix("- "):
                yield where, text
    elif isinstance(held, bool):
        yield where, "yes" if held else "no"
    else:
        yield where, "nothing" if held is None else str(held)


def _plain(key: str) -> str:
    return key.replace("_", " ")


def _bytes(file: Path | None) -> bytes:
    return file.read_bytes() if file and file.is_file() else b""
