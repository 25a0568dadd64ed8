"""New, rename, merge, split, retire, revert: whole or not at all, and nobody's work is lost."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gateway.studio.errors import EditedMeanwhile, StudioError, WouldBreak
from gateway.studio.topics.topic_file import day
from gateway.studio.topics.topics import Topics, missing
from knowledge import SourceRef
from tests.knowledge.conftest import Data


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*.yml"))}


def complete(topics: Topics, name: str) -> None:
    def write(file: Any) -> None:
        file.add_examples(f"{name} question number {number}" for number in range(30))
        file.set_title("What is it?")
        file.set_short("It is a thing.")
        file.set_more("It is a thing that helps some people.")
        file.set_sources([SourceRef("003", "")])
        file.set_review_by(day("2027-05-21"))

    topics.edit(name, write, "written")


def test_a_draft_is_answered_from_only_after_it_was_adopted(data: Data, topics: Topics) -> None:
    topics.new("cupping", ["what is cupping"])
    assert "cupping" not in data.load().topics
    assert missing(topics.open("cupping"), data.load()) == [
        "24 more examples", "title", "short", "more", "review-by", "sources",
    ]  # fmt: skip

    with pytest.raises(WouldBreak):
        topics.adopt("cupping")
    complete(topics, "cupping")
    topics.adopt("cupping")

    assert data.load().topics["cupping"].title == "What is it?"
    assert topics.drafts == []


def test_rename_follows_into_every_file_that_names_the_topic(data: Data, topics: Topics) -> None:
    topics.rename("soreness", "aching")
    knowledge = data.load()

    assert set(knowledge.topics) == {"aching", "human"}
    assert knowledge.groups[0].topics == ("aching",)
    assert knowledge.screening.offered_by == ("aching",)
    assert topics.history.of("aching")[0].done == "renamed from soreness"


def test_rename_and_back_leaves_every_byte_as_it_was(data: Data, topics: Topics) -> None:
    before = snapshot(data.folder)
    topics.rename("human", "person")
    topics.rename("person", "human")

    assert snapshot(data.folder) == before


def test_merge_moves_the_examples_and_leaves_no_reference(data: Data, topics: Topics) -> None:
    assert topics.merge("human", "soreness") == 25
    knowledge = data.load()

    assert set(knowledge.topics) == {"soreness"}
    assert len(knowledge.topics["soreness"].examples) == 50
    assert knowledge.topics["soreness"].see_also == ()


def test_split_takes_the_examples_out_when_the_new_topic_is_adopted(data: Data, topics: Topics) -> None:
    topics.edit("soreness", lambda file: file.add_examples(["is a cold pack ok", "cold or warm?"]), "more")
    draft = topics.split("soreness", "cold_pack", ["cold"])
    assert draft.examples == ["is a cold pack ok", "cold or warm?"]
    assert len(data.load().topics["soreness"].examples) == 27

    complete(topics, "cold_pack")

    assert topics.adopt("cold_pack") == {"soreness": ["is a cold pack ok", "cold or warm?"]}
    assert len(data.load().topics["soreness"].examples) == 25


def test_a_retired_topic_can_be_brought_back(data: Data, topics: Topics) -> None:
    written = topics.open("human").text
    topics.retire("human")
    assert "human" not in data.load().topics

    before = topics.history.of("human")[1]
    topics.revert("human", before.id)

    assert topics.open("human").text == written
    assert [version.author for version in topics.history.of("human")] == ["Kim", "Kim", ""]


def test_an_old_version_comes_back_unsigned_where_other_words_were_signed_since(data: Data, topics: Topics) -> None:
    def signed(words: str) -> str:
        topics.edit("soreness", lambda file: file.set_short(words), "written")
        topics.edit("soreness", lambda file: file.sign("Kim Lee", day("2026-11-20"), day("2027-11-20")), "signed")
        return topics.history.of("soreness")[0].id

    found_wrong, again = signed("You may be sore for a day."), signed("You may be sore for two days.")
    topics.revert("soreness", found_wrong)
    assert topics.open("soreness").short == "You may be sore for a day."
    assert topics.open("soreness").review[0] == "", "it was to be replaced"
    topics.revert("soreness", again)
    assert topics.open("soreness").review[0] == "Kim Lee", "nothing else was signed since"


def test_a_change_that_breaks_the_data_is_not_made(data: Data, topics: Topics) -> None:
    before = snapshot(data.folder)
    with pytest.raises(WouldBreak) as caught:
        topics.edit("soreness", lambda file: file.set_see_also(["nowhere"]), "x")

    assert "nowhere" in caught.value.problems[0].message
    assert caught.value.problems[0].file == (data.folder / "answers/soreness.yml").as_posix()
    assert snapshot(data.folder) == before


def test_two_trainers_on_one_topic_see_both_versions_and_nothing_is_lost(topics: Topics) -> None:
    mine, theirs = topics.open("soreness"), topics.open("soreness")
    opened = mine.text
    mine.set_title("My title?")
    theirs.set_title("Their title?")
    topics.save(theirs, opened, "theirs")

    with pytest.raises(EditedMeanwhile) as caught:
        topics.save(mine, opened, "mine")

    assert topics.open("soreness").title == "Their title?"
    assert "-      title: Their title?" in caught.value.difference()
    assert "+      title: My title?" in caught.value.difference()
    assert caught.value.mine == mine.text


def test_a_file_broken_by_hand_meanwhile_is_left_alone_and_named(data: Data, topics: Topics) -> None:
    file = topics.open("soreness")
    opened = file.text
    file.set_title("Mine?")
    broken = data.write("answers/soreness.yml", "nlu: [\n")

    with pytest.raises(EditedMeanwhile):
        topics.save(file, opened, "mine")
    with pytest.raises(StudioError, match=r"soreness\.yml.*not valid YAML"):
        topics.open("soreness")
    assert broken.read_text() == "nlu: [\n"


def test_another_topic_that_is_broken_does_not_stop_an_edit(data: Data, topics: Topics) -> None:
    data.write("answers/human.yml", "nlu: [\n")
    topics.edit("soreness", lambda file: file.set_title("Sore?"), "title")

    assert topics.open("soreness").title == "Sore?"


def test_a_full_disk_leaves_the_old_file(data: Data, topics: Topics, monkeypatch: pytest.MonkeyPatch) -> None:
    before = snapshot(data.folder)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StudioError, match="No space left"):
        topics.edit("soreness", lambda file: file.set_title("Sore?"), "title")
    monkeypatch.undo()

    assert snapshot(data.folder) == before
    assert not list(data.folder.rglob("*.new"))
    topics.edit("soreness", lambda file: file.set_title("Sore?"), "title")
    assert topics.open("soreness").title == "Sore?"


def test_a_power_cut_in_the_middle_of_a_change_is_made_up_for(
    data: Data, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PowerCut(BaseException):
        pass

    unlink = Path.unlink

    def cut(path: Path, missing_ok: bool = False) -> None:
        if path.is_relative_to(data.folder):
            raise PowerCut
        unlink(path, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", cut)
        with pytest.raises(PowerCut):
            topics.rename("soreness", "aching")
    Topics.opened(data.folder, data.folder.parent / "var")

    assert set(data.load().topics) == {"aching", "human"}
    assert data.load().groups[0].topics == ("aching",)


def test_the_history_of_a_folder_under_git_holds_its_commits(data: Data, topics: Topics) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=Robin", "-c", "user.email=robin@example.org")
        subprocess.run(["git", "-C", str(data.folder), *identity, *arguments], check=True, capture_output=True)

    git("init")
    git("add", ".")
    git("commit", "-m", "First answers")
    topics.edit("soreness", lambda file: file.set_title("Sore?"), "title")
    committed = next(version for version in topics.history.of("soreness") if version.author == "Robin")
    assert committed.done == "First answers"

    topics.revert("soreness", committed.id)

    assert topics.open("soreness").title == "Will I be sore?"


def test_no_name_leads_out_of_the_folder(topics: Topics) -> None:
    for name in ("../clinic", "a/b", "", "Soreness", "x" * 65):
        with pytest.raises(StudioError):
            topics.open(name)
        with pytest.raises(StudioError):
            topics.new(name, ["a question"])


def test_a_name_in_use_is_refused(topics: Topics) -> None:
    topics.new("cupping", ["what is cupping"])
    for name in ("cupping", "human"):
        with pytest.raises(StudioError, match="already"):
            topics.new(name, ["a question"])
        with pytest.raises(StudioError, match="already"):
            topics.rename("soreness", name)


def test_the_journal_is_gone_after_each_change(data: Data, topics: Topics) -> None:
    topics.retire("human")
    kept = data.folder.parent / "var" / "studio"

    assert not (kept / "change.json").exists()
    assert json.loads((kept / "versions/human/000002.json").read_text())["done"] == "retired"
