"""The clinic's logo: what an owner uploads is made safe, looked at, published, and shown to patients."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from gateway.office.logo import KEPT, made_safe, put
from gateway.studio.errors import StudioError
from knowledge import Knowledge
from knowledge.logo import UnsafeLogo, read_logo, safe_svg
from knowledge.problems import Problem
from tests.gateway.conftest import Start
from tests.gateway.test_office import HERE, Office, office
from tests.support.shipped import shipped_knowledge
from tests.support.staff import BASE, Browser
from tests.support.studio_site import HTML, page

__all__ = ["office"]
LOGO = f"{HERE}/logo"
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle r="4" fill="#123456"/></svg>'


def painted(kind: str = "PNG", width: int = 600, height: int = 300, **more: object) -> bytes:
    written = BytesIO()
    Image.new("RGB", (width, height), "#1f6f5c").save(written, kind, **more)
    return written.getvalue()


async def upload(person: Browser, content: bytes, name: str = "logo.png") -> httpx.Response:
    fields = {"csrf": await person.token(LOGO)}
    headers = {"origin": BASE, **HTML}
    return await person.client.post(LOGO, data=fields, files={"file": (name, content)}, headers=headers)


# what is kept of a file


def test_a_picture_is_drawn_anew_and_keeps_nothing_but_its_pixels() -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    sent = painted("JPEG", exif=exif, comment=b"secret")
    assert b"taken at home" in sent
    name, kept = made_safe(sent)
    assert name == "logo.png" and b"taken at home" not in kept and b"secret" not in kept
    with Image.open(BytesIO(kept)) as picture:
        assert picture.format == "PNG" and picture.size == (KEPT, KEPT // 2)


def test_what_a_file_is_decides_and_not_what_it_is_called() -> None:
    assert made_safe(DRAWING)[0] == "logo.svg"
    assert made_safe(painted("PNG"))[0] == "logo.png"
    for other in (painted("GIF"), painted("BMP"), b"MZ\x90", b"<html><script>1</script></html>", b""):
        with pytest.raises(StudioError):
            made_safe(other)


@pytest.mark.parametrize(
    "wrong", [painted(width=20, height=20), painted(width=7000, height=40), painted() + b"0" * 900_000, painted()[:90]]
)
def test_a_picture_that_is_too_small_too_big_or_cut_off_is_refused(wrong: bytes) -> None:
    with pytest.raises(StudioError, match="What to do"):
        made_safe(wrong)


@pytest.mark.parametrize(
    "harm",
    [
        "<script>alert(1)</script>",
        '<rect width="9" height="9" onload="alert(1)" onclick="alert(1)"/>',
        '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><iframe src="https://evil.example"/></body></foreignObject>',
        '<image href="https://evil.example/pixel.png" width="1" height="1"/>',
        '<use xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="https://evil.example/a.svg#b"/>',
        '<a href="javascript:alert(1)"><circle r="1"/></a>',
        "<style>@import url(https://evil.example/a.css);</style>",
        "<style>circle { fill: u\\72l(https://evil.example) }</style>",
        '<rect fill="url(https://evil.example#a)" style="background: url(//evil.example)"/>',
        '<animate attributeName="href" to="javascript:alert(1)"/>',
        '<set attributeName="onload" to="alert(1)"/>',
    ],
)
def test_nothing_in_a_drawing_runs_or_loads(harm: str) -> None:
    kept = safe_svg(DRAWING.replace(b"<circle", harm.encode() + b"<circle"))
    assert b"evil.example" not in kept and b"alert" not in kept and b"<circle" in kept
    assert safe_svg(kept) == kept, "so that the same drawing passes the check of the data"


def test_a_drawing_keeps_its_colours_and_what_it_uses_of_itself() -> None:
    own = (
        b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
        b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">'
        b"<style>.a { fill: #123456 }</style><defs><linearGradient id='g'><stop offset='0'/></linearGradient></defs>"
        b"<path class='a' d='M0 0h9'/><rect fill='url(#g)'/><use xlink:href='#g'/></svg>"
    )
    kept = safe_svg(own)
    for part in (b"#123456", b"url(#g)", b'xlink:href="#g"', b"linearGradient"):
        assert part in kept


@pytest.mark.parametrize(
    "bad",
    [
        b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg">&b;</svg>',
        b'<svg xmlns="http://www.w3.org/2000/svg"><g></svg>',
        b"<svg><circle/></svg>",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
        b'\xff\xfe<svg xmlns="http://www.w3.org/2000/svg"><circle/></svg>',
    ],
)
def test_a_drawing_that_cannot_be_made_safe_is_refused(bad: bytes) -> None:
    with pytest.raises(UnsafeLogo):
        safe_svg(bad)


def test_a_logo_put_there_by_hand_is_held_to_the_same(tmp_path: Path) -> None:
    problems: list[Problem] = []
    assert read_logo(tmp_path, problems) is None and problems == []
    (tmp_path / "logo.svg").write_bytes(DRAWING.replace(b"<circle", b"<script>1</script><circle"))
    assert read_logo(tmp_path, problems) is None
    (tmp_path / "logo.svg").write_bytes(safe_svg(DRAWING))
    (tmp_path / "logo.png").write_bytes(b"GIF89a")
    assert read_logo(tmp_path, problems)
    assert [each.message for each in problems] == [
        "the logo holds something that could run or load",
        "there are two logos",
    ]


def test_a_new_logo_takes_the_place_of_the_other(tmp_path: Path) -> None:
    for content, name in ((DRAWING, "logo.svg"), (painted(), "logo.png")):
        put(tmp_path, made_safe(content))
        assert [file.name for file in tmp_path.iterdir()] == [name]
    put(tmp_path, None)
    assert list(tmp_path.iterdir()) == []


# from the office to patients


async def test_a_logo_is_uploaded_seen_published_and_taken_away(office: Office) -> None:
    olga = await office.owner()
    assert "no logo here yet" in await page(olga, LOGO)
    assert (await upload(olga, DRAWING, "logo.png")).headers["location"] == f"{HERE}?saved=logo"
    shown = await page(olga, HERE)
    assert "is not the one that patients see" in shown and "Saved: Logo" in await page(olga, f"{HERE}?saved=logo")
    seen = await olga.client.get(f"{LOGO}/picture")
    assert seen.headers["content-type"] == "image/svg+xml" and b"<circle" in seen.content
    assert "sandbox" in seen.headers["content-security-policy"]
    assert (await olga.post(f"{HERE}/publish", HERE)).status_code == 303
    models = office.site.models
    manifest = models.in_use()
    assert manifest and read_logo(models.data_of(manifest) or Path(), [])
    assert "Everything here is live." in await page(olga, HERE)
    await olga.post(LOGO, LOGO, remove="1")
    assert "is not the one that patients see" in await page(olga, HERE)


async def test_what_cannot_be_used_is_said_and_nothing_is_kept(office: Office) -> None:
    olga = await office.owner()
    reply = await upload(olga, b"MZ\x90\x00")
    assert reply.status_code == 400 and "not a PNG, JPEG or SVG picture" in reply.text
    assert not list(office.studio.data.folder.glob("logo.*"))


async def test_only_the_owner_uploads_one(office: Office) -> None:
    robin = await office.studio.person("robin", "clinical_reviewer")
    assert (await robin.client.get(LOGO)).status_code == 403
    assert (await robin.client.get(f"{LOGO}/picture")).status_code == 403


@pytest.fixture
async def with_logo(start: Start, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    put(tmp_path, made_safe(DRAWING))
    logo = read_logo(tmp_path, [])
    known: Knowledge = shipped_knowledge()
    async with start(knowledge=replace(known, logo=logo)) as gateway:
        yield gateway.client


async def test_patients_see_it_in_the_window_and_on_the_pages(with_logo: httpx.AsyncClient) -> None:
    told = (await with_logo.get("/api/widget")).json()["logo"]
    assert told in (await with_logo.get("/answers")).text
    there = await with_logo.get(told)
    assert there.content == safe_svg(DRAWING) and "immutable" in there.headers["cache-control"]
    assert "sandbox" in there.headers["content-security-policy"]
    assert "immutable" not in (await with_logo.get("/logo?older")).headers["cache-control"]


async def test_without_a_logo_there_is_none(start: Start) -> None:
    async with start() as gateway:
        assert (await gateway.client.get("/api/widget")).json()["logo"] == ""
        assert (await gateway.client.get("/logo")).status_code == 404
