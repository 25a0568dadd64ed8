"""What the chat window costs a visitor: bytes and requests, as a browser meets them."""

from __future__ import annotations

from playwright.sync_api import Response

from tests.browser.conftest import OpenChat, Site

LIMIT = 30 * 1024
OURS = ("/widget", "/api/")


def test_it_arrives_in_three_requests_of_thirty_kilobytes_and_the_next_page_asks_for_nothing(
    open_chat: OpenChat, site: Site
) -> None:
    chat = open_chat("/health")
    asked: list[Response] = []
    chat.page.on("response", lambda given: asked.append(given) if any(part in given.url for part in OURS) else None)
    chat.page.goto("/")
    chat.launcher.wait_for()
    names = [given.url.removeprefix(site.url).partition("?")[0].partition(".")[0] for given in asked]
    assert names == ["/widget", "/widget/element", "/api/widget"]
    assert all(given.headers.get("content-encoding") == "gzip" for given in asked)
    sizes = [given.request.sizes() for given in asked]
    assert sum(size["responseBodySize"] for size in sizes) <= LIMIT
    assert "immutable" in asked[1].headers["cache-control"]
    chat.page.goto("/answers")
    chat.launcher.wait_for()
    paid = chat.page.evaluate("""() => performance.getEntriesByType('resource')
        .filter(({name}) => /\\/(widget|api\\/)/.test(name)).map(({transferSize}) => transferSize)""")
    assert len(paid) == 3 and sum(paid) == 0, "all of it was kept"
