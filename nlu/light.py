"""`python -m nlu.light run ...` is `rasa run ...` that leaves TensorFlow alone until something needs it.

Rasa imports TensorFlow at its start, whatever the pipeline is made of: most of the seconds until the first answer, and
a good part of the memory. To serve a model, three modules bring it in: `rasa.utils.train_utils`, for classes that it
uses while a neural network trains; the check of a configuration before training; and thinc (of spaCy), which looks
whether it is there. The first two get stand-ins that fetch the real class when it is used, the third is told that it is
not there. A component that is a neural network (DIET, TED) imports TensorFlow by itself and works as ever.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

from nlu import guarded

USER = "rasa.utils.train_utils"
ASKS = "thinc.compat"
OF_THE_USER = {
    "rasa.utils.tensorflow.callback": ("RasaTrainingLogger", "RasaModelCheckpoint"),
    "rasa.utils.tensorflow.data_generator": ("RasaBatchDataGenerator",),
}
OF_TRAINING = {"rasa.graph_components.validators.default_recipe_validator": ("DefaultV1RecipeValidator",)}


class Later(type):
    """The class of a stand-in: whatever is done with it is done with the real class, which is imported then."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """An object of the real class."""
        return _real(cls)(*args, **kwargs)

    def __getattr__(cls, name: str) -> Any:
        """What the real class has; looking at a stand-in from outside (`__origin__` and the like) imports nothing."""
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_real(cls), name)


def defer_tensorflow() -> None:
    """Call before anything of Rasa is imported; does nothing when it comes too late."""
    stand_ins = {name: _stand_in(name, classes) for name, classes in (OF_THE_USER | OF_TRAINING).items()}
    if not sys.modules.keys().isdisjoint({USER, ASKS, "tensorflow", *stand_ins}):
        return
    sys.modules.update(stand_ins)
    sys.modules["tensorflow"] = None  # type: ignore[assignment]  # Python's way to say that there is none
    try:
        importlib.import_module(ASKS)
        importlib.import_module(USER)
    finally:
        for name in (*OF_THE_USER, "tensorflow"):  # whoever imports these from now on gets the real ones
            del sys.modules[name]


def _stand_in(module: str, classes: tuple[str, ...]) -> ModuleType:
    made = ModuleType(module)
    for name in classes:
        setattr(made, name, Later(name, (), {"__module__": module}))
    return made


def _real(stand_in: type) -> Any:
    module, name = stand_in.__module__, stand_in.__name__
    if getattr(sys.modules.get(module), name, None) is stand_in:
        del sys.modules[module]
    return getattr(importlib.import_module(module), name)


def main() -> None:
    """Become Rasa's command line."""
    defer_tensorflow()
    guarded.main()


if __name__ == "__main__":
    main()
