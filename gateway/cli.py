"""The command line: `./ims COMMAND`. Each command is a few lines here; the work is done by the module it names."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from gateway.settings import Settings, SettingsError, called_from
from gateway.staff import commands as staff
from gateway.studio import (
    agreement_command,
    dry_run_command,
    inbox_commands,
    model_commands,
    publish_commands,
    regression_commands,
    shadow_commands,
    topic_commands,
)

app = typer.Typer(
    help="IMS Assistant: answers what patients ask a physiotherapy clinic about a treatment.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console()
ANY_ID = {"ignore_unknown_options": True}  # the id of one chat in 64 begins with a dash


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
    """Serve the clinic: engine and gateway, until Ctrl-C."""
    settings = _settings()
    if not no_train:
        _train(settings, if_changed=True)
    _renew(settings, checked=no_train)
    if first := asyncio.run(staff.first_admin(settings)):
        console.print(first, soft_wrap=True, highlight=False)
    sys.stdout.flush()
    # What the command line has loaded for all its commands, a hundred megabytes, is of no use to what runs for months.
    os.execv(sys.executable, [sys.executable, "-m", "gateway.supervisor"])


@app.command()
def train(
    if_changed: Annotated[bool, typer.Option("--if-changed", help="Only if the data changed since.")] = False,
    candidate: Annotated[
        bool, typer.Option("--candidate", help="Keep the new model, but go on with the old one.")
    ] = False,
) -> None:
    """Train the engine on data/ and put the new model in use."""
    _train(_settings(), if_changed, promote=not candidate)


def _train(settings: Settings, if_changed: bool, promote: bool = True) -> None:
    from environments.setup import ROOT
    from gateway.control import ControlError
    from gateway.new_assistant import RASA
    from gateway.studio.dry_run import DryRuns
    from gateway.swap import put_in_use
    from gateway.training import Models, TrainingError
    from knowledge import Knowledge, KnowledgeError, data_hash

    models = Models(settings)
    if lost := [name for name in RASA if not Path(name).is_file()]:
        _stop(f"{lost[0]} is missing in {Path.cwd()}. What to do: copy it from {ROOT}.")
    if if_changed and models.is_current():
        return
    try:
        knowledge = Knowledge.load(settings.data)
        with console.status("Training the engine (about a minute) ..."):
            scores = DryRuns(settings).scores(data_hash(settings.data))
            manifest = models.train(scores, promote=False)
        if promote:
            asyncio.run(put_in_use(settings, models, manifest))
    except (KnowledgeError, TrainingError, ControlError) as error:
        _stop(str(error))
    console.print(f"Trained {manifest.file} in {manifest.seconds:.0f} s.")
    if unsigned := sum(not topic.reviewer for topic in knowledge.topics.values()):
        console.print(f"{unsigned} of {len(knowledge.topics)} answers are not signed, and patients read that of each.")


def _renew(settings: Settings, checked: bool) -> None:
    """Have the model in use answered for by data/ as it is now, where that needs no training; else say so.

    Where it is `checked`, nothing comes into use that `ims publish` would refuse.
    """
    from gateway.studio.clearance import Clearances
    from gateway.training import ModelRefused, Models, TrainingError

    models = Models(settings)
    try:
        if checked and not models.is_up_to_date() and (hinders := Clearances(settings, models).look().hinders):
            console.print("Patients get what was published last; before data/ as it is now may be published:")
            for each in hinders:
                console.print(f"  {each}", markup=False, highlight=False)
            return
        renewed = models.renewed()
        if renewed is None:
            console.print("data/ is not what the model in use was trained on: patients get what was published last.")
        elif renewed != models.in_use():
            models.use(renewed)
    except (TrainingError, ModelRefused, OSError) as error:
        console.print(f"[yellow]Changes of data/ that need no training do not count yet:[/] {error}")


@app.command("new-assistant")
def new_assistant(
    folder: Annotated[Path, typer.Argument(metavar="DIR", parser=called_from, help="A new or empty folder.")],
    example: Annotated[str, typer.Option(help="Begin with a finished example, such as shockwave.")] = "",
) -> None:
    """Start an assistant for another clinic or subject, in a folder of its own."""
    from gateway.new_assistant import NewAssistantError, create

    try:
        count = len(create(folder, example))
    except NewAssistantError as error:
        _stop(str(error))
    console.print(f"Wrote {count} files to {folder}.", soft_wrap=True, highlight=False)
    console.print(f"Next: cd {quote(str(folder))} && ./ims check", soft_wrap=True, highlight=False, markup=False)


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
    data: Annotated[list[Path] | None, typer.Option(help="Folder of a development set; can be repeated.")] = None,
    out: Annotated[Path, typer.Option(help="Where the report goes.")] = Path("results"),
    compare: Annotated[Path | None, typer.Option(help="JSON of an earlier run to compare with.")] = None,
    measured: Annotated[
        Path | None, typer.Option(help="JSON of a run to report on, instead of measuring anew.")
    ] = None,
    hint3: Annotated[bool, typer.Option("--hint3", help="Measure config.yml on HINT3, another bot's data.")] = False,
) -> None:
    """Measure how well the assistant understands; writes a page with pictures, and JSON."""
    from gateway.asking import NotAvailable
    from gateway.evaluation import measuring
    from gateway.evaluation.compare import read_evaluation
    from gateway.evaluation.engine_command import NotMeasured
    from gateway.evaluation.summary import tables
    from gateway.studio.agreement import badly_defined
    from gateway.studio.agreement_command import topic_f1
    from gateway.studio.limits import Limits
    from knowledge import KnowledgeError

    settings = _settings()
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
    except (NotAvailable, NotMeasured, KnowledgeError) as error:
        _stop(str(error))
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
    """Erase the conversations in which nothing was said for so many days."""
    from gateway import retention
    from knowledge import Knowledge

    settings = _settings()
    days = Knowledge.load(settings.data).clinic.retention_days if older_than is None else older_than

    async def erase() -> int:
        async with retention.opened(settings) as here:
            return await here.purge(days)

    erased = asyncio.run(erase())
    console.print(f"Erased {erased} conversation{'' if erased == 1 else 's'} older than {days:g} days.")


@app.command(context_settings=ANY_ID)
def forget(name: Annotated[str, typer.Argument(metavar="SENDER_OR_ID", help="Of the conversation.")]) -> None:
    """Erase one conversation at once."""
    from gateway import retention

    settings = _settings()

    async def erase() -> int:
        async with retention.opened(settings) as here:
            return await here.forget_named(name)

    if not asyncio.run(erase()):
        _stop(f"There is no conversation '{name}'. What to do: check the id, as the front desk sees it.")
    console.print("Erased.")


@app.command(context_settings=ANY_ID)
def export(name: Annotated[str, typer.Argument(metavar="SENDER_OR_ID", help="Of the conversation.")]) -> None:
    """Print all that is kept of one conversation, as JSON: for the person who asks for it."""
    import json

    from gateway import export as exporting
    from knowledge import Knowledge

    settings = _settings()
    found = asyncio.run(exporting.export(settings, Knowledge.load(settings.data), name))
    if not found:
        _stop(f"There is no conversation '{name}'. What to do: check the id, as the front desk sees it.")
    print(json.dumps(found, indent=1, ensure_ascii=False))


@app.command()
def backup(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", parser=called_from, help="Is made, for its owner alone; in a folder, with the date as name."
        ),
    ],
    secrets: Annotated[bool, typer.Option("--secrets", help="Keys too: guard the file like the machine.")] = False,
) -> None:
    """Write the database to one file, also while the assistant runs."""
    from gateway import backup as keeping

    if file.is_dir():
        file /= f"ims-{datetime.now(UTC):%Y%m%d-%H%M%S}.tar"
    try:
        manifest = keeping.backup(_settings(), file, with_secrets=secrets)
    except (keeping.BackupError, OSError) as error:
        _stop(str(error))
    console.print(f"Wrote {file}: {', '.join(manifest.parts)}.")


@app.command("restore")
def put_back(
    file: Annotated[Path, typer.Argument(metavar="FILE", parser=called_from, help="A backup.")],
    replace: Annotated[bool, typer.Option("--replace", help="The database that is there goes.")] = False,
) -> None:
    """Put a backup in place; the assistant must not run. All of it is checked before anything is touched."""
    from gateway import backup as keeping

    try:
        manifest = keeping.restore(_settings(), file, replace=replace)
    except (keeping.BackupError, OSError) as error:
        _stop(str(error))
    console.print(f"Restored what was kept on {manifest.created_at}. What is past its days goes at the start.")


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Look at everything that has to be right, and say what to do about the rest. Exit code 1 if something is bad."""
    import json
    from dataclasses import asdict

    from gateway import doctor as examination

    found = examination.examine(_settings())
    if as_json:
        print(json.dumps([asdict(finding) for finding in found], indent=1))
    else:
        table = Table("", "check", "found", "what to do")
        marks = {"good": "[green]ok[/]", "warning": "[yellow]look[/]", "bad": "[red]BAD[/]"}
        for finding in found:
            table.add_row(marks[finding.state], finding.check, finding.words, finding.todo)
        console.print(table)
    raise typer.Exit(any(finding.state == examination.BAD for finding in found))


