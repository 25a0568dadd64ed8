"""Shows the pages for staff. Every template gets the clinic, who is signed in, and the CSRF token for its forms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import HTMLResponse, Response

from gateway.staff.access import HEADERS, Visit
from gateway.web.templates import environment
from knowledge import Knowledge


class Pages:
    """Renders templates of `gateway/templates/`."""

    def __init__(self, knowledge: Knowledge, now: Callable[[], datetime]) -> None:
        self._now = now
        self._zone = knowledge.clinic.timezone
        self._templates = environment()
        self._templates.globals.update(clinic=knowledge.clinic)
        filters = {"day_time": self.day_time, "day": self.day, "when": self.when, "clock": self.clock}
        self._templates.filters.update(**filters, ago=self.ago, how_long=length)

    def day_time(self, at: datetime) -> str:
        """A time as the clinic's clock shows it."""
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M}"

    def clock(self, at: datetime) -> str:
        """The same without the day."""
        return f"{at.astimezone(self._zone):%H:%M}"

    def day(self, at: datetime) -> str:
        """The day of a time, as people say it: "Today", "Yesterday", "Monday, November 23"."""
        there, today = at.astimezone(self._zone), self._now().astimezone(self._zone).date()
        if there.date() == today:
            return "Today"
        if there.date() == today - timedelta(days=1):
            return "Yesterday"
        return f"{there:%A, %B} {there.day}"

    def when(self, at: datetime) -> str:
        """A time with its day, unless that is today."""
        day = self.day(at)
        return self.clock(at) if day == "Today" else f"{'yesterday' if day == 'Yesterday' else day} {self.clock(at)}"

    def ago(self, at: datetime | None) -> str:
        """How long ago something was; nothing without a time."""
        return "" if at is None else length(self._now() - at)

    def render(self, name: str, visit: Visit | None, **shown: Any) -> str:
        """The text of a page or of a part of one."""
        given = {"csrf": visit.csrf if visit else "", **shown}
        return self._templates.get_template(name).render(me=visit and visit.person, **given)

    def show(self, name: str, visit: Visit | None, status: int = 200, **shown: Any) -> Response:
        """The page as a reply."""
        return HTMLResponse(self.render(name, visit, **shown), status, HEADERS)


def length(time: timedelta | None) -> str:
    """A length of time in the fewest words."""
    if time is None:
        return ""
    minutes = max(0, int(time.total_seconds()) // 60)
    if minutes < 1:
        return "under 1 min"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"
