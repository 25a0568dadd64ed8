"""Who may come in: cookies, roles, and the proof that a form or a fetch came from one of our own pages.

`Access.staff_with("desk")` is the FastAPI dependency that every page for staff uses. It gives the `Visit`; for anything
but reading it also asks for the page's CSRF token (header `X-CSRF-Token` or form field `csrf`) and for an Origin that
is ours.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.staff.accounts import Accounts, Person
from gateway.web.error_replies import Refused
from gateway.web.rate_limits import Addresses

SESSION, FORM, DEVICE = "ims_staff", "ims_form", "ims_device"  # cookies
DEVICE_LIFE = 180 * 24 * 3600  # seconds
SAFE = frozenset({"GET", "HEAD"})
# Forms of these pages say where they come from; to other sites nothing is told.
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex"}


@dataclass(frozen=True)
class Visit:
    """Somebody who is signed in, here and now."""

    person: Person
    session: int
    csrf: str


class SignIn(Refused):
    """Nobody is signed in: a page leads to the form for it."""

    def __init__(self, after: str) -> None:
        super().__init__(401, "sign_in", "Nobody is signed in. Sign in at /staff/login.")
        self._after = after

    def response(self) -> Response:
        return RedirectResponse(f"/staff/login?next={quote(self._after)}", 303, HEADERS)


class NotYourRole(Refused):
    """Signed in, but without a role for this page."""

    def __init__(self) -> None:
        super().__init__(403, "not_your_role", "Your account has no role for this. Ask an admin of the clinic.")

    def response(self) -> Response:
        page = (
            '<!doctype html><html lang="en-CA"><title>Not for your role</title><main><h1>Not for your role</h1>'
            f'<p>{self.message}</p><p><a href="/staff">Your account</a></p></main>'
        )
        return HTMLResponse(page, 403, HEADERS)


class SecondStepMissing(Refused):
    """Signed in, but the clinic asks for a second step, and the account has none yet."""

    def __init__(self) -> None:
        super().__init__(403, "second_step", "Set up the second step of your sign-in first, at /staff.")

    def response(self) -> Response:
        return RedirectResponse("/staff#step", 303, HEADERS)


class Access:
    """Reads who is there, and refuses who should not be. With `second_step` nobody works here without one."""

    def __init__(
        self, accounts: Accounts, addresses: Addresses, public_url: str = "", second_step: bool = False
    ) -> None:
        self._accounts = accounts
        self._addresses = addresses
        self._address = public_url
        self._public = urlsplit(public_url)
        self.second_step = second_step

    def staff_with(self, *roles: str) -> Callable[[Request], Awaitable[Visit]]:
        """A dependency: the visit of somebody with one of these roles; without roles, of anybody who is signed in."""

        async def visit(request: Request) -> Visit:
            page = request.method in SAFE and "text/html" in request.headers.get("accept", "")
            token = request.cookies.get(cookie_name(request, SESSION))
            found = await self._accounts.of_session(token) if token else None
            if token is None or found is None:
                self.count(request)
                after = request.url.path + (f"?{request.url.query}" if request.url.query else "")
                raise SignIn(after) if page else Refused.because("staff_unauthorized")
            if request.method not in SAFE:
                await self.check_sent(request, csrf_of(token))
            person, session = found
            if roles and not person.may(roles):
                raise NotYourRole() if page else Refused.because("not_your_role")
            if roles and self.second_step and not person.has_totp:
                raise SecondStepMissing()
            request.state.visit = Visit(person, session, csrf_of(token))
            return request.state.visit

        return visit

    def address(self, request: Request) -> str:
        """How people reach these pages: as is set, else as the request came."""
        return self._address or str(request.base_url)

    def count(self, request: Request) -> None:
        """Count what somebody asks who is not signed in; Refused if too much came from there."""
        if wait := math.ceil(self._addresses.request(request)):
            refusal = Refused.because("too_many_requests", seconds=wait)
            raise Refused(refusal.status, refusal.code, refusal.message, {"Retry-After": str(wait)})

    async def still_in(self, request: Request, *roles: str) -> bool:
        """Whether who asked is still signed in, with one of these roles: for replies that take hours."""
        token = request.cookies.get(cookie_name(request, SESSION))
        found = await self._accounts.of_session(token) if token else None
        return found is not None and found[0].may(roles)

    async def check_sent(self, request: Request, csrf: str) -> None:
        """Refused, unless this was sent by a page of ours that knows this token."""
        origin = urlsplit(request.headers.get("origin", ""))
        here = {(request.url.scheme, request.headers.get("host")), (self._public.scheme, self._public.netloc)}
        if not origin.netloc or (origin.scheme, origin.netloc) not in here:
            raise Refused.because("other_origin")
        given = request.headers.get("x-csrf-token")
        if given is None and "form" in request.headers.get("content-type", ""):
            field = (await request.form()).get("csrf")
            given = field if isinstance(field, str) else None
        if not secrets.compare_digest((given or "").encode(), csrf.encode()):
            raise Refused.because("stale_form")


def the_visit(request: Request) -> Visit:
    """The visit that a route asked for with `Access.staff_with` among its dependencies."""
    return request.state.visit


def csrf_of(token: str) -> str:
    """The CSRF token that belongs to the secret of a cookie, which scripts cannot read."""
    return hashlib.sha256(f"csrf:{token}".encode()).hexdigest()


def cookie_name(request: Request, name: str) -> str:
    """With the prefix that binds a cookie to this host and to TLS, wherever there is TLS."""
    return f"__Host-{name}" if is_secure(request) else name


def set_cookie(request: Request, response: Response, name: str, value: str, seconds: int | None = None) -> None:
    """Give the browser a cookie that no script reads and no other site can have sent."""
    secure = is_secure(request)
    key = cookie_name(request, name)
    response.set_cookie(key, value, seconds, path="/", secure=secure, httponly=True, samesite="strict")


def drop_cookie(request: Request, response: Response, name: str) -> None:
    """Take a cookie back."""
    response.delete_cookie(
        cookie_name(request, name), path="/", secure=is_secure(request), httponly=True, samesite="strict"
    )


def is_secure(request: Request) -> bool:
    """Whether cookies are for TLS alone: always, except on plain HTTP to this very machine."""
    host = request.url.hostname or ""
    if request.url.scheme == "https" or host != "localhost":
        try:
            return request.url.scheme == "https" or not ipaddress.ip_address(host).is_loopback
        except ValueError:
            return True
    return False
