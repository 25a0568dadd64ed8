"""A dry run tells what is too alike, what raises the alarm, and in words whether the change is for the better."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gateway.editions.models import Models
from gateway.evaluation.compare import SAME
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.records import Draft
from gateway.storage.store import Store
from gateway.studio.errors import StudioError
from gateway.studio.limits import Limits
from gateway.studio.meaning import Meaning
from gateway.studio.personal import Personal
from gateway.studio.topics.changes import Changes
from gateway.studio.topics.regressions import with_cases
from gateway.studio.trying import dry_run
from gateway.studio.trying.alike import Alike, examples_of, too_alike
from gateway.studio.trying.dry_run import DryRuns, alarms
from gateway.studio.trying.past import changes, past_messages, pressed
from gateway.studio.understanding import Understood
from knowledge import Knowledge, data_hash
from safety import Net
from tests.knowledge.conftest import Data
from tests.support.shipped import shipped_net

OTHER_LIMITS = "near_duplicate: 0.9\nclash: 0.9\nleast_agreement: 0.6\nleast_f1: 0.7\n"
ROOT = Path.cwd()
LIMITS = Limits(same_question=0.7, near_duplicate=0.9, clash=0.9, least_agreement=0.6, least_f1=0.7)


def test_only_new_examples_are_told_about_and_clashes_come_first() -> None:
    topics = {"cost": ["how much", "price"], "soreness": ["sore", "so sore", "how much soreness"]}
    pairs = examples_of(topics)
    angles = np.radians([0, 90, 45, 46, 5])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)

    told = too_alike(pairs, vectors, LIMITS, {("soreness", "so sore"), ("soreness", "how much soreness")})

    assert told == [
        Alike("soreness", "how much soreness", "cost", "how much", 0.996),
        Alike("soreness", "so sore", "soreness", "sore", 1.0),
    ]


def test_an_example_that_sounds_like_danger_is_told() -> None:
    net = shipped_net()
    found = alarms(net, [("soreness", "I can't breathe since the needling"), ("soreness", "am I sore tomorrow")])

    assert [(alarm.example, bool(alarm.sign)) for alarm in found] == [("I can't breathe since the needling", True)]


@pytest.fixture
def runs(data: Data, monkeypatch: pytest.MonkeyPatch) -> DryRuns:
    net = shipped_net()
    data.write(
        "studio.yml", "same_question: 0.7\nnear_duplicate: 0.9\nclash: 0.9\nleast_agreement: 0.6\nleast_f1: 0.7\n"
    )
    monkeypatch.chdir(data.folder.parent)
    (data.folder.parent / "models").mkdir()
    monkeypatch.setattr(Net, "load", lambda _, net=net: net)
    monkeypatch.setattr(Meaning, "_by_engine", lambda _, texts: np.eye(len(texts), 64, dtype=np.float32))
    return DryRuns(Settings(data=data.folder, var=data.folder.parent / "var"))


def engine_says(monkeypatch: pytest.MonkeyPatch, data: Data, wrong: int) -> None:
    """The first examples of soreness are taken for another topic."""

    def cross_validated(*_: Any, **__: Any) -> Any:
        examples = []
        for name, topic in data.load().topics.items():
            for number, text in enumerate(topic.examples):
                label = "faq/human" if name == "soreness" and number < wrong else f"faq/{name}"
                examples.append({"text": text, "wanted": f"faq/{name}", "ranking": [[label, 1.0]]})
        return {"examples": examples}

    monkeypatch.setattr(dry_run, "run_in_engine", cross_validated)


@pytest.mark.parametrize(("before", "after", "words"), [(12, 0, "better"), (0, 12, "worse"), (2, 1, "chance")])
def test_the_change_is_told_in_words_for_each_topic_and_as_a_whole(
    runs: DryRuns, data: Data, monkeypatch: pytest.MonkeyPatch, before: int, after: int, words: str
) -> None:
    engine_says(monkeypatch, data, before)
    assert runs.run().verdict == "nothing to compare with yet"
    data.replace("answers/soreness.yml", "does it ache on day 25", "does it ache on day 26")
    engine_says(monkeypatch, data, after)

    found = runs.run()

    assert found.new == 1
    assert words in found.verdict
    assert [change.part for change in found.changes] == ["soreness"]
    assert words in found.changes[0].words


def test_the_same_data_is_not_measured_twice(runs: DryRuns, data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    engine_says(monkeypatch, data, 5)
    assert runs.run().right == 45

    def fails(*_: Any, **__: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(dry_run, "run_in_engine", fails)

    assert runs.run().right == 45


def test_the_first_dry_run_is_compared_with_what_patients_get(
    runs: DryRuns, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained_model(runs)
    shutil.copy(ROOT / "data/lexicon/personal.yml", data.folder / "lexicon" / "personal.yml")
    data.replace("answers/soreness.yml", "does it ache on day 25", "does it ache on day 26")
    asked: list[str] = []

    def cross_validated(settings: Settings, module: str, *arguments: str, **_: Any) -> Any:
        folder = arguments[arguments.index("--data") + 1]
        asked.append(folder)
        wrong = 12 if folder == str(data.folder) else 0
        rows = [
            {"text": text, "wanted": f"faq/{name}", "ranking": [["faq/other" if number < wrong else f"faq/{name}", 1]]}
            for name, topic in Knowledge.load(Path(folder)).topics.items()
            for number, text in enumerate(topic.examples)
        ]
        return {"examples": rows}

    monkeypatch.setattr(dry_run, "run_in_engine", cross_validated)

    found = runs.run()

    assert len(asked) == 2 and (found.new, found.verdict) == (1, "worse")
    assert runs.run().verdict == "worse" and len(asked) == 2  # both are kept


@pytest.mark.parametrize("value", ["high", "0", "2", "true", "[]"])
def test_a_wrong_limit_is_told(data: Data, value: str) -> None:
    data.write(
        "studio.yml", f"same_question: {value}\nnear_duplicate: 0.9\nclash: 0.9\nleast_agreement: 0.6\nleast_f1: 0.7\n"
    )
    with pytest.raises(StudioError, match="same_question"):
        Limits.load(data.folder)


def test_lost_cases_and_real_messages_that_would_change_are_told_without_personal_details(
    runs: DryRuns, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(ROOT / "data/lexicon/personal.yml", data.folder / "lexicon" / "personal.yml")
    data.replace("answers/human.yml", "Will I be sore?", "Is anybody there?")
    trained_model(runs)
    asked: list[str] = []
    engine_says(monkeypatch, data, 0)
    cross_validated = getattr(dry_run, "run_in_engine")  # noqa: B009

    def with_messages(settings: Settings, module: str, *arguments: str, told: str = "[]", **_: Any) -> Any:
        asked.extend(json.loads(told))
        said = [{"topics": ["human"], "offered": [], "intent": "faq"} for _ in asked]
        return {**cross_validated(settings, module), "messages": said}

    monkeypatch.setattr(dry_run, "run_in_engine", with_messages)
    old = Understood(("soreness",), (), "faq")
    monkeypatch.setattr(dry_run, "understood_by", lambda models, manifest, messages, stop: [old for _ in messages])

    async def past(_: Settings) -> list[str]:
        return ["will I ache, call me at 250-555-0199", "I can't breathe since the needling"]

    monkeypatch.setattr(dry_run, "past_messages", past)
    change = with_cases(data.folder, "soreness", ["why does it ache"], "Kim", date(2026, 11, 27))
    Changes(data.folder, runs._settings.var).make(change)

    found = runs.run()

    assert asked[:2] == ["why does it ache", "will I ache, call me at 250-555-0199"]
    assert (found.cases, found.wrong_cases) == (
        1, (dry_run.WrongCase("why does it ache", "soreness", "Is anybody there?"),)
    )  # fmt: skip
    (changed,) = found.past  # whoever cannot breathe gets the alarm on both sides
    assert (found.asked, changed.old, changed.new) == (2, "Will I be sore?", "Is anybody there?")
    assert "0199" not in changed.text


def test_who_looks_at_many_topics_does_not_take_chance_for_a_change(data: Data) -> None:
    def runs_of(topics: int, right: int) -> dict[str, bool]:
        return {f"faq/t{topic}: {n}": n >= right for topic in range(topics) for n in range(25)}

    alone = dry_run._differences(runs_of(1, 6), runs_of(1, 0))
    among_many = dry_run._differences(runs_of(60, 6), {**runs_of(60, 6), **runs_of(1, 0)})

    assert {each.part: each.words for each in alone}["t0"] == "better"
    (changed,) = [each for each in among_many if each.part == "t0"]
    assert changed.words == SAME and changed.interval[0] < 0


def test_what_a_button_or_a_card_wrote_is_no_message(runs: DryRuns, data: Data) -> None:
    data.write(
        "wording.yml",
        (data.folder / "wording.yml").read_text("utf-8")
        + '  card_answered: {text: "Answered: {title}", values: [title]}\n'
        + "  handoff_request: Send it to the front desk\n",
    )
    assert pressed(data.load()) == {"answered bleeding", "send it to the front desk"}


def test_the_topics_that_got_worse_stand_first(runs: DryRuns, data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    said: dict[str, int] = {"soreness": 12, "human": 0}

    def cross_validated(*_: Any, **__: Any) -> Any:
        return {
            "examples": [
                {"text": text, "wanted": f"faq/{name}", "ranking": [["faq/x" if n < said[name] else f"faq/{name}", 1]]}
                for name, topic in data.load().topics.items()
                for n, text in enumerate(topic.examples)
            ]
        }

    monkeypatch.setattr(dry_run, "run_in_engine", cross_validated)
    runs.run()
    data.replace("answers/soreness.yml", "does it ache on day 25", "does it ache on day 26")
    said |= {"soreness": 0, "human": 12}
    assert [(each.part, each.words) for each in runs.run().changes] == [("human", "worse"), ("soreness", "better")]


def test_real_messages_are_read_once_each_and_without_buttons(runs: DryRuns) -> None:
    settings = runs._settings

    async def work() -> list[str]:
        database = Database(settings.database_url)
        await database.upgrade()
        store = Store(database, lambda: datetime(2026, 11, 27, tzinfo=UTC))
        for text in ("Will it hurt?", "will it hurt", "!!", "how much"):
            await store.append_from("somebody", Draft("patient", "message", {"text": text}))
        await store.append_from("somebody", Draft("patient", "message", {"text": "More", "choice": "x"}))
        await database.close()
        return await past_messages(settings)

    found = asyncio.run(work())
    assert sorted(text.lower().rstrip("?") for text in found) == ["how much", "will it hurt"]


def trained_model(runs: DryRuns) -> None:
    from tests.support.swapping import kept_model

    models = Models(runs._settings)
    kept = kept_model(models, "ims-1", runs._settings.data)
    models.use(replace(kept, data=data_hash(runs._settings.data)))


def test_a_lost_alarm_stands_before_a_lost_answer_and_names_are_titles(data: Data) -> None:
    titles = {"soreness": "Will I be sore?"}
    answered, shorter = Understood(("soreness",), (), "faq"), Understood((), (), "follow_up/shorter")
    unknown, alarm = Understood((), (), "nlu_fallback"), Understood((), (), "red_flag")

    found = changes(
        ["say less", "does it ache", "i cant breathe"],
        [answered, answered, alarm],
        [shorter, unknown, answered],
        Personal.load(Path("data")),
        titles,
    )

    assert [(change.text, change.old, change.new) for change in found] == [
        ("i cant breathe", "alarm", "Will I be sore?"),
        ("does it ache", "Will I be sore?", "not understood"),
        ("say less", "Will I be sore?", "follow up: shorter"),
    ]
