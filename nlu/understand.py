"""How a trained model understands messages, each by itself: which topics it answers or offers.

Run with the engine's Python in the folder of the model's edition: python -m nlu.understand MODEL MESSAGES. The messages
are a JSON list in a file; prints a JSON list of the same length.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nlu.quiet import quiet

Json = dict[str, Any]


def understood(parsed: Mapping[str, Any]) -> Json:
    """What counts of a parsed message: the topics, and if there are none, what it was taken for instead."""
    topics = list(parsed.get("topics") or [])
    return {
        "topics": topics,
        "offered": list(parsed.get("offered") or []),
        "intent": "faq" if topics else str((parsed.get("intent") or {}).get("name") or ""),
    }


async def understand(model: Path, messages: list[str]) -> list[Json]:
    """Have the model of this file read the messages."""
    from rasa.core.agent import Agent
    from rasa.core.channels.channel import UserMessage

    agent = Agent.load(str(model))
    assert agent.processor is not None
    return [understood(await agent.processor.parse_message(UserMessage(text))) for text in messages]


def main() -> None:
    """Print the JSON."""
    quiet()
    model, messages = map(Path, sys.argv[1:])
    json.dump(asyncio.run(understand(model, json.loads(messages.read_text(encoding="utf-8")))), sys.stdout)


if __name__ == "__main__":
    main()
