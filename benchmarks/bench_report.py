"""What `ims bench` measured, as tables and as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.table import Table

Json = dict[str, Any]
WORDS = {"ours": "IMS Assistant", "stock": "stock Rasa 3.6.21"}

GOALS = {
    "training_wall": 1 / 6,
    "training_cpu": 1 / 6,
    "start": 1 / 2,
    "median_reply": 1 / 4,
    "throughput": 4.0,  # at least; of all others at most
    "memory": 1.2,
}


def tables(figures: Json) -> list[Table]:
    """Reply times by number of chats, everything else, and the ratios if stock Rasa was measured."""
    names = [name for name in WORDS if name in figures]
    replies = Table(
        "chats", *(f"{WORDS[name]}: p50 / p95 / p99 ms, a second, processor ms" for name in names), title="Replies"
    )
    for place, level in enumerate(figures["ours"]["replies"]):
        cells = [figures[name]["replies"][place] for name in names]
        replies.add_row(str(level["chats"]), *(_reply(cell) for cell in cells))
    rest = Table("", *(WORDS[name] for name in names), title="The rest")
    for label, path in (
        ("start to first answer, s", ("start_s",)),
        ("... processor s", ("start_cpu_s",)),
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
    for name, figure in _understood(figures):
        rest.add_row(name, *(_at(figures[side], ("understood", *figure)) for side in names))
    found = [replies, rest]
    if told := figures.get("stock", {}).get("training", {}).get("told_from_epochs"):
        rest.caption = f"Stock Rasa's training is told from {told} of its 100 epochs; its model has hardly learned."
    if "ratios" in figures:
        beside = Table("ours by stock", "ratio", "goal", title="Ratios")
        for name, value in figures["ratios"].items():
            goal = f"{'>=' if name == 'throughput' else '<='} {GOALS[name]:.3g}" if name in GOALS else ""
            beside.add_row(name.replace("_", " "), "-" if value is None else f"{value:g}", goal)
        found.append(beside)
    return found


def _understood(figures: Json) -> list[tuple[str, tuple[str, ...]]]:
    """Rows for how often messages were understood, where that was measured."""
    measured = figures["ours"].get("understood", {})
    rows: list[tuple[str, tuple[str, ...]]] = []
    for name, found in measured.items():
        for part, words in (("right", "right topic"), ("wrong", "wrong topic"), ("refused", "out of scope refused")):
            if part in found:
                rows.append((f"{name}: {words}", (name, part)))
        if name == "hint3_mcc":
            rows += [(f"HINT3 {part}: MCC", (name, part)) for part in found]
    return rows


def pictures(figures: Json, folder: Path) -> list[Path]:
    """Reply times by number of chats at once, and the ratios with their goals; the files."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    made = [folder / "bench.svg"]
    shown, axes = pyplot.subplots(figsize=(6.4, 3.6), layout="constrained")
    for name, words in WORDS.items():
        if levels := figures.get(name, {}).get("replies"):
            for share, style in (("p50_ms", "-"), ("p95_ms", "--")):
                label = f"{words}, {share.removesuffix('_ms')}"
                axes.plot([level["chats"] for level in levels], [level[share] for level in levels], style, label=label)
    axes.set(xscale="log", yscale="log", xlabel="chats at once", ylabel="milliseconds")
    axes.axhline(300, color="grey", linewidth=0.8)
    axes.legend()
    shown.savefig(made[0])
    pyplot.close(shown)
    if "ratios" in figures:
        made.append(folder / "bench-ratios.svg")
        shown, axes = pyplot.subplots(figsize=(6.4, 2.8), layout="constrained")
        known = {name: value for name, value in figures["ratios"].items() if value}
        axes.barh([name.replace("_", " ") for name in known], list(known.values()))
        goals = [(place, GOALS[name]) for place, name in enumerate(known) if name in GOALS]
        axes.plot([goal for _, goal in goals], [place for place, _ in goals], "k|", markersize=14, label="goal")
        axes.axvline(1, color="grey", linewidth=0.8)
        axes.set(xscale="log", xlabel="IMS Assistant by stock Rasa 3.6.21")
        axes.legend()
        shown.savefig(made[1])
        pyplot.close(shown)
    return made


def _reply(level: Json) -> str:
    return (
        f"{level['p50_ms']:g} / {level['p95_ms']:g} / {level['p99_ms']:g}, {level['per_second']:g}, {level['cpu_ms']:g}"
    )


def _at(figures: Json, path: tuple[str, ...]) -> str:
    found: Any = figures
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return "-" if found is None else f"{found:g}"
