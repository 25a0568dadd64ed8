"""The chat window as one file."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from gateway.web.bundle import bundle
from tests.gateway.conftest import Gateway


def written(folder: Path, **modules: str) -> Path:
    for name, source in modules.items():
        (folder / f"{name}.js").write_text(source, "utf-8")
    return folder


def test_each_module_stands_once_and_before_those_that_need_it(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        top='import { left } from "./left.js";\nimport { right } from "./right.js";\nexport const both = right;\n',
        left='import { low } from "./low.js";\n\n/* A remark\n   of two lines. */\nexport const left = low;\n',
        right='import { low } from "./low.js";\nexport const right = low;\n',
        low='export const low = "a // b"; // a remark\n',
    )
    text = bundle(folder, "top").text
    assert [text.count(f"const ${name} =") for name in ("low", "left", "right", "top")] == [1, 1, 1, 1]
    assert text.index("$low =") < text.index("$left =") < text.index("$top =")
    assert '"a // b"' in text and "remark" not in text and text.rstrip().endswith("export const { both } = $top;")


def test_modules_that_import_each_other_are_refused(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        a='import { b } from "./b.js";\nexport const a = 1;\n',
        b='import { a } from "./a.js";\nexport const b = 1;\n',
    )
    with pytest.raises(ValueError, match="a > b > a"):
        bundle(folder, "a")


def test_the_name_changes_with_what_is_in_it(tmp_path: Path) -> None:
    first = bundle(written(tmp_path, top="export const it = 1;\n"), "top").name
    assert bundle(tmp_path, "top").name == first
    assert bundle(written(tmp_path, top="export const it = 2;\n"), "top").name != first


def test_nothing_of_the_window_is_left_out_of_its_file() -> None:
    folder = Path("gateway/static/widget")
    text = bundle(folder, "element").text
    for file in folder.glob("*.js"):
        assert f"const ${file.stem} = (" in text, f"{file.name} is used by nothing"
    assert not re.search(r"^(import|export) (?!const \{ define \})", text, re.MULTILINE)


async def test_the_file_is_packed_kept_for_ever_and_served_beside_its_sources(gateway: Gateway) -> None:
    loader = await gateway.client.get("/widget.js")
    name = re.search(r"widget/(element\.\w+\.js)", loader.text)
    assert name and "{" + "home}" not in loader.text
    packed = await gateway.client.get(f"/widget/{name[1]}", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "immutable" in packed.headers["cache-control"]
    assert len(gzip.compress(packed.content, 9)) < 30 * 1024
    old = await gateway.client.get("/widget/element.0123456789ab.js")
    assert old.text == packed.text, "a page with an older loader gets a window, too"
    assert "immutable" not in old.headers["cache-control"]
    source = await gateway.client.get("/widget/conversation.js")
    assert source.text == Path("gateway/static/widget/conversation.js").read_text("utf-8")


def test_code_between_two_remarks_stays(tmp_path: Path) -> None:
    source = "/* one */ const a = 1;\nconst b = 2; /* two */\n\n/* three */\nexport const both = a + b;\n"
    text = bundle(written(tmp_path, top=source), "top").text
    assert "const a = 1" in text and "const b = 2" in text and "three" not in text
