"""Plays written conversations against a running assistant, and counts what readers marked.

python -m benchmarks.dialogues collect BASE_URL FILE OUT    play FILE over the REST channel, write sheets to OUT
python -m benchmarks.dialogues count SHEETS                 what was marked, and what was said twice word for word
"""

from __future__ import annotations

import json
import sys
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

Json = dict[str, Any]
MARKS = ("good", "weak", "wrong", "unsafe")
LONG = 12  # words from which a text may not be said twice
SPARED = ("emergency", "urgent", "crisis")


def play(base_url: str, conversation: Json) -> Json:
    """A sheet: each turn with what was answered, and an empty mark."""
    sender, turns = uuid.uuid4().hex, []
    with httpx.Client(base_url=base_url, timeout=60) as client:
        for turn in conversation["turns"]:
            answer = client.post("/webhooks/rest/webhook", json={"sender": sender, "message": turn["text"]})
            answer.raise_for_status()
            turns.append({**turn, "replies": [_reply(item) for item in answer.json()], "mark": ""})
    return {"id": conversation["id"], "who": conversation["who"], "turns": turns}


def _reply(item: Json) -> Json:
    custom = item.get("custom", {})
    buttons = [button["title"] for button in item.get("buttons", ())]
    return {"text": item["text"], "kind": custom.get("kind"), "topic": custom.get("topic"), "buttons": buttons}


def repeats(sheet: Json) -> list[str]:
    """The longer texts that stand in a conversation twice; alarms may."""
    replies = [reply for turn in sheet["turns"] for reply in turn["replies"] if reply["kind"] not in SPARED]
    counts = Counter(" ".join(reply["text"].split()) for reply in replies)
    return [text for text, count in counts.items() if count > 1 and len(text.split()) >= LONG]


def count(sheets: list[Json]) -> Json:
    """How many turns have each mark, in shares, and how many conversations and texts repeat."""
    marks = Counter(turn["mark"] or "unmarked" for sheet in sheets for turn in sheet["turns"])
    if unknown := set(marks) - {*MARKS, "unmarked"}:
        raise SystemExit(f"Unknown marks: {', '.join(sorted(unknown))}. Use {', '.join(MARKS)}.")
    marked = sum(marks[mark] for mark in MARKS)
    shares = {mark: round(marks[mark] / marked, 3) if marked else None for mark in MARKS}
    return {
        "conversations": len(sheets),
        "turns": sum(marks.values()),
        "marked": marked,
        "shares": shares,
        "said twice": sum(len(repeats(sheet)) for sheet in sheets),
    }


def read_lines(path: Path) -> list[Json]:
    """One object a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def main(arguments: list[str]) -> None:
    """Run one of the two commands."""
    match arguments:
        case ["collect", base_url, file, out]:
            sheets = [play(base_url, conversation) for conversation in read_lines(Path(file))]
            lines = "".join(json.dumps(sheet, ensure_ascii=False) + "\n" for sheet in sheets)
            Path(out).write_text(lines, encoding="utf-8")
        case ["count", file]:
            print(json.dumps(count(read_lines(Path(file))), indent=2))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
