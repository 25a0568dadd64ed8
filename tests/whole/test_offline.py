"""The assistant needs no other machine, asks none, and lets none reach more than the gateway."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.system import needs
from tests.whole.conftest import Run

pytestmark = needs("engine", "model", "strace", "ip")

# As strace writes an address. What is not an address of the internet protocol stays on this machine anyway.
ADDRESS = re.compile(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')
LOOPBACK = re.compile(r"127\.|::1$|::ffff:127\.")


def outside(calls: list[str]) -> list[str]:
    """The calls that name an address on another machine."""
    return [call for call in calls if any(not LOOPBACK.match(a or b) for a, b in ADDRESS.findall(call))]


def test_what_names_another_machine_is_recognised() -> None:
    calls = [
        'connect(3, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("93.184.216.34")}, 16) = 0',
        'sendto(3, ""..., 29, 0, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("10.0.0.2")}, 16) = 29',
        'connect(3, {sa_family=AF_INET6, sin6_port=htons(443), inet_pton(AF_INET6, "2606::1", &sin6_addr)}, 28) = -1',
    ]
    assert outside(calls) == calls
    assert (
        outside(['connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = 0']) == []
    )


def test_a_patient_is_answered_where_there_is_no_network(run: Run) -> None:
    if run.isolated:  # else the calls alone are the evidence, in the next test
        assert run.report["interfaces"] == ["lo"]
    assert run.report["ready"] == {"database": "ok", "engine": "ok"}
    first = {name: messages[0]["custom"] for name, messages in run.report["answers"].items()}
    assert (first["question"]["kind"], first["question"]["topic"]) == ("answer", "soreness")
    assert first["danger"]["kind"] == "emergency"
    assert run.report["exit_code"] == 0


def test_no_part_tries_to_reach_another_machine(run: Run) -> None:
    assert any("connect(" in call and "127.0.0.1" in call for call in run.calls), "else nothing was watched"
    assert outside(run.calls) == []


def test_only_the_gateway_can_be_reached_from_other_machines(run: Run) -> None:
    found = run.report["listening"]
    assert f"0.0.0.0:{run.ports['gateway']}" in found, "as IMS_HOST asked for"
    others = [address for address in found if address != f"0.0.0.0:{run.ports['gateway']}"]
    assert f"127.0.0.1:{run.ports['engine']}" in others
    assert all(address.startswith("127.0.0.1:") for address in others), others


def test_every_way_to_start_rasa_says_that_it_reports_no_usage() -> None:
    starts = re.compile(r'"-m",\s*"(rasa|nlu\.light)"|module\("nlu\.light"\)')
    quiet = re.compile("RASA_TELEMETRY_ENABLED|engine_environment|stock.environment|from nlu.quiet import")
    files = [
        file for folder in ("gateway", "tests", "benchmarks", "environments") for file in Path(folder).rglob("*.py")
    ]
    starting = {file: text for file in files if starts.search(text := file.read_text("utf-8"))}
    assert Path("gateway/operations/processes.py") in starting
    assert [file for file, text in starting.items() if not quiet.search(text)] == []
    assert "export RASA_TELEMETRY_ENABLED = false" in Path("Makefile").read_text("utf-8")


@pytest.mark.parametrize("environment", ["engine", "gateway"])
def test_the_runtime_of_the_nets_holds_nothing_that_reports_usage(environment: str) -> None:
    """Builds from 1.24 on may hold a collector's client, which looks up its host as soon as a net is loaded."""
    libraries = list(
        Path(".venvs", environment).glob("lib/python3*/site-packages/onnxruntime/capi/*pybind11_state*.so")
    )
    assert libraries
    for library in libraries:
        assert b"data.microsoft.com" not in library.read_bytes()
