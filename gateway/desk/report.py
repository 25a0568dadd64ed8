"""The pages of the numbers: `/desk/today`, `/desk/report`, and the report as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, datetime, timedelta

from fastapi import APIRouter, Depends
from starlette.responses import PlainTextResponse, Response

from gateway.desk.console import REASONS
from gateway.desk.numbers import Numbers, Report
from gateway.problems import Refused
from gateway.staff.access import HEADERS, Access, Visit
from gateway.staff.templates import Pages
from knowledge import Knowledge

USUAL = 28  # days
MOST = 400  # days


def routes(
    numbers: Numbers, access: Access, pages: Pages, knowledge: Knowledge, now: Callable[[], datetime]
) -> APIRouter:
    """The three routes."""
    router = APIRouter(prefix="/desk", tags=["desk"], include_in_schema=False)
    at_desk = access.staff_with("desk")

    def today() -> date:
        return now().astimezone(knowledge.clinic.timezone).date()

    async def report_of(first: str, last: str) -> Report:
        try:
            until = date.fromisoformat(last) if last else today()
            since = date.fromisoformat(first) if first else until - timedelta(days=USUAL - 1)
        except ValueError:
            raise Refused.because("bad_request") from None
        if not 0 <= (until - since).days < MOST:
            raise Refused.because("bad_request")
        return await numbers.report(since, until)

    def shown(visit: Visit, here: str, title: str, report: Report) -> Response:
        return pages.show("desk/report.html", visit, here=here, title=title, report=report, reasons=REASONS)

    @router.get("/today")
    async def show_today(visit: Visit = Depends(at_desk)) -> Response:
        report = await numbers.report(today(), today())
        return shown(visit, "/desk/today", "Today", report)

    @router.get("/report")
    async def show_report(first: str = "", last: str = "", visit: Visit = Depends(at_desk)) -> Response:
        report = await report_of(first, last)
        return shown(visit, "/desk/report", "Report", report)

    @router.get("/report.csv")
    async def report_csv(first: str = "", last: str = "", visit: Visit = Depends(at_desk)) -> Response:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["what", "which", "number"])
        writer.writerows((await report_of(first, last)).rows())
        headers = {**HEADERS, "Content-Disposition": 'attachment; filename="report.csv"'}
        return PlainTextResponse(text.getvalue(), media_type="text/csv", headers=headers)

    return router
