"""The pages: the demo clinic at `/`, and the files that it and the chat window load."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path

from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from gateway.web.bundle import Bundle, bundle
from gateway.web.templates import FRESH, STATIC, TEMPLATES, environment
from knowledge import Knowledge, Topic

# What has its contents in its name never changes; the loader, which names it, may be some minutes old.
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
SHORT = {"Cache-Control": "public, max-age=300, stale-while-revalidate=3600"}
SCRIPT = "text/javascript"
SMALL = 500  # bytes; below, compressing costs more than it saves


def routes(
    knowledge: Knowledge,
    withheld: Callable[[Topic], bool],
    public_url: str = "",
    templates: Path = TEMPLATES,
    static: Path = STATIC,
) -> list[BaseRoute]:
    """The routes of the pages. Templates get `clinic`, and what they show besides."""
    pages = environment(templates)

    base = json.dumps(f"{public_url.rstrip('/')}/")[1:-1]

    @cache
    def window(written: int) -> Bundle:
        return bundle(static / "widget", "element")

    def current() -> Bundle:
        """The window as its sources are now."""
        return window(max(file.stat().st_mtime_ns for file in (static / "widget").iterdir()))

    async def home(request: Request) -> Response:
        often = [
            {"name": topic.name, "title": topic.title, "short": knowledge.fill(topic.short)}
            for topic in central_topics(knowledge)
            if not withheld(topic)
        ]
        page = pages.get_template("demo.html").render(clinic=knowledge.clinic, wording=knowledge.wording, topics=often)
        return HTMLResponse(page, headers=FRESH)

    async def theme(request: Request) -> Response:
        """The clinic's colour for its pages, made fit for the dark as the chat window does it."""
        return Response(_colours(knowledge.clinic.theme), media_type="text/css", headers=SHORT)

    async def widget(request: Request) -> Response:
        """The loader, which one tag puts into a page."""
        loader = (static / "widget.js").read_text("utf-8")
        loader = loader.replace("{home}", base).replace("{file}", current().name)
        return Response(loader, media_type=SCRIPT, headers=SHORT)

    async def whole(request: Request) -> Response:
        """The chat window as one file; by a name that an older loader knows too."""
        window = current()
        asked = f"element.{request.path_params['version']}.js"
        return Response(window.text, media_type=SCRIPT, headers=FOR_EVER if asked == window.name else FRESH)

    return [
        Route("/", home),
        packed("/widget.js", widget),
        packed("/widget/element.{version:str}.js", whole),
        Route("/static/theme.css", theme),
        Mount("/widget", compressed(_Files(directory=static / "widget", check_dir=False))),
        Mount("/static", compressed(_Files(directory=static, check_dir=False))),
    ]


def _colours(theme: Mapping[str, str]) -> str:
    """Styles that set the accent of a page, on the screen; nothing if the clinic has no colour of its own."""
    if not (accent := theme.get("primary")):
        return ""
    light = f"--accent: {accent}; --on-accent: {theme.get('on_primary', '#fff')};"
    dark = f"--accent: color-mix(in srgb, {accent} 40%, #fff); --on-accent: #0b1a17;"
    return (
        f"@media screen {{ :root {{ {light} }} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
    )


def packed(path: str, handler: Callable[[Request], Awaitable[Response]]) -> Route:
    """A route whose replies are compressed."""
    route = Route(path, handler)
    route.app = compressed(route.app)
    return route


def compressed(app: ASGIApp) -> ASGIApp:
    """The same, smaller for browsers that can unpack it. For what holds no secret: sizes tell of contents."""
    return GZipMiddleware(app, minimum_size=SMALL)


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
