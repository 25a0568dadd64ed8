"""Small holes, each closed: what a curious or hasty person finds, and what no person should be able to."""

from __future__ import annotations

import asyncio
import csv
import fcntl
import io
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pyotp
import pytest
from aiosmtpd.controller import Controller
from sqlalchemy.exc import OperationalError
from starlette.requests import Request

from gateway.desk.console import Console, summed
from gateway.desk.listing import FAULTS
from gateway.files import as_cell
from gateway.handoff.side import DESK
from gateway.live.peers import RedisPeers
from gateway.live.signals import LocalSignals
from gateway.monitoring import watch
from gateway.settings import Settings
from gateway.staff.accounts import Accounts
from gateway.staff.audit import Audit
from gateway.storage.database import DatabaseBusy
from gateway.studio.background import off_loop
from gateway.studio.errors import StudioError
from gateway.studio.topics import changes
from gateway.studio.topics.changes import Changes
from tests.gateway.conftest import NOW, Gateway, Start
from tests.support.processes import free_port
from tests.support.staff import PASSWORD, browser, ready


async def noted(gateway: Gateway) -> list[tuple[str, str, str | None]]:
    entries = await Audit(gateway.store._database, lambda: NOW).entries()
    return [(entry.login, entry.action, entry.target) for entry in reversed(entries)]


async def test_a_password_in_the_field_for_the_login_is_not_kept(
    gateway: Gateway, people: Accounts, settings: Settings
) -> None:
    await ready(people)
    someone = browser(gateway)
    await someone.login("my very secret words", "ana")
    await someone.login("ana", "not the words")
    assert await noted(gateway) == [("ana", "login_failed", None)]
    kept = b"".join(file.read_bytes() for file in settings.var.glob("ims.sqlite3*"))
    assert b"my very secret" not in kept


async def test_a_second_step_is_set_up_by_who_knows_the_password_alone(gateway: Gateway, people: Accounts) -> None:
    await ready(people)
    thief = browser(gateway)
    await thief.login()
    secret = pyotp.random_base32()
    code = pyotp.TOTP(secret).at(NOW)
    tried = await thief.post("/staff/totp", "/staff", secret=secret, code=code, password="guessed")
    assert tried.status_code == 400
    tries = [await thief.post("/staff/totp/off", "/staff", password=f"guess {number}") for number in range(6)]
    assert "Too many attempts" in tries[-1].text
    person = await people.find("ana")
    assert person and not person.has_totp


@pytest.mark.parametrize("secret", ["A" * 500, "not base 32!", ""])
async def test_a_secret_that_no_app_makes_is_refused(gateway: Gateway, people: Accounts, secret: str) -> None:
    await ready(people)
    ana = browser(gateway)
    await ana.login()
    reply = await ana.post("/staff/totp", "/staff", secret=secret, code="123456", password=PASSWORD)
    assert reply.status_code in (400, 422)


async def test_the_record_tells_who_read_a_chat_however_it_was_read(gateway: Gateway, people: Accounts) -> None:
    await ready(people)
    ana = browser(gateway)
    await ana.login()
    chats = [await gateway.chat() for _ in range(3)]
    for chat in chats:
        await chat.ask("will I be sore after the zebra?")
    for _ in range(3):
        await ana.client.get(f"/desk/chats/{chats[0].id}/log")
        await ana.client.get(f"/desk/chats/{chats[1].id}/state")
        await ana.client.get("/desk/search", params={"q": "zebra"})
    record = await noted(gateway)
    assert record.count(("ana", "chat_read", chats[0].id)) == 1, "an open page asks again and again"
    assert record.count(("ana", "chat_read", chats[1].id)) == 1
    assert {target for _, action, target in record if action == "chat_found"} == {chat.id for chat in chats}


async def test_failed_sign_ins_are_not_kept_for_ever(gateway: Gateway) -> None:
    audit = Audit(gateway.store._database, lambda: NOW)
    await audit.note("ana", "login_failed")
    await audit.note("ana", "login")
    await audit.purge(NOW.replace(year=2027))
    assert await noted(gateway) == [("ana", "login", None)]


async def test_a_zero_byte_is_no_name_of_anything(gateway: Gateway) -> None:
    for path in ("/api/conversations/%00/history", "/api/conversations/a%00b/handoff"):
        assert (await gateway.client.get(path, headers={"Authorization": "Bearer x"})).status_code == 404
    reply = await gateway.client.post("/webhooks/rest/webhook", json={"sender": "a\0b", "message": "hello"})
    assert reply.status_code == 422


