"""Train the project's config.yml on the SOFMattress set of HINT3 and print what it says to each test message, as JSON.

Run with the engine's Python from the project's root: python -m benchmarks.hint3_score [FOLDER [CONFIG]]
FOLDER holds NAME_train.csv, NAME_subset_train.csv and NAME_test.csv. Each training file is trained with plain
`rasa train nlu`, borders and all, before its test file is looked at. An answer that is none of the training labels
(`nlu_fallback`, `clarify`) counts as out of scope, NO_NODES_DETECTED in the set. `./ims evaluate --hint3` scores it.
"""

import asyncio
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from nlu.quiet import SETTINGS, quiet

quiet()

from rasa.core.agent import Agent  # noqa: E402  (Rasa is quieter when it is told before its import)
from rasa.shared.utils.io import write_yaml  # noqa: E402

OUT_OF_SCOPE = "NO_NODES_DETECTED"
Rows = list[dict[str, str]]


def rows(file: Path) -> Rows:
    """The lines of a set: `sentence` and `label`."""
    with file.open(encoding="utf-8", newline="") as reader:
        return list(csv.DictReader(reader))


def write_training_data(train: Rows, file: Path) -> None:
    """The set as a Rasa NLU file. Brackets and braces would mark entities, so they become round ones."""
    examples: dict[str, list[str]] = {}
    for row in train:
        sentence = " ".join(row["sentence"].split()).translate(str.maketrans("[]{}", "()()"))
        examples.setdefault(row["label"], []).append(f"- {sentence}\n")
    nlu = [{"intent": label, "examples": "".join(lines)} for label, lines in examples.items()]
    write_yaml({"version": "3.1", "nlu": nlu}, file, should_preserve_key_order=True)


def train(train_file: Path, folder: Path, config: str) -> tuple[Agent, float]:
    """The trained agent and the seconds that training took."""
    write_training_data(rows(train_file), folder / "nlu.yml")
    command = [sys.executable, "-m", "rasa", "train", "nlu", "--config", config]
    started = time.perf_counter()
    run = subprocess.run(
        [*command, "--nlu", str(folder / "nlu.yml"), "--out", str(folder)],
        env={**os.environ, **SETTINGS},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        sys.exit(f"{train_file} did not train. Rasa says:\n" + "\n".join(run.stderr.strip().splitlines()[-8:]))
    return Agent.load(str(folder)), time.perf_counter() - started


async def answers(agent: Agent, test: Rows, labels: set[str]) -> list[str]:
    """The label that the agent gives each message."""
    names = [(await agent.parse_message(row["sentence"]))["intent"].get("name") for row in test]
    return [name if name in labels else OUT_OF_SCOPE for name in names]


def score(folder: Path, config: str) -> dict[str, Any]:
    """For each training file: seconds, and the label wanted and given for each test message."""
    result: dict[str, Any] = {}
    for test_file in sorted(folder.glob("*_test.csv")):
        name = test_file.name.removesuffix("_test.csv")
        test = rows(test_file)
        for variant in (name, f"{name}_subset"):
            train_file = folder / f"{variant}_train.csv"
            with tempfile.TemporaryDirectory() as work:
                agent, seconds = train(train_file, Path(work), config)
                given = asyncio.run(answers(agent, test, {row["label"] for row in rows(train_file)}))
            items = [
                {"text": row["sentence"], "wanted": row["label"], "given": label}
                for row, label in zip(test, given, strict=True)
            ]
            result[variant] = {"seconds": round(seconds, 1), "out_of_scope": OUT_OF_SCOPE, "items": items}
    return result


def main() -> None:
    """Print the JSON."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("benchmarks/hint3")
    result = score(folder, sys.argv[2] if len(sys.argv) > 2 else "config.yml")
    if not result:
        sys.exit(f"{folder} holds no *_test.csv. What to do: name the folder of the HINT3 set.")
    json.dump(result, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
