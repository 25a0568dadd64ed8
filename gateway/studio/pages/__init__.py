"""The studio's pages, below `/studio`: for trainers, clinical reviewers and admins.

Pages are whole without scripts. What is typed there is never run and never trusted: templates escape it.
"""

from __future__ import annotations

from fastapi import APIRouter

from gateway.staff.access import Access
from gateway.staff.audit import Audit
from gateway.staff.page_views import Pages
from gateway.studio.pages import (
    bring_in,
    dry_run,
    editor,
    inbox,
    models,
    numbers,
    organise,
    overview,
    publish,
    questions,
    review,
    stay_understood,
    trying,
    versions,
    withdrawn,
)
from gateway.studio.trying.trial import Trial
from gateway.studio.workplace import Workplace

ROLES = ("trainer", "clinical_reviewer", "admin")


def routes(work: Workplace, access: Access, audit: Audit, pages: Pages, trial: Trial) -> APIRouter:
    """All pages and parts below `/studio`."""
    router = APIRouter(tags=["studio"], include_in_schema=False)
    staff = access.staff_with(*ROLES)
    for part in (
        overview.OverviewPage(work, staff, pages),
        inbox.InboxPages(work, staff, audit, pages),
        bring_in.ImportPage(work, staff, audit, pages),
        editor.EditorPages(work, staff, audit, pages),
        versions.VersionPages(work, staff, access.staff_with("clinical_reviewer"), audit, pages),
        organise.OrganisePages(work, staff, audit, pages),
        dry_run.DryRunPages(work, staff, audit, pages),
        publish.PublishPages(work, staff, audit, pages),
        models.ModelsPage(work, staff, audit, pages),
        numbers.NumbersPage(work, staff, pages, trial.live),
        questions.QuestionPages(work, staff, audit, pages),
        review.ReviewPage(work, staff, access.staff_with("clinical_reviewer"), audit, pages),
        stay_understood.StayUnderstoodPage(work, staff, audit, pages),
        trying.TryPage(work, staff, pages, trial),
        withdrawn.WithdrawnPages(
            work, staff, access.staff_with(*withdrawn.RESTORERS), audit, pages, trial.live, trial.withdrawals
        ),
    ):
        router.include_router(part.router())
    return router
