"""Many chats while gateway and engine are killed at random, for as long as it takes; memory is watched meanwhile.

    .venvs/gateway/bin/python -m benchmarks.chaos                                     10,000 messages in 200 chats
    .venvs/gateway/bin/python -m benchmarks.chaos --messages 20000 --pause 20 --no-kills     a soak of hours

The gateway is the real one, as a process of its own; the engine is the tests' small one, killed as well. Ends with
an AssertionError if an acknowledged message was lost, doubled, or answered out of order.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from pathlib import Path

from benchmarks.load import allow_many_files, memory_mb
from tests.gateway.processes import Processes
from tests.gateway.test_chaos import check, patient


async def disturb(both: Processes, dice: random.Random, pause: float, kills: bool) -> None:
    """Kill and start again what there is, at random; say how much memory the gateway has."""
    while True:
        await asyncio.sleep(pause * (0.5 + dice.random()))
        print(f"gateway: {memory_mb(both.running['gateway'].pid):g} MB", flush=True)
        if not kills:
            continue
        name = dice.choice(["gateway", "engine"])
        print(f"killing the {name}", flush=True)
        both.kill(name)
        await asyncio.to_thread(both.start_gateway if name == "gateway" else both.start_engine)


async def run(chats: int, messages: int, pause: float, seed: int, kills: bool) -> int:
    """So many chats with so many messages altogether; returns how many messages were checked."""
    allow_many_files()
    with tempfile.TemporaryDirectory() as folder:
        both = Processes(Path(folder) / "var", output=Path(folder) / "printed.txt")
        try:
            both.start_engine()
            both.start_gateway()
            disturbing = asyncio.create_task(disturb(both, random.Random(seed), pause, kills))
            each = max(1, messages // chats)
            talking = (patient(both.url, random.Random(seed + number), each) for number in range(chats))
            results = await asyncio.gather(*talking)
            disturbing.cancel()
            await asyncio.gather(disturbing, return_exceptions=True)
        finally:
            both.close()
    for acknowledged, history in results:
        check(acknowledged, history)
    return sum(len(acknowledged) for acknowledged, _ in results)


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill the assistant's parts while many chats go on.")
    parser.add_argument("--chats", type=int, default=200)
    parser.add_argument("--messages", type=int, default=10_000, help="of all chats together")
    parser.add_argument("--pause", type=float, default=8.0, help="seconds between two kills, about")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-kills", action="store_true", help="only watch the memory")
    given = parser.parse_args()
    checked = asyncio.run(run(given.chats, given.messages, given.pause, given.seed, not given.no_kills))
    print(f"{checked} acknowledged messages: none lost, none doubled, none out of order")


if __name__ == "__main__":
    main()
