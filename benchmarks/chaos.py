"""Many chats and a front desk while connections, gateway, engine and database are killed at random.

    .venvs/gateway/bin/python -m benchmarks.chaos                  10,000 messages in 200 chats, on SQLite
    .venvs/gateway/bin/python -m benchmarks.chaos --postgresql     the same with a real PostgreSQL that crashes
    .venvs/gateway/bin/python -m benchmarks.chaos --trained --messages 1000 --chats 20    with the trained engine

The gateway is the real one, as a process of its own. The engine is the tests' small one, or with `--trained` the one
that clinics run, with its actions in the same process. SQLite is locked by another program, for longer than the gateway
waits at times; PostgreSQL is stopped as in a crash and started again. Prints what happened and what came of it; ends
with status 1 if an acknowledged message or reply was lost, doubled or out of order, for patient or desk.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import typer

from benchmarks.load import allow_many_files
from gateway.operations.processes import parts
from gateway.settings import Settings
from tests.support.fake_engine import TOKEN
from tests.support.gateway_chaos import Outcome, Wire, live_through, staffed
from tests.support.processes import Processes, eventually
from tests.support.services import PostgreSql

LONG = 300.0  # seconds that a part may take to start while 200 chats wait for it
LOCKED = (0.5, 2.0, 4.0, 11.0)  # seconds; the gateway gives up after ten


@dataclass
class World(Processes):
    """A gateway, an engine and a database that can be killed."""

    postgres: PostgreSql | None = None
    trained: bool = False
    faults: Counter[str] = field(default_factory=Counter)

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

    def kill_and_start(self, name: str) -> None:
        """SIGKILL, and again from the beginning."""
        self.kill(name)
        (self.start_gateway if name == "gateway" else self.start_engine)()

    def disturb_database(self, dice: random.Random) -> str:
        """Lock SQLite, or crash PostgreSQL; returns what was done."""
        if self.postgres:
            self.postgres.stop()
            time.sleep(dice.random() * 3)
            self.postgres.start()
            return "PostgreSQL crashed"
        seconds = dice.choice(LOCKED)
        with sqlite3.connect(self.var / "ims.sqlite3", isolation_level=None, timeout=30) as other:
            other.execute("BEGIN EXCLUSIVE")
            time.sleep(seconds)
            other.execute("ROLLBACK")
        return f"database locked for {seconds:g} s"


async def disturb(world: World, wire: Wire, dice: random.Random, pause: float) -> None:
    """Break one thing after the other, about so many seconds apart."""
    while True:
        await asyncio.sleep(pause * (0.5 + dice.random()))
        what = dice.choice(["gateway", "engine", "database", "connections", "connections"])
        if what == "connections":
            world.faults["connections cut"] += wire.cut()
        elif what == "database":
            world.faults[await asyncio.to_thread(world.disturb_database, dice)] += 1
        else:
            world.faults[f"{what} killed"] += 1
            await asyncio.to_thread(world.kill_and_start, what)


async def run(world: World, chats: int, messages: int, rate: float, pause: float, seed: int) -> Outcome:
    """Live through it; what came of it."""
    await staffed(world.database)
    await asyncio.to_thread(world.start_engine)
    await asyncio.to_thread(world.start_gateway)
    wire = Wire(world.port)
    url = f"http://127.0.0.1:{await wire.lay()}"
    disturbing = asyncio.create_task(disturb(world, wire, random.Random(seed), pause))
    living = asyncio.create_task(
        live_through(
            url,
            "ana",
            world.faults,
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


def on_exit(*steps: Callable[[], None]) -> None:
    """Do each of these, whatever becomes of the others."""
    for step in steps:
        try:
            step()
        except Exception as error:
            print(f"could not clean up: {error}", file=sys.stderr)


def main(
    chats: int = typer.Option(200, help="At once; every tenth asks for a person."),
    messages: int = typer.Option(10_000, help="Of all chats together."),
    rate: float = typer.Option(25.0, help="Messages a second, while nothing is broken."),
    pause: float = typer.Option(6.0, help="Seconds between two faults, about."),
    seed: int = typer.Option(1, help="Of what happens."),
    postgresql: bool = typer.Option(False, "--postgresql", help="With a PostgreSQL of its own (Debian's)."),
    trained: bool = typer.Option(False, "--trained", help="With the trained engine."),
) -> None:
    """Run, and print what happened and what came of it."""
    allow_many_files()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder) / "var", patience=LONG, output=Path(folder) / "printed.txt", trained=trained)
        (world.var / "secrets").mkdir(parents=True)
        if trained:
            shutil.copy("var/secrets/model_key", world.var / "secrets")  # with which the model was signed
        if postgresql:
            world.postgres = PostgreSql()
            world.postgres.start()
            os.environ["IMS_DATABASE"] = world.database
        try:
            outcome = asyncio.run(run(world, chats, messages, rate, pause, seed))
        finally:
            on_exit(world.close, *([world.postgres.close] if world.postgres else []))
    engine, database = "trained" if trained else "small", "PostgreSQL" if postgresql else "SQLite"
    print(f"{chats} chats on {database} with the {engine} engine, {time.monotonic() - began:.0f} s, seed {seed}")
    for fault, count in sorted(world.faults.items()):
        print(f"  {fault}: {count}")
    print(f"acknowledged: {outcome.messages} messages of patients, {outcome.replies} replies of the desk")
    print(f"lost {outcome.lost}, doubled {outcome.doubled}, out of order {outcome.out_of_order}")
    raise typer.Exit(0 if outcome.good else 1)


if __name__ == "__main__":
    typer.run(main)
