"""Pictures: the drawings themselves, and what programs are told of them."""

from __future__ import annotations

from xml.etree import ElementTree

from gateway.answers.answer_parts import about_conditions, citations
from gateway.answers.handout import handout
from gateway.answers.picture_routes import questions
from knowledge import Knowledge
from tests.gateway.conftest import Chat, Gateway
from tests.gateway.test_answer_handout import NOW, Pdf

SVG = "{http://www.w3.org/2000/svg}"


async def test_rasas_shape_holds_the_address_of_the_picture(gateway: Gateway) -> None:
    (item,) = await gateway.rest("am i sore")
    assert item["image"].startswith("/pictures/after_treatment.svg?")
    assert "72 hours" in item["custom"]["picture"]["words"]
    drawing = await gateway.client.get(item["image"])
    assert drawing.headers["content-type"].startswith("image/svg+xml")
    root = ElementTree.fromstring(drawing.text)
    assert root.findtext(f"{SVG}title") == "The hours after a treatment"
    assert root.findtext(f"{SVG}desc") == item["custom"]["picture"]["words"]


async def test_an_answer_without_a_picture_has_none(gateway: Gateway) -> None:
    (item,) = await gateway.rest("how does it feel")
    assert "image" not in item
    assert "picture" not in item["custom"]


async def test_the_longer_answer_does_not_repeat_the_picture(chat: Chat) -> None:
    (short,) = await chat.ask("am i sore")
    more = next(button for button in short["buttons"] if button["label"] == "Tell me more")
    (long,) = await chat.ask(choice=more["id"])
    assert "picture" in short
    assert "picture" not in long


async def test_an_unknown_drawing_is_not_found(gateway: Gateway) -> None:
    assert (await gateway.client.get("/pictures/nothing.svg")).status_code == 404


def test_every_drawing_is_served_with_words_for_who_cannot_see_it(knowledge: Knowledge) -> None:
    drawn = [picture for picture in knowledge.pictures.values() if not picture.table]
    assert {picture.id for picture in drawn} == {"body_map", "after_treatment", "needle_size"}
    for picture in drawn:
        assert len(picture.words) > 100


def test_the_sources_of_a_picture_stand_with_those_of_the_answer(knowledge: Knowledge) -> None:
    titles = [citation.title for citation in citations(knowledge, knowledge.topics["needles"])]
    assert any("needle diameter" in title for title in titles)
    assert any("ISO 6009" in title for title in titles)


def test_something_is_known_about_every_part_of_the_body_map(knowledge: Knowledge) -> None:
    asked = questions(knowledge, knowledge.pictures["body_map"])
    assert len(asked) == 19
    for _, label, question in asked:
        assert label in question
        assert about_conditions(knowledge, question)


def test_on_paper_pictures_are_told_in_words(knowledge: Knowledge) -> None:
    topics = [knowledge.topics[name] for name in ("needles", "vs_acupuncture")]
    text = Pdf(handout(knowledge, topics, "https://chat.example.org", NOW)).text
    assert "0.25 mm" in text
    assert "Where it goes. IMS: tight muscles and trigger points; Acupuncture: meridian points." in text


async def test_a_part_of_the_body_that_is_not_in_the_picture_is_ignored(gateway: Gateway) -> None:
    page = await gateway.client.get("/answers/condition_help?part=chest")
    assert page.status_code == 200
    assert 'id="part"' not in page.text
