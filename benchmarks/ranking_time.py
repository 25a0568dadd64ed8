"""Processor milliseconds that the ranking and the decision of a message take, as JSON; the encoder is not in it.

    .venvs/engine/bin/python -m benchmarks.ranking_time

The matcher of the model in `models/` ranks the questions of `patients`, twice each, of which the quicker counts.
"""

import json
import statistics
import tarfile
import tempfile
import time
from pathlib import Path

from nlu.light import defer_tensorflow
from nlu.quiet import quiet

quiet()
defer_tensorflow()

from rasa.engine.storage.local_model_storage import LocalModelStorage  # noqa: E402
from rasa.engine.storage.resource import Resource  # noqa: E402
from rasa.shared.nlu.constants import TEXT  # noqa: E402
from rasa.shared.nlu.training_data.message import Message  # noqa: E402

from encoder import Encoder  # noqa: E402
from nlu.encoder_featurizer import VECTORS  # noqa: E402
from nlu.message_reader import READINGS, MessageReader  # noqa: E402
from nlu.topic_matcher import TopicMatcher  # noqa: E402

QUESTIONS = Path("benchmarks/patients/questions.jsonl")


def matcher(folder: Path) -> TopicMatcher:
    """The matcher of the model in use, with the settings that it ships with; its files are put in `folder`."""
    manifest = json.loads(Path("models/manifest.json").read_text("utf-8"))
    with tarfile.open(Path("models", manifest["file"])) as model:
        model.extractall(folder, [member for member in model.getmembers() if "TopicMatcher" in member.name])
    (resource,) = (folder / "components").glob("*TopicMatcher*")
    storage = LocalModelStorage(folder / "components")
    return TopicMatcher.load(TopicMatcher.get_default_config(), storage, Resource(resource.name), None)


def measured() -> list[float]:
    """Milliseconds for each question."""
    reader = MessageReader.create(MessageReader.get_default_config(), None, None, None)
    encoder = Encoder.load()
    questions = [Message({TEXT: json.loads(line)["text"]}) for line in QUESTIONS.read_text("utf-8").splitlines()]
    for message in reader.process(questions):
        message.set(VECTORS, encoder.encode_all(message.get(READINGS)))
    with tempfile.TemporaryDirectory() as folder:
        ranking = matcher(Path(folder))
    ranking.process(questions)
    return [min(pair) for pair in zip(*([_once(ranking, each) for each in questions] for _ in range(2)), strict=True)]


def _once(ranking: TopicMatcher, message: Message) -> float:
    began = time.thread_time()
    ranking.process([message])
    return 1e3 * (time.thread_time() - began)


if __name__ == "__main__":
    found = measured()
    figures = {"median_ms": statistics.median(found), "mean_ms": statistics.mean(found)}
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}))
