"""What a message costs the engine, and what its conversations leave behind: processor time and memory.

    .venvs/engine/bin/python -m benchmarks.engine_turn [CHATS]

The trained model in `models/` answers so many chats of eight messages (100 if nothing is said), as the channel does
for the gateway, whose net has judged each message; prints processor milliseconds of a message, mean, of each place in a
chat and of each part of the engine, and the growth in MB.
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
from rasa.core.processor import MessageProcessor  # noqa: E402
from rasa.core.utils import AvailableEndpoints  # noqa: E402

from nlu.channel import converse  # noqa: E402
from nlu.encoder_featurizer import EncoderFeaturizer  # noqa: E402
from nlu.local_actions import LocalActions  # noqa: E402
from nlu.message_reader import MessageReader  # noqa: E402
from nlu.topic_matcher import TopicMatcher  # noqa: E402

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
PARTS: tuple[tuple[str, Any, str], ...] = (
    ("spelling and parts of the message", MessageReader, "process"),
    ("encoder", EncoderFeaturizer, "process"),
    ("ranking and decision", TopicMatcher, "process"),
    ("policy", MessageProcessor, "_predict_next_with_tracker"),
    ("actions and responses", MessageProcessor, "_run_action"),
    ("slots", MessageProcessor, "run_action_extract_slots"),
)


class Parts:
    """What each part takes; what one calls of another counts for the other."""

    def __init__(self) -> None:
        self.taken = dict.fromkeys((name for name, _, _ in PARTS), 0.0)
        self._inner = [0.0]
        for name, owner, method in PARTS:
            setattr(owner, method, self._timed(name, getattr(owner, method)))

    def _timed(self, name: str, work: Any) -> Any:
        def began() -> float:
            self._inner.append(0.0)
            return time.process_time()

        def ended(since: float) -> None:
            spent = time.process_time() - since
            self.taken[name] += spent - self._inner.pop()
            self._inner[-1] += spent

        def timed(*args: Any, **kwargs: Any) -> Any:
            since = began()
            try:
                return work(*args, **kwargs)
            finally:
                ended(since)

        async def timed_later(*args: Any, **kwargs: Any) -> Any:
            since = began()
            try:
                return await work(*args, **kwargs)
            finally:
                ended(since)

        return timed_later if asyncio.iscoroutinefunction(work) else timed


def megabytes() -> float:
    """The memory that this process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


async def measure(chats: int) -> Json:
    """The figures of so many chats."""
    parts = Parts()  # before the model is loaded, which looks the methods up
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
            parts.taken = dict.fromkeys(parts.taken, 0.0)
        slots: Json = {}
        for place, (text, choice) in enumerate(MESSAGES):
            asked: Json = {"message": text, "choice": choice, "slots": slots, "before": [], "judged": True}
            began = time.process_time()
            reply = await converse(agent, asked)
            taken[place] += time.process_time() - began
            slots = reply["slots"]
    each = [round(1000 * seconds / chats, 2) for seconds in taken]
    return {
        "chats": chats,
        "ms_a_message": round(sum(each) / len(each), 2),
        "ms_by_place": each,
        "ms_by_part": {name: round(1000 * spent / chats / len(MESSAGES), 2) for name, spent in parts.taken.items()},
        "mb_grown": round(megabytes() - before, 1),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100)), indent=1))
