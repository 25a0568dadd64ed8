"""Answers on paper: the chosen topics as one tagged PDF with the clinic's name, the date, QR codes and sources.

The text is tagged with headings, paragraphs and figures in reading order; language and title are set; what repeats on
each page is marked as decoration. fpdf2 knows no nested tags, so sources are paragraphs and not a list, and links are
not tied to a tag: the file is a tagged PDF, but does not claim PDF/UA.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import cast

from fpdf import FPDF
from fpdf.enums import MethodReturnValue, XPos, YPos
from fpdf.prefs import ViewerPreferences

from environments.setup import ROOT
from gateway.answers.answer_parts import citations, lasting_facts, long_date, parts, qr_code, review_state
from knowledge import Knowledge, Topic
from knowledge.pictures import Picture

MOST_TOPICS = 12
MARGIN = 20.0  # all lengths in millimetres
QR_SIZE = 26.0
LINES = MethodReturnValue.LINES
FONTS = ROOT / "gateway" / "fonts"  # DejaVu Sans: nothing depends on what the machine has installed
LINE = 1.45  # line height in font sizes
INK, SOFT = (20, 38, 43), (72, 88, 92)


def handout(knowledge: Knowledge, topics: Sequence[Topic], base: str, now: datetime) -> bytes:
    """The PDF; `base` is the address that the codes lead to, `now` the clinic's time."""
    clinic, title = knowledge.clinic, knowledge.wording("handout_title")
    paper = _Paper(f"{clinic.name} · {clinic.phone}", knowledge.wording("page_emergency"))
    paper.set_title(f"{title}: {clinic.name}")
    paper.set_author(clinic.name)
    paper.set_creation_date(now)
    paper.add_page()
    paper.write_block("/H1", title, size=22, bold=True, after=1)
    paper.write_block("/P", f"{clinic.name}, {clinic.phone}. {long_date(now.date())}", color=SOFT, after=3)
    paper.write_block("/P", knowledge.wording("page_emergency"), bold=True, after=3)
    paper.write_block("/P", knowledge.wording("handout_note"), after=4)
    for topic in topics:
        _answer(paper, knowledge, topic, f"{base}/answers/{topic.name}", now)
    return bytes(paper.output())


def _answer(paper: _Paper, knowledge: Knowledge, topic: Topic, address: str, now: datetime) -> None:
    short = knowledge.fill(topic.short)
    narrow = QR_SIZE + 6
    paper.need(75)  # a title does not stand alone at the foot of a page
    paper.rule()
    top, page = paper.get_y(), paper.page
    paper.write_block("/H2", topic.title, size=15, bold=True, right=narrow, after=2)
    title_ends = paper.get_y()
    paper.qr(address, paper.w - MARGIN - QR_SIZE, top, knowledge)
    paper.set_y(title_ends)
    paper.write_block("/P", short, size=11.5, right=narrow, after=3)
    if paper.page == page:
        paper.set_y(max(paper.get_y(), top + QR_SIZE + 2))
    for fact in lasting_facts(knowledge, topic, now):
        paper.write_block("/P", fact, after=2.5)
    for part in parts(knowledge.fill(topic.more)):
        for point in part.points:
            paper.write_block("/P", f"• {point}", left=4, after=1)
        if part.text:
            paper.write_block("/P", part.text, after=2.5)
    if topic.picture:
        _picture(paper, knowledge, topic.picture)
    strings = knowledge.catalogues["en"].strings
    paper.write_block("/H3", strings["sources"], size=9, bold=True, before=1, keep=8)
    for source in citations(knowledge, topic):
        line = f"{source} {source.url}" if source.url else str(source)
        paper.write_block("/P", line, size=8, color=SOFT, link=source.url)
    paper.write_block("/P", review_state(knowledge, topic), size=8, color=SOFT, before=1)
    paper.write_block("/P", f"{address} · {topic.version}", size=8, color=SOFT, link=address, after=5)


def _picture(paper: _Paper, knowledge: Knowledge, picture: Picture) -> None:
    """What the picture shows, in words; a table row by row."""
    paper.write_block("/H3", picture.title, size=10.5, bold=True, before=1, after=1, keep=8)
    if picture.table is None:
        paper.write_block("/P", knowledge.fill(picture.words), after=2.5)
        return
    for about, *cells in picture.table.rows:
        told = "; ".join(f"{column}: {cell}" for column, cell in zip(picture.table.columns, cells, strict=True))
        paper.write_block("/P", f"{about}. {told}.", left=4, after=1)