app.add_typer(staff.app, name="staff")
topics = typer.Typer(help="Topics: teach, write, merge, retire; withdraw an answer at once.", no_args_is_help=True)


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
    """Measure speed, size and memory, beside stock Rasa in the same run."""
    import json

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


app.add_typer(topics, name="topic")
topic_commands.add_to(topics, _settings, _stop)
app.add_typer(model_commands.commands(_settings, _stop), name="models")
app.add_typer(inbox_commands.commands(_settings, _stop), name="inbox")
app.add_typer(regression_commands.commands(_settings, _stop), name="regressions")
app.add_typer(publish_commands.commands(_settings, _stop), name="publish")
app.add_typer(shadow_commands.commands(_settings, _stop), name="shadow")
dry_run_command.add_to(app, _settings, _stop)
agreement_command.add_to(app, _settings, _stop)
incidents = typer.Typer(help="Answers that patients say look wrong.", invoke_without_command=True)
app.add_typer(incidents, name="incidents")


@topics.command()
def withdraw(
    topic: Annotated[str, typer.Argument(help="Name of the answer, as in data/answers/NAME.yml.")],
    reason: Annotated[str, typer.Option(help="Why: for the record; patients do not see it.")],
) -> None:
    """Withhold an answer everywhere, at once; the assistant goes on running."""
    from gateway import governance
    from knowledge import Knowledge

    settings = _settings()
    if topic not in Knowledge.load(settings.data).topics:
        _stop(f"There is no answer named '{topic}'. What to do: look at the names in {settings.data / 'answers'}.")
    asyncio.run(governance.withdraw(settings, topic, reason))
    console.print(f"{topic} is withdrawn. A running assistant withholds it within {settings.withdrawal_poll:.0f} s.")


