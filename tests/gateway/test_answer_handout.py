"""A handout is a tagged PDF that says everything the pages say; a choice that can't be printed is explained."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from gateway.answers.handout import MOST_TOPICS, handout
from knowledge import Knowledge
from tests.gateway.conftest import Gateway

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
TOKENS = re.compile(rb"/(\w+) <</MCID \d+>> BDC|/F(\d+) [\d.]+ Tf|\(((?:\\.|[^\\)])*)\) Tj|(EMC)", re.DOTALL)


@dataclass
class Block:
    """A piece of a page: what it is tagged as, and the text in it."""

    tag: str
    text: str


class Pdf:
    """As much of a PDF as the tests ask about."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        streams = [_inflated(found) for found in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", raw, re.DOTALL)]
        self.pages = [stream for stream in streams if b" BDC" in stream]
        self._fonts = [_characters(stream) for stream in streams if b"beginbfchar" in stream]

    @property
    def blocks(self) -> list[Block]:
        """The tagged pieces in order."""
        found: list[Block] = []
        for page in self.pages:
            characters, tagged = self._fonts[0], False
            for begins, font, shown, ends in TOKENS.findall(page):
                if begins:
                    found.append(Block(begins.decode(), ""))
                tagged = bool(begins) or (tagged and not ends)
                if font:
                    characters = self._fonts[int(font) - 1]
                if shown and tagged:
                    codes = ESCAPED.sub(lambda code: {b"r": b"\r", b"n": b"\n"}.get(code[1], code[1]), shown)
                    found[-1].text += "".join(characters[codes[at : at + 2]] for at in range(0, len(codes), 2))
        return [Block(block.tag, block.text.strip()) for block in found]

    @property
    def text(self) -> str:
        return "\n".join(block.text for block in self.blocks)


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream)  # its last byte may be taken for the end of a line
    except zlib.error:
        return stream


def _characters(stream: bytes) -> dict[bytes, str]:
    pairs = re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]{4,8})>\n", stream.split(b"beginbfchar")[1])
    return {bytes.fromhex(code.decode()): bytes.fromhex(to.decode()).decode("utf-16-be") for code, to in pairs}


@pytest.fixture(scope="module")
def three(knowledge: Knowledge) -> Pdf:
    topics = [knowledge.topics[name] for name in ("soreness", "cost", "blood_thinners")]
    return Pdf(handout(knowledge, topics, "https://chat.example.org", NOW))


def test_it_names_the_clinic_the_day_and_the_emergency_line(three: Pdf, knowledge: Knowledge) -> None:
    top = [block.text for block in three.blocks[:4]]
    assert top == [
        "About IMS (dry needling)",
        f"{knowledge.clinic.name}, {knowledge.clinic.phone}. November 21, 2026",
        "In an emergency, call 911. For advice from a nurse, call 811.",
        knowledge.wording("handout_note"),
    ]


def test_it_says_each_answer_whole_with_facts_sources_and_review_state(three: Pdf, knowledge: Knowledge) -> None:
    for name in ("soreness", "cost", "blood_thinners"):
        topic = knowledge.topics[name]
        assert knowledge.fill(topic.short) in three.text
        for paragraph in knowledge.fill(topic.more).split("\n\n"):
            assert paragraph.removeprefix("- ") in three.text
        for ref in topic.sources:
            assert knowledge.sources[ref.id].title in three.text
            assert (knowledge.sources[ref.id].url or "") in three.text
        assert f"https://chat.example.org/answers/{name} · {topic.version}" in three.text
    assert "$115" in three.text
    assert three.text.count("Not yet reviewed by a physiotherapist. To be checked by May 21, 2027.") == 3


def test_it_is_tagged_in_reading_order_with_language_and_title(three: Pdf) -> None:
    tags = [block.tag for block in three.blocks]
    assert tags[0] == "H1"
    assert [tag for tag in tags if tag != "P"] == ["H1", "H2", "Figure", "H3", "H3", *["H2", "Figure", "H3"] * 2]
    for needed in (b"/Lang (en-CA)", b"/Marked true", b"/DisplayDocTitle true", b"/StructTreeRoot", b"/S /H2"):
        assert needed in three.raw
    assert three.raw.count(b"/Alt (QR code that opens https://chat.example.org/answers/") == 3


