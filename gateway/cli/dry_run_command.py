"""`ims dry-run`: what the edited data would change, told before it is trained."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.table import Table

from gateway.cli import shell
from gateway.studio.trying.dry_run import DryRuns
from knowledge import Knowledge, Told

SHOWN = 20
app = typer.Typer(add_completion=False)
console = Console(highlight=False, markup=False)


@app.command("dry-run")
def dry_run() -> None:
    """Show what the edited topics would change: similar or clashing examples, alarms, what gets better or worse."""
    try:
        with console.status("Trying the data out ..."):
            found = DryRuns(shell.settings()).run()
            topics = Knowledge.load(shell.settings().data).topics
    except Told as error:
        shell.stop(str(error))

    def title(name: str) -> str:
        return topics[name].title if name in topics else name

    for alike in found.alike[:SHOWN]:
        kind = "clashes with" if alike.clashes else "is nearly the same as"
        one, other = title(alike.topic), title(alike.other_topic)
        console.print(f"{one}: '{alike.example}' {kind} {other}: '{alike.other}' ({alike.likeness})")
    if len(found.alike) > SHOWN:
        console.print(f"... and {len(found.alike) - SHOWN} more examples that are too similar.")
    for alarm in found.alarms:
        console.print(
            f"{title(alarm.topic)}: '{alarm.example}' raises the alarm ({alarm.sign}): no answer is given to it."
        )
    table = Table("topic", "before", "now", "likely range of the change", "verdict")
    for change in found.changes:
        low, high = change.interval
        between = f"{low:+.1%} to {high:+.1%}"
        table.add_row(title(change.part), f"{change.old:.1%}", f"{change.new:.1%}", between, change.words)
    if table.row_count:
        console.print(table)
    for case in found.wrong_cases:
        console.print(f"Regression case '{case.message}' is about {title(case.topic)}: {case.now}")
    if found.cases:
        console.print(f"Regression cases understood: {found.cases - len(found.wrong_cases)} of {found.cases}.")
    if found.past:
        beside = Table("what a patient wrote", "now", "with this data")
        for past in found.past[:SHOWN]:
            beside.add_row(past.text, past.old, past.new)
        console.print(beside)
    if found.asked:
        console.print(f"Of {found.asked} messages of real chats, {len(found.past)} would be answered differently.")
    console.print(f"New examples: {found.new}. Understood unseen: {found.right} of {found.examples}.")
    console.print(f"As a whole: {found.verdict}.")
