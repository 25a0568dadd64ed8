"""The chat on pages that it was not made for, served from another origin than the gateway."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE, OpenChat, Site

TAG = '<script src="{chat}/widget.js" async></script>'
HOSTILE = """<!doctype html><html lang="en"><head><title>Hostile reset</title><style>
html { font-size: 62.5%; } body { transform: translateZ(0); min-height: 3000px; }
* { all: unset; display: block !important; position: static !important; color: #eee !important; font: 40px fantasy !important;
    letter-spacing: 1em !important; float: left !important; width: 30px !important; opacity: .3 !important; text-transform: uppercase; }
</style>{tag}</head><body><p>Hello</p></body></html>"""  # noqa: E501
STRICT = """<!doctype html><html lang="en"><head><title>Strict</title>{tag}</head>
<body><h1>Strict policy</h1></body></html>"""
OLD = """<html><head><title>Old page</title>{tag}<script>
Array.prototype.last = function () { return this[this.length - 1]; };
Object.prototype.extend = function () {};
window.$ = window.jQuery = function (what) { return { ready: function (call) { setTimeout(call, 0); return this; }, click: function () { return this; } }; };
$(document).ready(function () { document.onkeydown = function (event) { if (event.keyCode === 13) return true; }; });
</script></head><body bgcolor="white"><table width="100%"><tr><td><font face="Arial">Welcome</font></td></tr></table></body></html>"""  # noqa: E501
POLICY = (
    "default-src 'none'; script-src {chat}; connect-src {chat}; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


@pytest.fixture
def hosts(site: Site, host_port: int) -> Iterator[str]:
    """A server of another origin with the three pages."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = {"/hostile": HOSTILE, "/strict": STRICT, "/old": OLD}.get(self.path)
            self.send_response(200 if page else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if self.path == "/strict":
                self.send_header("Content-Security-Policy", POLICY.replace("{chat}", site.url))
            self.end_headers()
            self.wfile.write((page or "").replace("{tag}", TAG).replace("{chat}", site.url).encode())

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", host_port), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{host_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("host", ["hostile", "strict", "old"])
def test_it_works_and_looks_as_it_should(
    open_chat: OpenChat, hosts: str, site: Site, host: str, viewport: dict[str, int]
) -> None:
    chat = open_chat(f"/{host}", at=hosts, viewport=viewport)
    asked: list[str] = []
    chat.page.on("request", lambda request: asked.append(request.url))
    chat.open()
    expect(chat.ask("am i sore")).to_contain_text("A deep ache")
    box = chat.panel.bounding_box()
    assert box and box["width"] >= 390 and box["x"] + box["width"] <= viewport["width"] and box["height"] >= 600
    style = chat.replies.last.locator("p").first.evaluate(
        "it => [getComputedStyle(it).fontSize, getComputedStyle(it).letterSpacing, getComputedStyle(it).textTransform]"
    )
    assert style == ["16px", "normal", "none"]
    assert all(url.startswith((site.url, hosts)) for url in asked), "nothing is asked of anybody else"
    chat.page.keyboard.press("Escape")
    expect(chat.launcher).to_be_in_viewport()
