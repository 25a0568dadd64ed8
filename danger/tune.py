"""Tune a second copy of the encoder on danger: writes danger/delta.npz, with delta.json beside it.

Made like the first one (nlu/tune.py says how to set torch up), from the net that was before on, whose `delta.npz` and
`tuned_head.npz` lie in FOLDER; delta.json has its digest, and the history has the files:

    /tmp/tune/bin/python -m danger.tune --start FOLDER

Without `--start` everything is learned anew: `--rounds 4 --rate 4e-4 --head-rate 2e-3 --warm-up 100`.

It learns from `data/lexicon/danger/` which sign a message holds, or none, and, to know more of it, whether that happens
now; the examples of the topics show what everyday messages are like. Narrow additions to all six layers are learned,
and linear heads over the mean of the tokens, of which the one for signs is kept. A share of the messages, chosen by
their digest, is never learned from: with them that head is learned again (`danger.relearn`), and the borders of the
alarm are set (`safety.borders`).
"""

import argparse
import hashlib
import json
import random
import re
import string
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch.nn import functional

from danger.examples import NONE, STATUSES, Example, digest, everyday, is_left_out, read, rounds
from danger.head import Head
from danger.store import DELTA, TUNED_HEAD
from encoder.delta import DOWN, UP
from encoder.graph import HIDDEN, LAYERS
from encoder.in_torch import Tuned
from encoder.weights import checked_weights, packaged

LOST = 0.12  # share of the words of a message that loses some
LETTERS = string.ascii_lowercase


@dataclass(frozen=True)
class Recipe:
    """What can be tuned. Chosen on the messages that are left out, never on a benchmark."""

    rank: int = 16
    scale: float = 2.0
    rounds: int = 2
    batch: int = 32
    rate: float = 2e-4
    head_rate: float = 1e-3
    warm_up: int = 50  # steps
    decay: float = 0.01
    dropout: float = 0.1
    smoothing: float = 0.05
    status_weight: float = 0.3  # of the second head
    ordinary_share: float = 0.2  # of the ordinary examples, other ones in each round
    ordinary_weight: float = 1.0
    slips: float = 0.25  # share of the messages with slips of the finger
    bare: float = 0.33  # share of the messages without punctuation
    beside: float = 0.25  # share of the messages with an ordinary one beside them
    gaps: float = 0.25  # share of the messages that lose some words
    longest: int = 160  # tokens
    left_out: float = 0.1  # share of the messages that is never learned from
    newest: int = 2  # rounds that the tuning leaves to the head and to the borders, counted from the last
    known_share: float = 0.4  # of the examples that the net it goes on from has seen, other ones in each round
    seed: int = 0


@dataclass(frozen=True)
class Item:
    """What is learned from: an example with its weight."""

    example: Example
    weight: float


