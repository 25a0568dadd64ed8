"""Traces: none unless they are asked for; then what took how long, and nothing of a patient."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from gateway.monitoring.tracing import Tracing
from gateway.monitoring.tracing_settings import TracingError, check
from gateway.operations import doctor
from gateway.operations.doctor import Installation
from gateway.operations.processes import CannotStart, parts
from gateway.settings import Settings
from tests.gateway.conftest import Gateway, Start
from tests.support.processes import Processes, eventually, free_port

MARK = "zebra-in-my-kneecap"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
SENT = "POST /api/conversations/{id}/messages"
ATTRIBUTES = {"ims.request_id", "http.request.method", "http.route", "http.response.status_code"} | {
    "db.system.name",
    "error.type",
}


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(spans: InMemorySpanExporter) -> Tracing:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return Tracing(provider)


def named(spans: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    return [span for span in spans.get_finished_spans() if span.name == name]


def attributes(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


async def test_a_message_is_one_trace_from_the_request_to_its_stored_answer(
    start: Start, tracing: Tracing, spans: InMemorySpanExporter
) -> None:
    async with start(tracing=tracing) as gateway:
        chat = await gateway.chat()
        spans.clear()
        reply = await chat.send("will I be sore?")
        await chat.answer_to(reply.json()["seq"])
    (request,), (answer,), (engine,) = named(spans, SENT), named(spans, "answer"), named(spans, "engine")
    trace = request.context.trace_id  # what the gateway does meanwhile for itself is not of this message
    stored, settled = [span for span in named(spans, "database write") if span.context.trace_id == trace][:2]
    parents = {span.name: span.parent and span.parent.span_id for span in (request, stored, answer, engine, settled)}
    assert request.parent is None
    assert stored.parent and stored.parent.span_id == request.context.span_id
    assert parents["answer"] == request.context.span_id
    assert parents["engine"] == answer.context.span_id
    assert settled.parent and settled.parent.span_id == answer.context.span_id
    assert attributes(request) == {
        "ims.request_id": reply.headers["X-Request-ID"],
        "http.request.method": "POST",
        "http.route": "/api/conversations/{id}/messages",
        "http.response.status_code": 202,
    }
    assert {attributes(span)["ims.request_id"] for span in (stored, answer, engine, settled)} == {
        reply.headers["X-Request-ID"]
    }
    assert attributes(stored)["db.system.name"] == "sqlite"


async def test_no_patient_is_in_a_trace(start: Start, tracing: Tracing, spans: InMemorySpanExporter) -> None:
    async with start(tracing=tracing) as gateway:
        chat = await gateway.chat()
        await chat.ask(MARK)
        await chat.ask(f"I cannot breathe {MARK}")
        gateway.engine.mode = "dead"
        await chat.ask(f"trip the net {MARK}")
        await gateway.client.get(f"/{MARK}?q={MARK}", headers={"traceparent": MARK, "baggage": f"a={MARK}"})
        await gateway.client.get(f"/answers?q={MARK}")
        await gateway.client.request(MARK.upper(), "/api/conversations")
        await gateway.rest(MARK, sender=f"sender-{MARK}")
    finished = spans.get_finished_spans()
    everything = "".join(span.to_json() for span in finished)
    assert len(finished) > 15
    for secret in (MARK, MARK.upper(), chat.id, chat.token, "127.0.0.1"):
        assert secret not in everything
    assert {name for span in finished for name in attributes(span)} <= ATTRIBUTES
    assert not any(span.events or span.links for span in finished)


async def test_a_failure_is_told_by_its_kind_alone(
    start: Start, tracing: Tracing, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start(tracing=tracing) as gateway:
        chat = await gateway.chat()
        gateway.engine.mode = "dead"
        await chat.ask(MARK)

        async def broken(*_: object) -> None:
            raise ValueError(MARK)

        monkeypatch.setattr("gateway.storage.store.Store.history", broken)
        await gateway.client.get(f"/api/conversations/{chat.id}/history", headers=chat.headers)
    (engine,) = named(spans, "engine")
    failed = named(spans, "GET /api/conversations/{id}/history")[-1]
    assert (attributes(engine)["error.type"], engine.status.status_code) == ("refused", StatusCode.ERROR)
    assert (attributes(failed)["error.type"], failed.status.status_code) == ("ValueError", StatusCode.ERROR)
    assert engine.status.description is None
    assert failed.status.description is None
    assert not failed.events


async def test_a_callers_trace_is_not_gone_on_with(start: Start, tracing: Tracing, spans: InMemorySpanExporter) -> None:
    header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with start(tracing=tracing) as gateway:
        await gateway.client.post("/api/conversations", headers={"traceparent": header})
    (request,) = named(spans, "POST /api/conversations")
    assert request.parent is None
    assert f"{request.context.trace_id:x}" not in header


async def test_what_only_programs_ask_for_makes_no_spans(
    start: Start, tracing: Tracing, spans: InMemorySpanExporter
) -> None:
    async with start(tracing=tracing) as gateway:
        spans.clear()
        for path in ("/health", "/ready", "/metrics"):
            await gateway.client.get(path)
    assert [span for span in spans.get_finished_spans() if span.name.startswith("GET")] == []


async def test_by_default_there_are_no_spans(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not Tracing.from_environment({}).on
    await (await gateway.chat()).ask("will I be sore?")
    assert "TracedRequests" not in str(gateway.app.user_middleware)


@pytest.mark.slow
def test_by_default_nothing_that_could_send_is_even_loaded() -> None:
    code = "import sys, gateway.serve; print([n for n in sys.modules if n.startswith('opentelemetry.')])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "opentelemetry.trace" in loaded
    assert "sdk" not in loaded
    assert "exporter" not in loaded


@pytest.mark.parametrize("more", [{"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}])
def test_the_usual_variables_switch_it_off(more: dict[str, str]) -> None:
    assert not Tracing.from_environment({ENDPOINT: "http://127.0.0.1:4318", **more}).on


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({ENDPOINT: "collector:4317"}, ENDPOINT),
        ({ENDPOINT: "http://127.0.0.1:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL"),
        ({ENDPOINT: "http://127.0.0.1:4317", "OTEL_TRACES_EXPORTER": "console"}, "OTEL_TRACES_EXPORTER"),
    ],
)
def test_what_cannot_be_sent_is_named(given: dict[str, str], named: str) -> None:
    with pytest.raises(TracingError, match=f"{named}.*What to do: correct or unset it"):
        check(given)


def test_without_the_packages_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.monitoring.tracing_settings.PACKAGES", ("opentelemetry-that-is-not-here",))
    with pytest.raises(TracingError, match="What to do: run 'make tracing', or unset it"):
        Tracing.from_environment({ENDPOINT: "http://127.0.0.1:4318"})


class Collector(HTTPServer):
    """Takes traces as a collector does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Took)
        self.bodies: list[bytes] = []

    def names(self) -> list[str]:
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        scopes = [scope for request in requests for found in request.resource_spans for scope in found.scope_spans]
        return [span.name for scope in scopes for span in scope.spans]


