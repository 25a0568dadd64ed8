"""Starting an assistant for another clinic or subject: what it holds, what `ims check` says of it, and bad folders."""

from __future__ import annotations

import errno
import re
import stat
import subprocess
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from danger import catch_up
from environments.setup import ROOT
from gateway.cli.main import app
from gateway.operations.new_assistant import NewAssistantError, blocks, contents, create, examples, laid_over
from knowledge import Knowledge
from knowledge.check import FILL_IN, check
from safety import Net

pytestmark = pytest.mark.slow  # takes more than a few seconds

# A sewing needle stays a sewing needle, and the treatment of skin has its name.
OURS = re.compile(r"\bims\b|\bneedl|acupunct|intramuscular", re.IGNORECASE)
TODAY = date(2026, 11, 27)


@pytest.fixture
def blank(tmp_path: Path) -> Path:
    create(tmp_path / "blank")
    return tmp_path / "blank"


def test_a_new_assistant_can_be_read_and_only_its_blanks_are_to_do(blank: Path) -> None:
    knowledge = Knowledge.load(blank / "data")
    found = check(blank / "data", TODAY)

    assert set(knowledge.topics) == {"what_is_it", "human", "bot_identity", "hours_location", "booking", "cost"}
    assert all(FILL_IN in problem.message for problem in found)
    assert {Path(problem.file).name for problem in found} == {"clinic.yml", "sources.yml", "what_is_it.yml"}


def test_a_new_assistant_that_was_filled_in_has_nothing_to_mend(blank: Path) -> None:
    for file in (blank / "data").rglob("*.yml"):
        text = file.read_text("utf-8")
        text = re.sub(r"(?m)^# FILL IN.*\n", "", text).replace(
            "FILL IN the phone number of the front desk", "250-555-0100"
        )
        file.write_text(re.sub(r"FILL IN[^}\n]*", "Moss", text), "utf-8")

    found = [problem for problem in check(blank / "data", TODAY) if "what_is_it" not in problem.file]

    assert found == []


@pytest.mark.parametrize("example", ["", *examples()])
def test_what_patients_read_does_not_name_our_own_subject(example: str, tmp_path: Path) -> None:
    create(tmp_path / "other", example)
    knowledge = Knowledge.load(tmp_path / "other/data")
    read = [knowledge.fill_clinic(sentence.text) for sentence in knowledge.sentences.values()]
    read += [knowledge.fill_clinic(text) for text in knowledge.catalogues["en"].strings.values()]
    read += [f"{topic.title} {topic.short} {topic.more}" for topic in knowledge.topics.values()]
    read += list(knowledge.screening.sentences.values())
    said = [text for text in read if OURS.search(text.replace("no needle", ""))]
    dialogue = "\n".join(file.read_text("utf-8") for file in (tmp_path / "other/data/dialogue").glob("*.yml"))

    assert said == []
    assert not re.search(r"^    - .*\b(ims|dry needling|acupuncture for)\b", dialogue, re.MULTILINE)


@pytest.mark.parametrize("example", ["", *examples()])
def test_the_red_flag_net_comes_along(example: str, tmp_path: Path) -> None:
    create(tmp_path / "other", example)
    finding = Net.load(tmp_path / "other/data").check("I can't breathe and my chest hurts")

    assert finding is not None
    assert finding.level == "emergency"


@pytest.mark.parametrize("example", ["", *examples()])
def test_its_first_start_has_nothing_to_learn_about_danger(example: str, tmp_path: Path) -> None:
    create(tmp_path / "other", example)
    assert not catch_up(tmp_path / "other/data", tmp_path)


@pytest.mark.parametrize("example", examples())
def test_a_finished_example_has_nothing_to_mend(example: str, tmp_path: Path) -> None:
    create(tmp_path / "other", example)

    assert check(tmp_path / "other/data", TODAY) == []


def test_check_says_in_plain_words_what_comes_next(blank: Path) -> None:
    said = subprocess.run([blank / "ims", "check"], capture_output=True, text=True, check=False)

    assert said.returncode == 1
    assert "data/clinic.yml:4: finding: 'FILL IN the name of the clinic' is still to be done" in said.stdout
    assert "Next: write what stands at each FILL IN, data/clinic.yml first" in said.stderr


def test_the_folder_has_a_program_that_works_on_it_from_anywhere(tmp_path: Path) -> None:
    folder = tmp_path / "Clinic of Zoë, 2nd floor"
    create(folder, "shockwave")

    for command, cwd in (([folder / "ims"], "/"), ([ROOT / "ims"], folder)):
        topics = subprocess.run([*command, "topic", "list"], cwd=cwd, capture_output=True, text=True, check=False)
        assert topics.returncode == 0, topics.stderr
        assert "what_it_feels_like" in topics.stdout
        assert "soreness" not in topics.stdout


