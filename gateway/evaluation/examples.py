"""How the training examples are understood by a matcher that did not see them: per topic, and which it mixes up.

The engine does the work (`python -m nlu.crossvalidate`); here its answers are counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.engine.command import run_in_engine
from gateway.evaluation.calibration import calibration
from gateway.evaluation.intervals import F1, Share
from gateway.evaluation.thresholds import Borders, Costs, threshold_report
from gateway.settings import Settings
from nlu.policy import Policy

TEXTS = 5  # examples shown of two topics that are mixed up
PAIRS = 20  # pairs shown

Example = Mapping[str, Any]


def cross_validate(settings: Settings) -> dict[str, Any]:
    """The section of the report about the training examples."""
    costs = Costs.load(settings.data / "costs.yml")
    found = run_in_engine(settings, "nlu.crossvalidate", "--data", str(settings.data))
    return summary(found, costs)


def summary(found: Mapping[str, Any], costs: Costs) -> dict[str, Any]:
    """What the trainers need to know of the engine's answers."""
    examples: Sequence[Example] = found["examples"]
    shipped = Borders(found["decision"]["answer"], found["decision"]["offer"])
    # Rasa lists an example once for each topic, so that the keys are distinct.
    right = {item_key(example): given(example) == example["wanted"] for example in examples}
    pairs = confused_pairs(examples)
    return {
        **{name: found[name] for name in ("folds", "seed", "model")},
        "figures": {"right topic ranked first": Share(sum(right.values()), len(right)).as_json()},
        "outcomes": {"right topic ranked first": right},
        "topics": per_topic(examples, found["labels"], pairs),
        "confusion": [[*labels, count] for labels, count in sorted(confusion(examples).items())],
        "pairs": pairs[:PAIRS],
        "calibration": calibration(zip((example["confidence"] for example in examples), right.values(), strict=True)),
        "thresholds": threshold_report(examples, shipped, Policy.of(found["settings"]), costs),
    }


def given(example: Example) -> str:
    """The label that ranks first."""
    return str(example["ranking"][0][0])


def item_key(example: Example) -> str:
    """Names an example in any run: its topic and its text."""
    return f"{example['wanted']}: {example['text']}"


def confusion(examples: Sequence[Example]) -> Counter[tuple[str, str]]:
    """How often each label was given where each was wanted."""
    return Counter((example["wanted"], given(example)) for example in examples)


def per_topic(
    examples: Sequence[Example], labels: Sequence[str], pairs: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Precision, recall and F1 of every label, with the pair that it is most often mixed up in; worst first."""
    cells = confusion(examples)
    rows = []
    for label in labels:
        right = cells[label, label]
        support = sum(count for (wanted, _), count in cells.items() if wanted == label)
        times = sum(count for (_, named), count in cells.items() if named == label)
        rows.append(
            {
                "topic": label,
                "support": support,
                "precision": Share(right, times).as_json(),
                "recall": Share(right, support).as_json(),
                "f1": F1(right, times - right, support - right).as_json(),
                "most_confused": next((pair for pair in pairs if label in pair["topics"]), None),
            }
        )
    return sorted(rows, key=lambda row: row["f1"]["f1"])


def confused_pairs(examples: Sequence[Example]) -> list[dict[str, Any]]:
    """Pairs of topics that are taken for one another, most often first, with the texts that do it."""
    texts: defaultdict[tuple[str, ...], list[dict[str, str]]] = defaultdict(list)
    for example in examples:
        if given(example) != example["wanted"]:
            pair = tuple(sorted((example["wanted"], given(example))))
            texts[pair].append({"text": example["text"], "wanted": example["wanted"], "given": given(example)})
    ordered = sorted(texts.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return [{"topics": list(pair), "count": len(own), "texts": own[:TEXTS]} for pair, own in ordered]
