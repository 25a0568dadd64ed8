"""Publishing: refused until it is signed, one job, cancelled without a trace, and old or new after any power cut."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import main as cli
from gateway.cli.main import app
from gateway.editions import contents
from gateway.editions.models import KEPT
from gateway.staff.accounts import Person
from gateway.studio.errors import StudioError
from gateway.studio.publishing import publishing
from gateway.studio.publishing.publishing import CANCELLED, DONE, FAILED, RUNNING
from gateway.studio.topics import regressions
from gateway.studio.topics.changes import Changes
from gateway.studio.understanding import Understood
from knowledge import Knowledge
from tests.support.publishing_site import SHORT, UNTIL, Site, all_right

pytestmark = pytest.mark.slow  # takes more than a few seconds

NOW = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(publishing, "understood_by", all_right)
    return Site.new(tmp_path)


def person(login: str, *roles: str) -> Person:
    return Person(1, login, login.title(), roles, True, False, False)


def test_a_signed_text_reaches_patients_and_goes_back(site: Site) -> None:
    first = site.models.in_use()
    site.edit()
    site.sign()

    job = site.publish()

    assert (job.state, job.step) == (DONE, "swap")
    assert "from the next start" in job.words
    assert "sign that the muscle was reached" in site.published_short()
    assert site.publishing.rollback("Kim").state == DONE
    assert site.models.in_use() == first
    assert "sign that the muscle was reached" not in site.published_short()


def test_an_unsigned_text_is_refused(site: Site) -> None:
    site.edit()
    job = site.publish()
    assert job.state == FAILED
    assert "not signed by a clinical reviewer" in job.words
    assert "muscle was reached" not in site.published_short()


def test_a_text_that_was_changed_after_its_signature_is_refused(site: Site) -> None:
    site.edit()
    site.sign()
    file = site.settings.data / "answers" / "soreness.yml"
    file.write_text(file.read_text("utf-8").replace("muscle was reached", "muscle was hit"), "utf-8")
    assert "changed outside the studio after it was signed" in site.publish().words


def test_a_signature_that_was_typed_into_the_file_is_refused(site: Site) -> None:
    file = site.settings.data / "answers" / "soreness.yml"
    today = date.today().isoformat()
    text = file.read_text("utf-8")
    site.edit()
    text = (
        file.read_text("utf-8")
        .replace('reviewer: ""', 'reviewer: "Dr No"')
        .replace('reviewed: ""', f'reviewed: "{today}"')
    )
    file.write_text(text, "utf-8")
    assert "its signature was typed in" in site.publish().words


def test_a_text_past_its_review_is_refused(site: Site) -> None:
    site.edit()
    site.sign()
    clearances = site.publishing.clearances
    clearances._today = lambda: UNTIL + timedelta(days=1)
    assert any("is over" in missing for missing in clearances.look().missing)


def test_examples_need_no_signature(site: Site) -> None:
    site.topics.edit("soreness", lambda file: file.add_examples(["do bruises hurt"]), "examples added")
    assert site.publish().state == DONE


def test_nothing_new_is_said(site: Site) -> None:
    assert site.publish().words == "There is nothing new to publish."


def test_facts_that_need_no_training_are_published_without_one(site: Site) -> None:
    file = site.settings.data / "clinic.yml"
    file.write_text(file.read_text("utf-8") + "\n# seen\n", "utf-8")
    site.models.seconds = 60
    assert site.publish().state == DONE
    assert len(site.models.all()) == 2


def test_broken_data_is_refused_with_file_and_line(site: Site) -> None:
    (site.settings.data / "answers" / "soreness.yml").write_text("nlu: [", "utf-8")
    assert "soreness.yml:" in site.publish().words


def test_changed_rules_need_a_second_person(site: Site) -> None:
    rules = site.settings.data / "wording.yml"
    rules.write_text(rules.read_text("utf-8") + "\n# other\n", "utf-8")
    clearances = site.publishing.clearances
    found = clearances.look()
    assert found.rules == ("wording.yml",)
    assert "need a second person" in site.publish().words
    approvals = clearances.approvals
    with pytest.raises(StudioError, match="put this change forward"):
        approvals.approve(found.change, person("ben", "clinical_reviewer"), NOW)
    approvals.put_forward(found.change, person("ana", "trainer", "clinical_reviewer"), NOW)
    with pytest.raises(StudioError, match="yourself"):
        approvals.approve(found.change, person("ana", "trainer", "clinical_reviewer"), NOW)
    with pytest.raises(StudioError, match="Only a clinical reviewer"):
        approvals.approve(found.change, person("cid", "trainer", "admin"), NOW)
    assert "put forward by Ana" in site.publish().words
    approvals.approve(found.change, person("ben", "clinical_reviewer"), NOW)
    assert clearances.look().clear

    rules.write_text(rules.read_text("utf-8") + "# and other\n", "utf-8")
    assert not clearances.look().clear, "the approval was for another text"


def test_a_damaged_file_of_approvals_is_told(site: Site) -> None:
    (site.settings.var / "studio").mkdir(parents=True, exist_ok=True)
    (site.settings.var / "studio" / "approvals.json").write_text("[", "utf-8")
    rules = site.settings.data / "wording.yml"
    rules.write_text(rules.read_text("utf-8") + "\n# other\n", "utf-8")
    assert "damaged" in site.publish().words


def test_a_case_that_is_not_understood_keeps_the_model_from_patients(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_case(site, "why does it ache")
    first = site.models.in_use()
    monkeypatch.setattr(publishing, "understood_by", lambda *_: [Understood((), ("human",), "clarify")])
    job = site.publish()
    assert job.state == FAILED
    assert "'why does it ache' is about soreness: did you mean human" in job.words
    assert site.models.in_use() == first


def test_a_case_is_not_removed_in_silence(site: Site) -> None:
    add_case(site, "why does it ache")
    assert site.publish().state == DONE
    (site.settings.data / "regressions" / "soreness.yml").unlink()
    assert "'why does it ache' (soreness) is gone" in site.publish().words


def add_case(site: Site, message: str) -> None:
    change = regressions.with_cases(site.settings.data, "soreness", [message], "Kim", date.today())
    Changes(site.settings.data, site.settings.var / "studio").make(change)


def test_data_that_is_edited_meanwhile_is_not_published(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.edit()
    site.sign()
    look = site.publishing.clearances.look

    def edited() -> object:
        found = look()
        site.topics.edit("human", lambda file: file.set_title("Who is there?"), "edited")
        return found

    monkeypatch.setattr(site.publishing.clearances, "look", edited)
    job = site.publish()
    assert "changed while it was being checked" in job.words
    assert "muscle was reached" not in site.published_short()


def test_a_job_is_cancelled_in_the_middle_of_its_training(site: Site) -> None:
    site.edit()
    site.sign()
    first = site.models.in_use()
    site.models.seconds = 30
    ended = []
    thread = threading.Thread(target=lambda: ended.append(site.publish()))
    thread.start()
    other = Site(site.folder).publishing
    wait_for(lambda: (job := other.last()) is not None and job.step == "train")
    job = other.last()
    assert job and job.state == RUNNING and 5 <= job.percent <= 85
    with pytest.raises(StudioError, match="Another job is running"):
        other.publish("Lee")

    assert other.cancel()

    thread.join(10)
    assert ended[0].state == CANCELLED
    assert site.models.in_use() == first
    assert left(site) == []
    assert not other.cancel()


@pytest.mark.parametrize("step", ["check", "train", "cases", "swap"])
def test_a_power_cut_at_any_step_leaves_the_old_or_the_new(site: Site, step: str) -> None:
    site.edit()
    site.sign()
    first = site.models.in_use()
    command = [sys.executable, "-m", "tests.support.publishing_site", str(site.folder), "publish", "0.4"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as job:
        assert job.stdout
        for line in job.stdout:
            if line.strip() == step:
                break
        job.kill()
    after = Site(site.folder)
    assert after.models.in_use() == first
    ended = after.publishing.last()
    assert ended and (ended.state, ended.step) == (FAILED, step)
    assert "interrupted" in ended.words
    assert after.publish().state == DONE
    assert "muscle was reached" in after.published_short()
    assert left(after) == []


@pytest.mark.parametrize("moment", range(6))
def test_a_power_cut_around_the_swap_is_never_half(site: Site, moment: int) -> None:
    site.edit()
    site.sign()
    command = [sys.executable, "-m", "tests.support.publishing_site", str(site.folder), "publish", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as job:
        assert job.stdout
        for line in job.stdout:
            if line.strip() == "swap":
                time.sleep(moment * 0.004)
                break
        job.kill()
    after = Site(site.folder)
    manifest = after.models.in_use()
    assert manifest
    kept = after.models.data_of(manifest)
    assert kept and contents.content(kept) == manifest.edition


@pytest.mark.parametrize("where", ["copy", "manifest", "in use"])
def test_a_full_disk_keeps_what_patients_get(site: Site, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    site.edit()
    site.sign()
    first = site.models.in_use()

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if where == "copy":
        monkeypatch.setattr(contents, "keep", full)
    elif where == "manifest":
        monkeypatch.setattr(site.models, "_write", full)
    else:
        monkeypatch.setattr(site.models, "use", full)
    job = site.publish()
    assert job.state == FAILED
    assert "No space left on device" in job.words
    assert "What to do: make room" in job.words
    monkeypatch.undo()
    assert site.models.in_use() == first
    assert left(site) == []


def test_a_training_that_is_killed_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway.editions.models import TrainingError

    def killed(*_: object) -> None:
        raise TrainingError("Training stopped. Rasa says:\n  nothing; it ended with -9")

    site.edit()
    site.sign()
    first = site.models.in_use()
    monkeypatch.setattr(site.models, "_rasa_train", killed)
    job = site.publish()
    assert "it ended with -9" in job.words
    assert (site.models.in_use(), left(site)) == (first, [])


def test_old_editions_go_with_their_models(site: Site) -> None:
    for number in range(KEPT + 2):
        site.edit(f"{SHORT} It is day {number}.")
        site.sign()
        time.sleep(1.01 if number == 0 else 0)
        name = f"ims-2020010{number:02d}"
        (site.models.folder / f"{name}.tar.gz").write_text("old")
        (site.models.folder / name).mkdir()
    site.models._clear()
    folders = [path for path in site.models.folder.iterdir() if path.is_dir()]
    assert len(folders) == len(list(site.models.folder.glob("*.tar.gz"))) <= KEPT + 1


def left(site: Site) -> list[str]:
    """What a training left behind in the folder of the models."""
    return [path.name for path in site.models.folder.iterdir() if path.name.startswith(".making")]


def wait_for(what: object) -> None:
    assert callable(what)
    until = time.monotonic() + 20
    while not what():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_the_command_line_tells_what_is_missing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.edit()
    monkeypatch.chdir(site.folder)
    monkeypatch.setenv("IMS_DATA", str(site.settings.data))
    monkeypatch.setenv("IMS_VAR", str(site.settings.var))
    monkeypatch.setenv("IMS_PORT", "1")
    run = CliRunner()
    found = run.invoke(app, ["publish", "check"])
    assert found.exit_code == 1
    assert "not signed" in found.stdout
    assert run.invoke(app, ["publish", "--by", "Kim"]).exit_code == 1
    assert "failed" in run.invoke(app, ["publish", "status"]).stdout
    assert json.loads((site.settings.var / "studio" / "job.json").read_text())["by"] == "Kim"
    assert run.invoke(app, ["publish", "cancel"]).exit_code == 1
    assert run.invoke(app, ["publish", "approve", "--login", "x", "--password", "y"]).exit_code == 1


def test_a_start_without_training_puts_nothing_in_use_that_publishing_would_refuse(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(site.folder)
    first = site.models.in_use()
    facts, rules = (site.settings.data / name for name in ("clinic.yml", "wording.yml"))
    rules.write_text(rules.read_text("utf-8") + "\n# other\n", "utf-8")

    cli._renew(site.settings, checked=True)

    assert "wording.yml: changed rules need a second person" in capsys.readouterr().out
    assert site.models.in_use() == first
    cli._renew(site.settings, checked=False)  # as a programmer starts it
    second = site.models.in_use()
    assert second != first
    facts.write_text(facts.read_text("utf-8") + "\n# seen\n", "utf-8")
    cli._renew(site.settings, checked=True)
    assert capsys.readouterr().out == ""
    assert site.models.in_use() != second


def test_what_is_trained_past_the_signature_is_shown_as_not_signed(site: Site) -> None:
    site.edit()
    site.sign()
    site.publish()
    file = site.settings.data / "answers" / "soreness.yml"
    file.write_text(file.read_text("utf-8").replace("muscle was reached", "muscle was hit"), "utf-8")

    manifest = site.models.train()  # as `ims run` and `ims train` do

    data = site.models.data_of(manifest)
    assert data
    topic = Knowledge.load(data).topics["soreness"]
    assert "muscle was hit" in topic.short
    assert (topic.reviewer, topic.reviewed) == ("", None)


def approved(site: Site) -> None:
    """Two people look at what needs it."""
    change, approvals = site.publishing.clearances.look().change, site.publishing.clearances.approvals
    approvals.put_forward(change, person("ana", "trainer"), NOW)
    approvals.approve(change, person("ben", "clinical_reviewer"), NOW)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("clinic.yml", 'emergency: "911"', 'emergency: "119"'),
        ("clinic.yml", "250-555-0100", "250-555-0200"),
        ("dialogue/refusals.yml", "Ask your doctor.", "Take two."),
        ("dialogue/rules.yml", "action: utter_refuse/dose", "action: utter_greet"),
        ("things/medicines.yml", "Tell your physio.", "Stop taking it."),
        ("interface/en.yml", "Please call", "Please wait, or call"),
    ],
)
def test_what_patients_are_told_without_a_signature_needs_a_second_person(
    site: Site, name: str, old: str, new: str
) -> None:
    file = site.settings.data / name
    if not file.exists():
        given(site)
        site.models.train()
    file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")

    found = site.publishing.clearances.look()

    assert found.rules == (name,)
    assert [(changed.name, changed.guarded) for changed in found.files] == [(name, True)]
    (difference,) = found.files[0].differences
    assert old.split(": ")[-1].strip('"') in " ".join(difference.before)
    assert "second person" in site.publish().words
    approved(site)
    assert site.publish().state == DONE


def given(site: Site) -> None:
    for name, text in {
        "dialogue/refusals.yml": (
            "nlu:\n- intent: refuse/dose\n  examples: |\n    - how many pills\n"
            "responses:\n  utter_refuse/dose:\n  - text: Ask your doctor.\n"
        ),
        "dialogue/rules.yml": "rules:\n- rule: a dose\n  steps: [{intent: refuse}, {action: utter_refuse/dose}]\n",
        "things/medicines.yml": (
            "things:\n- id: ibuprofen\n  name: ibuprofen\n  words: [advil]\n  is: medicine\n  else: Tell your physio.\n"
            '  sources: ["003"]\n'
        ),
    }.items():
        (site.settings.data / name).parent.mkdir(exist_ok=True)
        (site.settings.data / name).write_text(text, "utf-8")


def test_other_facts_and_other_examples_are_listed_and_need_nobody_else(site: Site) -> None:
    given(site)
    site.models.train()
    for name, old, new in (
        ("clinic.yml", '"08:00-17:00"', '"08:00-16:00"'),
        ("dialogue/refusals.yml", "- how many pills", "- how many pills\n    - what dose"),
    ):
        file = site.settings.data / name
        file.write_text(file.read_text("utf-8").replace(old, new, 1), "utf-8")

    found = site.publishing.clearances.look()

    assert found.clear and not found.rules
    assert {file.name for file in found.files} == {"clinic.yml", "dialogue/refusals.yml"}
    assert found.files[0].differences[0].where.startswith("hours")


def test_a_specific_answer_goes_to_nobody_without_a_signature_of_its_own(site: Site) -> None:
    with_specific(site)
    site.models.train()
    site.topics.edit("soreness", lambda file: file.set_specific("how_long", "How long?", "Four weeks."), "edited")
    (changed,) = site.publishing.clearances.look().topics
    assert (changed.name, changed.topic, changed.how) == ("soreness.how_long", "soreness", "text")
    assert "How long?: its text is not signed" in site.publish().words

    site.topics.edit("soreness", lambda file: file.sign("Dr Ada", date.today(), UNTIL, "how_long"), "signed by Dr Ada")

    assert site.publish().state == DONE
    site.topics.edit("soreness", lambda file: file.set_specific("how_long", "How long?", "Five weeks."), "edited")
    assert "not signed" in site.publish().words


def with_specific(site: Site) -> None:
    file = site.settings.data / "answers" / "soreness.yml"
    text = file.read_text("utf-8").replace(
        "responses:\n", "- intent: faq/soreness.how_long\n  examples: |\n    - how long does it ache\nresponses:\n"
    )
    file.write_text(
        text + "  utter_faq/soreness.how_long:\n  - text: A day or two.\n    metadata:\n      title: How long?\n"
        '      claims: []\n      sources: [{id: "003"}]\n      reviewer: ""\n      reviewed: ""\n'
        '      review_by: "2027-05-21"\n',
        "utf-8",
    )
