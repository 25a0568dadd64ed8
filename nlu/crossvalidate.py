"""How each training example is understood by a matcher that did not see it, for the trainers' report.

Run with the engine's Python from the project's root: python -m nlu.crossvalidate [--data data] [--config config.yml]
[--domain domain.yml] [--messages FILE]. Prints JSON; with a JSON list of messages also how a model that is trained on
all examples understands those. The pipeline of the configuration reads, varies and encodes the examples as in
training; its folds are those that the matcher's own borders are learned from, so the same data, configuration and seed
give the same folds, the same model and the same numbers.
"""

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nlu.quiet import quiet

quiet()

import numpy as np  # noqa: E402  (Rasa is quieter when it is told before its import)
from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema  # noqa: E402
from rasa.engine.storage.local_model_storage import LocalModelStorage  # noqa: E402
from rasa.engine.storage.resource import Resource  # noqa: E402
from rasa.shared.exceptions import RasaException  # noqa: E402
from rasa.shared.importers.importer import TrainingDataImporter  # noqa: E402
from rasa.shared.nlu.training_data.message import Message  # noqa: E402
from rasa.shared.utils.common import class_from_module_path  # noqa: E402

from nlu.ranker import RankerConfig  # noqa: E402
from nlu.topic_matcher import HeldOut, TopicMatcher  # noqa: E402
from nlu.understand import understood  # noqa: E402

RANKED = 6  # labels given for an example: enough to see the topics that would be offered among them
NO_DATA = "There is no training data at {data}. What to do: name the folder with --data."
NO_MATCHER = "{config} has no {matcher} in its pipeline, so there is nothing to cross-validate."
SETTINGS = ("topics", "tie", "pair", "doubt", "close", "offers", "answer_misses")  # of the matcher, for the report
Json = dict[str, Any]


def cross_validate(data: Path, config: Path, domain: Path, messages: Sequence[str] = ()) -> Json:
    """Every example with the labels that rank first for it, what the matcher learned from all of them, and how it
    understands these messages. Raises RasaException without data, or without the matcher in the configuration.
    """
    if not data.exists():
        raise RasaException(NO_DATA.format(data=data))
    importer = TrainingDataImporter.load_from_config(str(config), str(domain), [str(data)])
    training_data = importer.get_nlu_data()
    with tempfile.TemporaryDirectory() as folder:
        storage = LocalModelStorage.create(Path(folder))
        heard = [Message.build(text) for text in messages]
        for entry in importer.get_config()["pipeline"]:
            component = _component(entry, storage)
            if isinstance(component, TopicMatcher):
                settings = {**TopicMatcher.get_default_config(), **entry}
                report = _report(component.learn(training_data), settings)
                return {**report, "messages": [understood(message.data) for message in component.process(heard)]}
            training_data = component.process_training_data(training_data)
            heard = component.process(heard) if heard else []
    raise RasaException(NO_MATCHER.format(config=config, matcher=TopicMatcher.__name__))


def _component(entry: Json, storage: LocalModelStorage) -> GraphComponent:
    """A component of the pipeline as Rasa makes it for training."""
    kind = class_from_module_path(entry["name"])
    own = {key: value for key, value in entry.items() if key != "name"}
    context = ExecutionContext(GraphSchema({}), node_name=entry["name"])
    return kind.create({**kind.get_default_config(), **own}, storage, Resource(entry["name"]), context)


def _report(held_out: HeldOut, settings: Json) -> Json:
    labels = held_out.ranker.labels
    ranker = RankerConfig(**settings["ranker"])
    return {
        "folds": ranker.folds,
        "seed": ranker.seed,
        "model": _fingerprint(held_out),
        "labels": labels,
        "decision": asdict(held_out.decision),
        "settings": {name: settings[name] for name in SETTINGS},
        "examples": [
            {
                "text": text,
                "wanted": labels[wanted],
                "ranking": [[labels[i], round(float(scores[i]), 6)] for i in np.argsort(-scores)[:RANKED]],
                "confidence": round(float(held_out.decision.confidence(scores.max())), 6),
            }
            for text, wanted, scores in zip(held_out.texts, held_out.wanted, held_out.scores, strict=True)
        ],
    }


def _fingerprint(held_out: HeldOut) -> str:
    """The same for the same model."""
    digest = hashlib.sha256(json.dumps(asdict(held_out.decision)).encode())
    with tempfile.TemporaryDirectory() as folder:
        held_out.ranker.save(Path(folder))
        for file in sorted(Path(folder).iterdir()):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def main() -> None:
    """Print the JSON, or a sentence about what is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--config", type=Path, default=Path("config.yml"))
    parser.add_argument("--domain", type=Path, default=Path("domain.yml"))
    parser.add_argument("--messages", type=Path)
    arguments = parser.parse_args()
    try:
        messages = json.loads(arguments.messages.read_text(encoding="utf-8")) if arguments.messages else []
        report = cross_validate(arguments.data, arguments.config, arguments.domain, messages)
    except RasaException as error:
        sys.exit(str(error))
    json.dump(report, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
