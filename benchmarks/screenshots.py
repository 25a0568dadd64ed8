"""Takes the pictures of docs/images/: the chat on a desktop and on a phone, from the real gateway and its real browser.

.venvs/gateway/bin/python -m benchmarks.screenshots [http://localhost:8000 [login password]]

With an account of the role `desk`, also those of the front desk.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM, Chat

IMAGES = Path("docs/images")
LIMIT = 150_000  # bytes of one picture
DESKTOP: dict[str, Any] = {"viewport": {"width": 1100, "height": 760}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 780},
    "device_scale_factor": 1.5,
    "is_mobile": True,
    "has_touch": True,
}
DARK = {**PHONE, "color_scheme": "dark"}


def closed(browser: Browser, address: str, look: dict[str, Any]) -> Chat:
    """A page with the chat closed in it."""
    context = browser.new_context(
        base_url=address, reduced_motion="reduce", locale="en-CA", timezone_id="America/Vancouver", **look
    )
    page = context.new_page()
    page.goto("/")
    return Chat(page)


def shown(browser: Browser, address: str, look: dict[str, Any]) -> Chat:
    """A page with the chat opened in it."""
    return closed(browser, address, look).open()


def take(page: Page, name: str, *ready: Locator) -> None:
    """Write the picture once everything in `ready` is there."""
    for part in ready:
        part.wait_for()
    page.wait_for_timeout(500)
    file = IMAGES / f"{name}.png"
    page.screenshot(path=file)
    with Image.open(file) as picture:  # flat colours: 128 of them look the same at a third of the size
        picture.convert("RGB").quantize(128).save(file, optimize=True)
    size = file.stat().st_size
    print(f"{file}  {size / 1000:.0f} kB")
    if size > LIMIT:
        raise SystemExit(f"{file} is larger than {LIMIT / 1000:.0f} kB")


def front_desk(browser: Browser, address: str, login: str, password: str) -> None:
    """The console, and what a patient sees of the person who has joined."""
    chat = shown(browser, address, PHONE)
    chat.ask("is it normal to be sore after")
    chat.ask("i take warfarin, can i have it")
    chat.button("Talk to a person").first.click()
    chat.button("Stop waiting for a person").wait_for()
    context = browser.new_context(base_url=address, **DESKTOP)
    desk = context.new_page()
    desk.goto("/desk")
    desk.get_by_label("Login").fill(login)
    desk.get_by_label("Password").fill(password)
    desk.get_by_label("Password").press("Enter")
    mine = desk.locator(f'li[data-chat="{chat.kept()["id"]}"] a')
    take(desk, "desk-queue", mine)
    phone = browser.new_context(base_url=address, storage_state=context.storage_state(), **PHONE).new_page()
    phone.goto("/desk")
    take(phone, "desk-phone", phone.locator("li[data-chat]").first)
    mine.click()
    desk.get_by_role("button", name="Take this chat").click()
    reply = desk.get_by_role("textbox", name="Reply to the patient")
    reply.fill(
        "Hello, please tell your physio about the warfarin before the first needle. Shall I book a time to talk?"
    )
    desk.get_by_role("button", name="Send", exact=True).click()
    desk.get_by_text("Sent.").wait_for()
    desk.evaluate("scrollTo(0, 0)")
    take(desk, "desk-chat")
    take(chat.page, "chat-person", chat.page.get_by_text("Shall I book a time to talk?"))


def main(address: str = "http://localhost:8000", login: str = "", password: str = "") -> None:
    """Take all pictures."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        for name, look in {"chat-desktop": DESKTOP, "chat-phone": PHONE, "chat-dark": DARK}.items():
            chat = shown(browser, address, look)
            take(chat.page, name, chat.ask("what does it feel like??"))
        chat = closed(browser, address, PHONE)
        take(chat.page, "chat-closed", chat.launcher)
        chat.launcher.click()
        take(chat.page, "chat-consent", chat.button("I agree, start the chat"))
        chat = shown(browser, address, PHONE)
        chat.input.press_sequentially("normal to be so")
        chat.input.press("ArrowDown")
        take(chat.page, "chat-suggestions", chat.page.get_by_role("option").first)
        chat.input.fill("")
        chat.page.route("**/messages", lambda route: route.fulfill(status=413, json={}))
        chat.write("Can I swim after a visit?")
        take(chat.page, "chat-failed", chat.button("Try again"))
        chat = shown(browser, address, PHONE)
        chat.page.route("**/messages", lambda route: route.fulfill(status=500, body=""))
        chat.write("Can I swim after a visit?")
        take(chat.page, "chat-error", chat.page.get_by_text("Something went wrong on our side").last)
        chat = shown(browser, address, PHONE)
        chat.button("Talk to a person").first.click()
        take(chat.page, "chat-waiting", chat.button("Stop waiting for a person"))
        chat = shown(browser, address, PHONE)
        chat.ask("can you check if it is safe for me")
        chat.button("None of these").click()
        chat.page.get_by_label("A skin infection").check()
        take(chat.page, "chat-cards", chat.button("Done"))
        chat = shown(browser, address, PHONE)
        take(chat.page, "chat-emergency", chat.ask("i have chest pain and cant breathe since my treatment"))
        pictures = {"needles": "how thick is the needle", "table": "is it the same as acupuncture"}
        pictures |= {"hours": "is it normal to be sore after", "body": "can it help my condition"}
        for name, question in pictures.items():
            chat = shown(browser, address, DARK if name == "hours" else PHONE)
            figure = chat.ask(question).locator("figure svg, figure table")
            figure.wait_for()
            figure.scroll_into_view_if_needed()
            take(chat.page, f"picture-{name}")
        chat = shown(browser, address, PHONE)
        chat.page.context.set_offline(True)
        chat.write("how often do I come?")
        take(chat.page, "chat-offline", chat.page.locator("ims-chat .unsent"))
        chat = shown(browser, address, DESKTOP)
        chat.ask("is it normal to be sore after")
        with chat.page.context.expect_page() as opened:
            chat.from_menu("My questions for my physio: opens a sheet to print")
        take(opened.value, "questions-sheet", opened.value.get_by_role("heading", name="Questions for my physio"))
        if login:
            front_desk(browser, address, login, password)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
