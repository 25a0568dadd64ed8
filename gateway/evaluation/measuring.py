"""One evaluation from beginning to end: what is measured, and the files that come of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from environments.setup import ROOT
from gateway.clock import utc_now
from gateway.editions.models import Models
from gateway.engine.command import NotMeasured
from gateway.evaluation.compare import FORMAT, compare, read_evaluation
from gateway.evaluation.development_sets import Evaluation, Say, SetReport, answers_question
from gateway.evaluation.examples import cross_validate
from gateway.evaluation.hint3 import measure_hint3
from gateway.evaluation.report import render
from gateway.operations import asking
from gateway.settings import Settings
from knowledge import Knowledge, data_hash
from knowledge.regressions import Case, live_cases

Json = dict[str, Any]
Tell = Callable[[str], None]

HINT3 = ROOT / "benchmarks/hint3"


async def measure(settings: Settings, folders: Sequence[Path], tell: Tell) -> Json:
    """Cross-validation on the training examples, then every development set over HTTP.

    Raises NotMeasured if a folder has no messages.
    """
    for folder in folders:
        if not list(folder.glob("*.jsonl")):
            raise NotMeasured(f"{folder} holds no *.jsonl.", "name a folder of a development set with --data.")
    knowledge = Knowledge.load(settings.data)
    tell("Cross-validating on the training examples (a minute or two) ...")
    examples = cross_validate(settings)
    sets: Json = {}
    tell("Starting the assistant ...")
    async with asking.assistant(settings) as say:

        async def reply(sender: str, message: str) -> Json:
            return asking.flat(await say(sender, message))

        for folder in folders:
            tell(f"Asking what {folder} asks ...")
            sets[folder.name] = (await Evaluation(reply, folder, knowledge.topics, knowledge.things).run()).as_json()
        if cases := live_cases(settings.data):
            tell("Asking the regression cases ...")
            sets["regressions"] = (await ask_cases(reply, cases)).as_json()
    return {**_heading(settings), "examples": examples, "sets": sets}


async def ask_cases(reply: Say, cases: Sequence[Case]) -> SetReport:
    """Whether each message that was misunderstood once is understood."""
    report = SetReport()
    for case in cases:
        said = await reply(f"evaluation-{uuid.uuid4().hex}", case.message)
        right = answers_question(said, {case.topic})
        report.outcomes["regression cases understood"][case.message] = right
        if not right:
            got = {name: said.get(name) for name in ("kind", "topics", "offered", "confidence")}
            report.misses.append(
                {"set": "regressions", "id": case.key, "wanted": [case.topic], "text": case.message, **got}
            )
    return report


def measure_other_data(settings: Settings, tell: Tell) -> Json:
    """The configuration on HINT3."""
    tell("Training on HINT3 (a minute or two) ...")
    return {**_heading(settings), "hint3": measure_hint3(settings, HINT3)}


def _heading(settings: Settings) -> Json:
    return {
        "format": FORMAT,
        "measured_at": utc_now().strftime("%Y-%m-%d %H:%M UTC"),
        "data_hash": data_hash(settings.data),
        "model_is_current": Models(settings).is_current(),
    }


def compared(evaluation: Json, old: Path) -> Json:
    """The evaluation with its differences from an earlier one."""
    return {**evaluation, "comparison": [each.as_json() for each in compare(read_evaluation(old), evaluation)]}


def write(evaluation: Json, out: Path, name: str) -> tuple[Path, Path]:
    """The JSON and the page."""
    out.mkdir(parents=True, exist_ok=True)
    numbers, page = out / f"{name}.json", out / f"{name}.html"
    numbers.write_text(json.dumps(evaluation, indent=1, ensure_ascii=False) + "\n", "utf-8")
    page.write_text(render(evaluation), "utf-8")
    return numbers, page
