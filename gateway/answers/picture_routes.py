"""The pictures under answers: what the chat is told of one, and the drawings themselves at `/pictures/<id>.svg`."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.web.error_replies import Refused
from gateway.web.templates import FRESH
from knowledge import Knowledge
from knowledge.pictures import Picture

Json = dict[str, Any]


def shown(knowledge: Knowledge, picture: Picture) -> Json:
    """What stands in the body of an answer: title and words, and where the drawing is, or the table itself."""
    about: Json = {"id": picture.id, "title": picture.title}
    if picture.table:
        return {**about, "table": {"columns": picture.table.columns, "rows": picture.table.rows}}
    return {
        **about,
        "image": address(picture),
        "words": knowledge.fill(picture.words),
        "parts": [{"part": part, "label": label, "ask": ask} for part, label, ask in questions(knowledge, picture)],
    }


def address(picture: Picture) -> str:
    """Where the drawing is on this server. It has another address after each change."""
    return f"/pictures/{picture.id}.svg?{picture.version}"


def questions(knowledge: Knowledge, picture: Picture) -> list[tuple[str, str, str]]:
    """The parts of the body in the drawing: id, name, and the question about each."""
    names = knowledge.conditions.body_parts
    return [(part, names[part].name, picture.ask.format(part=names[part].name)) for part in picture.parts]


def routes(knowledge: Knowledge) -> list[Route]:
    """The one route of the drawings."""
    drawings = {
        picture.id: picture.svg(knowledge.fill(picture.words))
        for picture in knowledge.pictures.values()
        if picture.drawing
    }

    async def drawing(request: Request) -> Response:
        if (svg := drawings.get(request.path_params["id"])) is None:
            raise Refused.because("not_found")
        return Response(svg, media_type="image/svg+xml", headers=FRESH)

    return [Route("/pictures/{id}.svg", drawing)]
