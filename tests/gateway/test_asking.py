"""`./ims ask` with nothing that runs: an assistant for this command alone, which changes nothing for patients."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.operations import asking
from gateway.operations.asking import NotAvailable
from gateway.operations.new_assistant import RASA
from tests.support.publishing_site import ROOT, Site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """An installation in which an engine never becomes ready, as its model holds no weights."""
    site = Site.new(tmp_path)
    for name in RASA:
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(asking, "START_LIMIT", 4.0)
    return site


def files(site: Site) -> dict[Path, bytes]:
    folders = (site.settings.data, site.models.folder)
    return {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


async def test_a_question_brings_nothing_that_is_saved_into_use(site: Site) -> None:
    clinic = site.settings.data / "clinic.yml"
    clinic.write_text(clinic.read_text("utf-8").replace("250-555-0142", "250-555-0143"), "utf-8")
    site.edit("You may ache. Nobody has signed that.")
    before = files(site)

    with pytest.raises(NotAvailable):
        async with asking.assistant(site.settings):
            pass

    assert files(site) == before
    assert not (site.settings.var / "ims.sqlite3").exists()


async def test_a_question_without_a_model_trains_none_and_says_what_to_do(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site.models.folder / "manifest.json").unlink()

    with pytest.raises(NotAvailable, match=r"no trained model.*'./ims train'"):
        async with asking.assistant(site.settings):
            pass

    assert not list(tmp_path.glob("models/.making-*"))
