"""The words of the chat window by language: ``data/interface/<language>.yml``.

English has every text. Another language may leave texts out; the English one stands in until somebody translates it.
Under ``sentences`` it can have those of ``data/wording.yml`` that tell a patient how a handoff stands, and those of an
alarm: all or none, so that nobody is told half of it in another language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from knowledge.placeholders import CLINIC, PLACEHOLDER, check_placeholders
from knowledge.problems import Problem
from knowledge.wording import Sentence
from knowledge.yaml import Section, read

DEFAULT_LANGUAGE = "en"
# Filled in by the chat window itself.
WINDOW_VALUES = ("seconds", "count", "number", "title", "date", "name")
TOLD_IN_HANDOFFS = ("handoff_", "label_human")  # how the keys of these sentences begin
TOLD_IN_ALARMS = ("red_flag_reminder_", "alarm_", "after_alarm_", "label_alarm_", "label_call")
CODE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")


@dataclass(frozen=True)
class Catalogue:
    """The texts of one language: its code ("fr"), its own name ("Français"), and text by key of the window and of what
    the assistant says.
    """

    code: str
    name: str
    strings: Mapping[str, str]
    sentences: Mapping[str, str]


def read_catalogues(folder: Path, sentences: Mapping[str, Sentence], problems: list[Problem]) -> dict[str, Catalogue]:
    """All catalogues by code; a text that English does not have, or with other values than English, is a problem."""
    catalogues: dict[str, Catalogue] = {}
    others = sorted(path for path in folder.glob("*.yml") if path.stem != DEFAULT_LANGUAGE)
    for path in (folder / f"{DEFAULT_LANGUAGE}.yml", *others):
        file = read(path, problems)
        if file is not None:
            catalogues[path.stem] = _catalogue(file, path.stem, catalogues.get(DEFAULT_LANGUAGE), sentences)
    return catalogues


def fill_clinic(text: str, values: Mapping[str, str]) -> str:
    """The text with the clinic's facts filled in; what the window fills in stays."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def _catalogue(file: Section, code: str, english: Catalogue | None, sentences: Mapping[str, Sentence]) -> Catalogue:
    file.only("language", "name", "strings", "sentences")
    if file.text("language") != code or not CODE.fullmatch(code):
        line = file.line_of("language")
        file.report(f"'language' is not {code}, the name of the file", f"write language: {code}", line)
    section = file.section("strings")
    strings = {key: section.text(key) for key in section.values}
    for key, text in strings.items():
        line = section.line_of(key)
        check_placeholders(section, text, line, allowed=(*CLINIC, *WINDOW_VALUES))
        if english is None:
            continue
        if key not in english.strings:
            section.report(f"English has no text '{key}'", "correct the key, or add it to en.yml", line)
        elif set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(english.strings[key])):
            section.report(f"'{key}' has other values in braces than the English text", "use the same ones", line)
    return Catalogue(code, file.text("name"), strings, _sentences(file, sentences))


def _sentences(file: Section, english: Mapping[str, Sentence]) -> dict[str, str]:
    if "sentences" not in file.values:
        return {}
    section = file.section("sentences")
    for key in section.values:
        text, line = section.text(key), section.line_of(key)
        if key not in english:
            section.report(f"data/wording.yml has no sentence '{key}'", "correct the key", line)
            continue
        values = english[key].values
        check_placeholders(section, text, line, allowed=(*CLINIC, *values))
        if left_out := [value for value in values if f"{{{value}}}" not in text]:
            section.report(f"'{key}' leaves out {', '.join(left_out)}", "say it as the English sentence does", line)
    if missing := [
        key for key in english if key.startswith(TOLD_IN_HANDOFFS + TOLD_IN_ALARMS) and key not in section.values
    ]:
        section.report(
            f"{len(missing)} sentences are missing", f"translate {', '.join(missing)} too", file.line_of("sentences")
        )
    return {key: section.text(key) for key in section.values if key in english}
