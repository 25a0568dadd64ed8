"""The command line: `./ims COMMAND`. Each command is a few lines here; the work is done by the module it names."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway import __version__
from gateway.cli import shell
from gateway.cli.later import Commands, Later
from gateway.clock import utc_now
from gateway.settings import Settings, called_from
from knowledge import Told

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console()
ANY_ID = {"ignore_unknown_options": True}  # the id of one chat in 64 begins with a dash


def _version(asked: bool) -> None:
    if asked:
        print(f"IMS Assistant {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """IMS Assistant: answers what patients ask a physiotherapy clinic about a treatment."""


@app.command()
def run(
    no_train: Annotated[bool, typer.Option("--no-train", help="Start with the model that is there.")] = False,
) -> None:
    """Serve the clinic: engine and gateway, until Ctrl-C."""
    from gateway.cli import staff_commands as staff

    settings = shell.settings()
    if not no_train:
        _train(settings, if_changed=True)
    _renew(settings, checked=no_train)
    if first := asyncio.run(staff.first_admin(settings)):
        console.print(first, soft_wrap=True, highlight=False)
    sys.stdout.flush()
    # What the command line has loaded for all its commands, a hundred megabytes, is of no use to what runs for months.
    os.execv(sys.executable, [sys.executable, "-m", "gateway.operations.supervisor"])


@app.command()
def train(
    if_changed: Annotated[bool, typer.Option("--if-changed", help="Only if the data changed since.")] = False,
    candidate: Annotated[
        bool, typer.Option("--candidate", help="Keep the new model, but go on with the old one.")
    ] = False,
) -> None:
    """Train the engine on data/ and put the new model in use."""
    _train(shell.settings(), if_changed, promote=not candidate)


def _train(settings: Settings, if_changed: bool, promote: bool = True) -> None:
    from danger import catch_up
    from encoder import EncoderError
    from environments.setup import ROOT
    from gateway.editions.models import Models
    from gateway.operations.new_assistant import RASA
    from gateway.operations.swap import put_in_use
    from gateway.studio.trying.dry_run import DryRuns
    from knowledge import Knowledge, data_hash

    models = Models(settings)
    if lost := [name for name in RASA if not Path(name).is_file()]:
        shell.stop(f"{lost[0]} is missing in {Path.cwd()}. What to do: copy it from {ROOT}.")
    if if_changed and models.is_current():
        return
    try:
        knowledge = Knowledge.load(settings.data)
        with console.status("Reading the examples of danger ..."):
            if catch_up(settings.data):
                console.print("Learned from the changed examples of danger.")
        with console.status("Training the engine (about a minute) ..."):
            scores = DryRuns(settings).scores(data_hash(settings.data))
            manifest = models.train(scores, promote=False)
        if promote:
            asyncio.run(put_in_use(settings, models, manifest))
    except (Told, EncoderError) as error:
        shell.stop(str(error))
    console.print(f"Trained {manifest.file} in {manifest.seconds:.0f} s.")
    if unsigned := sum(not topic.reviewer for topic in knowledge.topics.values()):
        console.print(f"{unsigned} of {len(knowledge.topics)} answers are not signed, and patients read that of each.")


def _renew(settings: Settings, checked: bool) -> None:
    """Have the model in use answered for by data/ as it is now, where that needs no training; else say so.

    Where it is `checked`, nothing comes into use that `ims publish` would refuse.
    """
    from gateway.editions.models import Models
    from gateway.studio.publishing.clearance import Clearances

    models = Models(settings)
    try:
        if checked and not models.is_up_to_date() and (missing := Clearances(settings, models).look().missing):
            console.print("Patients get what was published last; before data/ as it is now may be published:")
            for each in missing:
                console.print(f"  {each}", markup=False, highlight=False)
            return
        renewed = models.renewed()
        if renewed is None:
            console.print("data/ is not what the model in use was trained on: patients get what was published last.")
        elif renewed != models.in_use():
            models.use(renewed)
    except (Told, OSError) as error:
        console.print(f"[yellow]Changes of data/ that need no training do not count yet:[/] {error}")


@app.command("new-assistant")
def new_assistant(
    folder: Annotated[Path, typer.Argument(metavar="DIR", parser=called_from, help="A new or empty folder.")],
    example: Annotated[str, typer.Option(help="Start with a finished example, such as shockwave.")] = "",
) -> None:
    """Start an assistant for another clinic or subject, in a folder of its own."""
    from gateway.operations.new_assistant import create

    try:
        count = len(create(folder, example))
    except Told as error:
        shell.stop(str(error))
    console.print(f"Wrote {count} files to {folder}.", soft_wrap=True, highlight=False)
    console.print(f"Next: cd {quote(str(folder))} && ./ims check", soft_wrap=True, highlight=False, markup=False)


@app.command()
def check(
    write_docs: Annotated[
        bool, typer.Option("--write-docs", help="Write the generated pages under docs/ again.")
    ] = False,
    notes: Annotated[
        bool, typer.Option("--notes", help="Also show what could be better in the specific answers.")
    ] = False,
) -> None:
    """Check everything under data/: shape, sources, claims, readability, overclaims."""
    from knowledge.check import main

    options = [*(["--write-docs"] if write_docs else []), *(["--notes"] if notes else [])]
    raise typer.Exit(main([str(shell.settings().data), *options]))


@app.command()
def ask(
    question: Annotated[list[str] | None, typer.Argument(help="One question; without it, a conversation.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Read one message per line (a JSON array for several turns), print JSON.")
    ] = False,
) -> None:
    """Talk to the assistant: the one that is running, or one started for this command alone."""
    from gateway.operations import asking

    settings = shell.settings()
    try:
        if as_json:
            asyncio.run(asking.batch(settings, sys.stdin.buffer, sys.stdout))
        elif question:
            asyncio.run(asking.once(settings, " ".join(question), console))
        else:
            asyncio.run(asking.conversation(settings, console))
    except Told as error:
        shell.stop(str(error))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


@app.command()
def evaluate(
    data: Annotated[list[Path] | None, typer.Option(help="Folder of a development set; can be repeated.")] = None,
    out: Annotated[Path, typer.Option(help="Where the report goes.")] = Path("results"),
    compare: Annotated[Path | None, typer.Option(help="JSON of an earlier run to compare with.")] = None,
    measured: Annotated[
        Path | None, typer.Option(help="JSON of a run to report on, instead of measuring again.")
    ] = None,
    hint3: Annotated[bool, typer.Option("--hint3", help="Measure config.yml on HINT3, another bot's data.")] = False,
) -> None:
    """Measure how well the assistant understands; writes a page with pictures, and JSON."""
    from gateway.cli.agreement_command import topic_f1
    from gateway.evaluation import measuring
    from gateway.evaluation.compare import read_evaluation
    from gateway.evaluation.summary import tables
    from gateway.studio.inbox.agreement import badly_defined
    from gateway.studio.limits import Limits

    settings = shell.settings()
    name = "hint3" if hint3 else "evaluate"
    folders = data or [Path("benchmarks/patients"), Path("benchmarks/own")]
    try:
        if compare:
            read_evaluation(compare)  # a wrong name is told now, not after minutes
        with console.status("Measuring ...") as status:
            if measured:
                evaluation = dict(read_evaluation(measured))
            elif hint3:
                evaluation = measuring.measure_other_data(settings, status.update)
            else:
                evaluation = asyncio.run(measuring.measure(settings, folders, status.update))
        if compare:
            evaluation = measuring.compared(evaluation, compare)
    except Told as error:
        shell.stop(str(error))
    numbers, page = measuring.write(evaluation, out, name)
    for table in tables(evaluation):
        console.print(table)
    for topic, why in badly_defined([], topic_f1(evaluation), 0.0, Limits.load(settings.data).least_f1).items():
        console.print(f"{topic} is badly defined: {why}. './ims agreement' tells what reviewers make of it.")
    console.print(f"The report is {page}, its numbers are {numbers}.")


@app.command()
def purge(
    older_than: Annotated[
        float | None, typer.Option(metavar="DAYS", min=0, help="Without it: retention_days of data/clinic.yml.")
    ] = None,
) -> None:
    """Erase conversations in which nothing was said for this many days."""
    from gateway.chat import retention
    from knowledge import Knowledge

    settings = shell.settings()
    days = Knowledge.load(settings.data).clinic.retention_days if older_than is None else older_than

    async def erase() -> int:
        async with retention.opened(settings) as here:
            return await here.purge(days)

    erased = asyncio.run(erase())
    console.print(f"Erased {erased} conversation{'' if erased == 1 else 's'} older than {days:g} days.")


@app.command(context_settings=ANY_ID)
def forget(name: Annotated[str, typer.Argument(metavar="SENDER_OR_ID", help="Of the conversation.")]) -> None:
    """Erase one conversation at once."""
    from gateway.chat import retention

    settings = shell.settings()

    async def erase() -> int:
        async with retention.opened(settings) as here:
            return await here.forget_named(name)

    if not asyncio.run(erase()):
        shell.stop(f"There is no conversation '{name}'. What to do: check the id, as the front desk sees it.")
    console.print("Erased.")


@app.command(context_settings=ANY_ID)
def export(name: Annotated[str, typer.Argument(metavar="SENDER_OR_ID", help="Of the conversation.")]) -> None:
    """Print everything kept about one conversation, as JSON, for the person who asks for it."""
    import json

    from gateway.operations import export as exporting
    from knowledge import Knowledge

    settings = shell.settings()
    found = asyncio.run(exporting.export(settings, Knowledge.load(settings.data), name))
    if not found:
        shell.stop(f"There is no conversation '{name}'. What to do: check the id, as the front desk sees it.")
    print(json.dumps(found, indent=1, ensure_ascii=False))


@app.command()
def backup(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            parser=called_from,
            help="The new file, private to its owner; a folder names it by the date.",
        ),
    ],
    secrets: Annotated[bool, typer.Option("--secrets", help="Keys too: guard the file like the machine.")] = False,
) -> None:
    """Write the database to one file, also while the assistant runs."""
    from gateway.operations import backup as keeping

    if file.is_dir():
        file /= f"ims-{utc_now():%Y%m%d-%H%M%S}.tar"
    try:
        manifest = keeping.backup(shell.settings(), file, with_secrets=secrets)
    except (Told, OSError) as error:
        shell.stop(str(error))
    console.print(f"Wrote {file}: {', '.join(manifest.parts)}.")


@app.command("restore")
def put_back(
    file: Annotated[Path, typer.Argument(metavar="FILE", parser=called_from, help="A backup.")],
    replace: Annotated[bool, typer.Option("--replace", help="Replace the database that is there.")] = False,
) -> None:
    """Restore a backup while the assistant is stopped. Everything is checked before anything is changed."""
    from gateway.operations import backup as keeping

    try:
        manifest = keeping.restore(shell.settings(), file, replace=replace)
    except (Told, OSError) as error:
        shell.stop(str(error))
    console.print(f"Restored what was kept on {manifest.created_at}. What is past its days goes at the start.")


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Check that the installation is sound, and say what to do about what is not. Exit code 1 if something is bad."""
    import json
    from dataclasses import asdict

    from gateway.operations import doctor as examination

    found = examination.examine(shell.settings())
    if as_json:
        print(json.dumps([asdict(finding) for finding in found], indent=1))
    else:
        table = Table("", "check", "found", "what to do")
        marks = {"good": "[green]ok[/]", "warning": "[yellow]look[/]", "bad": "[red]BAD[/]"}
        for finding in found:
            table.add_row(marks[finding.state], finding.check, finding.words, finding.todo)
        console.print(table)
    raise typer.Exit(any(finding.state == examination.BAD for finding in found))


