"""`ims agreement`: how far reviewers agree, and which topics are badly defined."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from gateway.cli import shell
from gateway.clock import utc_now
from gateway.evaluation.compare import read_evaluation
from gateway.storage.database import Database
from gateway.studio.inbox import agreement as measure
from gateway.studio.limits import Limits
from knowledge import Told

app = typer.Typer(add_completion=False)
console = Console(highlight=False, markup=False)


@app.command()
def agreement(
    measured: Annotated[Path, typer.Option(help="JSON of './ims evaluate', for how topics are mixed up.")] = Path(
        "results/evaluate.json"
    ),
) -> None:
    """Compare what reviewers say messages are about (Cohen's kappa); name the topics that are badly defined."""

    async def labelled() -> list[measure.Pair]:
        async with Database.opened(shell.settings().database_url) as database:
            return await measure.Labels(database, utc_now).pairs()

    try:
        limits = Limits.load(shell.settings().data)
        f1 = topic_f1(read_evaluation(measured)) if measured.exists() else {}
    except Told as error:
        shell.stop(str(error))
    pairs = asyncio.run(labelled())
    topics = measure.by_topic(pairs)
    if pairs:
        whole = measure.agreement(pairs)
        low, high = whole.interval
        console.print(
            f"Kappa {whole.kappa:.2f} (95 % interval {low:.2f} to {high:.2f}) over {whole.messages} messages "
            "that two reviewers labelled."
        )
        table = Table("topic", "kappa", "95 % interval", "messages", "mixed up with")
        for each in topics:
            own = each.agreement
            between = f"{own.interval[0]:.2f} to {own.interval[1]:.2f}"
            table.add_row(each.topic, f"{own.kappa:.2f}", between, str(own.messages), each.mixed_up_with)
        console.print(table)
    else:
        console.print("No message was labelled by two reviewers yet. What to do: './ims inbox label'.")
    for topic, why in measure.badly_defined(topics, f1, limits.least_agreement, limits.least_f1).items():
        console.print(f"{topic} is badly defined: {why}.")


def topic_f1(evaluation: Mapping[str, Any]) -> dict[str, float]:
    """F1 of each topic as an evaluation measured it on held-out examples."""
    rows = (evaluation.get("examples") or {}).get("topics") or []
    return {row["topic"].removeprefix("faq/"): row["f1"]["f1"] for row in rows if row["topic"].startswith("faq/")}
