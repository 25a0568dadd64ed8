"""Everything at once: the supervisor, the engine with the trained model, the gateway, and a patient's browser."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenChat
from tests.support.processes import eventually, free_port


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`ims run` on free ports; its address."""
    if not Path("models/manifest.json").exists():
        if os.environ.get("IMS_REQUIRE_SYSTEM_PACKAGES"):
            pytest.fail("there is no trained model: run 'make train'")
        pytest.skip("needs a trained model (make train)")
    var = tmp_path_factory.mktemp("clinic")
    # Models are signed with this machine's secret, so the test has to use the same.
    for secret in Path("var/secrets").glob("*"):
        (var / "secrets").mkdir(exist_ok=True)
        (var / "secrets" / secret.name).write_bytes(secret.read_bytes())
    port = free_port()
    environment = {
        "IMS_VAR": str(var),
        "IMS_PORT": str(port),
        "IMS_ENGINE_URL": f"http://127.0.0.1:{free_port()}",
    }
    running = subprocess.Popen([sys.executable, "-m", "gateway.cli", "run"], env={**os.environ, **environment})
    try:
        eventually(lambda: httpx.get(f"http://127.0.0.1:{port}/ready", timeout=5).status_code == 200, 180)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(30)


def test_a_patient_asks_is_answered_and_is_warned(open_chat: OpenChat, clinic: str) -> None:
    chat = open_chat(at=clinic).open()
    expect(chat.ask("what does it feel like??")).to_contain_text("cramp")
    chat.button("Tell me more").click()
    expect(chat.replies).to_have_count(3)
    assert chat.replies.last.locator("p").count() > 1
    expect(chat.ask("crushing chest pain and i cannot breathe")).to_contain_class("alarm emergency")


def test_the_safety_questions_are_cards(open_chat: OpenChat, clinic: str) -> None:
    chat = open_chat(at=clinic).open()
    chat.ask("can you check if it is safe for me")
    for _ in range(12):
        if chat.button("Start the safety questions").is_visible():
            chat.button("Start the safety questions").click()
        card = chat.page.locator("ims-chat form.card:not(.closed)")
        expect(card.or_(chat.page.locator("ims-chat .screening_result"))).to_be_visible()
        if card.count() == 0:
            break
        title = card.locator("legend").inner_text()
        card.get_by_role("button", name="None of these").or_(card.get_by_role("button", name="No", exact=True)).click()
        expect(chat.page.locator("ims-chat form.card:not(.closed) legend", has_text=title)).to_have_count(0)
        expect(chat.page.locator("ims-chat .unsent")).to_have_count(0)
        expect(chat.messages.last).not_to_contain_class("patient")
    expect(chat.page.locator("ims-chat .screening_result")).to_contain_text("That does not mean it is right for you")
    with chat.page.context.expect_page() as tab:
        chat.button("Print it for my physio").click()
    expect(tab.value.get_by_role("heading", level=1)).to_have_text("My answers to the safety questions")
    expect(tab.value.get_by_role("button", name="Print")).to_be_visible()
