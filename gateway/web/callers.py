"""Who may call what is not for everybody: this machine, or whoever shows a token."""

from __future__ import annotations

import hmac
import ipaddress

from starlette.requests import Request

from gateway.web.error_replies import Refused

# A web server on this machine that passes requests on says so in one of these; such requests come from elsewhere.
PASSED_ON = frozenset({"x-forwarded-for", "forwarded", "x-real-ip"})


def is_loopback(host: str) -> bool:
    """Whether an address is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def address_of(request: Request) -> str:
    """The address that a request came from; empty if it is not known."""
    return (request.client and request.client.host) or ""


def only_here_or_with(token: str | None, request: Request, refusal: str) -> None:
    """Let a request through if it shows the token or, where no token is set, if it comes from a program on this
    machine and was not passed on for somebody else. Otherwise Refused, with the sentence named `refusal`.
    """
    if token:
        shown = request.headers.get("Authorization", "").encode()
        allowed = hmac.compare_digest(shown, f"Bearer {token}".encode())
    else:
        allowed = is_loopback(address_of(request)) and not PASSED_ON & set(request.headers)
    if not allowed:
        raise Refused.because(refusal)
