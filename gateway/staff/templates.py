"""Shows the pages for staff. Every template gets the clinic, who is signed in, and the CSRF token for its forms."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import jinja2
from starlette.responses import HTMLResponse, Response

from gateway.pages import TEMPLATES
from gateway.staff.access import HEADERS, Visit
from knowledge import Knowledge


class Pages:
    """Renders templates of `gateway/templates/`."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._zone = knowledge.clinic.timezone
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
        )
        self._templates.globals.update(clinic=knowledge.clinic)
        self._templates.filters.update(day_time=self.day_time, iso=lambda at: at.isoformat())

    def day_time(self, at: datetime) -> str:
        """A time as the clinic's clock shows it."""
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M}"

    def render(self, name: str, visit: Visit | None, **shown: Any) -> str:
        """The text of a page or of a part of one."""
        given = {"csrf": visit.csrf if visit else "", **shown}
        return self._templates.get_template(name).render(me=visit and visit.person, **given)

    def show(self, name: str, visit: Visit | None, status: int = 200, **shown: Any) -> Response:
        """The page as a reply."""
        return HTMLResponse(self.render(name, visit, **shown), status, HEADERS)
