"""How much danger is heard in other languages, and what else alarms: python -m benchmarks.safety.languages [--misses]

Each file here holds one JSON object a line: `text`, `language`, `level` (null: no danger) and `sign`. The message is
read as the chat reads it: by the net, and then by the words of thirteen languages.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from gateway.evaluation.intervals import Share
from safety import Net
from safety.languages import Languages

HERE = Path(__file__).parent
DATA = Path("data")


def main() -> None:
    """Measure and print, by language and over all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--misses", action="store_true", help="print what went wrong")
    misses = parser.parse_args().misses
    net, languages = Net.load(DATA), Languages.load(DATA)
    heard: dict[tuple[str, str], list[bool]] = {}
    for file in sorted(HERE.glob("*.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            found = net.check(row["text"]) or languages.check(row["text"])
            kind = row["level"] or "without danger"
            for name in (row["language"], "all"):
                heard.setdefault((name, kind), []).append(found is not None)
            if misses and (found is None) == bool(row["level"]):
                print(f"{row['language']} {row['level']} {row['sign']} -> {found and found.level}: {row['text']}")
    for (name, kind), hits in sorted(heard.items()):
        share = Share(sum(hits), len(hits))
        low, high = share.interval
        print(f"{name:<5}{kind:<16}{share.hits:>4} of {share.of:<5}{share.value:>8.1%}   {low:.1%} to {high:.1%}")


if __name__ == "__main__":
    main()
