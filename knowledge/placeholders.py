"""The clinic's own facts inside a text: ``{clinic_phone}`` stands in the file, the number on the screen."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from knowledge.yaml import Section

# The numbers of the clinic's region: every one has to be set, because what is said to a person in danger names them.
REGION = ("emergency", "nurse_line", "crisis_line", "poison_line", "victim_line", "child_line", "youth_line")
# What the assistant is about; with a capital at the beginning of a sentence.
TREATMENT = ("treatment", "Treatment", "treatment_in_full", "Treatment_in_full")
CLINIC = ("clinic_name", "clinic_phone", "booking_link", *REGION, *TREATMENT)

PLACEHOLDER = re.compile(r"\{([A-Za-z_]+(?:\.[a-z_]+)*)\}")  # dots: a fact of the clinic, {plans.icbc.fee}
BRACE = re.compile(r"[{}]")


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with every placeholder replaced; KeyError where a value is not given."""
    return PLACEHOLDER.sub(lambda found: values[found[1]], text)


def check_placeholders(section: Section, text: str, line: int, allowed: Collection[str] = CLINIC) -> bool:
    """Whether the text can be filled; reports placeholders that nothing fills, and braces that are none."""
    before = len(section.problems)
    choice = f"use {', '.join('{' + name + '}' for name in allowed)}" if allowed else "write it out"
    for name in PLACEHOLDER.findall(text):
        if name not in allowed:
            section.report(f"the placeholder {{{name}}} is unknown here", choice, line)
    if BRACE.search(PLACEHOLDER.sub("", text)):
        section.report("the text contains braces", f"{choice}, and no other braces", line)
    return len(section.problems) == before
