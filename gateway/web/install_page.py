"""`/install`: the line that puts the chat on a website, where each website builder wants it, and whether a website that
is typed in may show the chat.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from gateway.web.templates import FRESH, environment
from gateway.web.typed import clean
from knowledge import Knowledge

PLACES = ("wordpress", "squarespace", "wix", "shopify", "tag_manager", "other")
ADDRESS = re.compile(r"(https?)://([a-z0-9-]+(?:\.[a-z0-9-]+)+)(:\d{1,5})?(?:/.*)?")


def routes(knowledge: Knowledge, origins: Collection[str], public_url: str) -> list[Route]:
    """The one route of the page; `origins` may show the chat."""
    templates = environment()

    async def install(request: Request) -> Response:
        """The line that puts the chat on a website, and whether a website may show it."""
        typed = clean(request.query_params.get("site", ""))[:200].strip()
        home = public_url.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"
        page = templates.get_template("install.html").render(
            wording=knowledge.wording,
            typed=typed,
            told=told(knowledge, origins, typed) if typed else [],
            tag=f'<script src="{home}/widget.js" async></script>',
            places=[
                (knowledge.wording(f"install_{place}_name"), knowledge.wording(f"install_{place}")) for place in PLACES
            ],
        )
        return HTMLResponse(page, headers=FRESH)

    return [Route("/install", install)]


def told(knowledge: Knowledge, origins: Collection[str], typed: str) -> list[str]:
    """What to do for a website, in words."""
    address = typed.lower() if "://" in typed else f"https://{typed.lower()}"
    match = ADDRESS.fullmatch(address)
    if not match:
        return [knowledge.wording("install_no_address")]
    scheme, name, port = match[1], match[2], match[3] or ""
    if scheme == "http":
        return [knowledge.wording("install_http")]
    # People reach most sites with and without www, and a browser takes these for two.
    other = name.removeprefix("www.") if name.startswith("www.") else f"www.{name}"
    lines = []
    for site in (f"https://{name}{port}", f"https://{other}{port}"):
        key = "install_allowed" if site in origins else "install_missing"
        lines.append(knowledge.wording(key, site=site))
    return lines
