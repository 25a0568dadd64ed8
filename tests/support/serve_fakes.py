"""Processes for tests: `serve_fakes engine PORT` is the fake engine, `serve_fakes gateway` the real gateway before it.

The gateway takes its settings from the environment, as it always does; only its red-flag net is the small one.
"""

from __future__ import annotations

import sys

import uvicorn

from tests.support.fake_engine import FakeEngine

if sys.argv[1] == "engine":
    fake = FakeEngine()
    fake.pause = float(sys.argv[3]) if len(sys.argv) > 3 else 0.0
    uvicorn.run(fake.app, port=int(sys.argv[2]), log_level="warning")
else:
    from gateway.app import create_app
    from gateway.monitoring import logs
    from gateway.monitoring.tracing import Tracing
    from gateway.serve import server
    from gateway.settings import Settings
    from knowledge import Knowledge
    from tests.gateway.conftest import FakeNet

    settings = Settings.from_environment()
    logs.configure(as_json=settings.log_json)
    knowledge = Knowledge.load(settings.answered_from)
    server(settings, create_app(settings, knowledge, FakeNet(), tracing=Tracing.from_environment())).run()
