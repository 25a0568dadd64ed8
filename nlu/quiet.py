"""Keep Rasa and its libraries quiet: no usage reports, no banners, and above all no log line with a patient's words."""

import logging
import os
import warnings

SETTINGS = {
    "RASA_TELEMETRY_ENABLED": "false",
    "LOG_LEVEL": "ERROR",
    "LOG_LEVEL_LIBRARIES": "ERROR",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "CUDA_VISIBLE_DEVICES": "-1",
}


def quiet() -> None:
    """Call before Rasa is imported."""
    import structlog

    os.environ.update(SETTINGS)
    warnings.simplefilter("ignore")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
