"""Teaches as docs/trainers.md says, in a browser, and counts clicks and seconds: `python -m benchmarks.studio.walk`.

A copy of data/ is taught with the real encoder; three patients asked what nobody has an answer for. `--pictures`
takes the pictures of docs/trainers.md on the way. Seconds are the machine's: letters are counted, not waited for.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.screenshots import DESKTOP, PHONE, take
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.teaching import (
    PEOPLE,
    Answer,
    Hands,
    add_people,
    ask_in_vain,
    group,
    in_a_thread,
    sign,
    sign_in,
    teach_as_new_topic,
    teach_as_suggested,
)
from tests.gateway.processes import START, Processes, eventually

ASKED = [
    "my leg feels like i ran a marathon since yesterday, ok?",
    "feels like I ran a marathon since yesterday",
    "my leg feels like after a marathon since yesterday",
    "can my husband sit with me in the room",
    "is it ok if my husband sits in the room with me",
    "can my sister sit with me in the treatment room",
    "do you have wifi",
]
COMPANY = Answer(
    "Can somebody stay with me?",
    [
        *("can i bring someone", "bring a friend", "can my wife come in with me", "my mom wants to be there"),
        *("is company allowed", "can someone hold my hand", "may my partner stay in the room?"),
        *("can my daughter stay with me during it", "i dont want to be alone in there", "are visitors allowed"),
        *("can my caregiver come in", "i need my interpreter next to me", "could a friend translate for me"),
        *("support person ok", "companion", "who can be in the room w me", "can i have sombody with me"),
        *("can we come as two", "does my husband have to wait outside", "can my son watch"),
        *("My anxiety is bad and I would feel safer if my sister was next to me the whole time. Is that possible?",),
        *("do i have to go in alone", "can i bring a person for support", "room for one more?", "with my girlfriend?"),
        *("I had a bad time at the dentist once, so can my friend please sit beside me while you do it?",),
    ],
    "Yes, one person may stay with you. Tell the front desk before your visit: {clinic_phone}.",
    "Yes, one person may stay with you. Tell the front desk before your visit: {clinic_phone}.\n\n"
    "- They sit at the side while you are treated.\n- Tell us if they help you to talk or to move.",
    "Safety guidance for dry needling, gathered from published sources",
)


class Clinic(Processes):
    """A gateway on a copy of the data."""

    def start_gateway(self) -> None:
        self._start("gateway", module="tests.gateway.serve_fakes")
        eventually(lambda: httpx.get(f"{self.url}/health").status_code == 200, 3 * START)


def walked(browser: Browser, address: str, pictures: bool) -> dict[str, Any]:
    """Do the walk; clicks, letters and seconds of each part."""

    def signed_in(login: str, path: str, look: dict[str, Any] = DESKTOP) -> Page:
        context = browser.new_context(base_url=address, reduced_motion="reduce", locale="en-CA", **look)
        return sign_in(context.new_page(), login, path)

    def picture(page: Page, name: str) -> None:
        if pictures:
            take(page, f"studio-{name}")

    kim = signed_in("kim", "/studio/inbox")
    began = time.monotonic()
    expect(group(kim, "husband")).to_be_visible(timeout=300_000)
    ready = time.monotonic() - began
    picture(kim, "inbox")
    one_click = teach_as_suggested(kim, "marathon")

    def seen(name: str) -> None:
        expect(kim.locator("#examples-check")).not_to_contain_text("more are needed", timeout=120_000)
        kim.evaluate("scrollTo(0, 0)")
        picture(kim, name)

    new_topic = teach_as_new_topic(kim, "husband", COMPANY, seen if pictures else lambda name: None)
    robin = signed_in("robin", "/studio")
    picture(robin, "overview")
    signature = sign(robin, COMPANY.title, "2027-05-21")
    robin.locator("#signature").scroll_into_view_if_needed()
    picture(robin, "signed")
    robin.get_by_role("link", name="History").click()
    picture(robin, "history")
    picture(signed_in("kim", "/studio/topics/soreness", PHONE), "phone")
    return {
        "seconds until the groups are there": round(ready, 1),
        "a group to an example of the suggested topic": told(one_click),
        "a group to a saved topic of its own": told(new_topic),
        "its signature": told(signature),
    }


def told(hands: Hands) -> dict[str, float]:
    return {"clicks": hands.clicks, "letters": hands.letters, "seconds": round(hands.seconds, 1)}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pictures", action="store_true", help="take the pictures of docs/trainers.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        shutil.copytree("data", here / "data")
        (here / "var" / "studio").mkdir(parents=True)
        for kept in Path("var/studio").glob("vectors-*.npz"):  # what was encoded here before
            shutil.copy(kept, here / "var" / "studio")
        if Path("var/secrets").is_dir():  # with which the model was signed
            shutil.copytree("var/secrets", here / "var" / "secrets")
        os.environ["IMS_DATA"] = str(here / "data")
        clinic = Clinic(here / "var", output=here / "output.txt")
        clinic.start_gateway()
        try:
            database = f"sqlite:///{here / 'var' / 'ims.sqlite3'}"
            in_a_thread(lambda: add_people(database, PEOPLE))
            in_a_thread(lambda: ask_in_vain(database, ASKED))
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
                print(json.dumps(walked(browser, clinic.url, options.pictures), indent=1))
                browser.close()
        finally:
            clinic.close()


if __name__ == "__main__":
    main()
