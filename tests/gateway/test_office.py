"""The clinic's office: what its owner types is checked, shown, and given to patients when it is published."""

from __future__ import annotations

import re
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

import httpx
import pytest

from gateway.assembly import Edition
from gateway.studio.publishing import publishing
from gateway.studio.publishing.facts import publish_facts
from gateway.studio.publishing.publishing import DONE, Publishing
from knowledge import Knowledge
from tests.gateway.conftest import FakeNet, Start
from tests.support.forms import Form
from tests.support.publishing_site import Site, all_right
from tests.support.staff import BASE, Browser, browser, ready
from tests.support.studio_site import HTML, Studio, page, studio_at_work, with_facts

HERE = "/office"
HOURS, CONTACT, FEES, TEAM, CHAT = (f"{HERE}/{name}" for name in ("hours", "contact", "fees", "team", "chat"))
REACH = f"{HERE}/facts-how-to-reach-us"
PAGES = (HERE, HOURS, CONTACT, FEES, TEAM, CHAT, REACH, f"{HERE}/history")


@dataclass
class Office:
    """The office, with models of its own and a job that runs at once instead of in a process."""

    studio: Studio
    site: Site

    @property
    def text(self) -> str:
        return (self.studio.data.folder / "clinic.yml").read_text("utf-8")

    async def owner(self, login: str = "olga") -> Browser:
        return await self.studio.person(login, "admin")


