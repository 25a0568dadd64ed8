"""`ims inbox ...`: what was not understood, and teaching it."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from gateway.cli import shell
from gateway.clock import utc_now
from gateway.files import as_cell
from gateway.settings import called_from
from gateway.storage.database import Database
from gateway.studio.errors import StudioError
from gateway.studio.inbox import question_lists
from gateway.studio.inbox.agreement import NONE, Labels
from gateway.studio.inbox.decisions import Decisions
from gateway.studio.inbox.faq_import import KNOWN, WAITS, FaqImport
from gateway.studio.inbox.inbox import Inbox, MessageGroup, grouped
from gateway.studio.inbox.teaching import Teaching
from gateway.studio.limits import Limits
from gateway.studio.meaning import Meaning
from gateway.studio.personal import Personal
from gateway.studio.topics.topics import Topics
from knowledge import Told

T = TypeVar("T")
UNDO = "'./ims inbox undo' undoes that."
app = typer.Typer(help="Messages that were not understood: list, teach, import.", no_args_is_help=True)
console = Console(highlight=False)
By = Annotated[str, typer.Option(help="Who does it, for the history.", show_default="you")]


@asynccontextmanager
async def _opened() -> AsyncIterator[Inbox]:
    given = shell.settings()
    async with Database.opened(given.database_url) as database:
        yield Inbox(database, Personal.load(given.data), utc_now)


def _do(work: Callable[[Inbox], Awaitable[T]]) -> T:
    async def run() -> T:
        async with _opened() as here:
            return await work(here)

    try:
        return asyncio.run(run())
    except Told as error:
        shell.stop(str(error))


async def _groups(here: Inbox) -> list[MessageGroup]:
    await here.gather()
    messages = await here.open()
    vectors = Meaning(shell.settings()).of_messages([message.text for message in messages])
    return grouped(messages, vectors, Limits.load(shell.settings().data).same_question)


async def _group(here: Inbox, number: int) -> MessageGroup:
    for found in await _groups(here):
        if found.id == number:
            return found
    raise StudioError(f"There is no open group {number}.", "'./ims inbox list' shows the groups.")


def _decisions() -> Decisions:
    return Decisions(shell.settings().var / "studio")


def _teaching(here: Inbox, by: str) -> Teaching:
    return Teaching(here, Topics.opened(shell.settings().data, shell.settings().var, shell.author(by)), _decisions())


def _examples() -> dict[str, list[str]]:
    topics = Topics.opened(shell.settings().data, shell.settings().var)
    return {name: topics.open(name).examples for name in topics.names}


@app.command("list")
def list_groups(most: Annotated[int, typer.Option(help="Groups shown.")] = 20) -> None:
    """List the groups of similar messages, the most common first, with the nearest topics."""

    async def show(here: Inbox) -> None:
        found = (await _groups(here))[:most]
        near = Meaning(shell.settings()).nearest([each.text for each in found], _examples())
        table = Table("group", "patients", "messages", "why", "typical message", "nearest topics")
        for each, topics in zip(found, near, strict=True):
            why = ", ".join(f"{reason} {count}" for reason, count in each.reasons.most_common())
            close = ", ".join(f"{topic.topic} {topic.score:.2f}" for topic in topics)
            table.add_row(str(each.id), str(each.patients), str(len(each.messages)), why, each.text[:160], close)
        console.print(table if table.row_count else "The inbox is empty.", markup=False)

    _do(show)


@app.command()
def show(number: Annotated[int, typer.Argument(metavar="GROUP")]) -> None:
    """Print the messages of a group, one per line."""

    async def messages(here: Inbox) -> list[str]:
        return [message.text for message in (await _group(here, number)).messages]

    for text in _do(messages):
        print(text)


@app.command()
def teach(
    number: Annotated[int, typer.Argument(metavar="GROUP")],
    topic: Annotated[str, typer.Argument(help="The topic it is about.")],
    new: Annotated[bool, typer.Option("--new", help="Start a draft with this name.")] = False,
    by: By = "",
) -> None:
    """Make the messages of a group examples of a topic, or start a new topic with them."""

    async def learn(here: Inbox) -> int:
        chosen = (await _group(here, number)).messages
        decide = _teaching(here, by)
        return len((await (decide.begin if new else decide.teach)(chosen, topic)).examples)

    console.print(f"{topic} has {_do(learn)} {'' if new else 'more '}examples. {UNDO}")


@app.command()
def label(
    message: Annotated[int | None, typer.Argument(help="Number of a message; without it, the next one.")] = None,
    topic: Annotated[str, typer.Argument(help="What it is about, or 'none'.")] = "",
    reviewer: Annotated[str, typer.Option(help="Who says so.", show_default="you")] = "",
) -> None:
    """Say what a message is about without seeing what others say; './ims agreement' compares."""
    who = shell.author(reviewer.strip())
    given = shell.settings()

    async def work() -> str:
        async with Database.opened(given.database_url) as database:
            known = Labels(database, utc_now)
            if message is not None:
                if topic not in {NONE, *Topics.opened(given.data, given.var).names}:
                    raise StudioError(f"There is no topic '{topic[:64]}'.", "'./ims topic list'.")
                await known.set(message, who, topic)
            found = await known.next(who)
            return f"{found.id}: {found.text}" if found else "You have labelled every message."

    try:
        console.print(asyncio.run(work()), markup=False)
    except Told as error:
        shell.stop(str(error))


@app.command()
def dismiss(number: Annotated[int, typer.Argument(metavar="GROUP")], by: By = "") -> None:
    """Take a group out of the inbox without teaching it."""

    async def away(here: Inbox) -> int:
        return len((await _teaching(here, by).put_aside((await _group(here, number)).messages)).messages)

    console.print(f"Dismissed {_do(away)} messages. {UNDO}")


@app.command()
def undo(by: By = "") -> None:
    """Undo what you last taught or dismissed: the messages are back, and the topic is as it was."""

    async def back(here: Inbox) -> str:
        own = [decision for decision in _decisions().all() if decision.by == (shell.author(by))]
        if not own:
            raise StudioError("There is nothing of yours to undo.", "'--by NAME' undoes somebody else's.")
        undone, waiting = await _teaching(here, by).undo(own[-1].id)
        return f"Undone{f' for {undone.topic}' if undone.topic else ''}: {waiting} messages are back in the inbox."

    console.print(_do(back))


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", parser=called_from, help="A .csv file, or else JSON lines.")],
) -> None:
    """Write the open messages to a file, without personal details."""

    async def rows(here: Inbox) -> list[dict[str, object]]:
        await here.gather()
        return [
            {"text": m.text, "reason": m.reason, "topic": m.topic or "", "day": f"{m.created_at:%Y-%m-%d}"}
            for m in await here.open()
        ]

    found = _do(rows)
    try:
        with file.open("w", encoding="utf-8", newline="") as out:
            if file.suffix.casefold() == ".csv":
                writer = csv.DictWriter(out, ("text", "reason", "topic", "day"))
                writer.writeheader()
                writer.writerows({key: as_cell(value) for key, value in row.items()} for row in found)
            else:
                out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in found)
    except OSError as error:
        shell.stop(f"{file} cannot be written ({error.strerror}). What to do: choose another place.")
    console.print(f"Wrote {len(found)} messages to {file}.")


@app.command("import")
def bring(
    file: Annotated[Path, typer.Argument(metavar="FILE", parser=called_from, help="CSV of old chats or questions.")],
) -> None:
    """Import messages from old chats, without personal details; with a column 'author', only patients' rows."""

    async def take(here: Inbox) -> int:
        return await here.bring(
            [asked.question for asked in question_lists.from_csv(question_lists.ListFile.read(file))]
        )

    console.print(f"Took in {_do(take)} messages. './ims inbox list' shows them in groups.")


@app.command("import-faq")
def bring_faq(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", parser=called_from, help="CSV with question and answer, or a saved web page."),
    ],
    by: By = "",
) -> None:
    """Import an FAQ: a question near a topic goes to the inbox, any other becomes a draft with its answer."""

    async def take(here: Inbox) -> Table:
        given = shell.settings()
        topics = Topics.opened(given.data, given.var, shell.author(by))
        found = question_lists.faq(question_lists.ListFile.read(file))
        table = Table("question", "became", "nearest topic")
        for each in await FaqImport(here, topics, Meaning(given), given.data).take(found):
            close = f"{each.near.topic} {each.near.score:.2f}" if each.near else "-"
            became = {WAITS: "message in the inbox", KNOWN: f"is in the draft {each.draft}"}
            table.add_row(each.question, became.get(each.became, f"draft {each.draft}"), close)
        return table

    console.print(_do(take))