@topics.command()
def restore(topic: Annotated[str, typer.Argument(help="Name of the answer.")]) -> None:
    """Give a withdrawn answer again."""
    from gateway import governance

    if not asyncio.run(governance.restore(_settings(), topic)):
        _stop(f"'{topic}' is not withdrawn. What to do: './ims topic withdrawn' lists what is.")
    console.print(f"{topic} is given again.")


@topics.command()
def withdrawn() -> None:
    """List the withdrawn answers."""
    from gateway import governance

    table = Table("answer", "since", "reason")
    for found in asyncio.run(governance.withdrawn(_settings())):
        table.add_row(found.topic, f"{found.created_at:%Y-%m-%d %H:%M} UTC", found.reason)
    console.print(table if table.row_count else "No answer is withdrawn.")


@incidents.callback()
def list_incidents(context: typer.Context) -> None:
    """List the open incidents; `close ID` closes one."""
    from gateway import governance

    if context.invoked_subcommand:
        return
    table = Table("answer", "version", "times", "last", "ids")
    for found in asyncio.run(governance.open_incidents(_settings())):
        ids = ", ".join(map(str, found.ids))
        table.add_row(found.topic, found.version, str(found.count), f"{found.last:%Y-%m-%d %H:%M} UTC", ids)
    console.print(table if table.row_count else "There is no open incident.")


@incidents.command()
def close(number: Annotated[int, typer.Argument(metavar="ID", help="As the list shows it.")]) -> None:
    """Close an incident."""
    from gateway import governance

    if not asyncio.run(governance.close_incident(_settings(), number)):
        _stop(f"There is no open incident {number}. What to do: './ims incidents' lists them.")
    console.print(f"Incident {number} is closed.")


if __name__ == "__main__":
    app()
