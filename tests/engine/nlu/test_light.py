"""The engine starts without TensorFlow, and has it at once where a neural network is asked for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nlu.quiet import SETTINGS

BEGIN = "import sys; from nlu.light import defer_tensorflow; defer_tensorflow(); "


def run(code: str, begin: str = BEGIN) -> str:
    """What a new interpreter prints."""
    environment = {**os.environ, **SETTINGS, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", begin + code], env=environment, capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stderr[-2000:]
    return done.stdout.strip()


def test_a_model_is_served_without_tensorflow(model: Path) -> None:
    code = (
        "import asyncio, rasa.__main__, rasa.core.run; from rasa.core.agent import load_agent; "
        "from rasa.core.utils import AvailableEndpoints; "
        "found = AvailableEndpoints.read_endpoints('endpoints.yml'); "
        f"agent = asyncio.run(load_agent({str(model)!r}, endpoints=found)); "
        "print(agent.is_ready(), sorted({'tensorflow', 'keras', 'jax'} & sys.modules.keys()))"
    )
    assert run(code) == "True []"


def test_what_trains_a_neural_network_gets_the_real_classes() -> None:
    code = (
        "from rasa.utils import train_utils; from rasa.nlu.classifiers.diet_classifier import DIETClassifier; "
        "from rasa.utils.tensorflow.callback import RasaTrainingLogger; "
        "logger = train_utils.RasaTrainingLogger(epochs=1, silent=True); "
        "print(type(logger) is RasaTrainingLogger, 'tensorflow' in sys.modules)"
    )
    assert run(code) == "True True"


def test_the_check_before_training_is_the_real_one_when_it_is_used() -> None:
    code = (
        "from rasa.graph_components.validators.default_recipe_validator import DefaultV1RecipeValidator as stand_in; "
        "from rasa.engine.graph import GraphSchema; made = stand_in(GraphSchema({})); "
        "from rasa.graph_components.validators.default_recipe_validator import DefaultV1RecipeValidator; "
        "print(type(made) is DefaultV1RecipeValidator, stand_in is DefaultV1RecipeValidator)"
    )
    assert run(code) == "True False"


@pytest.mark.parametrize("first", ["rasa.utils.train_utils", "rasa.utils.tensorflow.callback"])
def test_too_late_changes_nothing(first: str) -> None:
    code = "; from rasa.utils.tensorflow.callback import RasaTrainingLogger; print(type(RasaTrainingLogger).__name__)"
    assert run(code, f"import {first}; from nlu.light import defer_tensorflow; defer_tensorflow()") == "type"
