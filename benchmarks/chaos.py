"""Many chats and a front desk while connections, gateway, engine and database are killed at random.

    .venvs/gateway/bin/python -m benchmarks.chaos                  10,000 messages in 200 chats, on SQLite
    .venvs/gateway/bin/python -m benchmarks.chaos --postgresql     the same with a real PostgreSQL that crashes
    .venvs/gateway/bin/python -m benchmarks.chaos --several        two gateways on real PostgreSQL, Redis and nginx
    .venvs/gateway/bin/python -m benchmarks.chaos --trained --messages 1000 --chats 20    with the trained engine

The gateway is the real one, as a process of its own. The engine is the tests' small one, or with `--trained` the one
that clinics run, with its actions in the same process. SQLite is locked by another program, for longer than the gateway
waits at times; PostgreSQL is stopped as in a crash and started again. With several gateways Redis is killed as well,
and connections to it and to PostgreSQL are broken. Prints what happened and what came of it; ends with status 1 if an
acknowledged message or reply was lost, doubled, out of order or answered for another, for patient or desk.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
import typer

from benchmarks.load import allow_many_files
from gateway.operations.processes import parts
from gateway.settings import Settings
from tests.support.cluster import Cluster
from tests.support.fake_engine import TOKEN
from tests.support.gateway_chaos import Outcome, Wire, live_through, staffed
from tests.support.processes import Processes, eventually
from tests.support.services import PostgreSql, Redis, Service

T = TypeVar("T", bound=Service)
LONG = 300.0  # seconds that a part may take to start while 200 chats wait for it
LOCKED = (0.5, 2.0, 4.0, 11.0)  # seconds; the gateway gives up after ten


@dataclass
class World(Processes):
    """A gateway, an engine and a database that can be killed."""

    postgres: PostgreSql | None = None
    trained: bool = False

    @property
    def database(self) -> str:
        """Its address."""
        return self.postgres.url if self.postgres else f"sqlite:///{self.var / 'ims.sqlite3'}"

    def start_engine(self, pause: float = 0) -> None:
        """The small engine, or the trained one as `ims run` starts it."""
        if not self.trained:
            super().start_engine(pause)
            return
        settings = Settings(var=self.var, engine_url=self.engine_url, engine_token=TOKEN)
        engine = parts(settings)[1]
        environment = {**os.environ, **engine.environment}
        self.running["engine"] = subprocess.Popen(
            engine.command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        eventually(lambda: httpx.get(engine.ready, headers=dict(engine.headers)).status_code == 200, self.patience)

    def begin(self) -> int:
        """All parts; returns the port to which browsers come."""
        self.start_engine()
        self.start_gateway()
        return self.port

    @property
    def breakable(self) -> Mapping[str, Callable[[random.Random], None]]:
        """Each thing that can break, and come back, by what is then said of it."""
        database = {"PostgreSQL crashed": self.crash_the_database} if self.postgres else {"SQLite locked": self.lock}
        return {"gateway killed": self.kill_the_gateway, "engine killed": self.kill_the_engine, **database}

    def kill_the_gateway(self, dice: random.Random) -> None:
        """SIGKILL, and again from the beginning."""
        self.kill("gateway")
        self.start_gateway()

    def kill_the_engine(self, dice: random.Random) -> None:
        """SIGKILL, and again from the beginning."""
        self.kill("engine")
        self.start_engine()

    def crash_the_database(self, dice: random.Random) -> None:
        """PostgreSQL stops at once, and is back after up to three seconds."""
        assert self.postgres
        self.postgres.stop()
        time.sleep(dice.random() * 3)
        self.postgres.start()

    def lock(self, dice: random.Random) -> None:
        """Another program keeps SQLite for itself."""
        with sqlite3.connect(self.var / "ims.sqlite3", isolation_level=None, timeout=30) as other:
            other.execute("BEGIN EXCLUSIVE")
            time.sleep(dice.choice(LOCKED))
            other.execute("ROLLBACK")


class Several(Cluster):
    """Two of each, behind nginx."""

    @property
    def database(self) -> str:
        """Its address."""
        return self.postgres.url

    def begin(self) -> int:
        """All parts; returns the port to which browsers come."""
        self.start()
        return self.nginx.port


async def disturb(
    breakable: Mapping[str, Callable[[random.Random], None]],
    wire: Wire,
    dice: random.Random,
    pause: float,
    faults: Counter[str],
) -> None:
    """Break one thing after the other, about this many seconds apart."""
    while True:
        await asyncio.sleep(pause * (0.5 + dice.random()))
        what = dice.choice(["browsers", "browsers", *breakable])
        if what == "browsers":
            faults["connections of browsers cut"] += wire.cut()
        else:
            faults[what] += 1
            await asyncio.to_thread(breakable[what], dice)


async def run(
    world: World | Several, chats: int, messages: int, rate: float, pause: float, seed: int, faults: Counter[str]
) -> Outcome:
    """Live through it; what came of it."""
    await staffed(world.database)
    wire = Wire(await asyncio.to_thread(world.begin))
    url = f"http://127.0.0.1:{await wire.lay()}"
    disturbing = asyncio.create_task(disturb(world.breakable, wire, random.Random(seed), pause, faults))
    living = asyncio.create_task(
        live_through(
            url,
            "ana",
            faults,
            chats=chats,
            messages=max(3, messages // chats),
            desk_chats=max(1, chats // 10),
            pause=chats / rate,
            seed=seed,
        )
    )
    try:
        await asyncio.wait({disturbing, living}, return_when=asyncio.FIRST_COMPLETED)
        if disturbing.done():
            disturbing.result()
        return await living
    finally:
        disturbing.cancel()
        living.cancel()
        wire.take_up()


def main(
    chats: int = typer.Option(200, help="At once; every tenth asks for a person."),
    messages: int = typer.Option(10_000, help="Of all chats together."),
    rate: float = typer.Option(25.0, help="Messages a second, while nothing is broken."),
    pause: float = typer.Option(6.0, help="Seconds between two faults, about."),
    seed: int = typer.Option(1, help="Of what happens."),
    postgresql: bool = typer.Option(False, "--postgresql", help="With a PostgreSQL of its own (Debian's)."),
    several: bool = typer.Option(False, "--several", help="Two gateways and engines, PostgreSQL, Redis and nginx."),
    trained: bool = typer.Option(False, "--trained", help="With the trained engine."),
) -> None:
    """Run, and print what happened and what came of it."""
    if several and trained:
        raise typer.BadParameter("several gateways are tried with the small engine")
    allow_many_files()
    began, faults = time.monotonic(), Counter[str]()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as services:

        def started(service: T) -> T:
            services.callback(service.close)
            service.start()
            return service

        var, output = Path(folder) / "var", Path(folder) / "printed.txt"
        (var / "secrets").mkdir(parents=True)
        if trained:
            shutil.copy("var/secrets/model_key", var / "secrets")  # with which the model was signed
        world: World | Several
        if several:
            world = Several(started(PostgreSql()), started(Redis()), var, output)
        else:
            postgres = started(PostgreSql()) if postgresql else None
            world = World(var, patience=LONG, output=output, postgres=postgres, trained=trained)
            if postgresql:
                os.environ["IMS_DATABASE"] = world.database
        services.callback(world.close)
        outcome = asyncio.run(run(world, chats, messages, rate, pause, seed, faults))
    engine, database = "trained" if trained else "small", "PostgreSQL" if postgresql or several else "SQLite"
    print("two gateways with Redis behind nginx, " if several else "", end="")
    print(f"{chats} chats on {database} with the {engine} engine, {time.monotonic() - began:.0f} s, seed {seed}")
    for fault, count in sorted(faults.items()):
        print(f"  {fault}: {count}")
    print(f"acknowledged: {outcome.messages} messages of patients, {outcome.replies} replies of the desk")
    print(f"lost {outcome.lost}, doubled {outcome.doubled}, out of order {outcome.out_of_order}, ", end="")
    print(f"answered for another {outcome.crossed}")
    raise typer.Exit(0 if outcome.good else 1)


if __name__ == "__main__":
    typer.run(main)
