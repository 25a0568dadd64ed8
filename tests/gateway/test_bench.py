"""`ims bench` counts right: percentiles, throughput, ratios, load, idle streams, the picture."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from benchmarks import bench_report
from benchmarks.bench import ratios
from benchmarks.load import allow_many_files, idle_streams, many_chats, memory_mb, percentile, throughput
from tests.gateway.processes import Processes

Json = dict[str, Any]


def level(chats: int, p95: float, per_second: float) -> Json:
    return {"chats": chats, "p50_ms": p95 / 2, "p95_ms": p95, "p99_ms": p95, "per_second": per_second}


def figures(factor: float) -> Json:
    return {
        "start_s": 10 * factor,
        "replies": [level(1, 100 * factor, 10 / factor), level(10, 290, 20 / factor)],
        "per_second_below_300_ms": 20 / factor,
        "memory_mb": {"at_rest": 500 * factor, "after_load": 600 * factor},
        "model_mb": 10 * factor,
        "training": {"wall_s": 60 * factor, "cpu_s": 100 * factor},
    }


def test_percentiles_are_of_the_ordered_times() -> None:
    times = [float(number) for number in range(100, 0, -1)]
    assert [percentile(times, share) for share in (0.5, 0.95, 0.99)] == [51, 96, 100]
    assert percentile([7.0], 0.99) == 7


def test_throughput_is_the_best_level_that_is_quick_enough() -> None:
    assert throughput([level(1, 20, 30), level(10, 200, 50), level(100, 900, 70)]) == 50
    assert throughput([level(1, 400, 3)]) == 0


def test_ratios_are_ours_by_stock() -> None:
    found = ratios(figures(1), figures(4))
    assert found["training_wall"] == found["start"] == found["median_reply"] == found["memory"] == 0.25
    assert found["throughput"] == 4
    assert ratios(figures(1), {**figures(4), "per_second_below_300_ms": 0})["throughput"] is None


def test_tables_and_picture_show_both(tmp_path: Path) -> None:
    both = {"ours": figures(1), "stock": figures(4), "ratios": ratios(figures(1), figures(4))}
    console = Console(record=True, width=140, file=(tmp_path / "screen.txt").open("w"))
    for table in bench_report.tables(both):
        console.print(table)
    text = console.export_text()
    assert "stock Rasa" in text
    assert "0.25" in text
    bench_report.picture(both, tmp_path / "bench.svg")
    assert "<svg" in (tmp_path / "bench.svg").read_text("utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    allow_many_files()
    processes = Processes(tmp_path_factory.mktemp("site") / "var")
    try:
        processes.start_engine()
        processes.start_gateway()
        yield processes
    finally:
        processes.close()


async def test_load_is_answered_and_counted(site: Processes) -> None:
    found = await many_chats(f"{site.url}/webhooks/rest/webhook", 5, 1.0, ["will I be sore?", "hello"])
    assert found["failed"] == 0
    assert found["messages"] >= 5
    assert 0 < found["p50_ms"] <= found["p95_ms"] <= found["p99_ms"]


async def test_a_thousand_idle_streams_cost_little_memory(site: Processes) -> None:
    found = await idle_streams(site.url, 1000, site.running["gateway"].pid)
    assert found["cost_mb"] <= 100


def test_memory_counts_what_a_process_started() -> None:
    assert memory_mb(os.getpid()) > 20
