"""Measures the chat window: its size, from script to usable, from sending to the answer's first paint.

Needs an assistant that runs (`make run`):

    .venvs/gateway/bin/python -m benchmarks.widget [http://localhost:8000]
"""

from __future__ import annotations

import gzip
import statistics
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from gateway.web.bundle import bundle
from tests.browser.conftest import ARGUMENTS, CHROMIUM, Chat

STATIC = Path("gateway/static")
QUESTIONS = ["does it hurt", "am i sore after", "how often do i come", "what is ims", "is it acupuncture"]
ROUNDS = 6
SLOWED = 4  # times: about a phone of the middle class

# From the start of the page's script to the launcher on the screen.
READY = """
addEventListener('ims-ready', () => requestAnimationFrame(() => setTimeout(() => (window.usable = performance.now()))));
"""
# From pressing Enter to the frame in which the answer is painted.
ANSWER = """() => new Promise((resolve) => {
    const root = document.querySelector('ims-chat').shadowRoot;
    let began;
    root.querySelector('textarea').addEventListener('keydown', () => (began = performance.now()), {once: true});
    new MutationObserver((changes, observer) => {
        const added = changes.flatMap((it) => [...it.addedNodes]);
        if (!added.some((node) => node.matches?.('.message:not(.patient):not(.typing)'))) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)));
    }).observe(root.querySelector('.log ol'), {childList: true});
})"""


def weight() -> int:
    """Bytes of all files, compressed."""
    files = [(STATIC / "widget.js").read_bytes(), bundle(STATIC / "widget", "element").text.encode()]
    return sum(len(gzip.compress(file, 9)) for file in files)


def usable(page: Page) -> float:
    """Milliseconds from the request of widget.js until the launcher is there."""
    page.reload()
    page.evaluate(
        "new Promise((done) => { const look = () => window.usable ? done() : setTimeout(look, 20); look(); })"
    )
    return page.evaluate(
        "usable - performance.getEntriesByType('resource').find((it) => it.name.endsWith('/widget.js')).startTime"
    )


def answered(chat: Chat, question: str) -> float:
    """Milliseconds from Enter to the first paint of the answer."""
    chat.input.fill(question)
    chat.page.evaluate(f"void (window.measured = ({ANSWER})())")
    chat.input.press("Enter")
    return chat.page.evaluate("window.measured")


def told(name: str, values: list[float]) -> str:
    p95 = sorted(values)[round(0.95 * (len(values) - 1))]
    return f"{name}: median {statistics.median(values):.0f} ms, p95 {p95:.0f} ms ({len(values)} times)"


def main(address: str = "http://localhost:8000") -> None:
    """Measure and print."""
    print(f"all files, gzip: {weight() / 1024:.1f} KB")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        page = browser.new_context(base_url=address).new_page()
        page.add_init_script(READY)
        page.goto("/")
        print(told("script to usable", [usable(page) for _ in range(10)]))
        slow = page.context.new_cdp_session(page)
        slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
        print(told(f"script to usable, processor slowed {SLOWED} times", [usable(page) for _ in range(10)]))
        slow.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        chat = Chat(page).open()
        waits = []
        for question in QUESTIONS * ROUNDS:
            waits.append(answered(chat, question))
            page.wait_for_timeout(1000)
        print(told("Enter to first paint of the answer", waits))
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
