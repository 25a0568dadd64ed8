"""One PostgreSQL and one Redis for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.services import PostgreSql, Redis


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgreSql]:
    server = PostgreSql()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    server = Redis()
    try:
        server.start()
        yield server
    finally:
        server.close()
