"""Several models are kept; only intact ones that were trained here come into use, and there is a way back."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.editions.models import KEPT, SECRET, Manifest, ModelRefused, Models, TrainingError
from gateway.settings import Settings


@pytest.fixture
def models(tmp_path: Path) -> Models:
    (tmp_path / "models").mkdir()
    return Models(Settings(var=tmp_path / "var"), tmp_path / "models")


def train(models: Models, name: str, use: bool = True) -> Path:
    """A model as training leaves it."""
    file = models.folder / f"{name}.tar.gz"
    file.write_bytes(name.encode())
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    manifest = Manifest(file.name, sha256, "data", "2026-11-27T00:00:00+00:00", 1.0, versions={"rasa": "3.6.21"})
    models._write(models.folder / f"{name}.json", manifest)
    if use:
        models.use(manifest)
    return file


def promote(models: Models, name: str) -> Manifest:
    models.use(manifest := models.named(name))
    return manifest


def go_back(models: Models) -> Manifest:
    models.use(manifest := models.earlier(), back=True)
    return manifest


def test_a_candidate_is_kept_and_comes_into_use_when_it_is_promoted(models: Models) -> None:
    first, second = train(models, "ims-1"), train(models, "ims-2", use=False)
    assert models.current() == first

    promote(models, "ims-2")

    assert models.current() == second


def test_going_back_twice_goes_back_two_models(models: Models) -> None:
    for name in ("ims-1", "ims-2", "ims-3"):
        train(models, name)
    assert [go_back(models).name, go_back(models).name] == ["ims-2", "ims-1"]
    with pytest.raises(ModelRefused, match="no earlier model"):
        go_back(models)
    assert models.current() == models.folder / "ims-1.tar.gz"


def test_a_new_model_takes_the_place_of_one_that_came_from_another_machine(models: Models) -> None:
    train(models, "ims-1")
    (models.settings.var / "secrets" / SECRET).unlink()  # so that nothing there was signed here
    with pytest.raises(ModelRefused, match="What to do: remove it and run"):
        models.current()
    new = train(models, "ims-2")
    models._clear()
    assert models.current() == new


def test_going_back_passes_over_a_model_that_was_tampered_with(models: Models) -> None:
    for name in ("ims-1", "ims-2", "ims-3"):
        train(models, name)
    (models.folder / "ims-2.tar.gz").write_bytes(b"else")

    assert go_back(models).name == "ims-1"


@pytest.mark.parametrize("what", ["file", "manifest", "no manifest", "damaged manifest", "other key"])
def test_a_tampered_or_foreign_model_is_refused(models: Models, what: str) -> None:
    train(models, "ims-1")
    file = train(models, "ims-2", use=False)
    manifest = models.folder / "ims-2.json"
    if what == "file":
        file.write_bytes(b"else")
    elif what == "manifest":
        fields = json.loads(manifest.read_text())
        file.write_bytes(b"else")
        manifest.write_text(json.dumps({**fields, "sha256": hashlib.sha256(b"else").hexdigest()}))
    elif what == "no manifest":
        manifest.unlink()
    elif what == "damaged manifest":
        manifest.write_text("[]")
    else:
        elsewhere = Models(Settings(var=models.folder.parent / "elsewhere"), models.folder)
        elsewhere._write(manifest, Manifest(file.name, hashlib.sha256(b"ims-2").hexdigest(), "data", "", 1.0))

    with pytest.raises(ModelRefused):
        promote(models, "ims-2")
    assert [bool(model.refused) for model in models.all()] == [True, False]
    assert models.current() == models.folder / "ims-1.tar.gz"


def test_the_manifest_of_an_earlier_version_still_counts(models: Models) -> None:
    train(models, "ims-1")
    fields = {"file": "ims-1.tar.gz", "sha256": hashlib.sha256(b"ims-1").hexdigest(), "trained_on": "d"}
    fields |= {"trained_at": "2026-11-27T00:00:00+00:00"}
    from gateway.editions.models import SECRET, _signature

    old = {**fields, "seconds": 2.0}
    signature = _signature(old, models.settings.secret(SECRET))
    (models.folder / "manifest.json").write_text(json.dumps({**old, "signature": signature}))
    (models.folder / "ims-1.json").unlink()

    assert models.current() == models.folder / "ims-1.tar.gz"
    assert promote(models, "ims-1").seconds == 2.0


def test_old_models_go_but_not_the_one_in_use(models: Models) -> None:
    train(models, "ims-000")
    for number in range(1, KEPT + 3):
        train(models, f"ims-{number:03d}", use=False)
    models._clear()

    names = sorted(file.name for file in models.folder.glob("*.tar.gz"))
    assert len(names) == KEPT + 1
    assert names[0] == "ims-000.tar.gz"


def test_no_name_leads_out_of_the_folder(models: Models) -> None:
    train(models, "ims-1")
    (models.folder.parent / "evil.tar.gz").write_bytes(b"x")
    with pytest.raises(ModelRefused, match="no model"):
        promote(models, "../evil")


def test_verify_fails_on_a_foreign_model(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    train(models, "ims-1")
    monkeypatch.chdir(models.folder.parent)
    monkeypatch.setenv("IMS_VAR", str(models.settings.var))
    run = CliRunner()
    assert run.invoke(app, ["models", "verify"]).exit_code == 0
    (models.folder / "ims-9.tar.gz").write_bytes(b"from somewhere")

    result = run.invoke(app, ["models", "verify"])

    assert result.exit_code == 1
    assert "1 of 2" in result.stdout
    assert "refused" in run.invoke(app, ["models", "list"]).stdout
    assert run.invoke(app, ["models", "promote", "ims-9"]).exit_code == 1


def test_what_a_crash_left_is_swept_when_the_next_model_is_made(models: Models) -> None:
    train(models, "ims-1")
    (models.folder / ".making-0").mkdir()
    (models.folder / "ims-2").mkdir()
    (models.folder / "ims-2.json").write_text("{}")
    (models.folder / "notes.txt").write_text("ours")
    with models._making():
        pass
    kept = {path.name for path in models.folder.iterdir()}
    assert kept == {"ims-1.tar.gz", "ims-1.json", "manifest.json", "used.txt", "notes.txt", ".lock"}


def test_two_trainings_at_once_are_refused(models: Models) -> None:
    with models._making(), pytest.raises(TrainingError, match="Another training"), models._making():
        raise AssertionError


def test_an_edition_that_was_edited_is_refused(models: Models, tmp_path: Path) -> None:
    from tests.support.swapping import kept_model

    data = tmp_path / "own" / "data"
    data.mkdir(parents=True)
    (data / "clinic.yml").write_text("name: x")
    manifest = kept_model(models, "ims-7", data)
    assert models.named("ims-7") == manifest
    kept = models.data_of(manifest)
    assert kept
    (kept / "clinic.yml").write_text("name: y")
    with pytest.raises(ModelRefused, match="not the model that was trained here"):
        models.named("ims-7")


def test_going_back_from_an_earlier_model_goes_further_back(models: Models) -> None:
    for name in ("ims-1", "ims-2", "ims-3"):
        train(models, name)
    assert models.earlier().name == "ims-2"
    promote(models, "ims-1")
    assert models.earlier().name == "ims-3"
