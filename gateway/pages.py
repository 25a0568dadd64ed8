"""The pages: the demo clinic at `/`, and the files that it and the chat window load."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import jinja2
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from knowledge import Knowledge, Topic

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
# Looked at again each time, which costs nothing if it is the same: after an update nobody has old and new mixed.
FRESH = {"Cache-Control": "no-cache"}


def routes(
    knowledge: Knowledge,
    withheld: Callable[[Topic], bool],
    templates: Path = TEMPLATES,
    static: Path = STATIC,
) -> list[BaseRoute]:
    """The routes of the pages. Templates get `clinic`, and what they show besides."""
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates), autoescape=True, undefined=jinja2.StrictUndefined
    )

    async def home(request: Request) -> Response:
        often = [
            {"name": topic.name, "title": topic.title, "short": knowledge.fill(topic.short)}
            for topic in central_topics(knowledge)
            if not withheld(topic)
        ]
        page = pages.get_template("demo.html").render(clinic=knowledge.clinic, wording=knowledge.wording, topics=often)
        return HTMLResponse(page, headers=FRESH)

    async def widget(request: Request) -> Response:
        return FileResponse(static / "widget.js", headers=FRESH)

    return [
        Route("/", home),
        Route("/widget.js", widget),
        Mount("/widget", _Files(directory=static / "widget", check_dir=False)),
        Mount("/static", _Files(directory=static, check_dir=False)),
    ]


def central_topics(knowledge: Knowledge, count: int = 6) -> list[Topic]:
    """The topics that most others refer to."""
    answers = {name: topic for name, topic in knowledge.topics.items() if topic.kind == "answer"}
    named = Counter(name for topic in answers.values() for name in topic.see_also if name in answers)
    return [answers[name] for name, _ in named.most_common(count)]


class _Files(StaticFiles):
    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers.update(FRESH)
        return response
