"""The command line: `./ims COMMAND`. Each command is a few lines here; the work is done by the module it names."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from gateway.settings import Settings, SettingsError

app = typer.Typer(
    help="IMS Assistant: answers patients' questions about Intramuscular Stimulation (IMS, dry needling).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console()


def _settings() -> Settings:
    try:
        return Settings.from_environment()
    except SettingsError as error:
        _stop(str(error))


def _stop(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(1)


@app.command()
def run(
    no_train: Annotated[bool, typer.Option("--no-train", help="Start with the model that is there.")] = False,
) -> None:
    """Serve the clinic: engine, action server and gateway, until Ctrl-C."""
    from gateway.supervisor import Supervisor

    settings = _settings()
    if not no_train:
        _train(settings, if_changed=True)
    raise typer.Exit(Supervisor.of(settings, console).run())


@app.command()
def train(
    if_changed: Annotated[bool, typer.Option("--if-changed", help="Only if the data changed since.")] = False,
) -> None:
    """Train the engine on data/ and make the new model the current one."""
    _train(_settings(), if_changed)


def _train(settings: Settings, if_changed: bool) -> None:
    from gateway.training import Models, TrainingError
    from knowledge import Knowledge, KnowledgeError

    models = Models(settings)
    if if_changed and models.is_current():
        return
    try:
        Knowledge.load(settings.data)
        with console.status("Training the engine (about a minute) ..."):
            manifest = models.train()
    except (KnowledgeError, TrainingError) as error:
        _stop(str(error))
    console.print(f"Trained {manifest.file} in {manifest.seconds:.0f} s.")


@app.command()
def check(
    write_docs: Annotated[
        bool, typer.Option("--write-docs", help="Write the generated pages under docs/ anew.")
    ] = False,
) -> None:
    """Check everything under data/: shape, sources, claims, readability, overclaims."""
    from knowledge.check import main

    raise typer.Exit(main([str(_settings().data), *(["--write-docs"] if write_docs else [])]))


@app.command()
def ask(
    question: Annotated[list[str] | None, typer.Argument(help="One question; without it, a conversation.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Read one message a line (a JSON array: several turns), print JSON.")
    ] = False,
) -> None:
    """Talk to the assistant: the one that is running, or one started for this command alone."""
    from gateway import asking

    settings = _settings()
    try:
        if as_json:
            asyncio.run(asking.batch(settings, sys.stdin.buffer, sys.stdout))
        elif question:
            asyncio.run(asking.once(settings, " ".join(question), console))
        else:
            asyncio.run(asking.conversation(settings, console))
    except asking.NotAvailable as error:
        _stop(str(error))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


@app.command()
def evaluate(
    data: Annotated[Path, typer.Option(help="Folder of the development sets.")] = Path("benchmarks/patients"),
    out: Annotated[Path, typer.Option(help="Where the report goes.")] = Path("results"),
) -> None:
    """Measure the assistant on the development sets; writes evaluate.json and confusion.svg."""
    from gateway import asking
    from gateway.evaluation import Evaluation, draw_confusion
    from knowledge import Knowledge

    settings = _settings()
    if not (data / "questions.jsonl").exists():
        _stop(f"{data} holds no questions.jsonl. What to do: name the folder of a development set with --data.")
    topics = Knowledge.load(settings.data).topics

    async def measure() -> Evaluation:
        async with asking.assistant(settings) as say:

            async def reply(sender: str, message: str) -> dict[str, Any]:
                return asking.flat(await say(sender, message))

            evaluation = Evaluation(reply, data, topics)
            await evaluation.run()
            return evaluation

    try:
        with console.status("Measuring ..."):
            report = asyncio.run(measure()).report
    except asking.NotAvailable as error:
        _stop(str(error))
    out.mkdir(parents=True, exist_ok=True)
    (out / "evaluate.json").write_text(json.dumps(report.as_json(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    draw_confusion(report, out / "confusion.svg")
    table = Table("figure", "value")
    for name, share in report.figures.items():
        table.add_row(name, str(share))
    console.print(table)
    console.print(f"Every miss stands in {out / 'evaluate.json'}, the confusions in {out / 'confusion.svg'}.")


if __name__ == "__main__":
    app()