class Took(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    running = Processes(tmp_path / "var", output=tmp_path / "printed.txt")
    yield running
    running.close()


def ask(processes: Processes) -> tuple[str, str]:
    """Have a message answered; the id and token of its chat."""
    started = httpx.post(f"{processes.url}/api/conversations", timeout=20).json()
    headers = {"Authorization": f"Bearer {started['token']}"}
    at = f"{processes.url}/api/conversations/{started['id']}"
    sent = httpx.post(f"{at}/messages", json={"key": "k", "text": MARK}, headers=headers, timeout=20).json()

    def answered() -> bool:
        events = httpx.get(f"{at}/history", headers=headers).json()["events"]
        return any(event["in_reply_to"] == sent["seq"] for event in events)

    eventually(answered)
    return started["id"], started["token"]


@pytest.mark.slow
def test_a_collector_gets_the_spans_of_a_real_gateway_and_no_patient(
    processes: Processes, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENDPOINT, f"http://127.0.0.1:{collector.server_port}")
    processes.start_engine()
    processes.start_gateway()
    secrets = ask(processes)
    processes.stop("gateway")  # sends what is left
    assert {SENT, "answer", "engine", "database write"} <= set(collector.names())
    everything = b"".join(collector.bodies)
    assert b"ims-assistant" in everything
    for secret in (MARK, *secrets):
        assert secret.encode() not in everything


@pytest.mark.slow
def test_a_collector_that_is_away_holds_nobody_up(
    processes: Processes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(ENDPOINT, f"http://127.0.0.1:{free_port()}")
    processes.start_engine()
    processes.start_gateway()
    ask(processes)
    assert processes.stop("gateway") < 15
    assert processes.output
    assert MARK not in processes.output.read_text("utf-8")


def test_what_starts_and_examines_the_assistant_says_so_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    here = Installation(Settings(var=tmp_path), tmp_path, datetime.now(UTC))
    assert list(doctor.traces(here)) == []
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:4318")
    assert [found.state for found in doctor.traces(here)] == [doctor.WARNING]
    monkeypatch.setenv(ENDPOINT, "collector")
    assert [(found.state, found.todo) for found in doctor.traces(here)] == [(doctor.BAD, "correct or unset it.")]
    with pytest.raises(CannotStart, match=ENDPOINT):
        parts(Settings(var=tmp_path))


@pytest.mark.slow
def test_a_gateway_that_cannot_send_traces_says_so_and_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT, "collector")
    ended = subprocess.run([sys.executable, "-m", "gateway.serve"], capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(ENDPOINT)
