"""Milliseconds that a trained model takes to understand a message, and the memory of the process, as JSON.

Run with the engine's Python from the project's root: python -m benchmarks.understanding_time FOLDER_OF_MODEL
"""

import asyncio
import json
import statistics
import sys
import time
from pathlib import Path

from nlu.light import defer_tensorflow
from nlu.quiet import quiet

quiet()
defer_tensorflow()

from rasa.core.agent import Agent, load_agent  # noqa: E402  (Rasa is quieter when it is told before its import)

MESSAGES = Path("benchmarks/patients/questions.jsonl")


async def times(agent: Agent, texts: list[str]) -> list[float]:
    """Milliseconds for each text."""
    found = []
    for text in texts:
        began = time.perf_counter()
        await agent.parse_message(text)
        found.append(1e3 * (time.perf_counter() - began))
    return found


async def measured(models: str, texts: list[str]) -> list[float]:
    """The best of three for each text: whatever else the machine does is not ours."""
    agent = await load_agent(model_path=models)
    return [min(three) for three in zip(*[await times(agent, texts) for _ in range(3)], strict=True)]


def main() -> None:
    """Print the figures."""
    texts = [json.loads(line)["text"] for line in MESSAGES.read_text("utf-8").splitlines()][:100]
    found = asyncio.run(measured(sys.argv[1], texts))
    print(json.dumps({"median_ms": round(statistics.median(found), 2)}))


if __name__ == "__main__":
    main()
