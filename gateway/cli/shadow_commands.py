"""`ims shadow ...`: a candidate next to the live model, on what patients really write."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway.cli import shell
from gateway.editions import control
from gateway.storage.database import Database
from gateway.studio.trying import shadow as kept
from knowledge import Told

SHOWN = 30
app = typer.Typer(help="A candidate next to the live model: start, stop, report.", no_args_is_help=True)
console = Console(highlight=False, markup=False)


def _order(**request: str) -> control.Json:
    given = shell.settings()
    try:
        return asyncio.run(control.ask(control.address(given.var, "supervisor", given.port), request))
    except control.NobodyThere:
        shell.stop("The assistant is not running, so there is no traffic to hear. What to do: './ims run'.")
    except Told as error:
        shell.stop(str(error))


@app.command()
def start(model: Annotated[str, typer.Argument(help="As './ims models list' shows it.")]) -> None:
    """Give a kept model what patients write. They never see its answers."""
    _order(do="shadow", model=model)
    console.print(f"{model} runs next to the live model. './ims shadow report' tells what differs.")


@app.command("stop")
def end() -> None:
    """Stop the candidate. What was found is kept as long as the chats."""
    _order(do="shadow", model="")
    console.print("No candidate runs next to the live model.")


@app.command()
def report(model: Annotated[str, typer.Argument(help="Without it, the newest one.")] = "") -> None:
    """Show what the candidate would have answered differently."""

    async def work() -> kept.ShadowReport | None:
        async with Database.opened(shell.settings().database_url) as database:
            name = model or next(iter(await kept.shadowed(database)), "")
            return await kept.report(database, name) if name else None

    found = asyncio.run(work())
    if found is None or not found.same.of:
        shell.stop("No message yet. What to do: './ims shadow start MODEL', and wait for patients to write.")
    console.print(f"{found.model} would have done the same for {found.same}.")
    table = Table("message", "live", "candidate")
    for each in found.differs[:SHOWN]:
        table.add_row(each.text, each.live, each.candidate)
    if table.row_count:
        console.print(table)
    for (live, candidate), count in found.kinds[:SHOWN]:
        console.print(f"{count}: {live} -> {candidate}")
