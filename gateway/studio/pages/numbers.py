"""`/studio/numbers`: how each answer does with patients, as a whole and week by week."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from gateway.staff.access import Visit, the_visit
from gateway.staff.page_views import Pages
from gateway.storage import answer_sums
from gateway.storage.answer_sums import AnswerCounts, AnswersByWeek, week_of
from gateway.studio.workplace import Workplace
from gateway.web.error_replies import Refused
from knowledge import Knowledge

WEEKS = 12  # that are shown, with this one
TREND = 4  # weeks that stand beside an answer


@dataclass(frozen=True)
class AnswerRow:
    """An answer, its numbers in all weeks, and how often it was given in each of the last ones, oldest first."""

    name: str
    title: str
    counts: AnswerCounts
    trend: tuple[int, ...]

    @property
    def trouble(self) -> int:
        """How often it seems not to have been enough."""
        return self.counts.not_helpful + self.counts.handed_over


@dataclass(frozen=True, eq=False)
class NumbersPage:
    """The numbers of all topics, and those of one with its specific answers. `live` is what patients get."""

    work: Workplace
    staff: Callable[[Request], Awaitable[Visit]]
    pages: Pages
    live: Knowledge

    def router(self) -> APIRouter:
        """The page, of all topics or of one."""
        router = APIRouter(prefix="/studio/numbers", dependencies=[Depends(self.staff)])
        router.get("")(self.page)
        return router

    async def page(self, topic: str = "", visit: Visit = Depends(the_visit)) -> Response:
        if topic and topic not in self.live.topics:
            raise Refused.because("not_found")
        weeks = [week_of(self.work.now()) - timedelta(weeks=back) for back in reversed(range(WEEKS))]
        first = self.work.now() - timedelta(weeks=WEEKS - 1)
        counted = await self.work.database.read(lambda connection: answer_sums.since(connection, first))
        if topic:
            counted = {key: counts for key, counts in counted.items() if key[1].partition(".")[0] == topic}
        else:
            counted = _by_topic(counted)
        by_week = [(week, sum((c for (w, _), c in counted.items() if w == week), AnswerCounts())) for week in weeks]
        return self.pages.show(
            "studio/numbers.html", visit, place="/studio/numbers", topic=topic, rows=self._rows(counted, weeks),
            by_week=by_week, title=self.live.topics[topic].title if topic else "", count=WEEKS, trend=TREND,
        )  # fmt: skip

    def _rows(self, counted: AnswersByWeek, weeks: list[date]) -> list[AnswerRow]:
        """The answers that were given, those first that most often were not enough."""
        names = {name for _, name in counted}
        rows = [
            AnswerRow(
                name,
                self._title(name),
                sum((counts for (_, own), counts in counted.items() if own == name), AnswerCounts()),
                tuple(counted.get((week, name), AnswerCounts()).given for week in weeks[-TREND:]),
            )
            for name in names
        ]
        return sorted(rows, key=lambda row: (-row.trouble, -row.counts.given, row.title))

    def _title(self, name: str) -> str:
        own, _, id = name.partition(".")
        topic = self.live.topics.get(own)
        if topic is None:
            return name.replace("_", " ")
        if id and id not in topic.answers:  # it is not given any more
            return id.replace("_", " ")
        return topic.answers[id].title if id else topic.title


def _by_topic(counted: AnswersByWeek) -> AnswersByWeek:
    total: defaultdict[tuple[date, str], AnswerCounts] = defaultdict(AnswerCounts)
    for (week, name), counts in counted.items():
        total[week, name.partition(".")[0]] += counts
    return dict(total)
