"""Score the trained model on messages that its writers did not see, without a server.

Run with the engine's Python from the project's root: python -m benchmarks.topics DATA_DIR [OUT_JSON] [MODEL]
DATA_DIR holds questions.jsonl (text, topic, also) and out_of_scope.jsonl (text, also). Prints the figures as JSON and
writes every miss to OUT_JSON.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from nlu.quiet import quiet

quiet()

from rasa.core.agent import Agent, load_agent  # noqa: E402  (Rasa is quieter when it is told before its import)
from rasa.core.utils import AvailableEndpoints  # noqa: E402

from nlu.channel import converse  # noqa: E402

REFUSED = {"unknown", "clarify", "handoff", "chat", "emergency", "urgent", "crisis"}
Json = dict[str, Any]


def rows(path: Path) -> list[Json]:
    """The items of a JSON-lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def accepted(item: Json) -> set[str]:
    """The topics that are right for an item."""
    also = item.get("also") or []
    return {also} if isinstance(also, str) else set(also)


async def ask(agent: Agent, text: str) -> Json:
    """One message in a conversation of its own."""
    return await converse(agent, {"message": text, "choice": None, "slots": {}, "before": []})


async def score(agent: Agent, folder: Path) -> Json:
    """Figures and misses."""
    misses: Json = {"questions": [], "out_of_scope": []}
    right = near = wrong = refused = 0
    times = []
    questions, outside = rows(folder / "questions.jsonl"), rows(folder / "out_of_scope.jsonl")
    for item in questions:
        start = time.perf_counter()
        got = await ask(agent, item["text"])
        times.append(time.perf_counter() - start)
        wanted = {item["topic"]} | accepted(item)
        hit = got["kind"] in ("answer", "handoff") and bool(set(got["topics"]) & wanted)
        right += hit
        near += hit or bool(set(got["offered"]) & wanted)
        wrong += got["kind"] == "answer" and not hit
        if not hit:
            misses["questions"].append({"text": item["text"], "wanted": sorted(wanted), "got": got})
    for item in outside:
        got = await ask(agent, item["text"])
        good = got["kind"] in REFUSED or bool(set(got["topics"]) & accepted(item))
        refused += good
        if not good:
            misses["out_of_scope"].append({"text": item["text"], "got": got})
    count = len(questions)
    figures = {
        "questions": {
            "n": count,
            "right": round(right / count, 4),
            "right_or_offered": round(near / count, 4),
            "wrong_confident": round(wrong / count, 4),
        },
        "out_of_scope": {"n": len(outside), "refused": round(refused / len(outside), 4)},
        "median_ms": round(1000 * sorted(times)[count // 2], 1),
    }
    return {"figures": figures, "misses": misses}


async def load_and_score(folder: Path, models: str) -> Json:
    """The newest model as `rasa run` would serve it."""
    agent = await load_agent(model_path=models, endpoints=AvailableEndpoints.read_endpoints("endpoints.yml"))
    return await score(agent, folder)


def main() -> None:
    """Print the figures; write the misses."""
    result = asyncio.run(load_and_score(Path(sys.argv[1]), sys.argv[3] if len(sys.argv) > 3 else "models"))
    print(json.dumps(result["figures"], indent=1))
    if len(sys.argv) > 2:
        Path(sys.argv[2]).write_text(json.dumps(result, indent=1, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