def test_a_file_that_is_lost_is_named(blank: Path) -> None:
    (blank / "domain.yml").unlink()
    trained = subprocess.run([blank / "ims", "train"], capture_output=True, text=True, check=False)
    (blank / "data/clinic.yml").unlink()
    checked = subprocess.run([blank / "ims", "check"], capture_output=True, text=True, check=False)

    assert trained.returncode == 1
    assert re.search(r"domain\.yml is missing in .*/blank\. What to do: copy it from", trained.stderr)
    assert checked.returncode == 1
    assert "data/clinic.yml:1: error: the file is missing" in checked.stdout


def test_a_program_whose_code_has_gone_says_so(blank: Path) -> None:
    program = blank / "ims"
    program.write_text(program.read_text("utf-8").replace(str(ROOT), "/gone"), "utf-8")
    said = subprocess.run([program, "check"], capture_output=True, text=True, check=False)

    assert said.returncode == 1
    assert "the code is no longer at /gone/ims" in said.stderr


def test_a_folder_without_an_assistant_is_refused(tmp_path: Path) -> None:
    said = subprocess.run([ROOT / "ims", "-C", tmp_path, "check"], capture_output=True, text=True, check=False)

    assert said.returncode == 1
    assert "there is no assistant in" in said.stderr


def test_nothing_is_written_over_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/letter.txt").write_text("dear")
    (tmp_path / "file").write_text("dear")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    before = sorted(tmp_path.rglob("*"))

    for name, words in (("full", "is not empty"), ("file", "is no folder"), ("link", "is no folder")):
        with pytest.raises(NewAssistantError, match=words):
            create(tmp_path / name)

    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_folder_and_a_deep_new_one_are_fine(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    create(tmp_path / "empty")
    create(tmp_path / "a/b/c")

    assert (tmp_path / "empty/data/clinic.yml").is_file()
    assert (tmp_path / "a/b/c/ims").stat().st_mode & stat.S_IXUSR


@pytest.mark.parametrize("folder", [ROOT, ROOT / "data", ROOT / "mine", ROOT / "examples/mine"])
def test_no_assistant_is_started_inside_the_code(folder: Path) -> None:
    with pytest.raises(NewAssistantError, match=r"the folder of the code|not empty"):
        create(folder)

    assert not (ROOT / "mine").exists()


@pytest.mark.parametrize("name", ["new\nline", "bell\a", "x" * 300])
def test_an_odd_name_is_refused_in_words(name: str, tmp_path: Path) -> None:
    with pytest.raises(NewAssistantError, match="What to do"):
        create(tmp_path / name)

    assert list(tmp_path.iterdir()) == []


def test_when_the_disk_is_full_nothing_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Path.write_bytes
    (tmp_path / "empty").mkdir()

    def full(self: Path, content: bytes) -> int:
        if self.name == "wording.yml":
            raise OSError(28, "No space left on device")
        return write(self, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    for name in ("new/one", "empty"):
        with pytest.raises(NewAssistantError, match="No space left"):
            create(tmp_path / name)

    assert [path.name for path in tmp_path.rglob("*")] == ["empty"]


def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def not_allowed(path: Path, *args: object, **kwargs: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "mkdir", not_allowed)
    with pytest.raises(NewAssistantError, match="can't be"):
        create(tmp_path / "new")


def test_an_unknown_example_is_answered_with_those_that_there_are(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["new-assistant", str(tmp_path / "x"), "--example", "../blank"])

    assert result.exit_code == 1
    assert "shockwave" in result.stderr
    assert not (tmp_path / "x").exists()


def test_what_an_example_says_replaces_what_any_subject_has() -> None:
    below = "# about\nfirst: 1\n\n# why\nsecond:\n- a\n# in it\n- b\n"

    assert blocks(below) == {"first": "# about\nfirst: 1\n", "second": "\n# why\nsecond:\n- a\n# in it\n- b\n"}
    assert laid_over(below, "first: 2\n") == "first: 2\n\n# why\nsecond:\n- a\n# in it\n- b\n"


def test_an_example_holds_only_what_is_its_own() -> None:
    for example in examples():
        own = {path.relative_to(ROOT / "examples" / example).as_posix() for path in _files(example)}
        assert not {"data/lexicon/red_flags.yml", "data/wording.yml", "domain.yml"} & own
        assert own < set(contents(example))


def _files(example: str) -> list[Path]:
    return [path for path in (ROOT / "examples" / example).rglob("*") if path.is_file()]