class Danger(Tuned):
    """The encoder with its two heads. The vector has length 1, as in the graph; the heads are `sharp` times steeper."""

    SHARP = 10.0

    def __init__(self, weights: dict[str, torch.Tensor], recipe: Recipe, signs: Sequence[str]) -> None:
        super().__init__(weights, range(LAYERS), recipe.rank, recipe.scale, recipe.seed)
        self.signs = tuple(signs)
        self._dropout = recipe.dropout
        self.sign = torch.nn.Linear(HIDDEN, len(signs))
        self.status = torch.nn.Linear(HIDDEN, len(STATUSES))
        for head in (self.sign, self.status):
            torch.nn.init.zeros_(head.weight)
            torch.nn.init.zeros_(head.bias)

    def go_on_from(self, delta: Path, head: Path) -> None:
        """Start where an earlier tuning ended."""
        with np.load(delta) as kept, torch.no_grad():
            for short in self.up:
                name = short.replace("/", ".")
                self.up[short].copy_(torch.from_numpy(kept[name + UP].astype(np.float32)) / self.scale)
                self.down[short].copy_(torch.from_numpy(kept[name + DOWN].astype(np.float32)))
        earlier = Head.read(head)
        with torch.no_grad():
            for row, sign in enumerate(self.signs):
                weights = torch.from_numpy(earlier.weights[earlier.signs.index(sign)])
                self.sign.weight[row] = weights[:-1] / self.SHARP
                self.sign.bias[row] = weights[-1]

    def attention(
        self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """Written out: torch's own takes half of the time of a step on its way back."""
        likeness = query @ key.transpose(2, 3) * query.shape[-1] ** -0.5
        likeness = likeness.float().masked_fill(~mask[:, None, None, :], -1e9)
        return likeness.softmax(-1).to(value.dtype) @ value

    def linear(self, x: torch.Tensor, name: str) -> torch.Tensor:
        result = super().linear(x, name)
        return functional.dropout(result, self._dropout, self.training) if name.endswith("output.dense") else result

    def forward(self, tokens: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = functional.dropout(self.embed(tokens), self._dropout, self.training)
        x = self.layers(x, mask, range(LAYERS)).float()
        vector = self.SHARP * functional.normalize((x * mask[:, :, None]).sum(1), dim=-1)
        vector = functional.dropout(vector, self._dropout, self.training)
        return self.sign(vector), self.status(vector)

    def head(self, examples: str) -> Head:
        """The head for signs as it is used on a vector of length 1."""
        weights = torch.cat([self.sign.weight * self.SHARP, self.sign.bias[:, None]], dim=1)
        return Head(weights.detach().numpy().astype(np.float32), self.signs, examples)


class Variation:
    """Messages as they are really typed: with slips, without punctuation, beside another question."""

    def __init__(self, recipe: Recipe, beside: Sequence[str], chance: random.Random) -> None:
        self._recipe, self._beside, self._chance = recipe, beside, chance

    def __call__(self, text: str) -> str:
        if self._chance.random() < self._recipe.beside:
            other = self._chance.choice(self._beside)
            pair = (text, other) if self._chance.random() < 0.5 else (other, text)
            text = self._chance.choice((". ", " ", "\n", "? ")).join(pair)
        if self._chance.random() < self._recipe.bare:
            text = re.sub(r"['’]", "", text) if self._chance.random() < 0.5 else re.sub(r"['’.,!?;:]", "", text)
        if self._chance.random() < self._recipe.gaps:
            words = text.split()
            text = " ".join(word for word in words if self._chance.random() > LOST) or text
        if self._chance.random() < self._recipe.slips:
            text = self._slipped(text)
        return text

    def _slipped(self, text: str) -> str:
        letters = list(text)
        for _ in range(max(1, len(letters) // 40)):
            i = self._chance.randrange(len(letters)) if letters else 0
            kind = self._chance.random()
            if not letters or not letters[i].isalpha():
                continue
            if kind < 0.3:
                del letters[i]
            elif kind < 0.5:
                letters.insert(i, letters[i])
            elif kind < 0.7:
                letters[i] = self._chance.choice(LETTERS)
            elif i + 1 < len(letters):
                letters[i], letters[i + 1] = letters[i + 1], letters[i]
        return "".join(letters)


def batches(
    items: Sequence[Item], vary: Variation, tokenizer: Tokenizer, recipe: Recipe, chance: random.Random
) -> Iterator[tuple[torch.Tensor, torch.Tensor, list[Item]]]:
    """One round: every item once, texts of like length together."""
    shuffled = chance.sample(list(items), len(items))
    encoded = [tokenizer.encode(vary(item.example.text)).ids for item in shuffled]
    order, chunk = list(range(len(items))), recipe.batch * 32
    groups = []
    for start in range(0, len(order), chunk):
        part = sorted(order[start : start + chunk], key=lambda i: len(encoded[i]))
        groups += [part[i : i + recipe.batch] for i in range(0, len(part), recipe.batch)]
    chance.shuffle(groups)
    for group in groups:
        longest = max(len(encoded[i]) for i in group)
        tokens = torch.zeros(len(group), longest, dtype=torch.long)
        mask = torch.zeros(len(group), longest, dtype=torch.bool)
        for row, i in enumerate(group):
            tokens[row, : len(encoded[i])] = torch.tensor(encoded[i])
            mask[row, : len(encoded[i])] = True
        yield tokens, mask, [shuffled[i] for i in group]


def tune(examples: Sequence[Example], questions: Sequence[str], recipe: Recipe, start: Path | None = None) -> Danger:
    """Learn the change and the heads; from the net in the folder `start` on, if there is one."""
    torch.manual_seed(recipe.seed)
    chance = random.Random(recipe.seed)
    signs = [NONE, *sorted({example.sign for example in examples} - {NONE})]
    weights = {name: weight.to(torch.bfloat16) for name, weight in _floating(load_file(checked_weights()))}
    net = Danger(weights, recipe, signs)
    tokenizer = Tokenizer.from_file(str(packaged("tokenizer.json")))
    tokenizer.enable_truncation(recipe.longest)
    tokenizer.no_padding()
    seen: frozenset[int] = frozenset()
    if start:
        net.go_on_from(start / DELTA.name, start / TUNED_HEAD.name)
        with np.load(start / TUNED_HEAD.name, allow_pickle=False) as tuned:
            seen = frozenset(tuned["seen"].tolist())
    new = [Item(example, 1.0) for example in examples if example.key not in seen]
    known = [Item(example, 1.0) for example in examples if example.key in seen]
    again = int(len(known) * recipe.known_share)
    usual = [Item(Example(text, NONE, ""), recipe.ordinary_weight) for text in questions]
    drawn = int(len(usual) * recipe.ordinary_share)
    steps = recipe.rounds * ((len(new) + again + drawn) // recipe.batch + 1)
    heads = [*net.sign.parameters(), *net.status.parameters()]
    body = [*net.down.parameters(), *net.up.parameters()]
    optimiser = torch.optim.AdamW(
        [{"params": body, "peak": recipe.rate}, {"params": heads, "peak": recipe.head_rate}], weight_decay=recipe.decay
    )
    number_of = {sign: i for i, sign in enumerate(signs)}
    vary = Variation(recipe, questions, chance)
    step, started = 0, time.monotonic()
    net.train()
    for _ in range(recipe.rounds):
        losses = []
        items = [*new, *chance.sample(known, again), *chance.sample(usual, drawn)]
        for tokens, mask, group in batches(items, vary, tokenizer, recipe, chance):
            step += 1
            for part in optimiser.param_groups:
                part["lr"] = part["peak"] * min(1.0, step / recipe.warm_up) * max(0.02, 1.0 - step / steps)
            sign, status = net(tokens, mask)
            loss = _loss(sign, status, group, number_of, recipe)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            losses.append(loss.item())
            if step % 50 == 0:
                print(
                    f"step {step} of {steps}: loss {np.mean(losses[-50:]):.3f}, {time.monotonic() - started:.0f} s",
                    flush=True,
                )
    return net


def _floating(weights: dict[str, torch.Tensor]) -> Iterator[tuple[str, torch.Tensor]]:
    return ((name, weight) for name, weight in weights.items() if weight.is_floating_point())


def _loss(
    sign: torch.Tensor, status: torch.Tensor, group: Sequence[Item], number_of: dict[str, int], recipe: Recipe
) -> torch.Tensor:
    weights = torch.tensor([item.weight for item in group])
    wanted = torch.tensor([number_of[item.example.sign] for item in group])
    each = functional.cross_entropy(sign, wanted, label_smoothing=recipe.smoothing, reduction="none")
    loss = (each * weights).sum() / weights.sum()
    told = [i for i, item in enumerate(group) if item.example.status]
    if told:
        kinds = torch.tensor([STATUSES.index(group[i].example.status) for i in told])
        second = functional.cross_entropy(status[told], kinds, label_smoothing=recipe.smoothing)
        loss = loss + recipe.status_weight * second
    return loss


def main() -> None:
    """Tune and write both files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=DELTA)
    parser.add_argument("--start", type=Path, help="folder of the net to go on from")
    parser.add_argument("--all", action="store_true", help="learn from the messages that are otherwise left out, too")
    for name, value in asdict(Recipe()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    given = vars(parser.parse_args())
    recipe = Recipe(**{name: given[name] for name in asdict(Recipe())})
    torch.set_num_threads(1)  # the same sums in the same order
    share = 0.0 if given["all"] else recipe.left_out
    later = {file.stem for file in rounds(given["data"])[-recipe.newest :]} if recipe.newest else set()
    known = [example for example in read(given["data"]) if example.round not in later]
    examples = [example for example in known if not is_left_out(example.text, share)]
    usual = [text for text in everyday(given["data"]) if not is_left_out(text, share)]
    net = tune(examples, usual, recipe, given["start"])
    np.savez_compressed(given["out"], **net.delta())  # type: ignore[arg-type]
    seen = np.array(sorted({example.key for example in known}), np.uint32)
    net.head(digest(given["data"])).keep(TUNED_HEAD, seen=seen)
    manifest = {
        "recipe": asdict(recipe),
        "torch": torch.__version__,
        "examples": len(examples),
        "everyday": len(usual),
        "examples_sha256": digest(given["data"]),
        "delta_sha256": hashlib.sha256(given["out"].read_bytes()).hexdigest(),
    }
    if given["start"]:
        manifest["start_sha256"] = hashlib.sha256((given["start"] / DELTA.name).read_bytes()).hexdigest()
    given["out"].with_suffix(".json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
