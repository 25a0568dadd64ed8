"""`ims incidents`: what patients say looks wrong, in the database that a running gateway uses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from gateway.answers.feedback import Feedback
from gateway.cli import shell
from gateway.clock import utc_now
from gateway.storage.database import Database

T = TypeVar("T")
app = typer.Typer(help="Answers that patients say look wrong.", invoke_without_command=True)
console = Console()


def _do(work: Callable[[Feedback], Awaitable[T]]) -> T:
    async def run() -> T:
        async with Database.opened(shell.settings().database_url) as database:
            return await work(Feedback(database, utc_now, UTC))

    return asyncio.run(run())


@app.callback()
def list_incidents(context: typer.Context) -> None:
    """List the open incidents; `close ID` closes one."""
    if context.invoked_subcommand:
        return
    table = Table("answer", "version", "times", "last", "ids")
    for found in _do(Feedback.open_incidents):
        ids = ", ".join(map(str, found.ids))
        table.add_row(found.topic, found.version, str(found.count), f"{found.last:%Y-%m-%d %H:%M} UTC", ids)
    console.print(table if table.row_count else "There is no open incident.")


@app.command()
def close(number: Annotated[int, typer.Argument(metavar="ID", help="As the list shows it.")]) -> None:
    """Close an incident."""
    if not _do(lambda feedback: feedback.close_incident(number)):
        shell.stop(f"There is no open incident {number}. What to do: './ims incidents' lists them.")
    console.print(f"Incident {number} is closed.")
