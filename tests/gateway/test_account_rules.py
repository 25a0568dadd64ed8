"""Passwords that are guessed, lost phones, a second step that is required, and changes of names and roles."""

from __future__ import annotations

import pyotp
import pytest

from gateway.staff.accounts import RECOVERY_CODES, AccountError, Accounts, check_password
from tests.gateway.conftest import NOW, Gateway, Start
from tests.support.staff import PASSWORD, Browser, browser, ready
from tests.support.studio_site import HTML, page


@pytest.mark.parametrize(
    "password",
    [
        "password123",
        "P@ssw0rd2026!",
        "qwertyuiop1",
        "1234567890",
        "aaaaaaaaaaaa",
        "Welcome2026!!",
        "iloveyou12345",
        "summer2026summer",
        "Physio-Clinic-1",
        "robin.example99",
    ],
)
def test_a_password_that_is_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(AccountError, match="easy to guess"):
        check_password(password, "robin", "Robin Example")


@pytest.mark.parametrize("password", [PASSWORD, "kettle moss anvil", "tr4mway-plinth-92", "mon chat boit du thé"])
def test_words_that_do_not_belong_together_are_taken(password: str) -> None:
    check_password(password, "robin", "Robin Example")


async def test_the_first_password_may_not_hold_little_but_ones_own_name(people: Accounts) -> None:
    await people.add("robin", "Robin Example", ["desk"])
    code, _ = await people.link("robin")
    with pytest.raises(AccountError, match="easy to guess"):
        await people.set_password(code, "RobinExample1")
    assert await people.set_password(code, PASSWORD)


async def with_second_step(gateway: Gateway, login: str, *roles: str) -> tuple[Browser, str]:
    """Somebody who has just set one up, and the page that came of it."""
    people = Accounts(gateway.store._database, lambda: NOW)
    await ready(people, login, *roles)
    person = browser(gateway)
    await person.login(login)
    secret = pyotp.random_base32()
    shown = await person.post(
        "/staff/totp", "/staff", secret=secret, code=pyotp.TOTP(secret).at(NOW), password=PASSWORD
    )
    return person, shown.text


async def test_a_recovery_code_takes_the_place_of_a_lost_phone_once(gateway: Gateway) -> None:
    ana, shown = await with_second_step(gateway, "ana", "desk")
    codes = [part.split("</code>")[0] for part in shown.split("<code>")[1:]]
    assert len(codes) == RECOVERY_CODES
    assert codes[0] not in await page(ana, "/staff")

    lost = browser(gateway)
    assert (await lost.login(code="0000-0000-0000")).status_code == 401
    assert (await lost.login(code=codes[0].upper())).status_code == 303
    assert (await browser(gateway).login(code=codes[0])).status_code == 401
    assert f"Recovery codes left: {RECOVERY_CODES - 1}" in await page(ana, "/staff")

    assert (await ana.post("/staff/recovery", "/staff", password="not it at all")).status_code == 400
    assert "shown again" in (await ana.post("/staff/recovery", "/staff", password=PASSWORD)).text
    assert (await browser(gateway).login(code=codes[1])).status_code == 401, "the older codes are void"


@pytest.mark.parametrize(("code", "password"), [("12", PASSWORD), ("123456", "not it at all")])
async def test_a_wrong_code_or_password_keeps_the_key_that_the_phone_has_read(
    gateway: Gateway, people: Accounts, code: str, password: str
) -> None:
    await ready(people)
    ana = browser(gateway)
    await ana.login()
    secret = pyotp.random_base32()
    again = await ana.post("/staff/totp", "/staff", secret=secret, code=code, password=password)
    assert again.status_code == 400
    assert f"type the key {secret}" in again.text


async def test_where_a_second_step_is_required_nothing_opens_without_one(start: Start) -> None:
    async with start(require_second_step=True) as gateway:
        people = Accounts(gateway.store._database, lambda: NOW)
        await ready(people, "ana", "desk")
        ana = browser(gateway)
        await ana.login()
        reply = await ana.client.get("/desk", headers=HTML)
        assert (reply.status_code, reply.headers["location"]) == (303, "/staff#step")
        assert "Your clinic asks for a second step" in await page(ana, "/staff")
        assert (await ana.client.get("/desk", headers={"accept": "application/json"})).status_code in (303, 403)

        ben, _ = await with_second_step(gateway, "ben", "desk")
        assert (await ben.client.get("/desk", headers=HTML)).status_code == 200


async def test_names_and_roles_change_at_once_and_nobody_shuts_themselves_out(
    gateway: Gateway, people: Accounts
) -> None:
    await ready(people, "boss", "admin")
    await ready(people, "ana", "desk")
    boss, ana = browser(gateway), browser(gateway)
    await boss.login("boss")
    await ana.login()
    await page(ana, "/studio", 403)

    saved = await boss.post("/staff/people/ana/edit", "/staff/people", name="Ana Roe", roles=["desk", "trainer"])

    assert "Ana Roe is saved" in saved.text
    found = await people.find("ana")
    assert found and (found.name, found.roles) == ("Ana Roe", ("desk", "trainer"))
    assert (await ana.client.get("/studio", headers=HTML)).status_code == 200
    for login, name, roles in (("ana", " ", ["desk"]), ("ana", "Ana", ["owner"]), ("boss", "Boss", ["desk"])):
        refused = await boss.post(f"/staff/people/{login}/edit", "/staff/people", name=name, roles=roles)
        assert refused.status_code == 400
    assert (await boss.post("/staff/people/nobody/edit", "/staff/people", name="N", roles=["desk"])).status_code == 404


async def test_what_was_typed_and_what_a_link_does_is_told(gateway: Gateway, people: Accounts) -> None:
    await ready(people, "boss", "admin")
    await ready(people, "ana", "desk")
    boss = browser(gateway)
    await boss.login("boss")
    again = await boss.post("/staff/people", "/staff/people", login="no way", name="Kim Roe", roles=["trainer"])
    assert 'value="Kim Roe"' in again.text and 'value="trainer" checked' in again.text
    shown = await page(boss, "/staff/people")
    assert "Ana is signed out everywhere at once" in shown
    assert "signs answers, and approves what decides about danger" in shown
    made = await boss.post("/staff/people/ana/reset", "/staff/people")
    assert "Give this link to ana" in made.text
