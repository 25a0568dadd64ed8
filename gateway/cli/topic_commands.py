"""`ims topic ...`: the topics by command line, and withdrawing an answer."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date
from difflib import unified_diff
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from gateway.answers.withdrawals import Withdrawals
from gateway.cli import shell
from gateway.clock import utc_now
from gateway.storage.database import Database
from gateway.studio.topics.topic_file import TopicFile, day
from gateway.studio.topics.topics import Topics, missing
from knowledge import Knowledge, SourceRef, Told

T = TypeVar("T")
app = typer.Typer(help="Topics: teach, write, merge, retire; withdraw an answer at once.", no_args_is_help=True)
console = Console(highlight=False)
Name = Annotated[str, typer.Argument(help="Name of the topic, as in data/answers/NAME.yml.")]
From = Annotated[typer.FileText | None, typer.Option("--from", help="File with one example per line; - for stdin.")]
By = Annotated[str, typer.Option(help="Who does it, for the history.", show_default="you")]


@contextmanager
def _studio(by: str = "") -> Iterator[Topics]:
    given = shell.settings()
    try:
        yield Topics.opened(given.data, given.var, shell.author(by))
    except Told as error:
        shell.stop(str(error))


def _lines(examples: list[str] | None, file: typer.FileText | None) -> list[str]:
    if file is not None:
        try:
            return [*(examples or []), *file.read().splitlines()]
        except UnicodeDecodeError:
            shell.stop("The file is not UTF-8 text. What to do: save it as UTF-8.")
    return examples or []


@app.command("list")
def list_topics() -> None:
    """List the topics and drafts with their examples and review."""
    with _studio() as here:
        table = Table("topic", "title", "examples", "signed by", "review by")
        for name in here.names:
            file = here.open(name)
            reviewer, _, until = file.review
            table.add_row(name, file.title, str(len(file.examples)), reviewer or "-", until)
        for name in here.drafts:
            file = here.open(name)
            table.add_row(f"{name} (draft)", file.title, str(len(file.examples)), "-", file.review[2])
    console.print(table)


@app.command()
def show(name: Name) -> None:
    """Show a topic: texts, sources, review, and what a draft still lacks."""
    with _studio() as here:
        file = here.open(name)
        draft = name in here.drafts
    reviewer, reviewed, until = file.review
    console.print(f"[bold]{file.title or name}[/]  ({len(file.examples)} examples)")
    console.print(f"\n{file.short}\n\n{file.more}\n", markup=False)
    for ref in file.sources:
        console.print(f"source: {ref.id} {ref.section}", markup=False)
    console.print(f"see also: {', '.join(file.see_also) or '-'}")
    console.print(f"signed: {f'{reviewer}, {reviewed}' if reviewer else 'not yet'}; review by {until or '-'}")
    if draft:
        knowledge, _ = Knowledge.read(shell.settings().data)
        if knowledge is not None:
            console.print(f"A draft; it lacks: {', '.join(missing(file, knowledge)) or 'nothing'}.")


@app.command()
def examples(name: Name) -> None:
    """Print the examples of a topic, one per line."""
    with _studio() as here:
        for example in here.open(name).examples:
            print(example)


@app.command()
def new(
    name: Name,
    example: Annotated[list[str] | None, typer.Option(help="A question as patients ask it; can be repeated.")] = None,
    file: From = None,
    title: Annotated[str, typer.Option(help="The question above the answer.")] = "",
    by: By = "",
) -> None:
    """Start a topic as a draft, with one or more examples."""
    with _studio(by) as here:
        made = here.new(name, _lines(example, file), title)
        console.print(f"Draft {name} has {len(made.examples)} examples. 'topic set' writes its answer.")


@app.command()
def add(
    name: Name, example: Annotated[list[str] | None, typer.Argument()] = None, file: From = None, by: By = ""
) -> None:
    """Add examples to a topic."""
    with _studio(by) as here:
        given = _lines(example, file)
        added = here.edit(name, lambda topic: topic.add_examples(given), "examples added")
    console.print(f"Added {len(added.taken)}; {len(added.known)} were there already.")
    for text, reason in added.refused:
        console.print(f"left out '{text}': {reason}", markup=False)


@app.command()
def remove(name: Name, example: Annotated[str, typer.Argument()], by: By = "") -> None:
    """Take one example out."""
    with _studio(by) as here:
        here.edit(name, lambda topic: topic.remove_example(example), "example removed")
    console.print("Removed.")


@app.command("set")
def set_parts(
    name: Name,
    title: Annotated[str | None, typer.Option()] = None,
    short: Annotated[str | None, typer.Option(help="The short answer; - reads it from stdin.")] = None,
    more: Annotated[str | None, typer.Option(help="The longer answer; - reads it from stdin.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="ID or ID:SECTION; repeat it to name all.")] = None,
    see_also: Annotated[list[str] | None, typer.Option(help="A topic; repeat it to name all.")] = None,
    review_by: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD")] = None,
    by: By = "",
) -> None:
    """Write parts of a topic. Changing what patients read removes the signature."""

    def text(given: str) -> str:
        return sys.stdin.read() if given == "-" else given

    def change(topic: TopicFile) -> None:
        if title is not None:
            topic.set_title(title)
        if short is not None:
            topic.set_short(text(short))
        if more is not None:
            topic.set_more(text(more))
        if source is not None:
            topic.set_sources(
                [SourceRef(id.strip(), where.strip()) for id, _, where in (s.partition(":") for s in source)]
            )
        if see_also is not None:
            topic.set_see_also(see_also)
        if review_by is not None:
            topic.set_review_by(day(review_by))

    with _studio(by) as here:
        here.edit(name, change, "edited")
    console.print(f"{name} is saved. './ims check' says what there is to fix.")


@app.command()
def sign(
    name: Name,
    reviewer: Annotated[str, typer.Option(help="Full name of the clinician who approves the text.")],
    review_by: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="Until when it is valid.")],
    by: By = "",
) -> None:
    """Sign a topic in a clinical reviewer's name. Changing the text later removes the signature."""

    def put(topic: TopicFile) -> None:
        topic.sign(reviewer, date.today(), day(review_by))

    with _studio(by) as here:
        here.edit(name, put, f"signed by {reviewer}")
    console.print(f"{name} is signed by {reviewer} until {review_by}.")


