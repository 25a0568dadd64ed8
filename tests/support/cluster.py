"""Two gateways and two engines as processes of their own over PostgreSQL, Redis and nginx, and what can break."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from tests.support.processes import START, Processes, eventually, free_port
from tests.support.services import Nginx, PostgreSql, Redis


class Cluster(Processes):
    """Two of everything that can die, and the services between them."""

    def __init__(self, postgres: PostgreSql, redis: Redis, var: Path, output: Path | None = None) -> None:
        super().__init__(var, output=output)
        self.postgres, self.redis = postgres, redis
        self.ports = [free_port(), free_port()]
        self.engine_ports = [free_port(), free_port()]
        self.nginx = Nginx(self.ports)

    @property
    def engine_url(self) -> str:
        return " ".join(f"http://127.0.0.1:{port}" for port in self.engine_ports)

    def start(self) -> None:
        """All of it; PostgreSQL and Redis run already."""
        for number in (0, 1):
            self.start_engine_of(number)
        for number in (0, 1):
            self.start_node(number, wait=False)
        for number in (0, 1):
            self._wait(number)
        self.nginx.start()

    def start_engine_of(self, number: int, pause: float = 0.05) -> None:
        """One engine, that takes `pause` seconds for an answer."""
        port = self.engine_ports[number]
        self._start("engine", str(port), str(pause))
        self.running[f"engine-{number}"] = self.running.pop("engine")
        eventually(lambda: httpx.get(f"http://127.0.0.1:{port}/webhooks/gateway/").status_code == 200, START)

    def start_node(self, number: int, wait: bool = True) -> None:
        """One gateway."""
        self.port = self.ports[number]
        given = {
            "IMS_DATABASE": self.postgres.url,
            "IMS_REDIS": self.redis.url,
            "IMS_TAKE_OVER_AFTER": "1",
            # All that nginx passes on comes from one address here.
            "IMS_ADDRESS_BURST": "1000000",
            "IMS_CHATS_BURST": "1000000",
        }
        os.environ.update(given)
        try:
            self._start("gateway")
        finally:
            for name in given:
                del os.environ[name]
        self.running[f"gateway-{number}"] = self.running.pop("gateway")
        if wait:
            self._wait(number)

    def _wait(self, number: int) -> None:
        eventually(lambda: httpx.get(f"{self.node(number)}/health").status_code == 200, START)

    def node(self, number: int) -> str:
        """The address of one gateway."""
        return f"http://127.0.0.1:{self.ports[number]}"

    def close(self) -> None:
        self.nginx.close()
        super().close()

    @property
    def breakable(self) -> Mapping[str, Callable[[random.Random], None]]:
        """Each thing that can break, and come back, by what is then said of it."""
        return {
            "gateway killed": self.kill_a_node,
            "engine killed": self.kill_an_engine,
            "PostgreSQL crashed": self.crash_the_database,
            "Redis killed": self.kill_redis,
            "connections to PostgreSQL cut": lambda _: self.postgres.cut(),
            "connections to Redis cut": lambda _: self.redis.cut(),
        }

    def kill_a_node(self, dice: random.Random) -> None:
        """SIGKILL, and again from the beginning."""
        number = dice.randrange(2)
        self.kill(f"gateway-{number}")
        self.start_node(number)

    def kill_an_engine(self, dice: random.Random) -> None:
        """SIGKILL, and again from the beginning."""
        number = dice.randrange(2)
        self.kill(f"engine-{number}")
        self.start_engine_of(number)

    def crash_the_database(self, dice: random.Random) -> None:
        """PostgreSQL stops at once, and is back after up to three seconds."""
        self.postgres.stop()
        time.sleep(dice.random() * 3)
        self.postgres.start()

    def kill_redis(self, dice: random.Random) -> None:
        """The same for Redis."""
        self.redis.stop()
        time.sleep(dice.random() * 3)
        self.redis.start()
