"""Reads what a clinic has already: old chats or questions in a CSV file, an FAQ list as CSV or as a saved web page."""

from __future__ import annotations

import codecs
import csv
import email
import email.policy
import io
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from gateway.studio.errors import StudioError

LARGEST = 50_000_000
MOST = 100_000
MOST_FAQ = 500  # questions of one list: each may become a draft
LONGEST = 2_000  # characters of a message, as in the chat; what is longer is no question
# How files of other programs begin, and how to get a table out of them.
OTHERS = {
    b"PK\x03\x04": "an Excel, Word or other packed file. What to do: open it and save it as CSV in UTF-8",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file. What to do: open it and save it as CSV in UTF-8",
    b"%PDF": "a PDF. What to do: copy its questions into a table and save that as CSV",
    b"\x1f\x8b": "a packed file. What to do: unpack it first",
}
CONTROL = re.compile(r"[\x01-\x08\x0e-\x1f]")
PAGE = re.compile(r"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype html|html)\b", re.IGNORECASE | re.DOTALL)
ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")
QUESTIONS = ("question", "message", "text", "frage", "title")
ANSWERS = ("answer", "reply", "response", "content")
FROM_PATIENT = {"patient", "user", "visitor", "client", "customer"}
HEADS = {"h1", "h2", "h3", "h4", "h5", "h6", "summary", "dt", "button"}
BOLD = {"strong", "b"}
BLOCKS = {"p", "div", "li", "br", "tr", "dd", "section", "article", "ul", "ol", "details", *HEADS}
UNSEEN = {"script", "style", "template", "noscript", "nav", "footer", "header", "form"}
LONGEST_QUESTION = 300
LONGEST_HEAD = 3  # words of a column's heading
NOT_CLOSED = "unexpected end of data"  # what the csv module says of a quotation mark
WORD = re.compile(r"[a-z0-9]+")
FILLERS = frozenset(
    {"a", "an", "and", "are", "be", "can", "do", "does", "for", "how", "i", "in", "is", "it", "me", "my", "of", "on"}
    | {"or", "the", "to", "what", "will", "with", "you", "your"}
)


@dataclass(frozen=True)
class ListedQuestion:
    """A question, and what was answered where that is known."""

    question: str
    answer: str


@dataclass(frozen=True)
class ListFile:
    """A file that somebody has given, on disk or from a browser: what it is called, and its bytes."""

    name: str
    raw: bytes

    @classmethod
    def read(cls, path: Path) -> ListFile:
        """One on disk; StudioError if it is too large or cannot be read."""
        try:
            if path.stat().st_size > LARGEST:
                raise StudioError(f"{path} is larger than 50 MB.", "split it.")
            return cls(str(path), path.read_bytes())
        except OSError as error:
            raise StudioError(f"{path} cannot be read ({error.strerror}).", "check the name.") from None

    @property
    def suffix(self) -> str:
        return Path(self.name).suffix.casefold()

    def text(self) -> str:
        """Its text, in whichever common encoding it was saved. Raises StudioError if it is not text."""
        for start, kind in OTHERS.items():
            if self.raw.startswith(start):
                raise StudioError(f"{self.name} is {kind}.")
        text = _decoded(self.raw)
        if len(CONTROL.findall(text[:20_000])) * 100 > len(text[:20_000]):
            raise StudioError(f"{self.name} is not text.", "save it as CSV in UTF-8.")
        return text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(raw: bytes) -> str:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", "replace")
    if raw[:200].count(b"\0") > 20:
        return raw.decode("utf-16-le" if raw[1:2] == b"\0" else "utf-16-be", "replace")
    for encoding in ENCODINGS[:-1]:
        with suppress(UnicodeDecodeError):
            return raw.decode(encoding).replace("\0", "")
    return raw.decode(ENCODINGS[-1]).replace("\0", "")  # in which every byte is a letter


def from_csv(file: ListFile) -> list[ListedQuestion]:
    """The questions of a table; the column is found by its heading, or is the one that looks most like questions.

    Raises StudioError if the file is not a CSV, or has no questions or too many.
    """
    text = file.text()
    if PAGE.match(text):
        raise StudioError(f"{file.name} is a web page.", "import it as an FAQ ('./ims inbox import-faq').")
    return _table(file.name, text)


def _table(file: str, text: str) -> list[ListedQuestion]:
    try:
        dialect: Any = csv.Sniffer().sniff(text[:20_000], ",;\t|")
    except csv.Error:
        dialect = csv.excel
    csv.field_size_limit(LARGEST)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), dialect) if any(cell.strip() for cell in row)]
        list(csv.reader(io.StringIO(text), dialect, strict=True))
    except csv.Error as error:
        if str(error) == NOT_CLOSED:
            raise StudioError(
                f"In {file} a quotation mark is opened and not closed.", "close it, or save the CSV again."
            ) from None
        if "expected after" not in str(error):  # a mark inside a cell is told apart well enough
            raise StudioError(f"{file} is not a CSV file ({error}).", "save it as CSV.") from None
    if not rows:
        raise StudioError(f"{file} holds nothing.", "name a file with one question per line.")
    heads = [cell.strip().casefold() for cell in rows[0]]
    question, answer = _column(heads, QUESTIONS), _column(heads, ANSWERS)
    author = _column(heads, ("author", "role", "from", "sender"))
    if question is None:
        question, answer, author = _likely(rows), None, None
    else:
        rows = rows[1:]
    found = []
    for row in rows[:MOST]:
        if author is not None and author < len(row) and row[author].strip().casefold() not in FROM_PATIENT:
            continue
        asked = " ".join(row[question].split()) if question < len(row) else ""
        if asked and len(asked) <= LONGEST:
            found.append(ListedQuestion(asked, row[answer].strip() if answer is not None and answer < len(row) else ""))
    if not found:
        raise StudioError(f"No question was found in {file}.", "give its column the heading 'question'.")
    return _once(found)