async def test_an_answer_to_a_card_that_is_sent_again_is_known(gateway: Gateway) -> None:
    chat = await gateway.chat()
    await chat.ask("check me")
    sent = (await chat.history())[-1]
    card = sent["body"]["card"]
    answer = {"event": sent["seq"], "id": card["id"], "ticked": [], "rest": "no"}
    first = await chat.send(card=answer, key="the-key")
    await chat.answer_to(first.json()["seq"])
    await chat.ask("I cannot breathe")  # the cards are over
    again = await chat.send(card=answer, key="the-key")
    assert (again.status_code, again.json()) == (202, {"seq": first.json()["seq"], "repeated": True})


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0"])
def test_no_formula_of_a_patient_runs_in_a_spreadsheet(typed: str) -> None:
    written = io.StringIO()
    csv.writer(written).writerow([as_cell(typed), as_cell(3)])
    assert next(csv.reader(io.StringIO(written.getvalue()))) == [f"'{typed}", "3"]
    assert as_cell("will I be sore?") == "will I be sore?"


@pytest.mark.parametrize("path", ["", "/history", "/handoff"])
async def test_no_cache_keeps_what_patients_wrote(gateway: Gateway, path: str) -> None:
    chat = await gateway.chat()
    reply = await gateway.client.request(
        "GET" if path else "POST", f"/api/conversations{f'/{chat.id}{path}' if path else ''}", headers=chat.headers
    )
    assert reply.headers["Cache-Control"] == "no-store"


