"""Counts what a chat loses, doubles or mixes up while connections, network, gateway and page die at random.

It starts its own gateway and engine, and prints what went wrong on the way and what became of the messages:

    .venvs/gateway/bin/python -m benchmarks.widget_chaos [2000] [seed]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM, Chat, Site
from tests.support.browser_chaos import live_through


def main(messages: int = 2000, seed: int = 7) -> int:
    """Run and print; 1 if a message was lost, doubled or out of order."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = Site(Path(folder), output=Path(folder) / "output")
        site.start_engine()
        site.start_gateway()
        try:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
            page = browser.new_context(base_url=site.url).new_page()
            page.goto("/")
            began = time.monotonic()
            outcome = live_through(Chat(page).open(), site, messages, seed)
            seconds = time.monotonic() - began
            browser.close()
        finally:
            site.close()
    print(f"{messages} messages in {seconds:.0f} s, seed {seed}")
    for fault, count in sorted(outcome.faults.items()):
        print(f"  {fault}: {count}")
    print(f"lost {outcome.lost}, doubled {outcome.doubled}, out of order {outcome.out_of_order}")
    return int(bool(outcome.lost or outcome.doubled or outcome.out_of_order))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
