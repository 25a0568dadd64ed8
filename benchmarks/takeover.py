"""Runs the state machine of the takeover for thousands of random steps, and counts what went wrong.

    python -m benchmarks.takeover [--steps 5000]

Prints the steps, claims and alarms, then three figures that must be 0: words of the assistant after a claim, messages
or replies that were lost, and those that were doubled. Ends with status 1 if one of them is not.
"""

from __future__ import annotations

import typer
from hypothesis.stateful import run_state_machine_as_test

from tests.gateway.test_takeover import COUNTS, Takeover, machine

STEPS = 50  # in one conversation, at most


def main(steps: int = typer.Option(5000, help="At least this many steps.")) -> None:
    """Run, and print the figures."""
    failed = False
    while COUNTS.steps < steps and not failed:
        try:
            run_state_machine_as_test(Takeover, settings=machine(examples=10, steps=STEPS))
        except AssertionError:
            failed = True
    print(f"{COUNTS.steps} steps, {COUNTS.claims} claims, {COUNTS.alarms} alarms answered")
    print(f"bot messages after a claim {COUNTS.bot}, lost {COUNTS.lost}, doubled {COUNTS.doubled}")
    raise typer.Exit(1 if failed or COUNTS.bot or COUNTS.lost or COUNTS.doubled else 0)


if __name__ == "__main__":
    typer.run(main)
