"""The command `./ims bench`; the command line offers it where this folder is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def add_to(app: typer.Typer, console: Console) -> None:
    """Add the command to the command line, which prints to `console`."""

    @app.command()
    def bench(
        chats: Annotated[list[int] | None, typer.Option(min=1, help="Chats at once; can be repeated.")] = None,
        seconds: Annotated[float, typer.Option(min=0.5, help="For each number of chats.")] = 15,
        idle: Annotated[int, typer.Option(min=1, help="Silent event streams.")] = 1000,
        ours: Annotated[bool, typer.Option("--ours", help="Without stock Rasa.")] = False,
        epochs: Annotated[
            int, typer.Option("--stock-epochs", min=2, max=100, help="Of stock Rasa's training; below 100 it is told.")
        ] = 100,
        reuse: Annotated[bool, typer.Option("--reuse", help="Stock Rasa's model of an earlier run.")] = False,
        accuracy: Annotated[bool, typer.Option(help="How often the right topic is found, HINT3 too.")] = True,
        out: Annotated[Path, typer.Option(help="Where the figures go.")] = Path("results"),
    ) -> None:
        """Measure speed, size and memory compared with stock Rasa, in the same run."""
        from benchmarks import bench as measuring
        from benchmarks import bench_report

        with console.status("Measuring ..."):
            figures = measuring.run(
                chats or [1, 10, 50, 100],
                seconds,
                idle,
                with_stock=not ours,
                epochs=epochs,
                again=not reuse,
                accuracy=accuracy,
            )
        out.mkdir(parents=True, exist_ok=True)
        (out / "bench.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
        drawn = bench_report.pictures(figures, out)
        for table in bench_report.tables(figures):
            console.print(table)
        console.print(f"The numbers are in {out / 'bench.json'}, drawn in {', '.join(map(str, drawn))}.")
