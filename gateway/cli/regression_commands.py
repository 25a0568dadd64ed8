"""`ims regressions ...`: messages that were once misunderstood and stay understood."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway.cli import shell
from gateway.editions.models import Models
from gateway.studio.topics import regressions
from gateway.studio.topics.cases import Cases
from knowledge import Told

app = typer.Typer(help="Messages that must stay understood: list, add, check, retire.", no_args_is_help=True)
console = Console(highlight=False, markup=False)
By = Annotated[str, typer.Option(help="Who does it.", show_default="you")]


def _cases(by: str = "") -> Cases:
    return Cases(shell.settings().data, shell.settings().var, shell.author(by))


@app.command("list")
def list_cases() -> None:
    """List the cases, and the retired ones with the reason."""
    try:
        active, retired = regressions.read_cases(shell.settings().data)
    except Told as error:
        shell.stop(str(error))
    table = Table("message", "topic", "since", "by", "retired because")
    for case in [*active, *retired]:
        table.add_row(case.message, case.topic, case.since, case.by, case.why)
    console.print(table if table.row_count else "There is no case yet: teaching from the inbox makes them.")


@app.command()
def add(
    topic: Annotated[str, typer.Argument()],
    message: Annotated[list[str], typer.Argument(help="As a patient wrote it.")],
    by: By = "",
) -> None:
    """Make messages cases of a topic; personal details are removed first."""
    try:
        added = _cases(by).add(topic, message, date.today())
    except Told as error:
        shell.stop(str(error))
    console.print("Added." if added else "They are cases already.")


@app.command()
def retire(
    message: Annotated[str, typer.Argument()],
    why: Annotated[str, typer.Option(help="It stays in the file with the reason.")],
    by: By = "",
) -> None:
    """Retire a case; it stays in the file with the reason."""
    try:
        _cases(by).retire(message, why, date.today())
    except Told as error:
        shell.stop(str(error))
    console.print("Retired.")


@app.command()
def check() -> None:
    """Ask the model in use; exit code 1 if a case is no longer understood."""
    try:
        found = _cases().asked(Models(shell.settings()))
    except Told as error:
        shell.stop(str(error))
    wrong = [outcome for outcome in found if not outcome.right]
    for outcome in wrong:
        console.print(f"'{outcome.case.message}' is about {outcome.case.topic}: {outcome.now.words}")
    console.print(f"{len(found) - len(wrong)} of {len(found)} cases are understood.")
    raise typer.Exit(1 if wrong else 0)
