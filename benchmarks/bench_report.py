"""What `ims bench` measured, as a table and as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.table import Table

Json = dict[str, Any]
WORDS = {"ours": "IMS Assistant", "stock": "stock Rasa 3.6.21"}


def tables(figures: Json) -> list[Table]:
    """Reply times by number of chats, everything else, and the ratios if stock Rasa was measured."""
    names = [name for name in WORDS if name in figures]
    replies = Table("chats", *(f"{WORDS[name]}: p50 / p95 / p99 ms, a second" for name in names), title="Replies")
    for place, level in enumerate(figures["ours"]["replies"]):
        cells = [figures[name]["replies"][place] for name in names]
        replies.add_row(str(level["chats"]), *(_reply(cell) for cell in cells))
    rest = Table("", *(WORDS[name] for name in names), title="The rest")
    for label, path in (
        ("start to first answer, s", ("start_s",)),
        ("messages a second at p95 < 300 ms", ("per_second_below_300_ms",)),
        ("memory at rest, MB", ("memory_mb", "at_rest")),
        ("memory after load, MB", ("memory_mb", "after_load")),
        ("model, MB", ("model_mb",)),
        ("training, s", ("training", "wall_s")),
        ("training, processor s", ("training", "cpu_s")),
        ("idle event streams", ("idle_streams", "streams")),
        ("... cost, MB", ("idle_streams", "cost_mb")),
    ):
        rest.add_row(label, *(_at(figures[name], path) for name in names))
    found = [replies, rest]
    if "ratios" in figures:
        beside = Table("ours by stock", "ratio", title="Ratios")
        for name, value in figures["ratios"].items():
            beside.add_row(name.replace("_", " "), "-" if value is None else f"{value:g}")
        found.append(beside)
    return found


def picture(figures: Json, file: Path) -> None:
    """Reply times by number of chats at once."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    shown, axes = pyplot.subplots(figsize=(6.4, 3.6), layout="constrained")
    for name, words in WORDS.items():
        if levels := figures.get(name, {}).get("replies"):
            for share, style in (("p50_ms", "-"), ("p95_ms", "--")):
                label = f"{words}, {share.removesuffix('_ms')}"
                axes.plot([level["chats"] for level in levels], [level[share] for level in levels], style, label=label)
    axes.set(xscale="log", yscale="log", xlabel="chats at once", ylabel="milliseconds")
    axes.axhline(300, color="grey", linewidth=0.8)
    axes.legend()
    shown.savefig(file)
    pyplot.close(shown)


def _reply(level: Json) -> str:
    return f"{level['p50_ms']:g} / {level['p95_ms']:g} / {level['p99_ms']:g}, {level['per_second']:g}"


def _at(figures: Json, path: tuple[str, ...]) -> str:
    found: Any = figures
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return "-" if found is None else f"{found:g}"
