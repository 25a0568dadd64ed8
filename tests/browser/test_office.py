"""The clinic's office in a real browser: by mouse, keyboard and thumb, and accessible on every page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_studio import StudioSite
from tests.knowledge.conftest import Data
from tests.support.axe import violations
from tests.support.studio_site import small_data, with_facts
from tests.support.teaching import add_people, in_a_thread, sign_in

PEOPLE = {"olga": ("admin",), "robin": ("clinical_reviewer",)}
OpenOffice = Callable[..., Page]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioSite]:
    """A gateway whose office edits a small data/ folder, with people who can sign in."""
    folder = tmp_path_factory.mktemp("office")
    with_facts(small_data(folder / "data"))
    site = StudioSite(folder / "var")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMS_DATA", str(folder / "data"))
        site.start_gateway()
    in_a_thread(lambda: add_people(site.database, PEOPLE))
    yield site
    site.close()


@pytest.fixture
def site(running: StudioSite) -> StudioSite:
    """With the clinic's file as it was at first."""
    with_facts(Data(running.var.parent / "data"))
    return running


@pytest.fixture
def open_office(chromium: Browser, site: StudioSite) -> Iterator[OpenOffice]:
    contexts: list[BrowserContext] = []

    def opened(login: str = "olga", path: str = "/office", **options: Any) -> Page:
        context = chromium.new_context(base_url=site.url, **{"viewport": DESKTOP, **options})
        contexts.append(context)
        return sign_in(context.new_page(), login, path)

    yield opened
    for context in contexts:
        context.close()


def test_fridays_hours_are_changed_and_published_with_the_keyboard_alone(open_office: OpenOffice) -> None:
    page = open_office()
    page.get_by_role("link", name="Opening hours and closures").press("Enter")
    friday = page.get_by_role("group", name="Friday")
    until = friday.get_by_label("to", exact=True).first
    until.focus()
    page.keyboard.type("0330PM")
    page.get_by_role("button", name="Show what patients would read").press("Enter")
    expect(page.get_by_role("region", name="What patients would read")).to_contain_text("Friday 8 am to 3:30 pm")
    assert violations(page) == []
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Saved: Opening hours and closures.")
    assert violations(page) == []
    page.get_by_role("button", name="Publish", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="Done")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Everything here is live.")).to_be_visible()


def test_what_is_wrong_is_told_at_its_field(open_office: OpenOffice) -> None:
    page = open_office(path="/office/fees", viewport=PHONE)
    page.get_by_label("What patients call it").first.fill("First visit")
    page.get_by_label("Price").first.fill("a lot")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").get_by_role("link", name=re.compile("Write an amount in dollars")).click()
    price = page.get_by_label("Price").first
    expect(price).to_have_attribute("aria-invalid", "true")
    expect(price).to_have_accessible_description(re.compile("Write an amount in dollars"))
    expect(price).to_have_value("a lot")
    assert violations(page) == []


def test_a_second_person_approves_another_phone(open_office: OpenOffice) -> None:
    olga, robin = open_office(path="/office/contact"), open_office("robin", viewport=PHONE)
    olga.get_by_label("Phone of the front desk").fill("250-555-0199")
    olga.get_by_role("button", name="Save").click()
    expect(olga.get_by_role("button", name="Publish", exact=True)).to_be_disabled()
    olga.get_by_role("button", name="Ask for approval").click()
    robin.reload()
    expect(robin.get_by_text("250-555-0199").first).to_be_visible()
    assert violations(robin) == []
    robin.get_by_role("button", name="I have checked these numbers and approve them").click()
    expect(robin.get_by_text("and Robin approved it")).to_be_visible()
    olga.reload()
    expect(olga.get_by_role("button", name="Publish", exact=True)).to_be_enabled()


@pytest.mark.parametrize(("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
def test_every_page_of_the_office_is_accessible(open_office: OpenOffice, viewport: Any, scheme: Any) -> None:
    page = open_office(viewport=viewport, color_scheme=scheme)
    paths = ["/office", "/office/history"]
    paths += [str(link.get_attribute("href")) for link in page.locator(".office-pages a").all()]
    assert len(paths) > 15
    found = []
    for path in paths:
        page.goto(path)
        page.evaluate("scrollTo(0, document.body.scrollHeight)")  # the bar to save covers nothing here
        found += [f"{path}: {violation}" for violation in violations(page)]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.goto("/office/contact")
    meanwhile = open_office(path="/office/contact")
    meanwhile.get_by_label("Your clinic's name").fill("Theirs")
    meanwhile.get_by_role("button", name="Save").click()
    expect(meanwhile.get_by_role("status").first).to_contain_text("Saved")
    page.get_by_label("Your clinic's name").fill("Mine")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody else changed the same")
    found += violations(page)
    page.goto("/office/history")
    found += violations(page)
    assert found == []
