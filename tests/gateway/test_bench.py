"""`ims bench` counts right: percentiles, throughput, ratios, load, idle streams, the picture."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from benchmarks import bench_report, growth, stock
from benchmarks.bench import ratios
from benchmarks.growth import one_chat, ten_times
from benchmarks.load import allow_many_files, cpu_seconds, idle_streams, many_chats, memory_mb, percentile, throughput
from benchmarks.stock import config, told_for_all_epochs
from tests.support.processes import Processes, both_running

pytestmark = pytest.mark.slow  # takes more than a few seconds

Json = dict[str, Any]


def level(chats: int, p95: float, per_second: float) -> Json:
    return {
        "chats": chats,
        "p50_ms": p95 / 2,
        "p95_ms": p95,
        "p99_ms": p95,
        "per_second": per_second,
        "cpu_ms": p95 / 3,
    }


def figures(factor: float) -> Json:
    return {
        "start_s": 10 * factor,
        "start_cpu_s": 8 * factor,
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
    assert found["start_cpu"] == found["cpu_a_message"] == 0.25
    assert found["throughput"] == 4
    assert ratios(figures(1), {**figures(4), "per_second_below_300_ms": 0})["throughput"] is None


def test_tables_and_pictures_show_both(tmp_path: Path) -> None:
    understood = {"own": {"right": 0.9, "refused": 0.8}, "hint3_mcc": {"sofmattress": 0.68}}
    ours, other = {**figures(1), "understood": understood}, figures(4)
    other["training"]["told_from_epochs"] = 6
    both = {"ours": ours, "stock": other, "ratios": ratios(ours, other)}
    console = Console(record=True, width=140, file=(tmp_path / "screen.txt").open("w"))
    for table in bench_report.tables(both):
        console.print(table)
    text = console.export_text()
    assert "stock Rasa" in text
    assert "0.25" in text
    assert "told from 6 of its 100 epochs" in text
    assert "HINT3 sofmattress: MCC" in text
    drawn = bench_report.pictures(both, tmp_path)
    assert [file.name for file in drawn] == ["bench.svg", "bench-ratios.svg"]
    assert all("<svg" in file.read_text("utf-8") for file in drawn)


def test_all_epochs_are_told_from_two_short_trainings() -> None:
    found = told_for_all_epochs({"cpu_s": 60.0, "wall_s": 50.0}, {"cpu_s": 110.0, "wall_s": 90.0}, 6)
    assert (found["cpu_s"], found["wall_s"]) == (60 + 99 * 10, 50 + 99 * 8)
    assert found["told_from_epochs"] == 6


def test_stock_is_rasas_own_configuration() -> None:
    assert "pipeline: null" in config()
    fewer = config(6)
    assert fewer.count("epochs: 6\n") == 4
    assert "name: DIETClassifier" in fewer and "name: TEDPolicy" in fewer


def test_a_trained_stock_model_is_used_again_for_the_same_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainings: list[Path] = []

    def train(config: Path, out: Path, data: Path = Path("data")) -> Json:
        trainings.append(config)
        (out / "model.tar.gz").write_bytes(b"model")
        return {"wall_s": 10.0, "cpu_s": 20.0}

    monkeypatch.setattr(stock, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(stock, "train", train)
    first, made = stock.trained(tmp_path, again=True)
    again, kept = stock.trained(tmp_path, again=False)
    assert len(trainings) == 1
    assert first == again
    assert made["measured_in_this_run"] and not kept["measured_in_this_run"]
    assert kept["cpu_s"] == 20.0


async def test_every_message_of_one_chat_is_timed(site: Processes) -> None:
    times = await one_chat(f"{site.url}/webhooks/rest/webhook", 6, ["will I be sore?", "hello"])
    assert len(times) == 6 and min(times) > 0


def test_ten_times_the_topics_are_different_topics(tmp_path: Path) -> None:
    answers = ten_times(tmp_path) / "answers"
    assert len(list(answers.glob("*.yml"))) == 10 * len(list(Path("data/answers").glob("*.yml")))
    first, second = ((answers / name).read_text("utf-8") for name in ("soreness.yml", "soreness_1.yml"))
    assert "- sore after\n" in first and "- sore after at the swimming pool\n" in second
    assert "intent: faq/soreness_1\n" in second and "utter_faq/soreness_1:\n" in second


async def test_a_database_of_many_messages_is_worked_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "MESSAGES", 150)
    found = await growth.grown(tmp_path)
    assert found["messages"] == 150
    assert found["ratio"] > 0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    allow_many_files()
    with both_running(tmp_path_factory.mktemp("site") / "var") as processes:
        yield processes


@pytest.mark.slow
async def test_load_is_answered_and_counted(site: Processes) -> None:
    found = await many_chats(f"{site.url}/webhooks/rest/webhook", 5, 1.0, ["will I be sore?", "hello"])
    assert found["failed"] == 0
    assert found["messages"] >= 5
    assert 0 < found["p50_ms"] <= found["p95_ms"] <= found["p99_ms"]


@pytest.mark.slow
async def test_a_thousand_idle_streams_cost_little_memory(site: Processes) -> None:
    found = await idle_streams(site.url, 1000, site.running["gateway"].pid)
    assert found["cost_mb"] <= 100


def test_processor_time_counts_what_was_worked() -> None:
    before = cpu_seconds(os.getpid())
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass
    assert 0.15 <= cpu_seconds(os.getpid()) - before < 2


def test_memory_counts_what_a_process_started() -> None:
    assert memory_mb(os.getpid()) > 20
