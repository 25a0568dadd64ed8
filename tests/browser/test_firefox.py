"""The chat in Firefox, embedded in a page of another origin: opened, answered, kept over a reload."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.browser.conftest import Site
from tests.browser.test_host_pages import hosts
from tests.support.firefox import ENTER, FIREFOX, Firefox

__all__ = ["hosts"]  # the pages of another origin

pytestmark = pytest.mark.skipif(
    not FIREFOX.exists() and not os.environ.get("IMS_REQUIRE_SYSTEM_PACKAGES"),
    reason="needs Debian's firefox (apt-get install firefox-esr)",
)
CHAT = "const root = document.querySelector('ims-chat')?.shadowRoot; "


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    running = Firefox(tmp_path_factory.mktemp("firefox"))
    yield running
    running.close()


def opened(firefox: Firefox, address: str) -> None:
    firefox.go(address)
    firefox.wait(CHAT + "return Boolean(root?.querySelector('.launcher'))")
    firefox.run(CHAT + "root.querySelector('.launcher').click()")
    firefox.run(CHAT + "const it = root.querySelector('.consent:not([hidden]) .primary'); it && it.click()")
    firefox.wait(CHAT + "return root.querySelector('.message')?.textContent.includes('automated assistant')")


@pytest.mark.parametrize("host", ["hostile", "strict", "old"])
def test_a_message_is_answered_on_a_page_of_another_site(firefox: Firefox, hosts: str, site: Site, host: str) -> None:
    firefox.go(f"{hosts}/{host}")
    firefox.run("localStorage.clear()")  # a chat of its own: in one that goes on, nothing is said twice
    opened(firefox, f"{hosts}/{host}")
    before = firefox.run(CHAT + "return root.querySelectorAll('.message.patient').length")
    firefox.type(CHAT + "return root.querySelector('textarea')", f"am i sore{ENTER}")
    firefox.wait(CHAT + f"return root.querySelectorAll('.message.patient[data-seq]').length === {before + 1}")
    firefox.wait(
        CHAT + "return [...root.querySelectorAll('.message.assistant')].at(-1).textContent.includes('A deep ache')"
    )
    firefox.wait(CHAT + "return Boolean(root.querySelector('.message:last-child .picture svg [data-hours]'))")
    size = firefox.run(CHAT + "return getComputedStyle(root.querySelector('.bubble p')).fontSize")
    assert size == "16px", "the page's styles stay outside"
    said = firefox.run(CHAT + "return [...root.querySelectorAll('.message .bubble > p')].map((it) => it.textContent)")
    opened(firefox, f"{hosts}/{host}")
    again = "return [...root.querySelectorAll('.message .bubble > p')].map((it) => it.textContent)"
    firefox.wait(CHAT + f"return root.querySelectorAll('.message .bubble > p').length === {len(said)}")
    assert firefox.run(CHAT + again) == said, "history comes back as it was"
