"""`ims models ...`: the trained models that are kept, which of them is in use, and going back."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from gateway.cli import shell
from gateway.editions.models import Manifest, ModelRefused, Models
from gateway.operations.swap import put_in_use
from knowledge import Told

app = typer.Typer(help="Trained models: list, put in use, go back, verify.", no_args_is_help=True)
console = Console(highlight=False)


@app.command("list")
def list_models() -> None:
    """List the kept models with their data, versions and scores."""
    kept = Models(shell.settings())
    try:
        in_use = kept.current()
    except ModelRefused:
        in_use = None
    table = Table(Column("model", no_wrap=True), "in use", "trained", "data", "Rasa", "scores")
    for model in kept.all():
        found = model.manifest
        if found is None:
            table.add_row(model.file.name.removesuffix(".tar.gz"), "refused", "-", "-", "-", "-")
            continue
        scores = ", ".join(f"{name} {value}" for name, value in found.scores.items())
        when = f"{found.trained_at[:16].replace('T', ' ')} UTC"
        in_use_now = "yes" if model.file == in_use else ""
        table.add_row(found.name, in_use_now, when, found.data[:8], found.versions.get("rasa", "-"), scores or "-")
    console.print(table if table.row_count else "There is no model yet. './ims train' makes one.")


def _put(manifest: Manifest, back: bool = False) -> None:
    try:
        at_once = asyncio.run(put_in_use(shell.settings(), Models(shell.settings()), manifest, back))
    except Told as error:
        shell.stop(str(error))
    when = "now, with its answers" if at_once else "from the next start of './ims run'"
    console.print(f"{manifest.name} is in use {when}.")


@app.command()
def promote(name: Annotated[str, typer.Argument(metavar="MODEL")]) -> None:
    """Use a kept model, at once if the assistant is running; 'ims publish' checks signatures first."""
    try:
        manifest = Models(shell.settings()).named(name)
    except Told as error:
        shell.stop(str(error))
    _put(manifest)


@app.command()
def rollback() -> None:
    """Go back to the previous model, at once if the assistant is running."""
    try:
        manifest = Models(shell.settings()).earlier()
    except Told as error:
        shell.stop(str(error))
    _put(manifest, back=True)


@app.command()
def verify() -> None:
    """Check signature and content of every kept model; fails if one was changed or comes from elsewhere."""
    found = Models(shell.settings()).all()
    refused = [model.refused for model in found if model.refused]
    for sentence in refused:
        console.print(sentence, style="red")
    console.print(f"{len(found) - len(refused)} of {len(found)} models are as they were trained here.")
    raise typer.Exit(1 if refused else 0)
