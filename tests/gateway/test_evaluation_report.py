"""The development sets over a pretended assistant, and the page and the command that come of it."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.engine.command import NotMeasured
from gateway.evaluation.compare import FORMAT, compare
from gateway.evaluation.development_sets import Evaluation, SetReport
from gateway.evaluation.examples import summary
from gateway.evaluation.hint3 import measure_hint3
from gateway.evaluation.measuring import measure
from gateway.evaluation.report import render
from gateway.operations import asking
from gateway.settings import Settings
from tests.gateway.test_evaluation_examples import COSTS, EXAMPLES
from tests.support.shipped import shipped_knowledge

Json = dict[str, Any]
FILES: dict[str, list[Json]] = {
    "questions": [
        {"id": "q1", "text": "price?", "topic": "cost", "answer": "cost.price"},
        {
            "id": "q2",
            "text": "what about <b>money</b>",
            "topic": "cost",
            "also": ["insurance"],
            "answer": ["general", "cost.price"],
        },
        {"id": "q3", "text": "does it hurt", "topic": "soreness", "answer": "soreness.is_it_normal"},
        {"id": "q4", "text": "a topic that is not written yet", "topic": "unwritten"},
    ],
    "compound": [{"id": "c1", "text": "price and plan", "topics": ["cost", "insurance"]}],
    "out_of_scope": [{"id": "o1", "text": "pizza"}, {"id": "o2", "text": "price of pizza"}],
    "red_flags": [{"id": "r1", "text": "cannot breathe", "level": "emergency"}],
    "red_flag_negatives": [{"id": "n1", "text": "breathtaking"}],
    "dialogues": [{"id": "d1", "turns": [{"user": "hi", "expect": "greeting"}, {"user": "price?", "expect": "cost"}]}],
}
REPLIES: dict[str, Json] = {
    "price?": {"kind": "answer", "topics": ["cost"], "answers": [None, "cost.price"], "confidence": 0.9},
    "what about <b>money</b>": {"kind": "answer", "topics": ["insurance"], "answers": [None], "confidence": 0.7},
    "does it hurt": {
        "kind": "answer",
        "topics": ["cost"],
        "answers": ["cost.price"],
        "offered": ["soreness"],
        "confidence": 0.4,
    },
    "price and plan": {"kind": "answer", "topics": ["cost", "insurance"]},
    "price of pizza": {"kind": "answer", "topics": ["cost"]},
    "cannot breathe": {"kind": "emergency"},
    "hi": {"kind": "chat"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    own = tmp_path / "own"
    own.mkdir()
    for name, items in FILES.items():
        (own / f"{name}.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
    return own


@pytest.fixture
async def report(folder: Path) -> SetReport:
    async def say(sender: str, message: str) -> Json:
        return REPLIES.get(message, {"kind": "unknown"})

    return await Evaluation(say, folder, {"cost", "insurance", "soreness"}).run()


@pytest.fixture
def evaluation(report: SetReport) -> Json:
    found = {
        **{"folds": 5, "seed": 0, "model": "abc", "labels": ["faq/cost", "faq/insurance", "out_of_scope"]},
        "decision": {"answer": 0.2, "offer": 0.1},
        "settings": {"topics": "faq", "tie": 0.8, "pair": 1.0, "doubt": 2.0, "offers": 3},
        "examples": EXAMPLES,
    }
    share = {"hits": 1, "of": 2, "share": 0.5, "interval": [0.1, 0.9]}
    hint3 = {"mcc": 0.6, "interval": [0.5, 0.7], "in_scope_right": share, "out_of_scope_refused": share}
    parts: Json = {
        "examples": summary(found, COSTS),
        "sets": {"own": json.loads(json.dumps(report.as_json()))},
        "hint3": {"mattress": {**hint3, "training_seconds": 9.0, "items": []}},
    }
    heading = {"format": FORMAT, "measured_at": "today", "data_hash": "0" * 64, "model_is_current": False}
    return {**heading, **parts}


def test_each_figure_counts_its_items(report: SetReport) -> None:
    counts = {name: (share.hits, share.of) for name, share in report.figures.items()}
    assert counts == {
        "right topic": (2, 3),
        "right topic answered or offered": (3, 3),
        "answered": (3, 3),
        "wrong with confidence": (1, 3),
        "specific answer right": (2, 3),
        "opens with the right answer": (1, 3),
        "another specific answer given": (1, 3),
        "all questions of a message answered": (1, 1),
        "out of scope refused": (1, 2),
        "red flags recalled": (1, 1),
        "red flag level right": (1, 1),
        "false alarms on look-alikes": (0, 1),
        "dialogue turns right": (2, 2),
    }


async def test_a_thing_that_was_named_is_looked_for_in_the_reply(tmp_path: Path) -> None:
    questions = [{"id": "q1", "text": "im on apixaban, ok?", "topic": "blood_thinners"},
                 {"id": "q2", "text": "i have lupus", "topic": "who_should_not"}]  # fmt: skip
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(item) + "\n" for item in questions))

    async def say(sender: str, message: str) -> Json:
        return {"kind": "answer", "topics": ["blood_thinners"], "text": "Eliquis (apixaban) is a blood thinner."}

    found = await Evaluation(say, tmp_path, {"blood_thinners", "who_should_not"}, shipped_knowledge().things).run()
    assert found.outcomes["things named back"] == {"q1 0": True, "q2 0": False}


def test_misses_and_calibration_are_kept(report: SetReport) -> None:
    assert [miss["id"] for miss in report.misses] == ["q3", "o2"]
    assert report.answers == [(0.9, True), (0.7, True), (0.4, False)]
    assert report.confusion["soreness", "cost"] == 1


class Page(HTMLParser):
    """What a browser would load, the headings, and whether every element is closed."""

    VOID = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[str] = []
        self.names: set[str] = set()
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        assert not {"src", "onclick", "onload"} & {name for name, _ in attrs}
        assert all((value or "").startswith("#") for name, value in attrs if name == "href")
        if tag not in self.VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_needs_nothing_else(evaluation: Json) -> None:
    html = render({**evaluation, "comparison": [each.as_json() for each in compare(evaluation, evaluation)]})
    page = Page()
    page.feed(html)
    assert not page.open
    assert page.names.isdisjoint({"script", "link", "img", "iframe", "object"})
    assert "svg" in page.names and "http" not in html and "url(" not in html and "@import" not in html
    assert page.headings[0] == "h1" and page.headings.count("h1") == 1
    assert len(page.ids) == len(set(page.ids))
    assert set(re.findall('href="#([^"]+)"', html)) == set(page.ids)


def test_what_people_typed_is_shown_as_text(evaluation: Json) -> None:
    evaluation["sets"]["own"]["misses"][0]["text"] = "<script>alert(1)</script>"
    html = render(evaluation)
    assert "<script>" not in html and "&lt;script&gt;" in html


def test_the_same_numbers_give_the_same_page(evaluation: Json) -> None:
    assert render(evaluation) == render(json.loads(json.dumps(evaluation)))


def test_parts_that_were_not_measured_are_left_out(evaluation: Json) -> None:
    html = render({name: value for name, value in evaluation.items() if name not in ("examples", "sets")})
    assert "HINT3" in html and "training examples" not in html


def test_the_command_reports_on_an_earlier_run_and_compares_it(tmp_path: Path, evaluation: Json) -> None:
    old, out = tmp_path / "old.json", tmp_path / "out"
    old.write_text(json.dumps(evaluation))
    result = CliRunner().invoke(app, ["evaluate", "--measured", str(old), "--compare", str(old), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "no difference that can be told" in " ".join((out / "evaluate.html").read_text().split())
    written = json.loads((out / "evaluate.json").read_text())
    assert {row["part"] for row in written["comparison"]} == {"own", "training examples", "HINT3 mattress"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--data", "nowhere"], "holds no"),
        (["--compare", "nowhere.json"], "cannot be read"),
        (["--measured", "nowhere.json"], "cannot be read"),
    ],
)
def test_what_is_missing_is_told_before_anything_is_measured(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_to_be_reached(*_: object) -> None:
        raise AssertionError("something was measured")

    monkeypatch.setattr(asking, "assistant", not_to_be_reached)
    monkeypatch.setattr("gateway.evaluation.measuring.cross_validate", not_to_be_reached)
    result = CliRunner().invoke(app, ["evaluate", *arguments, "--out", str(tmp_path)])
    assert result.exit_code == 1
    assert words in result.output and "What to do" in result.output


async def test_an_empty_folder_is_no_development_set(tmp_path: Path) -> None:
    with pytest.raises(NotMeasured, match="What to do"):
        await measure(Settings(), [tmp_path], lambda words: None)


def test_without_hint3_its_absence_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotMeasured, match="What to do"):
        measure_hint3(Settings(), tmp_path)
