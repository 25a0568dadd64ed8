"""The pages of the numbers: `/desk/today`, `/desk/report`, and the report as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fastapi import APIRouter, Depends
from starlette.responses import PlainTextResponse, Response

from gateway.desk.listing import REASONS
from gateway.desk.numbers import DeskNumbers, DeskReport
from gateway.files import as_cell
from gateway.staff.access import HEADERS, Access, Visit, the_visit
from gateway.staff.page_views import Pages
from gateway.web.error_replies import Refused
from knowledge import Knowledge

READERS = ("desk", "trainer", "clinical_reviewer", "admin")  # there is no word of a patient in it
USUAL = 28  # days
MOST = 400  # days


@dataclass(frozen=True, eq=False)
class ReportPages:
    """The numbers of the front desk as pages."""

    numbers: DeskNumbers
    access: Access
    pages: Pages
    knowledge: Knowledge
    now: Callable[[], datetime]

    def router(self) -> APIRouter:
        """The three routes."""
        router = APIRouter(
            prefix="/desk",
            tags=["desk"],
            include_in_schema=False,
            dependencies=[Depends(self.access.staff_with(*READERS))],
        )
        router.get("/today")(self.show_today)
        router.get("/report")(self.show_report)
        router.get("/report.csv")(self.report_csv)
        return router

    def _today(self) -> date:
        return self.now().astimezone(self.knowledge.clinic.timezone).date()

    async def _report_of(self, first: str, last: str) -> DeskReport:
        try:
            until = date.fromisoformat(last) if last else self._today()
            since = date.fromisoformat(first) if first else until - timedelta(days=USUAL - 1)
        except ValueError:
            raise Refused.because("bad_request") from None
        if not 0 <= (until - since).days < MOST:
            raise Refused.because("bad_request")
        return await self.numbers.report(since, until)

    def _shown(self, visit: Visit, here: str, title: str, report: DeskReport) -> Response:
        return self.pages.show("desk/report.html", visit, here=here, title=title, report=report, reasons=REASONS)

    async def show_today(self, visit: Visit = Depends(the_visit)) -> Response:
        report = await self.numbers.report(self._today(), self._today())
        return self._shown(visit, "/desk/today", "Today", report)

    async def show_report(self, first: str = "", last: str = "", visit: Visit = Depends(the_visit)) -> Response:
        report = await self._report_of(first, last)
        return self._shown(visit, "/desk/report", "Report", report)

    async def report_csv(self, first: str = "", last: str = "", visit: Visit = Depends(the_visit)) -> Response:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["what", "which", "number"])
        writer.writerows([as_cell(cell) for cell in row] for row in (await self._report_of(first, last)).rows())
        headers = {**HEADERS, "Content-Disposition": 'attachment; filename="report.csv"'}
        return PlainTextResponse(text.getvalue(), media_type="text/csv", headers=headers)
