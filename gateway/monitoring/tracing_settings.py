"""Whether traces are sent to an OpenTelemetry collector, as OpenTelemetry's own variables say.

`OTEL_EXPORTER_OTLP_ENDPOINT` (or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`) switches them on; the packages come with
`make tracing`. Here nothing is loaded, as what watches over the parts looks here too; `tracing.py` makes the spans.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from knowledge import Told

PACKAGES = ("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http")
ONLY = {
    "OTEL_TRACES_EXPORTER": "otlp",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
}


class TracingError(Told, ValueError):
    """Traces are asked for and can't be sent; the message says why and what to do."""


def asked_for(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether OpenTelemetry's variables ask for traces."""
    disabled = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return not disabled and environment.get("OTEL_TRACES_EXPORTER") != "none" and bool(_endpoint(environment))


def check(environment: Mapping[str, str] = os.environ) -> None:
    """Raise TracingError if traces are asked for in a way that we can't send them, or the packages are missing."""
    if not asked_for(environment):
        return
    if not _endpoint(environment).startswith(("http://", "https://")):
        raise TracingError("OTEL_EXPORTER_OTLP_ENDPOINT must begin with http:// or https://.", "correct or unset it.")
    for name, only in ONLY.items():
        if (environment.get(name) or only) != only:
            raise TracingError(f"Traces can be sent with {name}={only} alone.", "correct or unset it.")
    try:
        for package in PACKAGES:
            version(package)
    except PackageNotFoundError as error:
        raise TracingError(
            "OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, but what sends them is not installed.",
            "run 'make tracing', or unset it.",
        ) from error


def _endpoint(environment: Mapping[str, str]) -> str:
    ours = environment.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or environment.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    return (ours or "").strip()
