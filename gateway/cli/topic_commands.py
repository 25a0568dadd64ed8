"""`ims topic ...`: the topics by command line. Each command is a few lines; the work is done in `topics`."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from gateway.settings import Settings
from knowledge import Told

console = Console(highlight=False)
Name = Annotated[str, typer.Argument(help="Name of the topic, as in data/answers/NAME.yml.")]
From = Annotated[typer.FileText | None, typer.Option("--from", help="File with one example per line; - for stdin.")]
By = Annotated[str, typer.Option(help="Who does it, for the history.", show_default="you")]


def add_to(topics: typer.Typer, settings: Callable[[], Settings], stop: Callable[[str], NoReturn]) -> None:
    """Adds the commands to `ims topic`."""
    from gateway.studio.topics.topics import Topics, missing

    @contextmanager
    def studio(by: str = "") -> Iterator[Topics]:
        given = settings()
        try:
            yield Topics.opened(given.data, given.var, by or getpass.getuser())
        except Told as error:
            stop(str(error))

    def lines(examples: list[str] | None, file: typer.FileText | None) -> list[str]:
        if file is not None:
            try:
                return [*(examples or []), *file.read().splitlines()]
            except UnicodeDecodeError:
                stop("The file is not UTF-8 text. What to do: save it as UTF-8.")
        return examples or []

    @topics.command("list")
    def list_topics() -> None:
        """List the topics and drafts with their examples and review."""
        with studio() as here:
            table = Table("topic", "title", "examples", "signed by", "review by")
            for name in here.names:
                file = here.open(name)
                reviewer, _, until = file.review
                table.add_row(name, file.title, str(len(file.examples)), reviewer or "-", until)
            for name in here.drafts:
                file = here.open(name)
                table.add_row(f"{name} (draft)", file.title, str(len(file.examples)), "-", file.review[2])
        console.print(table)

    @topics.command()
    def show(name: Name) -> None:
        """Show a topic: texts, sources, review, and what a draft still lacks."""
        from knowledge import Knowledge

        with studio() as here:
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
            knowledge, _ = Knowledge.read(settings().data)
            if knowledge is not None:
                console.print(f"A draft; it lacks: {', '.join(missing(file, knowledge)) or 'nothing'}.")

    @topics.command()
    def examples(name: Name) -> None:
        """Print the examples of a topic, one per line."""
        with studio() as here:
            for example in here.open(name).examples:
                print(example)

    @topics.command()
    def new(
        name: Name,
        example: Annotated[
            list[str] | None, typer.Option(help="A question as patients ask it; can be repeated.")
        ] = None,
        file: From = None,
        title: Annotated[str, typer.Option(help="The question above the answer.")] = "",
        by: By = "",
    ) -> None:
        """Start a topic as a draft, with one or more examples."""
        with studio(by) as here:
            made = here.new(name, lines(example, file), title)
            console.print(f"Draft {name} has {len(made.examples)} examples. 'topic set' writes its answer.")

    @topics.command()
    def add(
        name: Name, example: Annotated[list[str] | None, typer.Argument()] = None, file: From = None, by: By = ""
    ) -> None:
        """Add examples to a topic."""
        with studio(by) as here:
            given = lines(example, file)
            added = here.edit(name, lambda topic: topic.add_examples(given), "examples added")
        console.print(f"Added {len(added.taken)}; {len(added.known)} were there already.")
        for text, reason in added.refused:
            console.print(f"left out '{text}': {reason}", markup=False)

    @topics.command()
    def remove(name: Name, example: Annotated[str, typer.Argument()], by: By = "") -> None:
        """Take one example out."""
        with studio(by) as here:
            here.edit(name, lambda topic: topic.remove_example(example), "example removed")
        console.print("Removed.")

    @topics.command("set")
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
        from gateway.studio.topics.topic_file import TopicFile, day
        from knowledge import SourceRef

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

        with studio(by) as here:
            here.edit(name, change, "edited")
        console.print(f"{name} is saved. './ims check' says what there is to fix.")

    @topics.command()
    def sign(
        name: Name,
        reviewer: Annotated[str, typer.Option(help="Full name of the clinician who approves the text.")],
        review_by: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="Until when it is valid.")],
        by: By = "",
    ) -> None:
        """Sign a topic in a clinical reviewer's name. Changing the text later removes the signature."""
        from datetime import date

        from gateway.studio.topics.topic_file import TopicFile, day

        def put(topic: TopicFile) -> None:
            topic.sign(reviewer, date.today(), day(review_by))

        with studio(by) as here:
            here.edit(name, put, f"signed by {reviewer}")
        console.print(f"{name} is signed by {reviewer} until {review_by}.")

    @topics.command()
    def adopt(name: Name, by: By = "") -> None:
        """Make a draft a topic, so that the next training learns it."""
        with studio(by) as here:
            moved = here.adopt(name)
        console.print(f"{name} is a topic. './ims train' teaches it.")
        for other, taken in moved.items():
            console.print(f"{len(taken)} examples went over from {other}.")

    @topics.command()
    def rename(old: Annotated[str, typer.Argument()], new: Annotated[str, typer.Argument()], by: By = "") -> None:
        """Give a topic another name, wherever it is named."""
        with studio(by) as here:
            here.rename(old, new)
        console.print(f"{old} is {new} now.")

    @topics.command()
    def merge(gone: Annotated[str, typer.Argument()], into: Annotated[str, typer.Argument()], by: By = "") -> None:
        """Give the examples of the first topic to the second, and retire the first."""
        with studio(by) as here:
            count = here.merge(gone, into)
        console.print(f"{into} has {count} more examples; {gone} is retired.")

    @topics.command()
    def split(
        name: Name,
        new: Annotated[str, typer.Argument(help="Name of the draft.")],
        containing: Annotated[list[str], typer.Option(help="A word in the examples to move; can be repeated.")],
        by: By = "",
    ) -> None:
        """Start a draft with some examples of a topic; they move when the draft is adopted."""
        with studio(by) as here:
            made = here.split(name, new, containing)
        console.print(f"Draft {new} has {len(made.examples)} examples of {name}.")

    @topics.command()
    def retire(name: Name, by: By = "") -> None:
        """Retire a topic or draft, with everything that refers to it; 'revert' brings it back."""
        with studio(by) as here:
            here.retire(name)
        console.print(f"{name} is retired. 'topic history {name}' shows what to bring back.")

    @topics.command()
    def history(
        name: Name, diff: Annotated[str, typer.Option(help="Show what changed from this version to now.")] = ""
    ) -> None:
        """List the versions of a topic, or show the difference to one."""
        from difflib import unified_diff

        with studio() as here:
            if diff:
                old = here.history.version(name, diff).text or ""
                now = here.open(name).text if name in {*here.names, *here.drafts} else ""
                print("\n".join(unified_diff(old.splitlines(), now.splitlines(), diff, "now", lineterm="", n=1)))
                return
            table = Table("version", "when", "who", "what")
            for version in here.history.of(name):
                table.add_row(version.id, f"{version.at:%Y-%m-%d %H:%M}", version.author or "-", version.done)
        console.print(table if table.row_count else f"{name} has no history yet.")

    @topics.command()
    def revert(name: Name, version: Annotated[str, typer.Argument()], by: By = "") -> None:
        """Restore an earlier version of a topic."""
        with studio(by) as here:
            found = here.revert(name, version)
        console.print(f"{name} is as it was on {found.at:%Y-%m-%d %H:%M}.")
