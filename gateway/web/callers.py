"""Who may call what is not for everybody: this machine, or whoever shows a token."""

from __future__ import annotations

import hmac
import ipaddress

from starlette.requests import Request

from gateway.web.error_replies import Refused

# A web server on this machine that passes requests on says so in one of these; such requests come from elsewhere.
PASSED_ON = frozenset({"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded", "x-real-ip", "via"})
NETWORK = 64  # bits: whoever has one IPv6 address has as many of its network as they like


def is_loopback(host: str) -> bool:
    """Whether an address is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def address_of(request: Request) -> str:
    """The address that a request came from; empty if it is not known."""
    return (request.client and request.client.host) or ""


def network_of(host: str) -> str:
    """What is counted as one place: an IPv4 address, or a network of IPv6."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if address.version == 6:
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, NETWORK), strict=False))
    return str(address)


def is_this_machine(request: Request) -> bool:
    """Whether a program on this machine seems to ask, for itself and not for somebody else.

    It is not proven: a web server here may pass requests on and not say so. So it counts only where the settings trust
    it. A name with a dot is one of the outside, which a page there may have made to lead here.
    """
    if not is_loopback(address_of(request)) or PASSED_ON & set(request.headers):
        return False
    name = request.headers.get("host", "")
    name = name[: name.find("]") + 1].strip("[]") if name.startswith("[") else name.partition(":")[0]
    return is_loopback(name) or "." not in name


def only_here_or_with(token: str | None, request: Request, refusal: str, *, trusts_local: bool) -> None:
    """Let a request through if it shows the token or, where no token is set and this machine is trusted, if it comes
    from a program on this machine. Otherwise Refused, with the sentence named `refusal`.
    """
    if token:
        shown = request.headers.get("Authorization", "").encode()
        allowed = hmac.compare_digest(shown, f"Bearer {token}".encode())
    else:
        allowed = trusts_local and is_this_machine(request)
    if not allowed:
        raise Refused.because(refusal)
