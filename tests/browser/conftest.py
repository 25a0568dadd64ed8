"""A real browser before a real gateway: Debian's chromium, driven by Playwright.

Where chromium is missing these tests are skipped; with IMS_REQUIRE_SYSTEM_PACKAGES=1, as in CI, that is a failure.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.support.processes import START, Processes, eventually, free_port

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
DESKTOP = {"width": 1200, "height": 900}
PHONE = {"width": 390, "height": 844}
Json = dict[str, Any]

expect.set_options(timeout=10_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    missing = not CHROMIUM.exists() and not os.environ.get("IMS_REQUIRE_SYSTEM_PACKAGES")
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if missing:
                item.add_marker(pytest.mark.skip(reason="needs Debian's chromium (apt-get install chromium)"))


# Not for the whole session: while Playwright runs, the asynchronous tests of other folders cannot.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser that all tests of this folder share; each opens contexts of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


class Site(Processes):
    """A gateway before an engine that also knows cards and long answers."""

    def start_engine(self, pause: float = 0) -> None:
        self._start("engine", str(self.engine_port), str(pause), module="tests.support.serve_engine")
        address = f"http://127.0.0.1:{self.engine_port}/webhooks/gateway/"
        eventually(lambda: httpx.get(address).status_code == 200, START)


@pytest.fixture(scope="package")
def host_port() -> int:
    """Where pages of another origin are served that show the chat."""
    return free_port()


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory, host_port: int) -> Iterator[Site]:
    """The gateway that most tests share."""
    running = Site(tmp_path_factory.mktemp("site"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMS_ORIGINS", f"http://localhost:{host_port}")
        running.start_engine()
        running.start_gateway()
        yield running
        running.close()


@pytest.fixture
def own_site(tmp_path: Path) -> Iterator[Site]:
    """A gateway for a test that kills it."""
    running = Site(tmp_path)
    running.start_engine()
    running.start_gateway()
    yield running
    running.close()


# What is read out: whatever enters a live region, with the politeness that the region has at that moment.
RECORDER = """
window.announced = [];
const politeness = (node) => {
  for (let at = node; at; at = at.parentElement) {
    const role = at.getAttribute?.('role');
    const live = at.getAttribute?.('aria-live') ?? {log: 'polite', status: 'polite', alert: 'assertive'}[role];
    if (live) return live;
  }
  return 'off';
};
const spoken = (node) => {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent;
  if (node.getAttribute('aria-hidden') === 'true' || !node.checkVisibility()) return '';
  return [...node.childNodes].filter((child) => child.nodeType <= 3).map(spoken).join(' ');
};
const record = (root) => new MutationObserver((changes) => {
  for (const {addedNodes, target} of changes) for (const node of addedNodes) {
    const element = node.nodeType === Node.TEXT_NODE ? target : node;
    const live = politeness(element);
    const text = element.isConnected ? spoken(node).replace(/\\s+/g, ' ').trim() : '';
    if (live !== 'off' && text) window.announced.push({live, text});
  }
}).observe(root, {childList: true, subtree: true});
const attach = Element.prototype.attachShadow;
Element.prototype.attachShadow = function (options) {
  const root = attach.call(this, options);
  record(root);
  return root;
};
"""


@dataclass
class Chat:
    """The chat window on a page, as a patient meets it."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    @property
    def launcher(self) -> Locator:
        return self.page.locator("ims-chat .launcher")

    @property
    def panel(self) -> Locator:
        return self.page.locator("ims-chat .panel")

    @property
    def input(self) -> Locator:
        return self.page.get_by_label("Your question")

    @property
    def status(self) -> Locator:
        return self.page.locator("ims-chat .status").first

    @property
    def messages(self) -> Locator:
        return self.page.locator("ims-chat .message:not(.typing)")

    @property
    def replies(self) -> Locator:
        return self.page.locator("ims-chat .message:not(.patient):not(.typing)")

    def open(self) -> Chat:
        """Open the window, agree if asked, and wait for the greeting."""
        self.launcher.click()
        agree = self.page.get_by_role("button", name="I agree, start the chat")
        if agree.is_visible():
            agree.click()
        expect(self.messages.first).to_contain_text("automated assistant")
        return self

    def write(self, text: str) -> None:
        """Type and send, without waiting for the answer."""
        self.input.fill(text)
        self.input.press("Enter")

    def ask(self, text: str) -> Locator:
        """Send a message; the answer to it."""
        before = self.replies.count()
        self.write(text)
        expect(self.replies.nth(before)).to_be_visible()
        return self.replies.nth(before)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def from_menu(self, name: str) -> None:
        """Take an entry of the menu."""
        self.button("More about this chat").click()
        self.button(name).click()

    def texts(self) -> list[str]:
        """What the patient said, in the order of the screen."""
        return self.page.locator("ims-chat .message.patient .bubble").all_inner_texts()

    def announced(self) -> list[Json]:
        return self.page.evaluate("window.announced")

    def kept(self) -> Json:
        """What the browser keeps of the conversation: its id and token."""
        return self.page.evaluate(
            "JSON.parse(localStorage.getItem(Object.keys(localStorage).find((key) => /^ims-chat \\S+$/.test(key))))"
        )

    def focused(self) -> str:
        """Tag, id or words of what has the focus inside the window."""
        return self.page.evaluate(
            "(() => { const it = document.querySelector('ims-chat').shadowRoot.activeElement;"
            " return it ? it.id || it.getAttribute('aria-label') || it.textContent || it.type || it.tagName : '' })()"
        )

    def walk_to(self, *wanted: str, key: str = "Tab", seconds: float = 30.0) -> None:
        """Press the key until what has the focus is called so (* is anything); fails with all that was passed."""
        passed, until = [self.focused()], time.monotonic() + seconds
        while not any(fnmatchcase(passed[-1], name) for name in wanted):
            assert time.monotonic() < until, f"{key} never came to {wanted}, only to {set(passed)}"
            self.page.keyboard.press(key)
            passed.append(self.focused())


OpenChat = Callable[..., Chat]


@pytest.fixture
def open_chat(chromium: Browser, site: Site) -> Iterator[OpenChat]:
    """Loads a page with the chat in a context of its own; fails if the browser complained about anything on it."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(path: str = "/", *, context: BrowserContext | None = None, at: str = "", **options: Any) -> Chat:
        if context is None:
            context = chromium.new_context(base_url=at or site.url, **{"viewport": DESKTOP, **options})
            contexts.append(context)
        page = context.new_page()
        page.add_init_script(RECORDER)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(path)
        return Chat(page, complaints)

    yield opened
    for context in contexts:
        context.close()
    expected = ("status of", "ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION", "ERR_INCOMPLETE", "ERR_EMPTY", "ERR_FAILED")
    assert [text for text in complaints if not any(part in text for part in expected)] == []