@pytest.fixture
async def office(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    monkeypatch.setattr(publishing, "understood_by", all_right)
    async with studio_at_work(start, tmp_path) as studio:
        with_facts(studio.data)
        site = Site(tmp_path)
        site.models.train()
        ours = studio.work.publishing
        ours.models = site.models
        ours.clearances._models = site.models

        def at_once(what: str, by: str) -> None:
            assert what == "facts"
            thread = threading.Thread(target=lambda: publish_facts(Publishing(site.settings, site.models), by))
            thread.start()
            thread.join()

        monkeypatch.setattr(studio.work.jobs, "start", at_once)
        yield Office(studio, site)


async def save(person: Browser, path: str, shown: str = "", **typed: str | list[str]) -> httpx.Response:
    """Type something into a page and save it, as a browser does."""
    fields = Form(shown or await page(person, path)).fill(**typed)
    return await person.client.post(path, data=fields, headers={"origin": BASE, **HTML})


async def refused(person: Browser, path: str, **typed: str) -> str:
    """What the page says where it does not save this."""
    reply = await save(person, path, **typed)
    assert reply.status_code == 400, reply.text
    return unescape(reply.text)


async def test_the_office_is_for_the_owner_and_shown_to_nobody_else(office: Office) -> None:
    for role, may in {"admin": True, "clinical_reviewer": False, "trainer": False, "desk": False}.items():
        person = await office.studio.person(f"a{role}", role)
        sees = may or role == "clinical_reviewer"
        assert ('href="/office"' in await page(person, "/staff")) is sees
        for path in PAGES:
            await page(person, path, 200 if may or (sees and path == HERE) else 403)
    nobody = await office.studio.gateway.client.get(HOURS, headers=HTML)
    assert nobody.headers["location"].startswith("/staff/login")


async def test_signing_in_leads_back_to_the_page_that_was_asked_for(office: Office) -> None:
    await ready(office.studio.people, "olga", "admin")
    here = browser(office.studio.gateway)
    assert (await here.login("olga", next=HOURS)).headers["location"] == HOURS


async def test_a_reviewer_looks_and_changes_nothing(office: Office) -> None:
    robin = await office.studio.person("robin", "clinical_reviewer")
    shown = await page(robin, HERE)
    assert 'href="/office/hours"' not in shown and "/office/publish" not in shown
    for path in (HOURS, f"{HERE}/publish", f"{HERE}/history"):
        assert (await robin.post(path, "/staff")).status_code == 403


@pytest.mark.parametrize("path", [HOURS, CONTACT, f"{HERE}/publish", f"{HERE}/history", f"{HERE}/numbers/approve"])
async def test_nothing_is_done_for_another_site_or_without_the_pages_token(office: Office, path: str) -> None:
    olga, before = await office.owner(), office.text
    assert (await olga.post(path, HERE, origin="https://evil.example")).status_code == 403
    reply = await olga.client.post(path, data={"csrf": "0"}, headers={"origin": BASE})
    assert reply.status_code == 403 and office.text == before


async def test_hours_of_a_day_change_that_line_and_no_other(office: Office) -> None:
    olga, before = await office.owner(), office.text.splitlines()
    reply = await save(olga, HOURS, **{"hours.friday.0.to": "15:30"})
    assert reply.status_code == 303, reply.text
    after = office.text.splitlines()
    assert [line.strip() for line in after if line not in before] == ['friday: ["08:00-15:30"]']
    shown = await page(olga, reply.headers["location"])
    assert "Saved: Opening hours" in shown and "Friday: 08:00-15:30" in shown
    assert "Friday 8 am to 3:30 pm" in shown  # what patients would read


async def test_a_form_that_was_not_changed_writes_nothing(office: Office) -> None:
    olga, before = await office.owner(), office.text
    for path in (HOURS, CONTACT, FEES, TEAM, CHAT, REACH):
        assert (await save(olga, path)).status_code == 303
        assert office.text == before, path


async def test_a_break_a_closed_day_and_closed_weeks_are_saved(office: Office) -> None:
    olga = await office.owner()
    typed = {"hours.monday.1.from": "", "hours.monday.1.to": "", "hours.tuesday.0.to": "12:00"}
    typed |= {"hours.tuesday.1.from": "13:00", "hours.tuesday.1.to": "18:45"}
    typed |= {"closures.1.date": "2027-07-05", "closures.1.until": "2027-07-07", "closures.1.name": "summer holidays"}
    assert (await save(olga, HOURS, **typed)).status_code == 303
    clinic = office.studio.data.load().clinic
    assert clinic.hours is not None
    assert [str(each) for each in clinic.hours["monday"]] == ["8 am to 12 pm"]
    assert [str(each) for each in clinic.hours["tuesday"]] == ["8 am to 12 pm", "1 pm to 6:45 pm"]
    assert [str(day) for day in clinic.closures] == ["2026-12-24", "2027-07-05", "2027-07-06", "2027-07-07"]
    assert (await save(olga, HOURS, **{"closures.0.remove": "1"})).status_code == 303
    assert "2026-12-24" not in office.text


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"hours.monday.0.from": "18:00"}, "The end, 12:00, is not after the beginning, 18:00."),
        ({"hours.monday.1.from": "11:30"}, "These times overlap. Write the earlier one first."),
        ({"hours.saturday.0.from": "09:00"}, "Write both times, from and to."),
        ({"hours.saturday.0.from": "9 o'clock", "hours.saturday.0.to": "25:00"}, "are no times"),
        ({"closures.0.date": "24.12.2026"}, "Write a date as year-month-day"),
        ({"closures.0.name": ""}, "Please fill this in."),
        ({"closures.0.name": "<script>alert(1)</script>"}, "This holds HTML."),
        ({"closures.0.until": "2026-12-01"}, "The last day is before the first."),
        ({"closures.0.until": "2072-12-24"}, "Check the year."),
        ({"closures.1.date": "2026-12-24", "closures.1.name": "again"}, "stands here twice"),
        ({"closures.0.name": "x" * 20_000}, "This is too long: 20,000 characters."),
        ({"holidays.closed": "perhaps"}, "Choose yes or no."),
    ],
)
async def test_hours_that_cannot_be_are_told_at_their_field_and_kept(
    office: Office, typed: dict[str, str], told: str
) -> None:
    olga, before = await office.owner(), office.text
    shown = await refused(olga, HOURS, **typed)
    assert told in shown and office.text == before
    place = re.search(r'<a href="#([\w.-]+)">', shown)
    assert place and f'id="{place[1]}"' in shown and f'id="{place[1]}-wrong"' in shown
    kept = Form(shown).fields
    assert all(kept[name] == [value] for name, value in typed.items() if "until" not in name)
    assert "<script>alert" not in (await save(olga, HOURS, **typed)).text


