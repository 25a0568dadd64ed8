"""The words and looks of the chat window: `GET /api/widget?language=fr` gives the page what it needs to draw itself."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from knowledge import Knowledge
from knowledge.interface import DEFAULT_LANGUAGE

Json = dict[str, Any]


def window_settings(knowledge: Knowledge, language: str, message_limit: int) -> Json:
    """Texts with the clinic's facts in them (English where none fits), theme colours, the emergency number, whether a
    patient has to agree first and for how long a chat is kept, how long a message may be, and the questions to suggest
    while somebody types.
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
        "message_limit": message_limit,
        "topics": [topic.title for topic in knowledge.topics.values()],
    }


def routes(knowledge: Knowledge, message_limit: int) -> list[Route]:
    """The one route of the chat window's settings."""

    async def widget(request: Request) -> Response:
        language = request.query_params.get("language", DEFAULT_LANGUAGE)
        return JSONResponse(
            window_settings(knowledge, language, message_limit), headers={"Cache-Control": "public, max-age=300"}
        )

    return [Route("/api/widget", widget)]
