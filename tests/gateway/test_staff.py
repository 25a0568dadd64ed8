"""Accounts of the staff: signing in, what a role opens, and what an attacker meets."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from typer.testing import CliRunner

from gateway.cli import main as cli
from gateway.cli.staff_commands import first_admin
from gateway.settings import Settings
from gateway.staff.accounts import AccountError, Accounts
from gateway.staff.audit import Audit
from gateway.storage.database import Database
from gateway.storage.tables import metadata
from tests.gateway.conftest import NOW, Gateway
from tests.support.staff import BASE, PASSWORD, browser, ready


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def accounts(tmp_path: Path, clock: Clock) -> AsyncIterator[Accounts]:
    database = Database(f"sqlite:///{tmp_path / 'accounts.sqlite3'}")
    await database.upgrade()
    yield Accounts(database, clock)
    await database.close()


async def test_a_link_sets_a_password_once_and_for_a_day(accounts: Accounts, clock: Clock) -> None:
    await accounts.add("ana", "Ana", ["desk"])
    first, _ = await accounts.link("ana")
    code, expires = await accounts.link("ana")
    with pytest.raises(AccountError, match="used or is too old"):
        await accounts.set_password(first, PASSWORD)  # a newer one was made
    await accounts.set_password(code, PASSWORD)
    with pytest.raises(AccountError, match="used or is too old"):
        await accounts.set_password(code, "another password")
    late, expires = await accounts.link("ana")
    clock.now = expires + timedelta(seconds=1)
    with pytest.raises(AccountError, match="used or is too old"):
        await accounts.set_password(late, "another password")
    assert await accounts.prove("ana", PASSWORD, "")


async def test_only_hashes_are_stored(tmp_path: Path, accounts: Accounts) -> None:
    await ready(accounts)
    person = await accounts.find("ana")
    assert person
    secrets = [PASSWORD, (await accounts.link("ana"))[0], await accounts.open_session(person, "Firefox")]
    secrets.append(await accounts.remember_device(person))
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("accounts.sqlite3*"))
    assert b"$argon2id$" in stored
    assert [secret for secret in secrets if secret.encode() in stored] == []


@pytest.mark.parametrize("login, password", [("ana", "wrong password"), ("nobody", PASSWORD), ("ana", "")])
async def test_a_wrong_login_or_password_is_told_in_the_same_words(
    gateway: Gateway, people: Accounts, login: str, password: str
) -> None:
    await ready(people)
    reply = await browser(gateway).login(login, password or "x" * 300)
    assert reply.status_code == 401
    assert "Login, password or code is not right." in reply.text
    assert "set-cookie" not in reply.headers or "ims_staff=" not in reply.headers["set-cookie"]


async def test_a_session_ends_without_use_and_after_twelve_hours(accounts: Accounts, clock: Clock) -> None:
    await ready(accounts)
    person = await accounts.find("ana")
    assert person
    idle = await accounts.open_session(person, "Firefox")
    clock.now += timedelta(hours=2, minutes=1)
    assert await accounts.of_session(idle) is None
    busy = await accounts.open_session(person, "Firefox")
    for _ in range(11):
        clock.now += timedelta(hours=1)
        assert await accounts.of_session(busy)
    clock.now += timedelta(hours=1, minutes=1)
    assert await accounts.of_session(busy) is None


async def test_a_disabled_or_reset_account_is_out_at_once(accounts: Accounts) -> None:
    for action in (accounts.disable, accounts.reset):
        await ready(accounts, action.__name__)
        person = await accounts.find(action.__name__)
        assert person
        token = await accounts.open_session(person, "Firefox")
        assert await action(action.__name__)
        assert await accounts.of_session(token) is None
        assert await accounts.prove(action.__name__, PASSWORD, "") is None


async def test_a_code_of_the_second_step_works_once(accounts: Accounts, clock: Clock) -> None:
    await ready(accounts)
    person = await accounts.find("ana")
    assert person
    secret = pyotp.random_base32()
    totp = pyotp.TOTP(secret)
    with pytest.raises(AccountError, match="not right"):
        await accounts.set_totp(person, secret, "000000" if totp.at(clock.now) != "000000" else "111111")
    await accounts.set_totp(person, secret, totp.at(clock.now))
    assert await accounts.prove("ana", PASSWORD, totp.at(clock.now))  # it is still on the phone when she signs in
    assert await accounts.prove("ana", PASSWORD, totp.at(clock.now)) is None
    clock.now += timedelta(seconds=30)
    assert await accounts.prove("ana", PASSWORD, "") is None
    assert await accounts.prove("ana", PASSWORD, totp.at(clock.now))
    assert await accounts.prove("ana", PASSWORD, totp.at(clock.now)) is None


async def test_guessing_gets_slow_and_never_locks_out_who_works_here(gateway: Gateway, people: Accounts) -> None:
    await ready(people)
    receptionist = browser(gateway)
    assert (await receptionist.login()).status_code == 303
    await receptionist.post("/staff/logout", "/staff")
    for attacker in (
        browser(gateway, "198.51.100.9"),
        browser(gateway),
    ):  # from elsewhere, and from the clinic's address
        tries = [(await attacker.login(password=f"guess number {number}")).status_code for number in range(8)]
        assert tries == [401] * 5 + [429] * 3
        assert (await attacker.login()).status_code == 429  # not even with the right one
    assert (await receptionist.login()).status_code == 303
    assert (await browser(gateway, "192.0.2.1").login()).status_code == 303  # a new device at another address


async def test_a_stolen_device_cookie_does_not_make_guessing_quick(gateway: Gateway, people: Accounts) -> None:
    await ready(people)
    thief = browser(gateway)
    await thief.login()
    await thief.post("/staff/logout", "/staff")
    tries = [(await thief.login(password=f"guess number {number}")).status_code for number in range(6)]
    assert tries == [401] * 5 + [429]


async def test_many_guesses_at_once_are_counted_too(gateway: Gateway, people: Accounts) -> None:
    await ready(people)
    attacker = browser(gateway)
    await attacker.token("/staff/login")
    replies = await asyncio.gather(*(attacker.login(password=f"guess number {number}") for number in range(12)))
    assert sorted(reply.status_code for reply in replies) == [401] * 5 + [429] * 7


async def test_the_cookie_is_for_tls_this_host_and_no_script(gateway: Gateway, people: Accounts) -> None:
    await ready(people)
    here = browser(gateway)
    cookies = (await here.login()).headers.get_list("set-cookie")
    assert {cookie.split("=")[0] for cookie in cookies} == {"__Host-ims_staff", "__Host-ims_device"}
    for cookie in cookies:
        assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=strict", "Path=/"))


async def test_a_session_that_somebody_planted_is_not_the_one_that_is_signed_in(
    gateway: Gateway, people: Accounts
) -> None:
    await ready(people)
    ana = browser(gateway)
    ana.client.cookies.set("__Host-ims_staff", "planted", domain="desk.example", path="/")
    assert (await ana.login()).status_code == 303
    assert await people.of_session("planted") is None
    mine = [cookie.value for cookie in ana.client.cookies.jar if cookie.name == "__Host-ims_staff"][-1]
    assert mine != "planted" and await people.of_session(str(mine))


@pytest.mark.parametrize("base, secure", {"http://localhost:8000": False, "http://clinic.example": True}.items())
async def test_only_this_machine_goes_without_tls(gateway: Gateway, base: str, secure: bool) -> None:
    reply = await gateway.client.get(f"{base}/staff/login")
    assert ("Secure" in reply.headers["set-cookie"]) is secure


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null", "https://desk.example.evil.example"])
async def test_a_form_from_elsewhere_is_refused(gateway: Gateway, people: Accounts, origin: str | None) -> None:
    await ready(people)
    here = browser(gateway)
    assert (await here.post("/staff/login", "/staff/login", origin, login="ana", password=PASSWORD)).status_code == 403
    await here.login()
    assert (await here.post("/staff/logout", "/staff", origin)).status_code == 403
    assert (await here.client.get("/staff")).status_code == 200


async def test_a_form_without_the_token_of_its_session_is_refused(gateway: Gateway, people: Accounts) -> None:
    await ready(people)
    other, here = browser(gateway), browser(gateway)
    await other.login()
    await here.login()
    for token in ("", "0" * 64, await other.token("/staff")):
        reply = await here.client.post("/staff/logout", data={"csrf": token}, headers={"origin": BASE})
        assert (reply.status_code, reply.json()["error"]["code"]) == (403, "stale_form")


async def test_a_session_can_be_ended_from_another_browser(gateway: Gateway, people: Accounts) -> None:
    await ready(people)
    stolen, own = browser(gateway), browser(gateway)
    await stolen.login()
    person = await people.find("ana")
    assert person
    (session,) = await people.sessions(person)
    await own.login()
    await own.post(f"/staff/sessions/{session.id}/end", "/staff")
    assert (await stolen.client.get("/staff", headers={"accept": "text/html"})).headers["location"] == (
        "/staff/login?next=/staff"
    )
    assert (await own.client.get("/staff")).status_code == 200


async def test_nobody_ends_the_session_of_another_person(gateway: Gateway, people: Accounts) -> None:
    await ready(people)
    await ready(people, "ben")
    ana, ben = browser(gateway), browser(gateway)
    await ana.login()
    await ben.login("ben")
    person = await people.find("ana")
    assert person
    (session,) = await people.sessions(person)
    await ben.post(f"/staff/sessions/{session.id}/end", "/staff")
    assert (await ana.client.get("/staff")).status_code == 200


async def test_only_an_admin_sees_accounts_and_the_record(gateway: Gateway, people: Accounts) -> None:
    await ready(people)
    await ready(people, "boss", "admin")
    ana, boss = browser(gateway), browser(gateway)
    await ana.login()
    await boss.login("boss")
    for path in ("/staff/people", "/staff/audit"):
        assert (await ana.client.get(path)).status_code == 403
        assert (await boss.client.get(path)).status_code == 200
    sent = {"login": "eve", "name": "Eve", "roles": "admin"}
    assert (await ana.post("/staff/people", "/staff", **sent)).status_code == 403
    assert await people.find("eve") is None


async def test_an_admin_adds_somebody_who_sets_a_password_with_the_link(gateway: Gateway, people: Accounts) -> None:
    await ready(people, "boss", "admin")
    boss = browser(gateway)
    await boss.login("boss")
    page = await boss.post("/staff/people", "/staff/people", login="Eve", name="Eve", roles=["desk", "trainer"])
    link = re.search(r"https://desk\.example/staff/password#(\S+)</code>", page.text)
    assert link
    eve = browser(gateway)
    path = "/staff/password"
    reply = await eve.post(path, path, code=link[1], password=PASSWORD, again="something else")
    assert "not the same" in reply.text
    assert (await eve.post(path, path, code=link[1], password=PASSWORD, again=PASSWORD)).status_code == 200
    assert (await eve.login("eve")).headers["location"] == "/desk"
    person = await people.find("eve")
    assert person and person.roles == ("desk", "trainer")
    entries = await Audit(gateway.store._database, lambda: NOW).entries()
    assert [(entry.login, entry.action, entry.target) for entry in entries] == [
        ("eve", "login", None),
        ("eve", "password_set", None),
        ("boss", "account_added", "eve"),
        ("boss", "login", None),
    ]


async def test_a_new_password_ends_all_sessions(gateway: Gateway, people: Accounts) -> None:
    await ready(people)
    stolen, own = browser(gateway), browser(gateway)
    await stolen.login()
    await own.login()
    wrong = await own.post("/staff/change-password", "/staff", old="not the old one", password="five other quiet words")
    assert wrong.status_code == 400
    await own.post("/staff/change-password", "/staff", old=PASSWORD, password="five other quiet words")
    assert (await stolen.client.get("/staff")).status_code == 401
    assert (await own.login(password="five other quiet words")).status_code == 303


@pytest.mark.parametrize("path", ["https://evil.example", "//evil.example", "/desk//evil", "/desk\\evil", "/answers"])
async def test_signing_in_leads_to_our_own_pages_only(gateway: Gateway, people: Accounts, path: str) -> None:
    await ready(people)
    assert (await browser(gateway).login(next=path)).headers["location"] == "/desk"
    assert (await browser(gateway).login(next="/desk/today")).headers["location"] == "/desk/today"


async def test_pages_hold_no_script_or_style_of_their_own(gateway: Gateway, people: Accounts) -> None:
    await ready(people, "boss", "admin", "desk")
    boss = browser(gateway)
    pages = [await boss.client.get("/staff/login"), await boss.client.get("/staff/password")]
    await boss.login("boss")
    pages += [await boss.client.get(path) for path in ("/staff", "/staff/people", "/staff/audit")]
    pages.append(await boss.post("/staff/totp/new", "/staff"))
    for page in pages:
        assert page.status_code == 200
        assert re.search(r"<script(?! type=\"module\" src=)|<style|\sstyle=|\son\w+=", page.text) is None
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"


async def test_the_first_start_prints_a_link_until_somebody_can_sign_in(settings: Settings) -> None:
    here = replace(settings, host="0.0.0.0", port=8123)
    first = await first_admin(here)
    again = await first_admin(here)
    assert first and again and first != again
    found = re.search(r"http://localhost:8123/staff/password#(\S+) ", again)
    assert found
    assert re.search(r"until \d{4}-\d\d-\d\d \d\d:\d\d UTC", again), "an hour alone does not say which day"
    database = Database(here.database_url)
    accounts = Accounts(database, lambda: datetime.now(NOW.tzinfo))
    await accounts.set_password(found[1], PASSWORD)
    await database.close()
    assert await first_admin(here) is None


def test_the_command_line_adds_lists_resets_and_disables(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMS_DATABASE", settings.database_url)

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli.app, ["staff", *arguments])
        return result.exit_code, result.output

    code, text = run("add", "ana", "--name", "Ana", "--role", "desk", "--role", "trainer")
    assert code == 0 and "/staff/password#" in text
    assert "no password yet" in run("list")[1]
    assert run("add", "ana", "--role", "desk")[0] == run("add", "ben", "--role", "king")[0] == 1
    assert "/staff/password#" in run("reset", "ana")[1]
    assert run("disable", "ana")[0] == 0 and "disabled" in run("list")[1]
    assert run("disable", "nobody")[0] == run("reset", "nobody")[0] == 1


async def test_the_staff_tables_come_and_go(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    for _ in range(2):
        await database.upgrade()
        assert await database.read(lambda c: compare_metadata(MigrationContext.configure(c), metadata)) == []
        await database.downgrade("0003")
    await database.close()