@pytest.mark.parametrize(
    ("path", "typed", "told"),
    [
        (CONTACT, {"phone": ""}, "Please fill this in"),
        (CONTACT, {"phone": "call us"}, "Write a phone number in digits"),
        (CONTACT, {"numbers.BC.emergency": "nine one one"}, "Write a phone number in digits"),
        (CONTACT, {"name": "The {clinic_name}"}, "without { and }"),
        (FEES, {"fees.0.what": "A visit", "fees.0.price": "ninety"}, "Write an amount in dollars"),
        (FEES, {"fees.0.price": "$90"}, "Please fill this in."),
        (FEES, {"fees.0.what": "A visit", "fees.0.price": "$90", "fees.0.minutes": "0"}, "at least 1"),
        (TEAM, {"practitioners.0.name": "Ann Other"}, "Please fill this in."),
        (CHAT, {"retention_days": "0"}, "at least 1"),
        (CHAT, {"theme.primary": "green"}, "Choose a colour"),
        (CHAT, {"website_origins": "https://a.example\nhttps://b.example/chat"}, "https://b.example/chat"),
        (CHAT, {"desk.alert_minutes": "5\n2"}, "no growing list of minutes"),
        (REACH, {"email": "desk at clinic"}, "Write an e-mail address"),
        (REACH, {"booking_link": "javascript:alert(1)"}, "begins with https://"),
        (REACH, {"languages": "\n".join(f"Language {number}" for number in range(300))}, "These are 300 lines."),
    ],
)
async def test_what_cannot_be_is_told_in_words(office: Office, path: str, typed: dict[str, str], told: str) -> None:
    olga, before = await office.owner(), office.text
    shown = await refused(olga, path, **typed)
    assert told in shown and office.text == before
    assert all(Form(shown).fields[name] == [value] for name, value in typed.items())


async def test_more_rows_than_anybody_has_are_told_and_not_written(office: Office) -> None:
    olga, before = await office.owner(), office.text
    rows = {f"fees.{at}.what": f"Visit {at}" for at in range(202)} | {f"fees.{at}.price": "1" for at in range(202)}
    assert "Write at most 200." in await refused(olga, FEES, **rows, **{"fees.rows": "9999"})
    assert office.text == before


async def test_facts_are_answered_said_to_be_none_and_forgotten_again(office: Office) -> None:
    olga = await office.owner()
    typed = {"reply_within": "one day", "calls_back": "yes", "fax.none": "1", "languages": "English\nCree\nEnglish"}
    assert (await save(olga, REACH, **typed)).status_code == 303
    clinic = office.studio.data.load().clinic
    assert dict(clinic.facts) == {"reply_within": "one day", "calls_back": True, "fax": False}
    assert clinic.languages == ("English", "Cree")
    assert "4 of 10 answered" in await page(olga, HERE)
    again = Form(await page(olga, REACH))
    assert again.fields["fax.none"] == ["1"]
    del again.fields["fax.none"]
    reply = await olga.client.post(REACH, data=again.fill(calls_back=""), headers={"origin": BASE})
    assert reply.status_code == 303
    assert dict(office.studio.data.load().clinic.facts) == {"reply_within": "one day"}


async def test_a_team_and_its_fees_are_written_and_taken_out(office: Office) -> None:
    olga = await office.owner()
    person = {"name": "Ann Other", "role": "physiotherapist", "offers": "yes", "languages": "English, Cree"}
    typed: dict[str, str | list[str]] = {f"practitioners.0.{key}": value for key, value in person.items()}
    typed["practitioners.0.days"] = ["monday", "friday"]
    assert (await save(olga, TEAM, "", **typed)).status_code == 303
    ann = office.studio.data.load().clinic.practitioners[0]
    assert (ann.name, ann.offers, ann.languages, ann.days) == (
        "Ann Other",
        True,
        ("English", "Cree"),
        ("monday", "friday"),
    )
    fees = {"fees.0.what": "First visit", "fees.0.visit": "first", "fees.0.price": "120", "fees.0.minutes": "45"}
    fees |= {"fees.1.what": "Next visit", "fees.1.visit": "next", "fees.1.price": "$95.50"}
    assert (await save(olga, FEES, **fees)).status_code == 303
    assert [fee.price for fee in office.studio.data.load().clinic.fees] == ["$120", "$95.50"]
    assert (await save(olga, FEES, **{"fees.0.remove": "1"})).status_code == 303
    assert [fee.what for fee in office.studio.data.load().clinic.fees] == ["Next visit"]


async def test_the_preview_tells_what_patients_would_read_and_saves_nothing(office: Office) -> None:
    olga, before = await office.owner(), office.text
    reply = await save(olga, HOURS, **{"hours.friday.0.to": "15:30", "preview": "1"})
    assert reply.status_code == 200 and office.text == before
    assert "Friday 8 am to 3:30 pm" in reply.text and "Nothing is saved yet." in reply.text
    assert Form(reply.text).fields["hours.friday.0.to"] == ["15:30"]
    kept = await olga.client.post(HOURS, data=Form(reply.text).fields, headers={"origin": BASE})
    assert kept.status_code == 303 and "08:00-15:30" in office.text


