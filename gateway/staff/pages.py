"""The pages of an account: sign in and out, set a password, second step, where one is signed in; for admins also the
accounts of all and the record of what was done.
"""

from __future__ import annotations

import math
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from gateway.answer_parts import qr_code
from gateway.rate_limits import RateLimits
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
)
from gateway.staff.accounts import ROLES, AccountError, Accounts, new_totp
from gateway.staff.audit import Audit
from gateway.staff.templates import Pages
from gateway.staff.throttle import Throttle

Text = Annotated[str, Form(max_length=500)]


def routes(
    accounts: Accounts, audit: Audit, access: Access, throttle: Throttle, limits: RateLimits, pages: Pages
) -> APIRouter:
    """All pages below `/staff`."""
    router = APIRouter(prefix="/staff", tags=["staff"], include_in_schema=False)
    signed_in, admin = access.staff_with(), access.staff_with("admin")

    def form_page(request: Request, name: str, status: int = 200, **shown: Any) -> Response:
        """A page with a form for somebody who is not signed in: its secret is in a cookie of its own."""
        secret = request.cookies.get(cookie_name(request, FORM)) or secrets.token_urlsafe(24)
        response = pages.show(name, None, status, csrf=csrf_of(secret), **shown)
        set_cookie(request, response, FORM, secret)
        return response

    async def check_form(request: Request) -> None:
        secret = request.cookies.get(cookie_name(request, FORM), "")
        limits.address(request.client and request.client.host)
        await access.check_sent(request, csrf_of(secret))

    @router.get("/login")
    async def login_page(request: Request, next: str = "") -> Response:
        return form_page(request, "staff/login.html", next=own_path(next), problem="", login="")

    @router.post("/login", dependencies=[Depends(check_form)])
    async def login(request: Request, login: Text, password: Text, code: Text = "", next: Text = "") -> Response:
        device = request.cookies.get(cookie_name(request, DEVICE), "")
        known = bool(device) and await accounts.knows_device(login, device)
        place = f"device {device}" if known else f"address {request.client and request.client.host}"

        def again(status: int, problem: str) -> Response:
            return form_page(request, "staff/login.html", status, next=own_path(next), problem=problem, login=login)

        if wait := throttle.wait(login, place):
            return again(429, f"Too many attempts. Please wait {math.ceil(wait)} seconds, or ask an admin for help.")
        throttle.failed(login, place)  # before the check, so that many at once are counted too
        person = await accounts.prove(login, password, code)
        if person is None:
            await audit.note(login.strip().lower(), "login_failed")
            return again(401, "Login, password or code is not right.")
        throttle.succeeded(login, place)
        token = await accounts.open_session(person, device_name(request))
        await audit.note(person.login, "login")
        response = RedirectResponse(own_path(next) or start_page(person.roles), 303, HEADERS)
        set_cookie(request, response, SESSION, token)
        if not known:
            set_cookie(request, response, DEVICE, await accounts.remember_device(person), DEVICE_LIFE)
        return response

    @router.post("/logout")
    async def logout(request: Request, visit: Visit = Depends(signed_in)) -> Response:
        await accounts.end_session(visit.person, visit.session)
        response = RedirectResponse("/staff/login", 303, HEADERS)
        drop_cookie(request, response, SESSION)
        return response

    @router.get("/password")
    async def password_page(request: Request) -> Response:
        return form_page(request, "staff/password.html", problem="", code="")

    @router.post("/password", dependencies=[Depends(check_form)])
    async def set_password(request: Request, code: Text, password: Text, again: Text) -> Response:
        try:
            if password != again:
                raise AccountError("The two passwords are not the same. What to do: type both again.")
            person = await accounts.set_password(code.strip(), password)
        except AccountError as error:
            return form_page(request, "staff/password.html", 400, problem=str(error), code=code.strip())
        await audit.note(person.login, "password_set")
        return form_page(
            request, "staff/login.html", next="", login=person.login, problem="Your password is set. Please sign in."
        )

    # one's own account

    async def account(visit: Visit, status: int = 200, problem: str = "", **shown: Any) -> Response:
        sessions = await accounts.sessions(visit.person)
        return pages.show(
            "staff/account.html", visit, status, sessions=sessions, problem=problem, **{"totp": None, **shown}
        )

    @router.get("")
    async def account_page(visit: Visit = Depends(signed_in)) -> Response:
        return await account(visit)

    @router.post("/change-password")
    async def change_password(old: Text, password: Text, visit: Visit = Depends(signed_in)) -> Response:
        place = f"session {visit.session}"
        if throttle.wait(visit.person.login, place):
            return await account(visit, 429, "Too many attempts. Please wait a few minutes.")
        throttle.failed(visit.person.login, place)
        try:
            await accounts.change_password(visit.person, old, password)
        except AccountError as error:
            return await account(visit, 400, str(error))
        throttle.succeeded(visit.person.login, place)
        await audit.note(visit.person.login, "password_changed")
        return RedirectResponse("/staff/login", 303, HEADERS)

    @router.post("/sessions/{number}/end")
    async def end_session(number: int, visit: Visit = Depends(signed_in)) -> Response:
        if await accounts.end_session(visit.person, number):
            await audit.note(visit.person.login, "session_ended", str(number))
        return RedirectResponse("/staff", 303, HEADERS)

    @router.post("/totp/new")
    async def totp_new(visit: Visit = Depends(signed_in)) -> Response:
        secret, address = new_totp(visit.person)
        return await account(visit, totp={"secret": secret, "qr": qr_code(address).svg_inline(scale=4, omitsize=True)})

    @router.post("/totp")
    async def totp(secret: Text, code: Text, visit: Visit = Depends(signed_in)) -> Response:
        try:
            await accounts.set_totp(visit.person, secret, code)
        except (AccountError, ValueError) as error:
            return await account(visit, 400, str(error))
        await audit.note(visit.person.login, "totp_on")
        return RedirectResponse("/staff", 303, HEADERS)

    @router.post("/totp/off")
    async def totp_off(password: Text, visit: Visit = Depends(signed_in)) -> Response:
        if await accounts.prove_password(visit.person, password):
            await accounts.set_totp(visit.person, None)
            await audit.note(visit.person.login, "totp_off")
            return RedirectResponse("/staff", 303, HEADERS)
        return await account(visit, 400, "The password is not right. What to do: type it again.")

    # for admins

    async def people(visit: Visit, status: int = 200, problem: str = "", link: str = "") -> Response:
        everybody = await accounts.all()
        return pages.show("staff/people.html", visit, status, people=everybody, roles=ROLES, problem=problem, link=link)

    @router.get("/people")
    async def people_page(visit: Visit = Depends(admin)) -> Response:
        return await people(visit)

    @router.post("/people")
    async def add(
        request: Request,
        login: Text,
        name: Text,
        roles: Annotated[list[str] | None, Form()] = None,
        visit: Visit = Depends(admin),
    ) -> Response:
        try:
            person = await accounts.add(login, name, roles or [])
        except AccountError as error:
            return await people(visit, 400, str(error))
        await audit.note(visit.person.login, "account_added", person.login)
        return await people(visit, link=await accounts.password_link(person.login, str(request.base_url)))

    @router.post("/people/{login}/{action}")
    async def change(request: Request, login: str, action: str, visit: Visit = Depends(admin)) -> Response:
        if login == visit.person.login:
            return await people(visit, 400, "You can't do this to your own account. What to do: ask another admin.")
        if action not in {"disable", "reset"} or not await getattr(accounts, action)(login):
            return await people(visit, 404, "There is no such account. What to do: look at the list.")
        await audit.note(visit.person.login, f"account_{action}", login)
        link = await accounts.password_link(login, str(request.base_url)) if action == "reset" else ""
        return await people(visit, link=link)

    @router.get("/audit")
    async def audit_page(visit: Visit = Depends(admin)) -> Response:
        return pages.show("staff/audit.html", visit, entries=await audit.entries())

    return router


def own_path(path: str) -> str:
    """The path, if it leads to a page of ours for staff."""
    return path if path.startswith(("/desk", "/studio", "/staff")) and "\\" not in path and "//" not in path else ""


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
