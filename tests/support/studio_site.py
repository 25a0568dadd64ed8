"""A studio for tests: a small data/ folder that may be spoilt, people with roles, and a small encoder."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from zlib import crc32

import httpx
import numpy as np

from gateway.staff.accounts import Accounts
from gateway.studio.workplace import Workplace
from knowledge import normalise
from tests.gateway.conftest import NOW, Gateway, Start
from tests.knowledge.conftest import HUMAN, Data
from tests.support.staff import BASE, Browser, browser, ready

HTML = {"accept": "text/html"}
COPIED = ("coverage.yml", "studio.yml", "lexicon/spelling.yml", "lexicon/personal.yml")
TITLE = "Will I be sore?"


def encode(texts: Sequence[str]) -> Any:
    """Texts that share words are alike."""
    rows = np.zeros((len(texts), 256), np.float32)
    for row, text in zip(rows, texts, strict=True):
        for word in normalise(text).split():
            row[crc32(word.encode()) % 256] += 1
        row /= max(1.0, float(np.linalg.norm(row)))
    return rows


def small_data(folder: Path) -> Data:
    """Two topics, soreness and human, with all that the studio reads besides."""
    data = Data(folder)
    for name in COPIED:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(Path("data") / name, folder / name)
    return data


def with_facts(data: Data) -> None:
    """The same with what is said and asked about the clinic."""
    for name in ("clinic_fields.yml", "wording.yml"):
        shutil.copy(Path("data") / name, data.folder / name)
    data.write(
        "answers/hours_location.yml",
        HUMAN.replace("human", "hours_location").replace("let me talk to person", "open on"),
    )


@dataclass
class Studio:
    """A running gateway with the studio, and the files that it edits."""

    gateway: Gateway
    data: Data
    people: Accounts

    @property
    def work(self) -> Workplace:
        return self.gateway.app.state.studio

    async def person(self, login: str, *roles: str) -> Browser:
        """Somebody who is signed in."""
        await ready(self.people, login, *(roles or ("trainer",)))
        here = browser(self.gateway)
        assert (await here.login(login)).status_code == 303
        return here

    def file(self, name: str = "soreness") -> str:
        return (self.data.folder / "answers" / f"{name}.yml").read_text("utf-8")


@asynccontextmanager
async def studio_at_work(start: Start, folder: Path) -> AsyncIterator[Studio]:
    data = small_data(folder / "data")
    async with start(data=data.folder, var=folder / "var") as gateway:
        yield Studio(gateway, data, Accounts(gateway.store._database, lambda: NOW))


async def page(person: Browser, path: str, status: int = 200) -> str:
    """The text of a page."""
    reply = await person.client.get(path, headers=HTML)
    assert reply.status_code == status, reply.text
    return reply.text


FIELD = re.compile(
    r"<input (?P<input>[^>]*)>|<textarea (?P<area>[^>]*)>(?P<text>.*?)</textarea>"
    r"|<select (?P<select>[^>]*)>(?P<options>.*?)</select>",
    re.S,
)


def form_fields(text: str) -> list[tuple[str, str]]:
    """The fields of the editor's form, as a browser would send them."""
    form = text[text.index('id="edit"') : text.index("</form>", text.index('id="edit"'))]
    sent = []
    for found in FIELD.finditer(form):
        attributes = found["input"] or found["area"] or found["select"]
        name = re.search(r'name="(\w+)"', attributes)
        assert name
        if found["input"]:
            value = re.search(r'value="([^"]*)"', attributes)
            sent.append((name[1], value[1] if value else ""))
        elif found["area"]:
            sent.append((name[1], found["text"]))
        else:
            chosen = re.search(r'<option value="([^"]*)" selected', found["options"])
            sent.append((name[1], chosen[1] if chosen else ""))
    return [(name, unescape(value)) for name, value in sent]


async def save(person: Browser, shown: str, **changes: str) -> httpx.Response:
    """Change fields of an opened editor and save it, as a browser does."""
    fields: dict[str, list[str]] = {}
    for name, value in form_fields(shown):
        fields.setdefault(name, []).append(changes.pop(name, value))
    fields.update({name: [value] for name, value in changes.items()})
    return await person.client.post("/studio/topics/soreness", data=fields, headers={"origin": BASE, **HTML})