async def test_two_who_change_different_things_both_have_their_way(office: Office) -> None:
    olga, otto = await office.owner(), await office.owner("otto")
    mine, theirs = await page(olga, CONTACT), await page(otto, CONTACT)
    assert (await save(otto, CONTACT, theirs, phone="250-555-0177")).status_code == 303
    assert (await save(olga, CONTACT, mine, name="Our Clinic")).status_code == 303
    clinic = office.studio.data.load().clinic
    assert (clinic.name, clinic.phone) == ("Our Clinic", "250-555-0177")


async def test_two_who_change_the_same_see_both_and_choose(office: Office) -> None:
    olga, otto = await office.owner(), await office.owner("otto")
    mine, theirs = await page(olga, CONTACT), await page(otto, CONTACT)
    assert (await save(otto, CONTACT, theirs, phone="250-555-0177")).status_code == 303
    reply = await save(olga, CONTACT, mine, phone="250-555-0188", name="Our Clinic")
    assert reply.status_code == 409
    assert "Somebody else changed the same" in reply.text and "250-555-0177" in reply.text
    assert Form(reply.text).fields["phone"] == ["250-555-0188"] and "250-555-0188" not in office.text
    assert (await save(olga, CONTACT, reply.text, take="phone")).status_code == 303
    clinic = office.studio.data.load().clinic
    assert (clinic.name, clinic.phone) == ("Our Clinic", "250-555-0177")
    assert (await save(olga, CONTACT, reply.text, phone="250-555-0188")).status_code == 303
    assert office.studio.data.load().clinic.phone == "250-555-0188"


async def test_a_form_without_its_marks_overwrites_nothing(office: Office) -> None:
    olga, before = await office.owner(), office.text
    reply = await save(olga, CONTACT, marks="phone", phone="250-555-0188")
    assert reply.status_code == 409 and office.text == before


async def test_hours_reach_patients_although_a_topic_is_half_written(office: Office) -> None:
    olga = await office.owner()
    office.site.edit("You may be sore. Half written")
    assert "Everything here is live." in await page(olga, HERE)
    assert (await save(olga, HOURS, **{"hours.friday.0.to": "15:30"})).status_code == 303
    assert (await olga.post(f"{HERE}/publish", HERE)).status_code == 303
    job = office.site.publishing.last()
    assert job and (job.state, job.by) == (DONE, "Olga"), job
    manifest = office.site.models.in_use()
    assert manifest and (data := office.site.models.data_of(manifest))
    assert "08:00-15:30" in (data / "clinic.yml").read_text("utf-8")
    assert "Half written" not in office.site.published_short() and "Half written" in office.studio.file()
    assert "Everything here is live." in await page(olga, HERE)


async def test_other_numbers_need_a_second_person(office: Office) -> None:
    olga = await office.owner()
    robin = await office.studio.person("robin", "clinical_reviewer")
    assert (await save(olga, CONTACT, **{"numbers.BC.emergency": "112"})).status_code == 303
    shown = await page(olga, HERE)
    assert "need a second person" in shown and '<button id="publish" disabled>' in shown
    assert (await olga.post(f"{HERE}/publish", HERE)).status_code == 409
    found = re.search(r'name="change" value="(\w+)"', shown)
    assert found
    assert (await olga.post(f"{HERE}/numbers/put-forward", HERE, change=found[1])).status_code == 303
    assert "I have checked these numbers" not in await page(olga, HERE)
    assert (await olga.post(f"{HERE}/numbers/approve", HERE, change=found[1])).status_code == 409
    assert "Emergency number" in await page(robin, HERE)
    assert (await robin.post(f"{HERE}/numbers/approve", HERE, change="0" * 16)).status_code == 409
    assert (await robin.post(f"{HERE}/numbers/approve", HERE, change=found[1])).status_code == 303
    assert (await save(olga, CONTACT, **{"numbers.BC.emergency": "113"})).status_code == 303
    assert (await olga.post(f"{HERE}/publish", HERE)).status_code == 409  # it was approved for another number
    assert (await save(olga, CONTACT, **{"numbers.BC.emergency": "112"})).status_code == 303
    assert (await olga.post(f"{HERE}/publish", HERE)).status_code == 303
    assert office.site.publishing.last().state == DONE  # type: ignore[union-attr]


