"""The pages of an account: sign in and out, set a password, second step, where one is signed in; for admins also the
accounts of all and the record of what was done.
"""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, replace
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
from gateway.staff.accounts import ROLES, TOTP_SECRET, AccountError, Accounts, Person, new_totp, totp_address
from gateway.staff.audit import Audit
from gateway.staff.page_views import Pages
from gateway.staff.throttle import ANYWHERE, Throttle
from gateway.web.callers import address_of, network_of

Text = Annotated[str, Form(max_length=500)]
NO_KEY = "An app can't use this key. What to do: set up the second step again."
NO_ACCOUNT = "There is no such account. What to do: look at the list."


@dataclass(frozen=True, eq=False)
class AccountPages:
    """Signing in, one's own account, and the accounts of others."""

    accounts: Accounts
    audit: Audit
    access: Access
    throttle: Throttle
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
        router.post("/people/{login}/edit", dependencies=admin)(self.edit)
        router.post("/people/{login}/{action}", dependencies=admin)(self.change)
        router.post("/recovery", dependencies=signed_in)(self.recovery)
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
        self.access.count(request)
        await self.access.check_sent(request, csrf_of(secret))

    async def login_page(self, request: Request, next: str = "") -> Response:
        return self._form_page(request, "staff/login.html", next=own_path(next), problem="", login="")

    async def login(self, request: Request, login: Text, password: Text, code: Text = "", next: Text = "") -> Response:
        device = request.cookies.get(cookie_name(request, DEVICE), "")
        known = bool(device) and await self.accounts.knows_device(login, device)
        places = (f"device {device}",) if known else (f"address {network_of(address_of(request))}", ANYWHERE)

        def again(status: int, problem: str) -> Response:
            return self._form_page(
                request, "staff/login.html", status, next=own_path(next), problem=problem, login=login
            )

        if wait := self.throttle.wait(login, *places):
            return again(429, f"Too many attempts. Please wait {math.ceil(wait)} seconds, or ask an admin for help.")
        self.throttle.failed(login, *places)  # before the check, so that many at once are counted too
        person = await self.accounts.prove(login, password, code)
        if person is None:
            # Of logins that exist alone: people type their password into the wrong field.
            if known_person := await self.accounts.find(login.strip()):
                await self.audit.note(known_person.login, "login_failed")
            return again(401, "Login, password or code is not right.")
        self.throttle.succeeded(login, *places)
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
            "staff/account.html", visit, status, sessions=sessions, problem=problem, roles=ROLES,
            must=self.access.second_step and not visit.person.has_totp, **{"totp": None, "codes": [], **shown},
        )  # fmt: skip

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
        return await self._account(visit, totp=picture(visit.person, new_totp(visit.person)[0]))

    async def _proved(self, visit: Visit, password: str) -> str:
        """What is wrong with the password of whoever is signed in; nothing if it is right."""
        place = f"session {visit.session}"
        if self.throttle.wait(visit.person.login, place):
            return "Too many attempts. Please wait a few minutes."
        self.throttle.failed(visit.person.login, place)
        if not await self.accounts.prove_password(visit.person, password):
            return "The password is not right. What to do: type it again."
        self.throttle.succeeded(visit.person.login, place)
        return ""

    async def totp(self, secret: Text, code: Text, password: Text = "", visit: Visit = Depends(the_visit)) -> Response:
        if not TOTP_SECRET.fullmatch(secret):
            return await self._account(visit, 400, NO_KEY)
        problem = await self._proved(visit, password)
        try:
            if not problem:
                await self.accounts.set_totp(visit.person, secret, code)
        except AccountError as error:
            problem = str(error)
        if problem:  # the phone keeps the key that it has read
            return await self._account(visit, 400, problem, totp=picture(visit.person, secret))
        await self.audit.note(visit.person.login, "totp_on")
        return await self._with_codes(visit)

    async def recovery(self, password: Text, visit: Visit = Depends(the_visit)) -> Response:
        known = visit.person.has_totp
        if problem := await self._proved(visit, password) if known else "There is no second step yet.":
            return await self._account(visit, 400, problem)
        await self.audit.note(visit.person.login, "recovery_codes_new")
        return await self._with_codes(visit)

    async def _with_codes(self, visit: Visit) -> Response:
        """The account with new recovery codes, which are shown this once."""
        codes = await self.accounts.new_recovery_codes(visit.person)
        now = Visit(replace(visit.person, has_totp=True, recovery_codes=len(codes)), visit.session, visit.csrf)
        return await self._account(now, codes=codes)

    async def totp_off(self, password: Text, visit: Visit = Depends(the_visit)) -> Response:
        if problem := await self._proved(visit, password):
            return await self._account(visit, 400, problem)
        await self.accounts.set_totp(visit.person, None)
        await self.audit.note(visit.person.login, "totp_off")
        return RedirectResponse("/staff", 303, HEADERS)

    # for admins

    async def _people(self, visit: Visit, status: int = 200, problem: str = "", **shown: Any) -> Response:
        given = {"link": "", "whose": "", "said": "", "typed": {"login": "", "name": "", "roles": []}} | shown
        everybody = await self.accounts.all()
        return self.pages.show(
            "staff/people.html", visit, status, people=everybody, roles=ROLES, problem=problem, **given
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
            typed = {"login": login, "name": name, "roles": roles or []}
            return await self._people(visit, 400, str(error), typed=typed)
        await self.audit.note(visit.person.login, "account_added", person.login)
        link = await self.accounts.password_link(person.login, self.access.address(request))
        return await self._people(visit, link=link, whose=person.name)

    async def edit(
        self,
        login: str,
        name: Text,
        roles: Annotated[list[str] | None, Form()] = None,
        visit: Visit = Depends(the_visit),
    ) -> Response:
        """Another name and other roles, which count at once."""
        if login == visit.person.login and "admin" not in (roles or []):
            return await self._people(
                visit, 400, "You can't take the admin role from yourself. What to do: ask another admin."
            )
        try:
            there = await self.accounts.change(login, name, roles or [])
        except AccountError as error:
            return await self._people(visit, 400, str(error))
        if not there:
            return await self._people(visit, 404, NO_ACCOUNT)
        await self.audit.note(visit.person.login, "account_changed", login)
        return await self._people(visit, said=f"{name.strip()} is saved. Roles take effect at once.")

    async def change(self, request: Request, login: str, action: str, visit: Visit = Depends(the_visit)) -> Response:
        if login == visit.person.login:
            return await self._people(
                visit, 400, "You can't do this to your own account. What to do: ask another admin."
            )
        if action not in {"disable", "reset"} or not await getattr(self.accounts, action)(login):
            return await self._people(visit, 404, NO_ACCOUNT)
        await self.audit.note(visit.person.login, f"account_{action}", login)
        link = await self.accounts.password_link(login, self.access.address(request)) if action == "reset" else ""
        return await self._people(visit, link=link, whose=login)

    async def audit_page(self, visit: Visit = Depends(the_visit)) -> Response:
        return self.pages.show("staff/audit.html", visit, entries=await self.audit.entries())


def picture(person: Person, secret: str) -> dict[str, str]:
    """A key for an authenticator app, and the picture of it."""
    return {"secret": secret, "qr": qr_code(totp_address(person, secret)).svg_inline(scale=4, omitsize=True)}


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
