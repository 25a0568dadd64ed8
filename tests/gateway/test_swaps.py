"""Another model comes into use while patients write: nothing is lost, and what fails leaves the old one."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from benchmarks.studio.swaps import Load
from gateway.editions.control import ControlError
from tests.support.processes import START, eventually
from tests.support.swapping import Installation, kept_model

pytestmark = pytest.mark.slow  # starts processes of its own


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    installation = Installation(tmp_path_factory.mktemp("swaps"))
    installation.start(pause=0.05)
    yield installation
    installation.stop()


@pytest.fixture(autouse=True)
def first_model(here: Installation) -> Iterator[None]:
    yield
    if here.models.in_use() != here.models.named("ims-1"):
        here.use("ims-1")


def test_model_and_answers_go_over_together_and_back(here: Installation) -> None:
    assert "Edited, " not in here.title()
    here.use("ims-2")
    assert "Edited, " in here.title()
    assert here.models.in_use() == here.models.named("ims-2")

    here.use(here.models.earlier().name, back=True)

    assert "Edited, " not in here.title()
    assert here.models.in_use() == here.models.named("ims-1")


def test_no_message_is_lost_or_answered_twice(here: Installation) -> None:
    with Load(here.url, chats=6) as load:
        for name in ("ims-2", "ims-1", "ims-2"):
            here.use(name)
    result = load.result()
    assert result.sent > 20
    assert (result.lost, result.doubled, result.without_engine) == (0, 0, 0)


def test_an_engine_that_does_not_start_leaves_the_old_one(here: Installation) -> None:
    kept_model(here.models, "ims-broken", Path("data"), "broken")
    with pytest.raises(ControlError, match="The old one stays"):
        here.use("ims-broken")
    assert here.models.in_use() == here.models.named("ims-1")
    assert "Edited, " not in here.title()


def test_data_that_cannot_be_used_leaves_the_old_one(here: Installation) -> None:
    manifest = kept_model(here.models, "ims-3", Path("data"))
    data = here.models.data_of(manifest)
    assert data
    (data / "clinic.yml").write_text("name: [", "utf-8")
    with pytest.raises(ControlError, match="not the model that was trained here"):
        here.use("ims-3")
    kept = kept_model(here.models, "ims-4", data)
    with pytest.raises(ControlError, match="The gateway cannot use this data"):
        here.use(kept.name)
    assert "Edited, " not in here.title()


@pytest.mark.parametrize("name", ["../ims-2", "ims-99", ""])
def test_a_model_that_is_not_there_is_refused(here: Installation, name: str) -> None:
    with pytest.raises(ControlError, match="no model"):
        here.use(name)


def test_after_a_crash_of_the_gateway_the_new_model_is_served(here: Installation) -> None:
    here.use("ims-2")
    kill_gateway(here)
    eventually(lambda: "Edited, " in here.title(), START)


def test_after_a_power_cut_it_is_the_old_or_the_new_one(here: Installation) -> None:
    here.use("ims-2")
    here.kill()
    eventually(lambda: not_there(here.url), START)
    here.start(pause=0.05)
    assert "Edited, " in here.title()


def test_a_candidate_hears_what_patients_write_and_says_nothing(here: Installation) -> None:
    here.shadow("ims-2")
    before = len(rows(here))
    said = here.title()
    eventually(lambda: len(rows(here)) > before, START)
    assert "Edited, " not in said
    (model, same, text) = rows(here)[-1]
    assert (model, same, text) == ("ims-2", 1, None)
    assert here.shadow("") == ""
    here.title()
    assert len(rows(here)) == before + 1


def test_a_candidate_that_does_not_start_is_told(here: Installation) -> None:
    kept_model(here.models, "ims-broken", Path("data"), "broken")
    with pytest.raises(ControlError, match="did not start"):
        here.shadow("ims-broken")
    with pytest.raises(ControlError, match="no model"):
        here.shadow("ims-99")


def rows(here: Installation) -> list[tuple[str, int, str | None]]:
    with sqlite3.connect(here.settings.var / "ims.sqlite3") as database:
        return database.execute("select model, same, text from shadow order by id").fetchall()


def not_there(url: str) -> bool:
    try:
        httpx.get(f"{url}/health", timeout=2)
    except httpx.TransportError:
        return True
    return False


def kill_gateway(here: Installation) -> None:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if f"IMS_PORT={here.port}".encode() in environment and b"serve_fakes\0gateway" in command:
            os.kill(int(folder.name), signal.SIGKILL)
    eventually(lambda: not_there(here.url), START)