@app.command()
def adopt(name: Name, by: By = "") -> None:
    """Make a draft a topic, so that the next training learns it."""
    with _studio(by) as here:
        moved = here.adopt(name)
    console.print(f"{name} is a topic. './ims train' teaches it.")
    for other, taken in moved.items():
        console.print(f"{len(taken)} examples went over from {other}.")


@app.command()
def rename(old: Annotated[str, typer.Argument()], new: Annotated[str, typer.Argument()], by: By = "") -> None:
    """Give a topic another name, wherever it is named."""
    with _studio(by) as here:
        here.rename(old, new)
    console.print(f"{old} is {new} now.")


@app.command()
def merge(gone: Annotated[str, typer.Argument()], into: Annotated[str, typer.Argument()], by: By = "") -> None:
    """Give the examples of the first topic to the second, and retire the first."""
    with _studio(by) as here:
        count = here.merge(gone, into)
    console.print(f"{into} has {count} more examples; {gone} is retired.")


@app.command()
def split(
    name: Name,
    new: Annotated[str, typer.Argument(help="Name of the draft.")],
    containing: Annotated[list[str], typer.Option(help="A word in the examples to move; can be repeated.")],
    by: By = "",
) -> None:
    """Start a draft with some examples of a topic; they move when the draft is adopted."""
    with _studio(by) as here:
        made = here.split(name, new, containing)
    console.print(f"Draft {new} has {len(made.examples)} examples of {name}.")


@app.command()
def retire(name: Name, by: By = "") -> None:
    """Retire a topic or draft, with everything that refers to it; 'revert' brings it back."""
    with _studio(by) as here:
        here.retire(name)
    console.print(f"{name} is retired. 'topic history {name}' shows what to bring back.")


@app.command()
def history(
    name: Name, diff: Annotated[str, typer.Option(help="Show what changed from this version to now.")] = ""
) -> None:
    """List the versions of a topic, or show the difference to one."""
    with _studio() as here:
        if diff:
            old = here.history.version(name, diff).text or ""
            now = here.open(name).text if name in {*here.names, *here.drafts} else ""
            print("\n".join(unified_diff(old.splitlines(), now.splitlines(), diff, "now", lineterm="", n=1)))
            return
        table = Table("version", "when", "who", "what")
        for version in here.history.of(name):
            table.add_row(version.id, f"{version.at:%Y-%m-%d %H:%M}", version.author or "-", version.done)
    console.print(table if table.row_count else f"{name} has no history yet.")


@app.command()
def revert(name: Name, version: Annotated[str, typer.Argument()], by: By = "") -> None:
    """Restore an earlier version of a topic."""
    with _studio(by) as here:
        found = here.revert(name, version)
    console.print(f"{name} is as it was on {found.at:%Y-%m-%d %H:%M}.")


def _withdrawals(work: Callable[[Withdrawals], Awaitable[T]]) -> T:
    async def run() -> T:
        async with Database.opened(shell.settings().database_url) as database:
            return await work(Withdrawals(database, utc_now))

    return asyncio.run(run())


@app.command()
def withdraw(
    topic: Annotated[str, typer.Argument(help="Name of the answer, as in data/answers/NAME.yml.")],
    reason: Annotated[str, typer.Option(help="Why, for the record. Patients do not see it.")],
) -> None:
    """Withhold an answer everywhere at once, without a restart."""
    given = shell.settings()
    if topic not in Knowledge.load(given.data).topics:
        shell.stop(f"There is no answer named '{topic}'. What to do: look at the names in {given.data / 'answers'}.")
    _withdrawals(lambda withdrawals: withdrawals.withdraw(topic, reason))
    console.print(f"{topic} is withdrawn. A running assistant withholds it within {given.withdrawal_poll:.0f} s.")


@app.command()
def restore(topic: Annotated[str, typer.Argument(help="Name of the answer.")]) -> None:
    """Put a withdrawn answer back."""
    if not _withdrawals(lambda withdrawals: withdrawals.restore(topic)):
        shell.stop(f"'{topic}' is not withdrawn. What to do: './ims topic withdrawn' lists what is.")
    console.print(f"{topic} is back.")


@app.command()
def withdrawn() -> None:
    """List the withdrawn answers."""
    table = Table("answer", "since", "reason")
    for found in _withdrawals(Withdrawals.all):
        table.add_row(found.topic, f"{found.created_at:%Y-%m-%d %H:%M} UTC", found.reason)
    console.print(table if table.row_count else "No answer is withdrawn.")
