"""Measures the chat window as a visitor pays for it: bytes and requests, time until the button stands, time from
sending to the first paint of the answer, and how much of the window is not conversation.

Needs an assistant that runs (`make run`):

    .venvs/gateway/bin/python -m benchmarks.widget [http://localhost:8000]
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, Response, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM, DESKTOP, PHONE, Chat

QUESTIONS = ["does it hurt", "am i sore after", "how often do i come", "what is ims", "is it acupuncture"]
ROUNDS = 4
VISITS = 8
SLOWED = 4  # times: about a phone of the middle class
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
OURS = ("/widget", "/api/")
SETTLE = 1100  # milliseconds between two questions: the gateway takes one a second in the long run

# From the start of the page to the launcher on the screen.
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
# What the Tab key meets between the header and the field.
STOPS = """() => {
    const root = document.querySelector('ims-chat').shadowRoot;
    return [...root.querySelectorAll('.log, .log :is(a, button, summary, input)')]
        .filter((it) => it.tabIndex >= 0 && it.checkVisibility()).length;
}"""


@contextmanager
def visit(browser: Browser, address: str, *, slow: bool) -> Iterator[Page]:
    """A browser that has not been here before; `slow`: a phone of the middle class on slow 4G."""
    context = browser.new_context(base_url=address, viewport=PHONE if slow else DESKTOP)  # type: ignore[arg-type]
    page = context.new_page()
    page.add_init_script(READY)
    if slow:
        throttle = context.new_cdp_session(page)
        throttle.send("Network.enable")
        throttle.send("Network.emulateNetworkConditions", SLOW_4G)
        throttle.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    yield page
    context.close()


def weight(browser: Browser, address: str) -> tuple[int, int]:
    """Bytes, with headers, and requests until the launcher stands, as served."""
    with visit(browser, address, slow=False) as page:
        given: list[Response] = []
        page.on("response", lambda it: given.append(it) if any(part in it.url for part in OURS) else None)
        usable(page)
        sizes = [it.request.sizes() for it in given]
        return sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes), len(sizes)


def usable(page: Page) -> float:
    """Milliseconds from the start of the page until the launcher is there."""
    page.goto("/")
    page.evaluate(
        "new Promise((done) => { const look = () => window.usable ? done() : setTimeout(look, 20); look(); })"
    )
    return page.evaluate("usable")


def answered(chat: Chat, question: str) -> float:
    """Milliseconds from Enter to the first paint of the answer."""
    chat.input.fill(question)
    chat.page.evaluate(f"void (window.measured = ({ANSWER})())")
    chat.input.press("Enter")
    return chat.page.evaluate("window.measured")


def conversation(page: Page, rounds: int) -> list[float]:
    """The waits for answers in a chat that is opened on this page."""
    chat = Chat(page).open()
    waits = []
    for question in QUESTIONS * rounds:
        waits.append(answered(chat, question))
        page.wait_for_timeout(SETTLE)
    return waits


def frame(page: Page) -> tuple[float, float]:
    """Heights in pixels: what of the open window is not conversation, and the whole window."""
    panel = page.locator("ims-chat .panel").bounding_box()
    log = page.locator("ims-chat .log").bounding_box()
    if not panel or not log:
        raise RuntimeError("the window is not open")
    return panel["height"] - log["height"], panel["height"]


def told(name: str, values: list[float]) -> str:
    """One line of the report."""
    p95 = sorted(values)[round(0.95 * (len(values) - 1))]
    return f"{name}: median {statistics.median(values):.0f} ms, p95 {p95:.0f} ms ({len(values)} times)"


def main(address: str = "http://localhost:8000") -> None:
    """Measure and print."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        size, requests = weight(browser, address)
        print(f"until the button stands, as served: {size / 1024:.1f} KB in {requests} requests")
        for slow, how in ((False, ""), (True, f", processor slowed {SLOWED} times, slow 4G")):
            firsts = []
            for _ in range(VISITS):
                with visit(browser, address, slow=slow) as page:
                    firsts.append(usable(page))
            print(told(f"first visit, page to button{how}", firsts))
            with visit(browser, address, slow=slow) as page:
                usable(page)
                waits = conversation(page, ROUNDS if not slow else 1)
                print(told(f"Enter to first paint of the answer{how}", waits))
                apart, whole = frame(page)
                print(f"not conversation{how}: {apart:.0f} of {whole:.0f} pixels ({apart / whole:.0%})")
                print(f"tab stops between header and field after {len(waits)} answers: {page.evaluate(STOPS)}")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
