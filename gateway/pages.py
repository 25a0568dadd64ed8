"""The pages: the demo clinic at `/`, and the files that it loads. Without templates (not built yet), a plain 404."""

from __future__ import annotations

from pathlib import Path

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from gateway.problems import Refused
from knowledge import Knowledge

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"


def routes(knowledge: Knowledge, templates: Path = TEMPLATES, static: Path = STATIC) -> list[BaseRoute]:
    """The routes of the pages. Templates get `clinic`, `wording(key)` and `topics`."""
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates), autoescape=True, undefined=jinja2.StrictUndefined
    )
    pages.globals.update(clinic=knowledge.clinic, wording=knowledge.wording, topics=knowledge.topics)

    async def home(request: Request) -> Response:
        try:
            page = pages.get_template("index.html")
        except jinja2.TemplateNotFound:
            return Refused.because("not_found").response()
        return HTMLResponse(page.render(), headers={"Cache-Control": "no-cache"})

    return [
        Route("/", home),
        Mount("/static", StaticFiles(directory=static, check_dir=False), name="static"),
    ]