async def test_who_came_by_tls_comes_by_tls_again(gateway: Gateway) -> None:
    transport = httpx.ASGITransport(gateway.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://clinic.example") as client:
        assert "max-age" in (await client.get("/")).headers["Strict-Transport-Security"]
    assert "Strict-Transport-Security" not in (await gateway.client.get("/")).headers


async def test_a_form_of_the_same_host_without_tls_is_of_another_site(gateway: Gateway, people: Accounts) -> None:
    await ready(people)
    ana = browser(gateway)
    reply = await ana.post("/staff/login", "/staff/login", "http://desk.example", login="ana", password=PASSWORD)
    assert reply.status_code == 403


async def test_a_link_for_a_password_leads_to_the_address_that_is_set(start: Start) -> None:
    async with start(public_url="https://chat.clinic.example") as gateway:
        people = Accounts(gateway.store._database, lambda: NOW)
        await ready(people, "root", "admin")
        root = browser(gateway)
        await root.login("root")
        page = await root.post("/staff/people", "/staff/people", login="new", name="New", roles="desk")
        assert "https://chat.clinic.example/staff/password#" in page.text
        assert "https://desk.example/staff/password" not in page.text


@pytest.mark.parametrize("name", ["%2e%2e", "%2e%2e%2fstudio", "..", "a%00b"])
async def test_no_name_of_a_topic_leads_out_of_the_folder_of_versions(
    gateway: Gateway, people: Accounts, settings: Settings, name: str
) -> None:
    (settings.var / "studio").mkdir(parents=True, exist_ok=True)
    (settings.var / "studio/other.json").write_text('{"something": "else"}')
    await ready(people, "tess", "trainer")
    tess = browser(gateway)
    await tess.login("tess")
    reply = await tess.post(f"/studio/topics/{name}/restore", "/studio/topics", version="a")
    assert reply.status_code in (404, 405)


async def test_who_signs_in_does_not_wait_for_the_files_of_the_studio(
    gateway: Gateway, people: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ready(people)
    monkeypatch.setattr(changes, "PATIENCE", 0.5)
    studio = Changes.__new__(Changes)
    studio._var = tmp_path
    with (tmp_path / changes.LOCK).open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        def change() -> None:
            with studio._alone():
                raise AssertionError("somebody else has the lock")

        waiting = [asyncio.ensure_future(off_loop(change)) for _ in range(40)]
        assert (await browser(gateway).login()).status_code == 303
        assert not any(task.done() for task in waiting[20:]), "they wait yet"
        with pytest.raises(StudioError, match="Somebody else is changing"):
            await waiting[0]
        for task in waiting:
            task.cancel()


async def test_bytes_that_are_no_text_do_not_end_what_gateways_tell_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    peers = RedisPeers("redis://127.0.0.1:1/0")
    monkeypatch.setattr("gateway.live.peers.AGAIN", 0.01)
    asked = 0

    class News:
        async def __aenter__(self) -> News:
            return self

        async def __aexit__(self, *_: object) -> None:
            pass

        async def subscribe(self, _: str) -> None:
            pass

        async def get_message(self, **_: Any) -> None:
            nonlocal asked
            asked += 1
            raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid")

    monkeypatch.setattr(peers._redis, "pubsub", News)
    listening = asyncio.ensure_future(peers._listen())
    while asked < 3 and not listening.done():
        await asyncio.sleep(0.01)
    assert not listening.done()
    listening.cancel()


async def test_a_chat_is_deleted_while_the_database_is_busy_and_overwritten_after(
    gateway: Gateway, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = gateway.app.state.exchange._frame.database
    retention, scrub, busy = gateway.app.state.exchange._frame.retention, database.scrub, True

    async def scrubbed() -> None:
        if busy:
            raise DatabaseBusy("the database was in use for too long")
        await scrub()

    monkeypatch.setattr(database, "scrub", scrubbed)
    chat = await gateway.chat()
    await chat.ask("will I be sore after the zebra?")
    reply = await gateway.client.delete(f"/api/conversations/{chat.id}", headers=chat.headers)
    assert reply.status_code == 204
    assert (await chat.send("hello")).status_code == 404
    with pytest.raises(DatabaseBusy):
        await retention._overwrite()
    busy = False
    await retention._overwrite()
    kept = b"".join(file.read_bytes() for file in settings.var.glob("ims.sqlite3*"))
    assert b"after the zebra" not in kept


# silence is a fault


async def _engine_dies(gateway: Gateway, settings: Settings) -> None:
    gateway.engine.mode = "dead"


async def _mail_server_dies(gateway: Gateway, settings: Settings) -> None:
    chat = await gateway.chat()
    with closing(sqlite3.connect(settings.var / "ims.sqlite3")) as connection:
        row = (chat.id, "alert", "2026-11-21 17:00:00.000000")
        connection.execute("INSERT INTO desk_mails (conversation_id, kind, created_at) VALUES (?, ?, ?)", row)
        connection.commit()


async def _database_dies(gateway: Gateway, settings: Settings) -> None:
    def gone(*_: object) -> None:
        raise OSError("no such device")

    gateway.app.state.exchange.edition.watch._database.read = gone


async def _net_dies(gateway: Gateway, settings: Settings) -> None:
    gateway.app.state.exchange.edition.net.fault = "the learned half cannot be used"


async def _net_goes_deaf(gateway: Gateway, settings: Settings) -> None:
    gateway.app.state.exchange.edition.net.check = lambda *_: None


async def _net_hangs(gateway: Gateway, settings: Settings) -> None:
    gateway.app.state.exchange.edition.net.check = lambda *_: time.sleep(1)


async def _disk_fills(gateway: Gateway, settings: Settings) -> None:
    watch.ROOM = 10**18


@pytest.mark.parametrize(
    ("part", "stop"),
    [
        ("engine", _engine_dies),
        ("mail", _mail_server_dies),
        ("database", _database_dies),
        ("net", _net_dies),
        ("net", _net_goes_deaf),
        ("net", _net_hangs),
        ("disk", _disk_fills),
    ],
)
async def test_a_part_that_dies_while_nobody_writes_is_seen(
    gateway: Gateway,
    settings: Settings,
    people: Accounts,
    part: str,
    stop: Callable[[Gateway, Settings], Awaitable[None]],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch, "ROOM", 0)
    monkeypatch.setattr(watch, "PATIENCE", 0.5)
    looking = gateway.app.state.exchange.edition.watch
    await ready(people)
    ana = browser(gateway)
    await ana.login()
    await looking.look()
    assert (await gateway.client.get("/health")).json()["status"] == "ok"
    await stop(gateway, settings)
    await looking.look()
    with gateway.app.state.exchange._frame.signals.listen(DESK) as desk:
        await looking.look()
        assert not desk.is_set(), "an engine that is started again rings nobody"
        assert FAULTS[part] not in (await ana.client.get("/desk/parts/queue")).text
        monkeypatch.setattr(watch, "RINGS_AFTER", 0.0)
        await looking.look()
        assert desk.is_set()
    health = (await gateway.client.get("/health")).json()
    assert health["status"] == "red"
    assert health[part]
    assert f'ims_fault{{part="{part}"}} 1.0' in (await gateway.client.get("/metrics")).text
    assert len([record for record in caplog.records if record.message.startswith(f"{part}: ")]) == 1
    if part != "database":  # without it no page can be made; one that is open rings
        assert FAULTS[part] in (await ana.client.get("/desk")).text
    ((ring,),) = [summed([], 1, looking.lasting())["rings"]]
    assert ring["what"] == "fault" and ring["id"].startswith(f"f-{part}-")


async def test_a_mail_server_that_does_not_answer_is_seen_before_there_is_a_letter(start: Start) -> None:
    port = free_port()
    mail = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"}
    async with start(**mail) as gateway:
        looking = gateway.app.state.exchange.edition.watch
        await looking.look()
        assert "does not answer" in (await gateway.client.get("/health")).json()["mail"]
        server = Controller(SimpleNamespace(), hostname="127.0.0.1", port=port)
        server.start()
        looking._mail_asked = -watch.MAIL_EVERY
        await looking.look()
        server.stop()
        assert "mail" not in (await gateway.client.get("/health")).json()


async def test_a_page_of_the_desk_that_is_open_rings_for_a_database_that_is_gone() -> None:
    async def gone(*_: object) -> bool:
        raise OperationalError("", {}, OSError())

    listing, access = SimpleNamespace(faults=dict), SimpleNamespace(still_in=gone)
    desk: Any = SimpleNamespace(signals=LocalSignals(), listing=listing, access=access, heartbeat=0.2)
    visit: Any = SimpleNamespace(person=SimpleNamespace(id=1))
    told = aiter((await Console.events(desk, Request({"type": "http"}), "", visit)).body_iterator)  # type: ignore[attr-defined]
    assert await anext(told) == "retry: 2000\n\n"
    assert '"what": "fault"' in await anext(told)
    await told.aclose()