class _Paper(FPDF):
    """Pages on which every block of text is tagged and stands on one page."""

    def __init__(self, left_foot: str, right_foot: str) -> None:
        super().__init__(format="Letter")
        self._feet = left_foot, right_foot
        self.add_font("body", "", FONTS / "DejaVuSans.ttf")
        self.add_font("body", "B", FONTS / "DejaVuSans-Bold.ttf")
        self.set_lang("en-CA")
        self.set_margins(MARGIN, MARGIN)
        self.c_margin = 0
        self.set_auto_page_break(True, MARGIN + 4)
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)

    def write_block(
        self,
        tag: str,
        text: str,
        *,
        size: float = 10,
        bold: bool = False,
        color: tuple[int, int, int] = INK,
        left: float = 0,
        right: float = 0,
        before: float = 0,
        after: float = 0.8,
        keep: float = 0,
        link: str | None = None,
    ) -> None:
        """One heading or paragraph. `left` and `right` stay free beside it, `keep` is room for what follows."""
        self.set_font("body", "B" if bold else "", size)
        self.set_text_color(*color)
        width, height = self.epw - left - right, size * LINE / self.k
        lines = cast("list[str]", self.multi_cell(width, text=text, align="L", dry_run=True, output=LINES))
        self.set_y(self.get_y() + before)
        for page in _batches(lines, int((self.page_break_trigger - self.t_margin) / height)):
            self.need(len(page) * height + keep)
            with self._tagged(tag, title=text if tag != "/P" else None):
                for line in page:
                    self.set_x(self.l_margin + left)
                    # The space keeps the last word of a line and the first of the next apart when they are read aloud.
                    self.cell(width, height, f"{line} ", new_y=YPos.NEXT, link=link or "")
        self.set_y(self.get_y() + after)

    def qr(self, address: str, x: float, y: float, knowledge: Knowledge) -> None:
        """The code as a figure with a text alternative, drawn as squares."""
        rows = [list(row) for row in qr_code(address).matrix]
        side = QR_SIZE / len(rows)
        self.set_fill_color(0)
        with self._tagged("/Figure", alt=knowledge.wording("qr_label", address=address)):
            for down, row in enumerate(rows):
                for across, dark in enumerate(row):
                    if dark:  # a little wider than the grid: no hair lines between squares
                        self.rect(x + across * side, y + down * side, side * 1.02, side * 1.02, style="F")

    def need(self, room: float) -> None:
        """Go on with the next page if there is less room than this on the page."""
        if self.get_y() > self.t_margin and self.get_y() + room > self.page_break_trigger:
            self.add_page()

    def rule(self) -> None:
        """A line between answers: decoration."""
        with self._decoration():
            self.set_draw_color(190, 203, 206)
            self.line(MARGIN, self.get_y(), self.w - MARGIN, self.get_y())
        self.set_y(self.get_y() + 5)

    def footer(self) -> None:
        """The clinic, the emergency line and the page number at the foot of each page."""
        with self._decoration():
            self.set_y(-MARGIN + 4)
            self.set_font("body", "", 8)
            self.set_text_color(*SOFT)
            left, right = self._feet
            self.cell(0, 4, left)
            self.set_x(self.l_margin)
            self.cell(0, 4, f"{self.page_no()} / {{nb}}", align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.cell(0, 4, right)

    @contextmanager
    def _tagged(self, tag: str, *, title: str | None = None, alt: str | None = None) -> Iterator[None]:
        number = self.struct_builder.next_mcid_for_page(self.page)
        self._add_marked_content(struct_type=tag, mcid=number, title=title, alt_text=alt)
        page = self.page
        self._out(f"{tag} <</MCID {number}>> BDC")
        yield
        assert page == self.page  # a tag cannot go over a page; `need` has made room
        self._out("EMC")

    @contextmanager
    def _decoration(self) -> Iterator[None]:
        self._out("/Artifact BMC")
        yield
        self._out("EMC")


def _batches(lines: list[str], most: int) -> Iterator[list[str]]:
    for first in range(0, len(lines), most):
        yield lines[first : first + most]
