"""The words and looks of the chat window: `GET /api/widget?language=fr` gives the page what it needs to draw itself."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.answers.suggestions import suggestions
from gateway.web import logo
from gateway.web.site import SHORT, packed
from knowledge import Knowledge
from knowledge.interface import DEFAULT_LANGUAGE

Json = dict[str, Any]


def window_settings(knowledge: Knowledge, language: str, message_limit: int) -> Json:
    """Texts with the clinic's facts in them (English where none fits), theme colours, the emergency number, the
    clinic's logo and its mark (its first letter), the websites that staff may link to, whether a patient has to agree
    first and for how long a chat is kept, and how long a message may be.
    """
    english = knowledge.catalogues[DEFAULT_LANGUAGE]
    catalogue = knowledge.catalogue(language)
    return {
        "language": catalogue.code,
        "languages": {other.code: other.name for other in knowledge.catalogues.values()},
        "strings": {key: knowledge.fill_clinic(text) for key, text in {**english.strings, **catalogue.strings}.items()},
        "theme": dict(knowledge.clinic.theme),
        "emergency": knowledge.clinic.numbers.emergency,
        "consent_required": knowledge.clinic.consent_required,
        "retention_days": knowledge.clinic.retention_days,
        "sites": sorted(_sites(knowledge)),
        "logo": logo.address(knowledge.logo),
        "mark": knowledge.clinic.name[:1].upper(),
        "message_limit": message_limit,
    }


def _sites(knowledge: Knowledge) -> set[str]:
    """The websites that staff may link to: the clinic's own, and those that it names."""
    clinic = knowledge.clinic
    named = (clinic.booking_link, *clinic.website_origins, *clinic.facts.values())
    return {urlsplit(site).netloc for site in named if isinstance(site, str) and site.startswith("https://")}


def routes(knowledge: Knowledge, message_limit: int) -> list[Route]:
    """The routes of the chat window's settings, and of the questions that it suggests."""
    asked = cache(lambda: suggestions(knowledge))

    async def widget(request: Request) -> Response:
        """The words, colours and numbers of the chat window, in a language."""
        language = request.query_params.get("language", DEFAULT_LANGUAGE)
        return JSONResponse(window_settings(knowledge, language, message_limit), headers=SHORT)

    async def suggested(request: Request) -> Response:
        """The questions that the window can suggest, each with the words that people use for it."""
        return JSONResponse(await run_in_threadpool(asked), headers=SHORT)

    return [
        packed("/api/widget", widget),
        packed("/api/widget/suggestions", suggested),
    ]