def _page(text: str) -> list[ListedQuestion]:
    reader = _Page()
    reader.feed(text)
    reader.close()
    marked = [asked for script in reader.data for asked in _marked_up(script)]
    return _once(marked or reader.questions())


def faq(file: ListFile) -> list[ListedQuestion]:
    """The questions of an FAQ, from a web page or a CSV. Raises StudioError if there are none, or too many."""
    text = file.text()
    if file.suffix in {".mhtml", ".mht"}:
        found = _page(_archived(file.raw))
    elif PAGE.match(text) or file.suffix in {".html", ".htm", ".xhtml"}:
        found = _page(text)
    else:
        found = _table(file.name, text)
    if len(found) > MOST_FAQ:
        raise StudioError(
            f"{file.name} holds {len(found)} questions, more than an FAQ list has.",
            f"split it into lists of {MOST_FAQ}, or take it in as old chats ('./ims inbox import').",
        )
    if not found:
        raise StudioError(f"No question was found in {file.name}.", "write them in a CSV with 'question,answer'.")
    return found


def _archived(raw: bytes) -> str:
    """The page in a file in which a browser keeps a page with its pictures."""
    body = email.message_from_bytes(raw, policy=email.policy.default).get_body(("html",))
    try:
        return str(body.get_content()) if body else ""
    except (LookupError, ValueError):  # an encoding that is none
        return ""


def name_for(question: str, taken: set[str]) -> str:
    """A topic's name made of the question's words."""
    words = [word for word in WORD.findall(question.casefold()) if word not in FILLERS] or ["topic"]
    name = re.sub(r"^[0-9_]+", "", "_".join(words[:4]))[:40].strip("_") or "topic"
    number = 2
    unique = name
    while unique in taken:
        unique, number = f"{name}_{number}", number + 1
    return unique


class _Page(HTMLParser):
    """Takes a page apart into heads and other blocks of text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[tuple[bool, str]] = []
        self.data: list[str] = []
        self._text: list[str] = []
        self._head = self._bold = False
        self._unseen = 0
        self._json = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script" and ("type", "application/ld+json") in attrs:
            self._json = True
            self.data.append("")
        elif tag in UNSEEN:
            self._unseen += 1
        if tag in BLOCKS:
            self._end()
        self._head = self._head or tag in HEADS
        self._bold = self._bold or tag in BOLD

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._json:
            self._json = False
        elif tag in UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        if tag in BLOCKS:
            self._end()

    def handle_data(self, data: str) -> None:
        if self._json:
            self.data[-1] += data
        elif not self._unseen:
            self._text.append(data)

    def close(self) -> None:
        super().close()
        self._end()

    def questions(self) -> list[ListedQuestion]:
        """Heads that ask, each with the text up to the next head."""
        found: list[ListedQuestion] = []
        asking = False
        for head, text in self.blocks:
            if head and text.endswith("?") and len(text) <= LONGEST_QUESTION:
                found.append(ListedQuestion(text, ""))
                asking = True
            elif head:
                asking = False
            elif asking:
                found[-1] = ListedQuestion(found[-1].question, f"{found[-1].answer}\n{text}".strip())
        return found

    def _end(self) -> None:
        text = " ".join("".join(self._text).split())
        if text:
            self.blocks.append((self._head or (self._bold and text.endswith("?")), text))
        self._text, self._head, self._bold = [], False, False


def _marked_up(script: str) -> Iterator[ListedQuestion]:
    try:
        waiting: list[Any] = [json.loads(script)]
    except (ValueError, RecursionError):
        return
    while waiting:
        entry = waiting.pop(0)
        if isinstance(entry, list):
            waiting[:0] = entry
        elif isinstance(entry, dict):
            if entry.get("@type") == "Question" and isinstance(entry.get("name"), str):
                answer = entry.get("acceptedAnswer")
                text = answer.get("text", "") if isinstance(answer, dict) else ""
                yield ListedQuestion(_plain(entry["name"]), _plain(str(text)))
            else:
                waiting[:0] = [value for value in entry.values() if isinstance(value, dict | list)]


def _plain(html: str) -> str:
    page = _Page()
    page.feed(html)
    page.close()
    return "\n".join(text for _, text in page.blocks)


def _column(heads: list[str], names: tuple[str, ...]) -> int | None:
    """The column of this heading, or of one that has it among its words: "Our answers", "Question text"."""
    for same in (lambda head, name: head == name, _names):
        for name in names:
            if (at := next((i for i, head in enumerate(heads) if same(head, name)), None)) is not None:
                return at
    return None


def _names(head: str, name: str) -> bool:
    words = head.split()
    return len(words) <= LONGEST_HEAD and not head.endswith("?") and any(w in (name, f"{name}s") for w in words)


def _likely(rows: list[list[str]]) -> int:
    """The column with the most words."""
    widths = [0] * max(map(len, rows))
    for row in rows[:200]:
        for i, cell in enumerate(row):
            widths[i] += len(cell.split())
    return widths.index(max(widths))


def _once(found: list[ListedQuestion]) -> list[ListedQuestion]:
    return list({asked.question.casefold(): asked for asked in reversed(found) if asked.question}.values())[::-1]
