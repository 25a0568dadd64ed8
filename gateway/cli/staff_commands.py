"""`./ims staff`: the accounts, from the command line of the machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from gateway.cli import shell
from gateway.clock import utc_now
from gateway.settings import Settings
from gateway.staff.accounts import Accounts
from gateway.staff.audit import Audit
from gateway.storage.database import Database
from knowledge import Told

T = TypeVar("T")
BY = "command line"  # who did it, in the record

app = typer.Typer(help="Accounts of the staff: add, list, disable, reset.", no_args_is_help=True)
console = Console()


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[tuple[Accounts, Audit]]:
    """The accounts of the database that a running gateway uses."""
    async with Database.opened(settings.database_url) as database:
        yield Accounts(database, utc_now), Audit(database, utc_now)


async def first_admin(settings: Settings) -> str | None:
    """What to print at a start as long as nobody can sign in: the link for the first admin."""
    async with opened(settings) as (accounts, _):
        first = await accounts.first_link()
    if first is None:
        return None
    code, expires = first
    return (
        f"First admin: set a password at {base_url(settings)}/staff/password#{code}"
        f" (once, until {expires:%Y-%m-%d %H:%M} UTC)"
    )


def base_url(settings: Settings) -> str:
    """Where staff reach the gateway."""
    host = "localhost" if settings.host in {"127.0.0.1", "0.0.0.0"} else settings.host
    return settings.public_url.rstrip("/") or f"http://{host}:{settings.port}"


@app.command()
def add(
    login: Annotated[str, typer.Argument(help="With which the person signs in.")],
    role: Annotated[list[str], typer.Option(help="desk, trainer, clinical_reviewer or admin; can be repeated.")],
    name: Annotated[str, typer.Option(help="What patients and colleagues see; without it, the login.")] = "",
) -> None:
    """Add an account and print the one-time link with which the person sets a password."""

    async def work(accounts: Accounts, audit: Audit) -> str:
        person = await accounts.add(login, name or login, role)
        await audit.note(BY, "account_added", person.login)
        return await accounts.password_link(person.login, base_url(shell.settings()))

    _print_link(_do(work))


@app.command("list")
def list_all() -> None:
    """List the accounts."""

    async def work(accounts: Accounts, audit: Audit) -> Table:
        table = Table("login", "name", "roles", "state")
        for person in await accounts.all():
            state = "disabled" if person.disabled else "ready" if person.has_password else "no password yet"
            table.add_row(person.login, person.name, ", ".join(person.roles), state)
        return table

    table = _do(work)
    console.print(table if table.row_count else "There is no account yet.")


@app.command()
def disable(login: Annotated[str, typer.Argument(help="Whose account.")]) -> None:
    """Close an account; its sessions end at once."""

    async def work(accounts: Accounts, audit: Audit) -> bool:
        if found := await accounts.disable(login):
            await audit.note(BY, "account_disable", login)
        return found

    if not _do(work):
        shell.stop(f"There is no account '{login}'. What to do: './ims staff list' shows them.")
    console.print(f"{login} can't sign in any more.")


@app.command()
def reset(login: Annotated[str, typer.Argument(help="Whose account.")]) -> None:
    """Remove password and second step, and print a new one-time link."""

    async def work(accounts: Accounts, audit: Audit) -> str | None:
        if not await accounts.reset(login):
            return None
        await audit.note(BY, "account_reset", login)
        return await accounts.password_link(login, base_url(shell.settings()))

    link = _do(work)
    if link is None:
        shell.stop(f"There is no account '{login}'. What to do: './ims staff list' shows them.")
    _print_link(link)


def _print_link(link: str) -> None:
    console.print(f"Works once, for 24 hours: {link}", soft_wrap=True, highlight=False)


def _do(work: Callable[[Accounts, Audit], Awaitable[T]]) -> T:
    async def run() -> T:
        async with opened(shell.settings()) as (accounts, audit):
            return await work(accounts, audit)

    try:
        return asyncio.run(run())
    except Told as error:
        shell.stop(str(error))
