"""The pages of an account: sign in and out, set a password, second step, where one is signed in; for admins also the
accounts of all and the record of what was done.
"""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from gateway.answers.answer_parts import qr_code
from gateway.staff.access import (
    DEVICE,
    DEVICE_LIFE,
    FORM,
    HEADERS,
    SESSION,
    Access,
    Visit,
    cookie_name,
    csrf_of,
    drop_cookie,
    set_cookie,
    the_visit,
)
from gateway.staff.accounts import ROLES, AccountError, Accounts, new_totp
from gateway.staff.audit import Audit
from gateway.staff.page_views import Pages
from gateway.staff.throttle import Throttle
from gateway.web.rate_limits import RateLimits

Text = Annotated[str, Form(max_length=500)]


@dataclass(frozen=True, eq=False)
class AccountPages:
    """Signing in, one's own account, and the accounts of others."""

    accounts: Accounts
    audit: Audit
    access: Access
    throttle: Throttle
    limits: RateLimits
    pages: Pages

    def router(self) -> APIRouter:
        """All pages below `/staff`."""
        router = APIRouter(prefix="/staff", tags=["staff"], include_in_schema=False)
        signed_in, admin = [Depends(self.access.staff_with())], [Depends(self.access.staff_with("admin"))]
        router.get("/login")(self.login_page)
        router.post("/login", dependencies=[Depends(self._check_form)])(self.login)
        router.post("/logout", dependencies=signed_in)(self.logout)
        router.get("/password")(self.password_page)
        router.post("/password", dependencies=[Depends(self._check_form)])(self.set_password)
        router.get("", dependencies=signed_in)(self.account_page)
        router.post("/change-password", dependencies=signed_in)(self.change_password)
        router.post("/sessions/{number}/end", dependencies=signed_in)(self.end_session)
        router.post("/totp/new", dependencies=signed_in)(self.totp_new)
        router.post("/totp", dependencies=signed_in)(self.totp)
        router.post("/totp/off", dependencies=signed_in)(self.totp_off)
        router.get("/people", dependencies=admin)(self.people_page)
        router.post("/people", dependencies=admin)(self.add)
        router.post("/people/{login}/{action}", dependencies=admin)(self.change)
        router.get("/audit", dependencies=admin)(self.audit_page)
        return router

    def _form_page(self, request: Request, name: str, status: int = 200, **shown: Any) -> Response:
        """A page with a form for somebody who is not signed in: its secret is in a cookie of its own."""
        secret = request.cookies.get(cookie_name(request, FORM)) or secrets.token_urlsafe(24)
        response = self.pages.show(name, None, status, csrf=csrf_of(secret), **shown)
        set_cookie(request, response, FORM, secret)
        return response

    async def _check_form(self, request: Request) -> None:
        secret = request.cookies.get(cookie_name(request, FORM), "")
        self.limits.address(request.client and request.client.host)
        await self.access.check_sent(request, csrf_of(secret))

    async def login_page(self, request: Request, next: str = "") -> Response:
        return self._form_page(request, "staff/login.html", next=own_path(next), problem="", login="")

    async def login(self, request: Request, login: Text, password: Text, code: Text = "", next: Text = "") -> Response:
        device = request.cookies.get(cookie_name(request, DEVICE), "")
        known = bool(device) and await self.accounts.knows_device(login, device)
        place = f"device {device}" if known else f"address {request.client and request.client.host}"

        def again(status: int, problem: str) -> Response:
            return self._form_page(
                request, "staff/login.html", status, next=own_path(next), problem=problem, login=login
            )

        if wait := self.throttle.wait(login, place):
            return again(429, f"Too many attempts. Please wait {math.ceil(wait)} seconds, or ask an admin for help.")
        self.throttle.failed(login, place)  # before the check, so that many at once are counted too
        person = await self.accounts.prove(login, password, code)
        if person is None:
            await self.audit.note(login.strip().lower(), "login_failed")
            return again(401, "Login, password or code is not right.")
        self.throttle.succeeded(login, place)
        token = await self.accounts.open_session(person, device_name(request))
        await self.audit.note(person.login, "login")
        response = RedirectResponse(own_path(next) or start_page(person.roles), 303, HEADERS)
        set_cookie(request, response, SESSION, token)
        if not known:
            set_cookie(request, response, DEVICE, await self.accounts.remember_device(person), DEVICE_LIFE)
        return response

    async def logout(self, request: Request, visit: Visit = Depends(the_visit)) -> Response:
        await self.accounts.end_session(visit.person, visit.session)
        response = RedirectResponse("/staff/login", 303, HEADERS)
        drop_cookie(request, response, SESSION)
        return response

    async def password_page(self, request: Request) -> Response:
        return self._form_page(request, "staff/password.html", problem="", code="")

    async def set_password(self, request: Request, code: Text, password: Text, again: Text) -> Response:
        try:
            if password != again:
                raise AccountError("The two passwords are not the same.", "type both again.")
            person = await self.accounts.set_password(code.strip(), password)
        except AccountError as error:
            return self._form_page(request, "staff/password.html", 400, problem=str(error), code=code.strip())
        await self.audit.note(person.login, "password_set")
        return self._form_page(
            request, "staff/login.html", next="", login=person.login, problem="Your password is set. Please sign in."
        )

    # one's own account

    async def _account(self, visit: Visit, status: int = 200, problem: str = "", **shown: Any) -> Response:
        sessions = await self.accounts.sessions(visit.person)
        return self.pages.show(
            "staff/account.html", visit, status, sessions=sessions, problem=problem, **{"totp": None, **shown}
        )

    async def account_page(self, visit: Visit = Depends(the_visit)) -> Response:
        return await self._account(visit)

    async def change_password(self, old: Text, password: Text, visit: Visit = Depends(the_visit)) -> Response:
        place = f"session {visit.session}"
        if self.throttle.wait(visit.person.login, place):
            return await self._account(visit, 429, "Too many attempts. Please wait a few minutes.")
        self.throttle.failed(visit.person.login, place)
        try:
            await self.accounts.change_password(visit.person, old, password)
        except AccountError as error:
            return await self._account(visit, 400, str(error))
        self.throttle.succeeded(visit.person.login, place)
        await self.audit.note(visit.person.login, "password_changed")
        return RedirectResponse("/staff/login", 303, HEADERS)

    async def end_session(self, number: int, visit: Visit = Depends(the_visit)) -> Response:
        if await self.accounts.end_session(visit.person, number):
            await self.audit.note(visit.person.login, "session_ended", str(number))
        return RedirectResponse("/staff", 303, HEADERS)

    async def totp_new(self, visit: Visit = Depends(the_visit)) -> Response:
        secret, address = new_totp(visit.person)
        return await self._account(
            visit, totp={"secret": secret, "qr": qr_code(address).svg_inline(scale=4, omitsize=True)}
        )

    async def totp(self, secret: Text, code: Text, visit: Visit = Depends(the_visit)) -> Response:
        try:
            await self.accounts.set_totp(visit.person, secret, code)
        except (AccountError, ValueError) as error:
            return await self._account(visit, 400, str(error))
        await self.audit.note(visit.person.login, "totp_on")
        return RedirectResponse("/staff", 303, HEADERS)

    async def totp_off(self, password: Text, visit: Visit = Depends(the_visit)) -> Response:
        if await self.accounts.prove_password(visit.person, password):
            await self.accounts.set_totp(visit.person, None)
            await self.audit.note(visit.person.login, "totp_off")
            return RedirectResponse("/staff", 303, HEADERS)
        return await self._account(visit, 400, "The password is not right. What to do: type it again.")

    # for admins

    async def _people(self, visit: Visit, status: int = 200, problem: str = "", link: str = "") -> Response:
        everybody = await self.accounts.all()
        return self.pages.show(
            "staff/people.html", visit, status, people=everybody, roles=ROLES, problem=problem, link=link
        )

    async def people_page(self, visit: Visit = Depends(the_visit)) -> Response:
        return await self._people(visit)

    async def add(
        self,
        request: Request,
        login: Text,
        name: Text,
        roles: Annotated[list[str] | None, Form()] = None,
        visit: Visit = Depends(the_visit),
    ) -> Response:
        try:
            person = await self.accounts.add(login, name, roles or [])
        except AccountError as error:
            return await self._people(visit, 400, str(error))
        await self.audit.note(visit.person.login, "account_added", person.login)
        return await self._people(visit, link=await self.accounts.password_link(person.login, str(request.base_url)))

    async def change(self, request: Request, login: str, action: str, visit: Visit = Depends(the_visit)) -> Response:
        if login == visit.person.login:
            return await self._people(
                visit, 400, "You can't do this to your own account. What to do: ask another admin."
            )
        if action not in {"disable", "reset"} or not await getattr(self.accounts, action)(login):
            return await self._people(visit, 404, "There is no such account. What to do: look at the list.")
        await self.audit.note(visit.person.login, f"account_{action}", login)
        link = await self.accounts.password_link(login, str(request.base_url)) if action == "reset" else ""
        return await self._people(visit, link=link)

    async def audit_page(self, visit: Visit = Depends(the_visit)) -> Response:
        return self.pages.show("staff/audit.html", visit, entries=await self.audit.entries())


def own_path(path: str) -> str:
    """The path, if it leads to a page of ours for staff."""
    ours = path.startswith(("/desk", "/studio", "/office", "/staff"))
    return path if ours and "\\" not in path and "//" not in path else ""


def start_page(roles: tuple[str, ...]) -> str:
    """Where somebody with these roles begins."""
    if "desk" in roles:
        return "/desk"
    return "/studio" if {"trainer", "clinical_reviewer"} & set(roles) else "/staff"


def device_name(request: Request) -> str:
    """What the browser calls itself, in two words."""
    agent = request.headers.get("user-agent", "")
    browser = next((name for name in ("Edg", "Firefox", "Chrome", "Safari") if name in agent), "Browser")
    system = next((name for name in ("Windows", "Android", "iPhone", "iPad", "Mac", "Linux") if name in agent), "?")
    return f"{'Edge' if browser == 'Edg' else browser} on {system}"
