"""What the pages of the studio have in common: what they work on, who may see them, and how they are shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request

from gateway.staff.access import Visit
from gateway.staff.audit import Audit
from gateway.staff.page_views import Pages
from gateway.studio.workplace import Workplace


@dataclass(frozen=True, eq=False)
class StudioPages:
    """Some pages of the studio, which are for its staff alone and whose changes go on record."""

    work: Workplace
    staff: Callable[[Request], Awaitable[Visit]]
    audit: Audit
    pages: Pages

    def for_staff(self) -> APIRouter:
        """A router under /studio that lets nobody else in."""
        return APIRouter(prefix="/studio", dependencies=[Depends(self.staff)])
