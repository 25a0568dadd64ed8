"""`ims publish`: what is in data/ goes to patients, once it is signed, tried out and trained; and back again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway.cli import shell
from gateway.cli.staff_commands import opened
from gateway.clock import utc_now
from gateway.staff.accounts import Person
from gateway.studio.publishing.approvals import APPROVER, Approvals
from gateway.studio.publishing.clearance import Clearance
from gateway.studio.publishing.publishing import DONE, Job, Publishing
from knowledge import Told

app = typer.Typer(help="Publish data/ once it is signed; look, cancel, go back.", invoke_without_command=True)
console = Console(highlight=False, markup=False)
By = Annotated[str, typer.Option(help="Who does it, for the record.", show_default="you")]
Login = Annotated[str, typer.Option(prompt=True, help="Of your account.")]
Password = Annotated[str, typer.Option(prompt=True, hide_input=True)]
Code = Annotated[str, typer.Option(help="For the second step, if your account has one.")]


def _finished(work: Callable[[Publishing, str, Callable[[Job], None]], Job], by: str) -> None:
    with console.status("Beginning ...") as status:
        try:
            publishing = Publishing(shell.settings())
            job = work(publishing, shell.author(by), lambda job: status.update(f"{job.title} ..."))
        except Told as error:
            shell.stop(str(error))
    if job.state != DONE:
        shell.stop(job.words)
    console.print(job.words)


@app.callback()
def run(context: typer.Context, by: By = "") -> None:
    """Publish data/ as it is now. Ctrl-C cancels; until the end nothing changes for patients."""
    if not context.invoked_subcommand:
        _finished(lambda publishing, who, told: publishing.publish(who, told), by)


@app.command()
def check() -> None:
    """Show every change that patients do not have yet, and what is missing; exit code 1 if anything is."""
    found = Publishing(shell.settings()).clearances.look()
    table = Table("topic", "what is new", "signed by")
    for topic in found.topics:
        table.add_row(topic.name, topic.how, topic.signed or "-")
    if table.row_count:
        console.print(table)
    for file in found.files:
        mark = " (needs a second person)" if file.guarded else ""
        console.print(f"{file.title}, {file.name}{mark}:")
        for each in file.differences:
            for sign, lines in (("-", each.before), ("+", each.now)):
                for line in lines:
                    console.print(f"  {sign} {each.where + ': ' if each.where else ''}{line}")
    for missing in found.missing:
        console.print(missing)
    console.print("This can be published." if found.clear else "This cannot be published yet.")
    raise typer.Exit(0 if found.clear else 1)


@app.command()
def status() -> None:
    """Show the progress of the last job."""
    job = Publishing(shell.settings()).last()
    if job is None:
        console.print("Nothing has been published here yet.")
    else:
        console.print(f"{job.what} by {job.by}, {job.at:%Y-%m-%d %H:%M} UTC: {job.state}, {job.percent} %")
        console.print(job.words or job.title)


@app.command()
def cancel() -> None:
    """Cancel the running job."""
    if not Publishing(shell.settings()).cancel():
        shell.stop("There is no job that can be cancelled. What to do: './ims publish status' tells how it ended.")
    console.print("It will be cancelled in a moment.")


@app.command()
def rollback(by: By = "") -> None:
    """Go back to the previous publication, model and answers together, at once if the assistant is running."""
    _finished(lambda publishing, who, told: publishing.rollback(who, told), by)


def _signed_in(login: str, password: str, code: str) -> Person:
    async def prove() -> Person | None:
        async with opened(shell.settings()) as (accounts, _):
            return await accounts.prove(login.strip().lower(), password, code)

    person = asyncio.run(prove())
    if person is None:
        shell.stop("Login, password or code is not right.")
    return person


def _rules(publishing: Publishing) -> Clearance:
    found = publishing.clearances.look()
    if not found.rules:
        shell.stop("No changed rule needs a second person.")
    return found


def _in_person(
    step: Callable[[Approvals, str, Person, datetime], object], login: str, password: str, code: str
) -> tuple[str, str]:
    """Take one of the two steps for the rules that are changed; says who took it, and lists them."""
    publishing = Publishing(shell.settings())
    found, person = _rules(publishing), _signed_in(login, password, code)
    try:
        step(publishing.clearances.approvals, found.change, person, utc_now())
    except Told as error:
        shell.stop(str(error))
    return person.name, ", ".join(found.rules)


@app.command("put-forward")
def put_forward(login: Login, password: Password, code: Code = "") -> None:
    """Say that a change of the red-flag rules is yours, so that somebody else can approve it."""
    name, changed = _in_person(Approvals.put_forward, login, password, code)
    console.print(f"{name} puts forward: {changed}. Another {APPROVER} approves it.")


@app.command()
def approve(login: Login, password: Password, code: Code = "") -> None:
    """Approve a change of the red-flag rules that somebody else put forward."""
    name, changed = _in_person(Approvals.approve, login, password, code)
    console.print(f"{name} approved: {changed}.")
