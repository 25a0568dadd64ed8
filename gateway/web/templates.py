"""The one way in which templates are read: whatever stands in them is escaped, and what is missing is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

GATEWAY = Path(__file__).parent.parent
TEMPLATES = GATEWAY / "templates"
STATIC = GATEWAY / "static"
# Looked at again each time, which costs nothing if it is the same: after an update nobody has old and new mixed.
FRESH = {"Cache-Control": "no-cache"}


def environment(folder: Path = TEMPLATES, **options: Any) -> jinja2.Environment:
    """The templates of a folder; `options` are Jinja's."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder), autoescape=True, undefined=jinja2.StrictUndefined, **options
    )
