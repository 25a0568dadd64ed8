"""Pictures and tables under answers, in the chat and on the answer pages."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, OpenChat
from tests.support.axe import violations
from tests.support.shipped import shipped_knowledge

KNOWLEDGE = shipped_knowledge()
DRAWN = {"needles": "How thick is the needle?", "soreness": "The hours after a treatment"}


@pytest.mark.parametrize("topic", DRAWN)
def test_a_picture_stands_under_its_answer_with_its_words(open_chat: OpenChat, topic: str) -> None:
    chat = open_chat().open()
    told = chat.ask(f"about {topic}")
    drawing = told.get_by_role("img", name=DRAWN[topic])
    expect(drawing).to_be_visible()
    picture = KNOWLEDGE.topics[topic].picture
    assert picture
    told.get_by_text("This picture in words").click()
    expect(told.get_by_text(KNOWLEDGE.fill(picture.words), exact=True).last).to_be_visible()


def test_the_needles_are_drawn_to_one_scale(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    told = chat.ask("about needles")
    expect(told.locator("svg")).to_be_visible()
    drawn = told.locator("[data-mm]").evaluate_all(
        "all => all.map((it) => [Number(it.dataset.mm), it.getBoundingClientRect().height])"
    )
    assert [size for size, _ in drawn] == [0.25, 0.5, 0.8]
    scale = drawn[0][1] / drawn[0][0]
    assert [height for _, height in drawn] == pytest.approx([size * scale for size, _ in drawn], rel=0.01)


def test_the_hours_are_drawn_to_one_scale(open_chat: OpenChat) -> None:
    told = open_chat().open().ask("about soreness")
    expect(told.locator("svg")).to_be_visible()
    first, second = told.locator("[data-hours]").evaluate_all("all => all.map((it) => it.getAttribute('height'))")
    assert first == second


@pytest.mark.parametrize("way", ["button", "dot"])
def test_a_part_of_the_body_asks_about_itself(open_chat: OpenChat, way: str) -> None:
    chat = open_chat().open()
    told = chat.ask("about condition_help")
    expect(told.locator("svg")).to_be_visible()
    if way == "button":
        told.get_by_role("button", name="Can IMS help pain in my knee?").press("Enter")
    else:
        told.locator("[data-part=knee] circle").first.click()
    expect(chat.replies).to_have_count(3)
    assert chat.texts()[-1] == "Can IMS help pain in my knee?"


def test_the_comparison_is_a_real_table(open_chat: OpenChat) -> None:
    told = open_chat().open().ask("about vs_acupuncture")
    table = told.get_by_role("table", name="IMS and acupuncture side by side")
    expect(table.get_by_role("columnheader")).to_have_text(["IMS", "Acupuncture"])
    expect(table.get_by_role("row", name="Where it goes")).to_contain_text("meridian points")


def test_a_picture_is_not_read_out_on_top_of_its_answer(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    expect(chat.ask("about needles").locator("svg")).to_be_visible()
    assert len([one for one in chat.announced() if "The needles are very thin" in one["text"]]) == 1
    assert not [one for one in chat.announced() if "0.25 mm" in one["text"]]


def test_without_its_drawing_a_picture_is_told_in_words(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.page.route("**/pictures/*", lambda route: route.abort())
    expect(chat.ask("about needles")).to_contain_text("3 needles side by side")


@pytest.mark.parametrize(
    "look", [{"color_scheme": "dark"}, {"forced_colors": "active"}], ids=["dark", "forced colours"]
)
def test_a_picture_takes_the_colours_of_its_page(open_chat: OpenChat, look: dict[str, str]) -> None:
    chat = open_chat(**look).open()
    told = chat.ask("about needles")
    expect(told.locator("svg")).to_be_visible()
    paper = told.locator("svg rect").first.evaluate("it => getComputedStyle(it).fill")
    behind = chat.panel.evaluate("it => getComputedStyle(it).backgroundColor")
    assert paper == behind
    assert told.locator("svg text").first.evaluate("it => getComputedStyle(it).fill") != paper


def test_who_asks_nothing_that_has_a_picture_loads_none(open_chat: OpenChat) -> None:
    chat = open_chat()
    loaded: list[str] = []
    chat.page.on("request", lambda request: loaded.append(request.url))
    chat.open().ask("what does it feel like??")
    assert not [url for url in loaded if "picture" in url]
    expect(chat.ask("about needles").locator("svg")).to_be_visible()
    assert len([url for url in loaded if "picture" in url]) == 1  # the drawing; its script is in the one bundle


@pytest.mark.parametrize("page", ["condition_help?part=knee", "needles", "soreness", "vs_acupuncture"])
def test_answer_pages_show_it_without_javascript(open_chat: OpenChat, page: str) -> None:
    shown = open_chat(f"/answers/{page}", java_script_enabled=False, viewport=PHONE).page
    section = shown.locator("section.picture")
    expect(section.locator("svg[role=img], table")).to_be_visible()
    assert shown.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    if "knee" in page:
        expect(shown.get_by_role("heading", name="Your knee")).to_be_visible()
        section.get_by_role("link", name="low back").click()
        expect(shown.locator("section", has=shown.get_by_role("heading", name="Your low back"))).to_contain_text(
            "back pain"
        )


def test_axe_finds_nothing_on_answer_pages_with_pictures(open_chat: OpenChat) -> None:
    for name in ("condition_help?part=knee", "needles", "vs_acupuncture"):
        assert violations(open_chat(f"/answers/{name}").page) == []
