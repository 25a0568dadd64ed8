"""Teaches as docs/trainers.md says, in a browser, up to the live answer: clicks and seconds of each part.

usage: python -m benchmarks.studio.walk [--pictures]
In a folder that is thrown away, `ims run` serves a copy of the model in use with its data; patients asked what nobody
has an answer for. `--pictures` takes the pictures of docs/trainers.md on the way. Seconds are the machine's: letters
are counted, not waited for.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.bench import free_port
from benchmarks.screenshots import DESKTOP, PHONE, take
from benchmarks.studio.installations import model_in_use
from environments.setup import ROOT
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.support.processes import START, eventually
from tests.support.teaching import (
    PEOPLE,
    Answer,
    Hands,
    add_people,
    ask_in_vain,
    group,
    in_a_thread,
    publish,
    sign,
    sign_in,
    teach_as_new_topic,
    teach_as_suggested,
)

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


@contextmanager
def assistant(folder: Path) -> Iterator[str]:
    """The address of a running assistant with a copy of the model in use; what it prints goes to a file."""
    ours, manifest, edition = model_in_use()
    shutil.copytree(edition.parent, folder, dirs_exist_ok=True)
    shutil.copytree(edition.parent, folder / "models" / manifest.name)
    for name in (manifest.file, f"{manifest.name}.json", "manifest.json", "used.txt"):
        shutil.copy(ours.folder / name, folder / "models" / name)
    shutil.copytree(ours.settings.var / "secrets", folder / "var" / "secrets")  # with which the model was signed
    port, engine = free_port(), free_port()
    own = {"IMS_PORT": str(port), "IMS_ENGINE_URL": f"http://127.0.0.1:{engine}", "PYTHONPATH": str(ROOT)}
    url = f"http://127.0.0.1:{port}"
    with (folder / "screen.txt").open("wb") as screen:
        command = [sys.executable, "-m", "gateway.cli", "run", "--no-train"]
        run = subprocess.Popen(command, cwd=folder, env={**os.environ, **own}, stdout=screen, stderr=screen)
        try:
            eventually(lambda: httpx.get(f"{url}/ready").status_code == 200, 3 * START)
            yield url
        finally:
            run.terminate()
            run.wait(60)


def live(address: str, message: str) -> dict[str, str]:
    """What a patient gets for a message."""
    sent = {"sender": "walk", "message": message}
    reply = httpx.post(f"{address}/webhooks/rest/webhook", json=sent, timeout=60).json()[0]
    return {"kind": reply["custom"]["kind"], "text": reply["text"]}


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
    one_click = told(teach_as_suggested(kim, "marathon"))

    def seen(name: str) -> None:
        expect(kim.locator("#examples-check")).not_to_contain_text("more are needed", timeout=120_000)
        kim.evaluate("scrollTo(0, 0)")
        picture(kim, name)

    new_topic = told(teach_as_new_topic(kim, "husband", COMPANY, seen if pictures else lambda name: None))
    robin = signed_in("robin", "/studio")
    picture(robin, "overview")
    signature = told(sign(robin, COMPANY.title, "2027-05-21"))
    robin.locator("#signature").scroll_into_view_if_needed()
    picture(robin, "signed")
    robin.get_by_role("link", name="History").click()
    picture(robin, "history")
    published = told(publish(robin))
    picture(robin, "publish")
    picture(signed_in("kim", "/studio/topics/soreness", PHONE), "phone")
    return {
        "seconds until the groups are there": round(ready, 1),
        "a group to an example of the suggested topic": one_click,
        "a group to a saved topic of its own": new_topic,
        "its signature": signature,
        "publishing, until it is live": published,
        "what a patient then gets": live(address, ASKED[4]),
    }


def told(hands: Hands) -> dict[str, float]:
    """What it took until now."""
    return {"clicks": hands.clicks, "letters": hands.letters, "seconds": round(hands.seconds, 1)}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pictures", action="store_true", help="take the pictures of docs/trainers.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, assistant(Path(name)) as address:
        database = f"sqlite:///{Path(name) / 'var' / 'ims.sqlite3'}"
        in_a_thread(lambda: add_people(database, PEOPLE))
        in_a_thread(lambda: ask_in_vain(database, ASKED))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
            print(json.dumps(walked(browser, address, options.pictures), indent=1))
            browser.close()


if __name__ == "__main__":
    main()
