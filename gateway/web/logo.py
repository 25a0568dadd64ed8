"""The clinic's logo at `/logo`. It stands in pictures only; opened by itself, it can run and load nothing either."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.web.error_replies import Refused
from gateway.web.site import FOR_EVER
from gateway.web.templates import FRESH
from knowledge import Knowledge
from knowledge.logo import Logo

ALONE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}


def address(logo: Logo | None) -> str:
    """Where it is on this server; another address after each change, nothing without a logo."""
    return f"/logo?{logo.version}" if logo else ""


def picture(logo: Logo, headers: Mapping[str, str]) -> Response:
    """It as a reply."""
    return Response(logo.content, media_type=logo.media, headers={**headers, **ALONE})


def routes(knowledge: Knowledge) -> list[Route]:
    """The one route of it."""

    async def logo(request: Request) -> Response:
        if knowledge.logo is None:
            raise Refused.because("not_found")
        now = request.url.query == knowledge.logo.version
        return picture(knowledge.logo, FOR_EVER if now else FRESH)

    return [Route("/logo", logo)]
