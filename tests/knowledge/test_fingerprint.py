"""The hash that decides whether a model has to be trained again."""

from __future__ import annotations

import pytest

from knowledge import data_hash
from tests.knowledge.conftest import Data


def test_the_hash_is_the_same_for_the_same_data(data: Data) -> None:
    assert data_hash(data.folder) == data_hash(data.folder)


def test_the_hash_does_not_depend_on_where_the_data_is(data: Data) -> None:
    before = data_hash(data.folder)
    moved = data.folder.parent / "elsewhere" / "copy"
    moved.parent.mkdir()
    data.folder.rename(moved)

    assert data_hash(moved) == before


@pytest.mark.parametrize("name", ["answers/soreness.yml", "lexicon/conditions.yml", "dialogue/small_talk.yml"])
def test_what_the_model_learns_from_changes_the_hash(data: Data, name: str) -> None:
    before = data_hash(data.folder)
    path = data.folder / name
    data.write(name, (path.read_text(encoding="utf-8") if path.exists() else "") + "# changed\n")

    assert data_hash(data.folder) != before


@pytest.mark.parametrize("name", ["config.yml", "domain.yml"])
def test_the_configuration_of_rasa_changes_the_hash(data: Data, name: str) -> None:
    before = data_hash(data.folder)
    (data.folder.parent / name).write_text("language: en\n", encoding="utf-8")

    assert data_hash(data.folder) != before


@pytest.mark.parametrize(
    "name", ["clinic.yml", "wording.yml", "claims.yml", "lexicon/overclaims.yml", "interface/en.yml"]
)
def test_what_the_model_never_sees_does_not_change_the_hash(data: Data, name: str) -> None:
    before = data_hash(data.folder)
    data.write(name, "changed: true\n")

    assert data_hash(data.folder) == before


def test_a_new_name_for_the_same_content_changes_the_hash(data: Data) -> None:
    before = data_hash(data.folder)
    (data.folder / "answers" / "human.yml").rename(data.folder / "answers" / "person.yml")

    assert data_hash(data.folder) != before
