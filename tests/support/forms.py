"""The form of a page as a browser holds it: the fields that it would send, and what is typed into them."""

from __future__ import annotations

from html.parser import HTMLParser


class Form(HTMLParser):
    """The form with this id."""

    def __init__(self, page: str, id: str = "edit") -> None:
        super().__init__()
        self._id = id
        self._inside = False
        self._open = ""  # the select or textarea that is being read
        self.fields: dict[str, list[str]] = {}
        self.feed(page)

    def fill(self, **typed: str | list[str]) -> dict[str, list[str]]:
        """What is sent with these fields typed anew; `__` in a name stands for a dot."""
        for name, value in typed.items():
            self.fields[name.replace("__", ".")] = value if isinstance(value, list) else [value]
        return self.fields

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._inside = given.get("id") == self._id
        elif self._inside and tag == "input":
            if given.get("type") != "checkbox" or "checked" in given:
                self.fields.setdefault(given["name"] or "", []).append(given.get("value") or "")
        elif self._inside and tag in ("select", "textarea"):
            self._open = given["name"] or ""
            self.fields[self._open] = [""]
        elif tag == "option" and self._open and "selected" in given:
            self.fields[self._open] = [given.get("value") or ""]

    def handle_data(self, data: str) -> None:
        if self._open and self.get_starttag_text() and (self.get_starttag_text() or "").startswith("<textarea"):
            self.fields[self._open][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag in ("select", "textarea"):
            self._open = ""
        if tag == "form":
            self._inside = False
