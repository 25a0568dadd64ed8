"""The studio's pages, below `/studio`: for trainers, clinical reviewers and admins.

Pages are whole without scripts. What is typed there is never run and never trusted: templates escape it.
"""

from __future__ import annotations

from fastapi import APIRouter

from gateway.staff.access import Access
from gateway.staff.audit import Audit
from gateway.staff.templates import Pages
from gateway.studio.pages import dry_run, editor, inbox, overview, publish, versions
from gateway.studio.workplace import Workplace

ROLES = ("trainer", "clinical_reviewer", "admin")


def routes(work: Workplace, access: Access, audit: Audit, pages: Pages) -> APIRouter:
    """All pages and parts below `/studio`."""
    router = APIRouter(tags=["studio"], include_in_schema=False)
    staff = access.staff_with(*ROLES)
    router.include_router(overview.routes(work, staff, pages))
    router.include_router(inbox.routes(work, staff, audit, pages))
    router.include_router(editor.routes(work, staff, audit, pages))
    router.include_router(versions.routes(work, staff, access.staff_with("clinical_reviewer"), audit, pages))
    router.include_router(dry_run.routes(work, staff, audit, pages))
    router.include_router(publish.routes(work, staff, audit, pages))
    return router