def _of(module: str) -> Callable[[], typer.Typer]:
    return lambda: import_module(f"gateway.cli.{module}").app


# What takes its time to load is loaded when it is called; until then its help stands here.
Commands.later = {
    "dry-run": Later(
        "Show what the edited topics would change: similar or clashing examples, alarms, what gets better or worse.",
        _of("dry_run_command"),
    ),
    "agreement": Later(
        "Compare what reviewers say messages are about (Cohen's kappa); name the topics that are badly defined.",
        _of("agreement_command"),
    ),
    "staff": Later("Accounts of the staff: add, list, disable, reset.", _of("staff_commands")),
    "topic": Later("Topics: teach, write, merge, retire; withdraw an answer at once.", _of("topic_commands")),
    "models": Later("Trained models: list, put in use, go back, verify.", _of("model_commands")),
    "inbox": Later("Messages that were not understood: list, teach, import.", _of("inbox_commands")),
    "regressions": Later("Messages that must stay understood: list, add, check, retire.", _of("regression_commands")),
    "publish": Later("Publish data/ once it is signed; look, cancel, go back.", _of("publish_commands")),
    "shadow": Later("A candidate next to the live model: start, stop, report.", _of("shadow_commands")),
    "incidents": Later("Answers that patients say look wrong.", _of("incident_commands")),
}
if find_spec("benchmarks"):  # the folder is no part of what is installed for a clinic
    import_module("benchmarks.command").add_to(app, console)
