"""Every reader of outside input, given what nobody thought of, for as long as is asked for.

    .venvs/gateway/bin/python -m benchmarks.fuzz [--seconds 600] [--seed 1] [--only WORD] [--examples 1000]

Runs the tests that `docs/security.md` names under "Whatever is read from outside", in rounds with a new seed each and
many more examples than `make test` takes. An input that fails is made as small as it goes and kept in `var/fuzz`, from
where each later run tries it first; what pytest said stands in `var/fuzz/failed-SEED.txt`. Ends with 1 then.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.support.fuzzing import EXAMPLES, KEPT

PAGE, HEADING = Path("docs/security.md"), "## Whatever is read from outside"
TEST = re.compile(r"`(tests/[\w/]+\.py::\w+)`")


def readers_tests(only: str = "") -> list[str]:
    """The tests of all readers; of `only` those with this word in their names."""
    section = PAGE.read_text("utf-8").partition(HEADING)[2].partition("\n## ")[0]
    return [test for test in dict.fromkeys(TEST.findall(section)) if only in test]


def one_round(tests: list[str], seed: int, examples: int) -> str | None:
    """What pytest said if something failed."""
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", f"--hypothesis-seed={seed}", *tests]
    environment = {**os.environ, EXAMPLES: str(examples)}
    done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout if done.returncode else None


def main() -> int:
    """Try until the time is over."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600, help="no round begins after these")
    parser.add_argument("--seed", type=int, default=1, help="of the first round; the next has the next")
    parser.add_argument("--only", default="", help="tests with this word in their names")
    parser.add_argument("--examples", type=int, default=1000, help="for each test in a round")
    given = parser.parse_args()
    tests, seed, end = readers_tests(given.only), given.seed, time.monotonic() + given.seconds
    if not tests:
        sys.exit(f"No reader has a test with '{given.only}' in its name. What to do: look into {PAGE}.")
    while time.monotonic() < end:
        if said := one_round(tests, seed, given.examples):
            KEPT.mkdir(parents=True, exist_ok=True)
            (KEPT / f"failed-{seed}.txt").write_text(said, "utf-8")
            print(f"Found with seed {seed}: {KEPT / f'failed-{seed}.txt'}")
            return 1
        print(f"seed {seed}: {len(tests)} tests, up to {given.examples} examples each, nothing found", flush=True)
        seed += 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
