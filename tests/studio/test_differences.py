"""What publishing would change is told place by place, in words that a clinic can read, and no file is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.studio.differences import Difference, changed_files, differences, values
from tests.knowledge.conftest import Data


def told(tmp_path: Path, before: str, now: str, suffix: str = "yml") -> list[Difference]:
    old, new = (tmp_path / f"{side}.{suffix}" for side in ("old", "new"))
    old.write_text(before, "utf-8")
    new.write_text(now, "utf-8")
    return list(differences(old, new))


@pytest.mark.parametrize(
    ("before", "now", "difference"),
    [
        ("phone: 250-555-0142\n", "phone: 250-555-0199\n", Difference("phone", ("250-555-0142",), ("250-555-0199",))),
        (
            "hours: {friday: ['08:00-17:00']}\n",
            "hours: {friday: ['08:00-12:00']}\n",
            Difference("hours, friday", ("08:00-17:00",), ("08:00-12:00",)),
        ),
        (
            "closures:\n- {date: '2026-12-24', name: staff day}\n",
            "closures:\n- {date: '2026-12-24', name: staff day}\n- {date: '2026-12-31', name: staff day}\n",
            Difference("closures, staff day, date", (), ("2026-12-31",)),
        ),
        (
            "nlu:\n- intent: faq/cost\n  examples: |\n    - price\n    - how much\n",
            "nlu:\n- intent: faq/cost\n  examples: |\n    - how much\n    - what is the fee\n",
            Difference("faq/cost", ("price",), ("what is the fee",)),
        ),
        (
            "responses:\n  utter_refuse/dose:\n  - text: Ask your doctor.\n",
            "responses:\n  utter_refuse/dose:\n  - text: Take two.\n",
            Difference("refuse/dose", ("Ask your doctor.",), ("Take two.",)),
        ),
        ("demo: true\n", "demo: false\n", Difference("demo", ("yes",), ("no",))),
    ],
)
def test_a_change_is_told_with_its_place(tmp_path: Path, before: str, now: str, difference: Difference) -> None:
    assert told(tmp_path, before, now) == [difference]


def test_what_cannot_be_read_is_told_line_by_line(tmp_path: Path) -> None:
    assert told(tmp_path, "a: 1\n", "a: [\n") == [Difference("", ("a: 1",), ("a: [",))]
    assert told(tmp_path, "chest pain\nmy arm\n", "my arm\nmy jaw\n", "txt") == [
        Difference("", ("chest pain",), ("my jaw",))
    ]


def test_another_order_and_other_remarks_are_no_silent_changes(tmp_path: Path) -> None:
    assert told(tmp_path, "order: [a, b]\n", "order: [b, a]\n") == [
        Difference("order", ("the same in another order",), ())
    ]
    assert told(tmp_path, "a: 1\n", "# other\na: 1\n") == []


def test_every_file_that_differs_is_listed_with_what_it_is_about(tmp_path: Path) -> None:
    old, new = Data(tmp_path / "old"), Data(tmp_path / "new")
    new.write("groups.yml", "groups:\n- {name: later, title: After a visit, topics: [soreness]}\nothers: More\n")
    new.write("wording.yml", "# other\n" + (new.folder / "wording.yml").read_text("utf-8"))
    new.write("lexicon/danger/E01.txt", "i cant get air in\n")
    (new.folder / "answers" / "human.yml").unlink()

    found = {file.name: file for file in changed_files(old.folder, new.folder)}

    assert sorted(found) == ["answers/human.yml", "groups.yml", "lexicon/danger/E01.txt", "wording.yml"]
    assert found["lexicon/danger/E01.txt"].title == "Examples of danger: E01"
    assert found["wording.yml"].differences == ()
    assert found["answers/human.yml"].count > 20


@pytest.mark.parametrize("text", [b"\xff\xfe", b"a: [", b"a: b: c", b"[" * 20_000, b"&a [*a]", b""])
def test_any_file_is_compared_or_left_out(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "topic.yml"
    file.write_bytes(text)
    values(file)
