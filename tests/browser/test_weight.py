"""What the chat window costs a visitor."""

from __future__ import annotations

import gzip
from pathlib import Path

STATIC = Path("gateway/static")
LIMIT = 30 * 1024


def test_the_whole_window_is_at_most_thirty_kilobytes() -> None:
    files = [STATIC / "widget.js", *sorted((STATIC / "widget").glob("*"))]
    sizes = {file.name: len(gzip.compress(file.read_bytes(), 9)) for file in files}
    assert sum(sizes.values()) <= LIMIT, sizes
