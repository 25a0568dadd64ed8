"""What a message costs the engine, and what its conversations leave behind: processor time and memory.

    .venvs/engine/bin/python -m benchmarks.engine_turn [CHATS]

The trained model in `models/` answers this many chats of eight messages (100 if nothing is said), as the channel does
for the gateway; prints processor milliseconds of a message, mean and of each place in a chat, and the growth in MB.
"""

import asyncio
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from nlu.quiet import quiet

quiet()

from rasa.core.agent import load_agent  # noqa: E402
from rasa.core.utils import AvailableEndpoints  # noqa: E402

from nlu.channel import converse  # noqa: E402
from nlu.local_actions import LocalActions  # noqa: E402

Json = dict[str, Any]
MESSAGES: tuple[tuple[str, Json | None], ...] = (
    ("will i be sore afterwards", None),
    ("for how long", None),
    ("what does a session cost", None),
    ("is it safe for me", {"intent": "screening"}),
    ("no", None),
    ("none of these", None),
    ("i take warfarin", None),
    ("stop", None),
)
WARM = 5  # chats before it is measured


def megabytes() -> float:
    """The memory that this process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


async def measure(chats: int) -> Json:
    """The figures of this many chats."""
    manifest = json.loads(Path("models/manifest.json").read_text())
    model = Path("models", manifest["file"]).absolute()
    endpoints = AvailableEndpoints.read_endpoints("endpoints.yml")
    os.chdir(model.parent / model.name.removesuffix(".tar.gz"))
    agent = await load_agent(model_path=str(model), endpoints=endpoints)
    assert agent.processor is not None
    agent.processor.action_endpoint = LocalActions()
    taken = [0.0] * len(MESSAGES)
    before = 0.0
    for chat in range(WARM + chats):
        if chat == WARM:
            taken, before = [0.0] * len(MESSAGES), megabytes()
        slots: Json = {}
        for place, (text, choice) in enumerate(MESSAGES):
            began = time.process_time()
            reply = await converse(agent, {"message": text, "choice": choice, "slots": slots, "before": []})
            taken[place] += time.process_time() - began
            slots = reply["slots"]
    each = [round(1000 * seconds / chats, 2) for seconds in taken]
    return {
        "chats": chats,
        "ms_a_message": round(sum(each) / len(each), 2),
        "ms_by_place": each,
        "mb_grown": round(megabytes() - before, 1),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100)), indent=1))
