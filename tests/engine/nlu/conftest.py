"""A small assistant, trained once for these tests through plain Rasa with the project's own config.yml."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from nlu.quiet import quiet

quiet()

from rasa.core.agent import Agent, load_agent  # noqa: E402  (Rasa is quieter when it is told before its import)
from rasa.core.utils import AvailableEndpoints  # noqa: E402
from rasa.model_training import train  # noqa: E402

from encoder import Encoder  # noqa: E402
from nlu.channel import converse  # noqa: E402
from nlu.local_actions import LocalActions  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
TOPICS = ("soreness", "how_often", "cost", "pregnancy", "needles", "vs_acupuncture", "human", "blood_thinners")
Json = dict[str, Any]
Ask = Callable[..., Awaitable[Json]]


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The encoder as the engine loads it."""
    return Encoder.load()


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of some real topics and all that is said around them."""
    files = [str(ROOT / "data" / "answers" / f"{topic}.yml") for topic in TOPICS]
    result = train(
        domain=str(ROOT / "domain.yml"),
        config=str(ROOT / "config.yml"),
        training_files=[*files, str(ROOT / "data" / "dialogue")],
        output=str(tmp_path_factory.mktemp("models")),
    )
    assert result.code == 0 and result.model
    return Path(result.model)


@pytest.fixture(scope="session")
def loaded() -> dict[Path, Agent]:
    """Keeps the agent over the tests; it can only be made inside one of them."""
    return {}


@pytest.fixture
async def agent(model: Path, loaded: dict[Path, Agent]) -> Agent:
    """The model as `rasa run` serves it."""
    if model not in loaded:
        endpoints = AvailableEndpoints.read_endpoints(str(ROOT / "endpoints.yml"))
        loaded[model] = await load_agent(model_path=str(model), endpoints=endpoints)
        processor = loaded[model].processor
        assert processor is not None
        processor.action_endpoint = LocalActions()  # as the channel does
    return loaded[model]


@pytest.fixture
def ask(agent: Agent) -> Ask:
    """Say something, or press a button, and get what the channel would return. Slots are carried from turn to turn."""
    known: dict[str, Json] = {}

    async def say(message: str = "", choice: Json | None = None, sender: str = "a", slots: Json | None = None) -> Json:
        carried = known.get(sender, {}) if slots is None else slots
        reply = await converse(agent, {"message": message, "choice": choice, "slots": carried, "before": []})
        known[sender] = reply["slots"]
        return reply

    return say