async def test_all_that_is_done_stands_in_the_record(office: Office) -> None:
    olga = await office.owner()
    assert (await save(olga, HOURS, **{"hours.friday.0.to": "15:30"})).status_code == 303
    assert (await olga.post(f"{HERE}/publish", HERE)).status_code == 303
    shown = await page(olga, "/staff/audit")
    assert "office saved" in shown and "<td>hours</td>" in shown and "office published" in shown


async def test_what_was_before_is_shown_and_brought_back(office: Office) -> None:
    olga, before = await office.owner(), office.text
    assert (await save(olga, HOURS, **{"hours.friday.0.to": "15:30"})).status_code == 303
    shown = await page(olga, f"{HERE}/history")
    assert ": Olga</h2>" in shown and "Friday: 08:00-15:30" in shown
    found = re.search(r'name="version" value="(\w+)"', shown)
    assert found
    assert (await olga.post(f"{HERE}/history", f"{HERE}/history", version=found[1])).status_code == 303
    assert office.text == before
    assert (await olga.post(f"{HERE}/history", f"{HERE}/history", version="nope")).status_code == 409


async def test_a_file_that_is_broken_by_hand_is_told_and_not_written(office: Office) -> None:
    olga = await office.owner()
    shown = await page(olga, CONTACT)
    office.studio.data.write("clinic.yml", "name: [\n")
    reply = await save(olga, CONTACT, shown, name="Our Clinic")
    assert reply.status_code == 409 and "not valid YAML" in reply.text
    assert Form(reply.text).fields["name"] == ["Our Clinic"]
    assert office.text == "name: [\n"


async def test_a_setting_of_the_machine_is_named_where_it_counts_instead(start: Start, tmp_path: Path) -> None:
    async with studio_at_work(lambda **given: start(origins=("https://shown.example",), **given), tmp_path) as studio:
        shown = await page(await studio.person("olga", "admin"), CHAT)
    assert "IMS_ORIGINS" in shown and "https://shown.example" in shown


TALK = f"{HERE}/small-talk"


async def test_the_words_of_small_talk_are_changed_and_examples_stay(office: Office) -> None:
    file = office.studio.data.write_bytes("dialogue/small_talk.yml", Path("data/dialogue/small_talk.yml").read_bytes())
    olga, before = await office.owner(), file.read_text("utf-8")
    assert 'href="/office/small-talk"' in await page(olga, HERE)
    shown = unescape(await page(olga, TALK))
    assert "When a patient writes “thanks”, “thank you”, “thank you so much”" in shown
    assert (await save(olga, TALK)).status_code == 303 and file.read_text("utf-8") == before
    for typed, told in {"": "Please fill this in", "Call {my_phone}.": "{my_phone}", "<b>Hi</b>": "HTML"}.items():
        assert told in await refused(olga, TALK, utter_thanks=typed)
    reply = await save(olga, TALK, utter_thanks="Any time. Call {clinic_phone}.", preview="1")
    assert "Any time. Call 250-555-0100." in reply.text and file.read_text("utf-8") == before
    reply = await save(olga, TALK, utter_thanks="Any time. Call {clinic_phone}.")
    assert reply.status_code == 303
    assert "with the next publication" in await page(olga, reply.headers["location"])
    lines = file.read_text("utf-8").splitlines()
    new = [line.strip() for line in lines if line not in before.splitlines()]
    assert [line for line in new if line != "- text: >-"] == ["Any time. Call {clinic_phone}."]


async def test_days_of_keeping_and_websites_count_once_they_are_published(start: Start, knowledge: Knowledge) -> None:
    other = "https://new.example"
    clinic = replace(knowledge.clinic, website_origins=(other,), retention_days=7)
    async with start() as gateway:
        exchange = gateway.app.state.exchange

        async def allowed() -> str | None:
            reply = await gateway.client.get("/widget.js", headers={"origin": other})
            return reply.headers.get("access-control-allow-origin")

        assert await allowed() is None
        exchange._put(Edition(exchange._frame, replace(knowledge, clinic=clinic), FakeNet(), None, ()))
        assert await allowed() == other
        assert exchange._frame.retention._days == 7
        await exchange.edition.alerts.close()
