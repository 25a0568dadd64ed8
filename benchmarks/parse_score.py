"""How often a trained model, ours or stock Rasa's, finds the topic, and refuses what lies outside: by its parse alone.

Run with the engine's Python from the project's root: python -m benchmarks.parse_score MODELS FOLDER ...
Prints the shares of each FOLDER (questions.jsonl, out_of_scope.jsonl) as JSON. No dialogue, no red-flag net: what
a plain `rasa run` would take the message for.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from nlu.quiet import quiet

quiet()

from rasa.core.agent import Agent, load_agent  # noqa: E402  (Rasa is quieter when it is told before its import)

from benchmarks.topics import accepted, rows  # noqa: E402

Json = dict[str, Any]


def topics(parsed: Json) -> set[str]:
    """What would be answered: our matcher's topics, or the response that Rasa's own selector picks for the intent.

    A selector is named after its intent, or `default` if it is for all of them, as in Rasa's default pipeline.
    """
    if "topics" in parsed:
        return set(parsed["topics"])
    selectors, intent = parsed.get("response_selector", {}), parsed["intent"].get("name")
    if intent not in selectors.get("all_retrieval_intents", ()):
        return set()
    picked = selectors.get(intent, selectors.get("default", {})).get("response", {})
    return {str(picked["intent_response_key"]).partition("/")[2]} if picked.get("intent_response_key") else set()


async def score(agent: Agent, folder: Path) -> Json:
    """Shares of one set."""
    questions, outside = rows(folder / "questions.jsonl"), rows(folder / "out_of_scope.jsonl")
    found = [topics(await agent.parse_message(item["text"])) for item in questions]
    right = sum(bool(got & ({item["topic"]} | accepted(item))) for got, item in zip(found, questions, strict=True))
    refused = 0
    for item in outside:
        got = topics(await agent.parse_message(item["text"]))
        refused += not got or bool(got & accepted(item))
    return {
        "questions": len(questions),
        "right": round(right / len(questions), 3),
        "wrong": round((sum(map(bool, found)) - right) / len(questions), 3),
        "outside": len(outside),
        "refused": round(refused / len(outside), 3),
    }


async def score_all(models: str, folders: list[Path]) -> Json:
    """One model, all sets."""
    agent = await load_agent(model_path=models)
    return {folder.name: await score(agent, folder) for folder in folders}


def main() -> None:
    """Print the shares."""
    print(json.dumps(asyncio.run(score_all(sys.argv[1], [Path(name) for name in sys.argv[2:]]))))


if __name__ == "__main__":
    main()
