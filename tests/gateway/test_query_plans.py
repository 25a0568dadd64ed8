"""However long the log grows, no page and no message makes the database read all of it."""

from __future__ import annotations

from gateway.staff.accounts import Accounts
from tests.gateway.conftest import Gateway
from tests.gateway.test_desk_console import at_desk, waiting
from tests.support.query_plans import a_day, reads_everything, recorded


async def test_a_patient_and_the_desk_never_read_a_whole_table(gateway: Gateway, people: Accounts) -> None:
    ana = await at_desk(gateway, people)
    with recorded() as statements:
        chat = await waiting(gateway)
        await gateway.client.post("/webhooks/rest/webhook", json={"sender": "walk-in", "message": "will I be sore?"})
        for page in ("/desk", "/desk/now", f"/desk/chats/{chat.id}", f"/desk/chats/{chat.id}/log"):
            assert (await ana.client.get(page)).status_code in (200, 404)
        await a_day(gateway.store)
    assert len(statements) > 25
    found = await gateway.store._database.read(lambda connection: reads_everything(connection, statements))
    assert not found, "\n\n".join(found)


async def test_a_query_without_an_index_is_noticed(gateway: Gateway) -> None:
    statements = {"SELECT seq FROM events WHERE kind = ?": ("answer",), "SELECT id FROM staff WHERE name = ?": ("Ana",)}
    found = await gateway.store._database.read(lambda connection: reads_everything(connection, statements))
    assert [statement.partition("\n")[0] for statement in found] == ["SELECT seq FROM events WHERE kind = ?"]
