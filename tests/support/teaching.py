"""Teaching as a trainer does it in a browser, with every click counted: for the tests and for benchmarks/studio."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Locator, Page, expect

from gateway.staff.accounts import Accounts
from gateway.storage.database import Database
from gateway.storage.records import Draft, TurnOutcome
from gateway.storage.store import Store
from gateway.studio.inbox.inbox import Inbox
from tests.support.shipped import shipped_personal
from tests.support.staff import PASSWORD, ready

PEOPLE = {"kim": ("trainer",), "lee": ("trainer",), "robin": ("clinical_reviewer",)}
SAVED = 90_000  # milliseconds that saving may take on a busy machine
TRAINED = 1_800_000  # the same of a training


@dataclass
class Hands:
    """Clicks and letters of a trainer, and the seconds that went by."""

    clicks: int = 0
    letters: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def click(self, what: Locator) -> None:
        self.clicks += 1
        what.click()

    def write(self, what: Locator, text: str) -> None:
        """Click into a field and type; the letters are counted, not waited for."""
        self.clicks += 1
        self.letters += len(text)
        what.fill(text)

    def choose(self, what: Locator, label: str) -> None:
        """Open a list and click an entry of it."""
        self.clicks += 2
        what.select_option(label=label)


@dataclass(frozen=True)
class Answer:
    """What a trainer writes for a new topic."""

    title: str
    examples: Sequence[str]
    short: str
    more: str
    source: str


def in_a_thread(work: Callable[[], Any]) -> None:
    """Run a coroutine although Playwright has a loop of its own in this thread."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as threads:
        threads.submit(lambda: asyncio.run(work())).result()


def now() -> datetime:
    return datetime.now(UTC)


async def add_people(url: str, people: Mapping[str, tuple[str, ...]]) -> None:
    """People who can sign in."""
    database = Database(url)
    for login, roles in people.items():
        await ready(Accounts(database, now), login, *roles)
    await database.close()


async def ask_in_vain(url: str, messages: Sequence[str]) -> None:
    """Patients whose messages are not understood; what waited in the inbox before them is put aside."""
    database = Database(url)
    inbox, store = Inbox(database, shipped_personal(), now), Store(database, now)
    await inbox.gather()
    await inbox.close([message.id for message in await inbox.open()], "dismissed")
    for message in messages:
        id = (await store.open())[0].id
        event, _ = await store.append(id, Draft("patient", "message", {"text": message}))
        await store.settle(id, event.seq, TurnOutcome((Draft("assistant", "unknown", {"text": "-"}),)))
    await database.close()


def sign_in(page: Page, login: str, path: str = "/studio") -> Page:
    page.goto(path)
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    page.wait_for_url(f"**{path}")
    return page


def group(page: Page, words: str) -> Locator:
    """The group of the inbox whose typical message holds these words."""
    return page.locator("section.group").filter(has=page.get_by_role("heading", name=words)).first


def teach_as_suggested(page: Page, words: str) -> Hands:
    """From a group in the inbox to examples of the topic that was suggested first."""
    hands = Hands()
    hands.click(group(page, words).get_by_role("group").get_by_role("button").first)
    expect(page.get_by_role("status").first).to_contain_text("for", timeout=SAVED)
    return hands


def teach_as_new_topic(
    page: Page, words: str, answer: Answer, seen: Callable[[str], None] = lambda name: None
) -> Hands:
    """From a group in the inbox to a saved topic of its own. `seen` is told where a picture could be taken."""
    hands = Hands()
    hands.click(group(page, words).get_by_role("button", name="A new topic"))
    examples = page.get_by_label("Examples: how patients ask it")
    expect(examples).not_to_be_empty(timeout=SAVED)
    hands.write(page.get_by_label("Question above the answer"), answer.title)
    hands.write(examples, "\n".join([examples.input_value(), *answer.examples]))
    hands.write(page.get_by_label("Short answer"), answer.short)
    hands.write(page.get_by_label("Longer answer"), answer.more)
    hands.choose(page.get_by_label("Source 1"), answer.source)
    expect(page.locator("#answer-check")).to_contain_text(answer.short[:20])
    expect(page.locator("#answer-check")).to_contain_text("The answer needs no fixes")
    seen("editor")
    hands.click(page.get_by_role("button", name="Save", exact=True))
    expect(page.get_by_text("It is complete.")).to_be_visible(timeout=SAVED)
    hands.click(page.get_by_role("button", name="Make it a topic"))
    expect(page.get_by_text("Not signed.")).to_be_visible(timeout=SAVED)
    return hands


def sign(page: Page, title: str, review_by: str) -> Hands:
    """A clinical reviewer finds a topic and signs it."""
    hands = Hands()
    hands.click(page.get_by_role("navigation", name="Studio").get_by_role("link", name="Topics"))
    hands.click(page.get_by_role("link", name=title, exact=True))
    hands.write(page.get_by_label("Review again by"), review_by)
    hands.click(page.get_by_role("button", name="Sign what is saved"))
    expect(page.get_by_text("Signed by")).to_be_visible(timeout=SAVED)
    return hands


def publish(page: Page) -> Hands:
    """Have patients get what is signed."""
    hands = Hands()
    hands.click(page.get_by_role("navigation", name="Studio").get_by_role("link", name="Publish"))
    hands.click(page.get_by_role("button", name="Publish", exact=True))
    expect(page.get_by_role("progressbar")).to_be_visible(timeout=SAVED)
    expect(page.get_by_role("heading", name="Done")).to_be_visible(timeout=TRAINED)
    return hands