def test_everything_on_a_page_is_either_tagged_or_decoration(three: Pdf) -> None:
    for page in three.pages:
        assert page.count(b" BDC") + page.count(b" BMC") == page.count(b"EMC")
        bare = re.sub(rb"(/\w+ <</MCID \d+>> BDC|/Artifact BMC)\n.*?\nEMC", b"", page, flags=re.DOTALL)
        assert b"Tj" not in bare
        assert b" re" not in bare


def test_its_fonts_are_inside(three: Pdf) -> None:
    assert three.raw.count(b"/FontFile2") == 2


def test_the_same_handout_is_the_same_file(knowledge: Knowledge) -> None:
    topics = [knowledge.topics["soreness"]]
    assert handout(knowledge, topics, "https://a.example", NOW) == handout(knowledge, topics, "https://a.example", NOW)


def test_text_longer_than_a_page_goes_on_on_the_next(knowledge: Knowledge) -> None:
    long = replace(knowledge.topics["soreness"], short="word " * 900, more="zebra " * 3000 + "\n\n- a point")
    pdf = Pdf(handout(knowledge, [long], "https://a.example", NOW))
    assert len(pdf.pages) > 4
    assert pdf.text.count("word") == 900
    assert pdf.text.count("zebra") == 3000


def test_letters_of_other_scripts_do_no_harm(knowledge: Knowledge) -> None:
    topic = replace(knowledge.topics["soreness"], short="Ça va? Être, Łódź, שלום, 💉")
    assert "Ça va? Être, Łódź" in Pdf(handout(knowledge, [topic], "https://a.example", NOW)).text


async def ask(gateway: Gateway, *topics: str) -> tuple[int, str]:
    reply = await gateway.client.get("/answers/handout", params={"topics": list(topics)})
    return reply.status_code, reply.text


async def test_the_chosen_answers_come_as_one_pdf_in_their_order(gateway: Gateway, knowledge: Knowledge) -> None:
    for chosen in (["cost,soreness"], ["cost", "soreness"], ["cost, soreness,cost", ""]):
        reply = await gateway.client.get("/answers/handout", params={"topics": chosen})
        assert reply.status_code == 200
        assert reply.headers["content-type"] == "application/pdf"
        titles = [block.text for block in Pdf(reply.content).blocks if block.tag == "H2"]
        assert titles == [knowledge.topics["cost"].title, knowledge.topics["soreness"].title]


async def test_without_a_choice_there_is_a_list_to_choose_from(gateway: Gateway, knowledge: Knowledge) -> None:
    page = await gateway.client.get("/answers/handout")
    assert page.status_code == 200
    assert page.text.count('type="checkbox"') == len(knowledge.topics)
    assert 'role="alert"' not in page.text


@pytest.mark.parametrize("topics", [("",), (" , ",), ("", "")])
async def test_an_empty_choice_is_explained(gateway: Gateway, topics: tuple[str, ...]) -> None:
    status, page = await ask(gateway, *topics)
    assert (status, "Choose at least one question." in page) == (400, True)


async def test_an_unknown_answer_is_named_and_the_rest_stays_chosen(gateway: Gateway) -> None:
    status, page = await ask(gateway, "soreness,<b>nothing</b>,../x")
    assert status == 400
    assert "There is no answer named &lt;b&gt;nothing&lt;/b&gt;, ../x." in page
    assert 'value="soreness" checked' in page


async def test_too_many_answers_are_counted(gateway: Gateway, knowledge: Knowledge) -> None:
    names = list(knowledge.topics)
    status, page = await ask(gateway, ",".join(names[: MOST_TOPICS + 1]))
    assert (status, "You chose 13 questions. Choose at most 12." in page) == (400, True)


async def test_as_many_as_allowed_fit(gateway: Gateway, knowledge: Knowledge) -> None:
    names = list(knowledge.topics)[:MOST_TOPICS]
    reply = await gateway.client.get("/answers/handout", params={"topics": ",".join(names)})
    assert reply.status_code == 200
    assert sum(block.tag == "H2" for block in Pdf(reply.content).blocks) == MOST_TOPICS


async def test_a_huge_choice_is_refused_in_few_words(gateway: Gateway) -> None:
    status, page = await ask(gateway, ",".join(f"x{number}" for number in range(5000)))
    assert status == 400
    assert len(page) < 20_000


def test_every_answer_can_be_printed(knowledge: Knowledge) -> None:
    pdf = Pdf(handout(knowledge, list(knowledge.topics.values()), "https://a.example", NOW))
    assert sum(block.tag == "H2" for block in pdf.blocks) == len(knowledge.topics)
