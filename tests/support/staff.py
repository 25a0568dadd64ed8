"""People of the staff, and the browsers they use, for tests."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx

from gateway.staff.accounts import Accounts
from tests.gateway.conftest import Gateway

PASSWORD = "four quiet words here"
BASE = "https://desk.example"


async def ready(accounts: Accounts, login: str = "ana", *roles: str) -> None:
    """An account that can sign in."""
    await accounts.add(login, login.title(), roles or ("desk",))
    code, _ = await accounts.link(login)
    await accounts.set_password(code, PASSWORD)


@dataclass
class Browser:
    """A browser of the staff, with cookies of its own."""

    client: httpx.AsyncClient
    base: str = BASE

    async def token(self, path: str) -> str:
        page = await self.client.get(path, headers={"accept": "text/html"})
        found = re.search(r'name="csrf" content="([0-9a-f]+)"', page.text)
        assert found, page.text
        return found[1]

    async def post(self, path: str, page: str, origin: str | None = "", **fields: object) -> httpx.Response:
        """Send the form of a page."""
        data = {"csrf": await self.token(page), **fields}
        headers = {} if origin is None else {"origin": origin or self.base}
        return await self.client.post(path, data=data, headers=headers)

    async def login(self, login: str = "ana", password: str = PASSWORD, **fields: str) -> httpx.Response:
        return await self.post("/staff/login", "/staff/login", login=login, password=password, **fields)


def browser(gateway: Gateway, address: str = "203.0.113.7") -> Browser:
    transport = httpx.ASGITransport(gateway.app, raise_app_exceptions=False, client=(address, 5))
    return Browser(httpx.AsyncClient(transport=transport, base_url=BASE))
