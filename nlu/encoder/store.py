"""Where the built graph is kept, and building it when it is not there."""

import os
from pathlib import Path

from nlu.encoder.delta import delta_digest
from nlu.encoder.weights import checked_weights, sha256

NAME = "all-minilm-l6-v2"
LAYOUT = 3  # counts up when nlu/encoder/graph.py changes, so that an older graph is not taken for the new one
FOLDER = Path(__file__).resolve().parents[2] / "var" / "encoder"


def graph_path(folder: Path = FOLDER) -> Path:
    """Where the built graph is kept; the name changes with the tuning, so that an older graph is not taken for it."""
    return folder / f"{NAME}-{LAYOUT}-{delta_digest()[:8]}.onnx"


def digest_path(graph: Path) -> Path:
    """The file beside the graph that holds its sha256."""
    return graph.with_suffix(".sha256")


def build_graph(folder: Path = FOLDER) -> Path:
    """Check the weights, write the graph and its digest, and return the graph's path.

    Each file appears under its name only when it is complete, so that two builds at once do no harm. A graph of an
    older layout or tuning goes.
    """
    import onnx  # only the build needs it

    from nlu.encoder.graph import build, in_bytes

    weights = checked_weights()
    folder.mkdir(parents=True, exist_ok=True)
    graph = graph_path(folder)
    draft = graph.with_suffix(f".{os.getpid()}.draft")
    onnx.save(in_bytes(build(weights)), str(draft))
    digest_draft = draft.with_suffix(".digest")
    digest_draft.write_text(sha256(draft) + "\n", encoding="ascii")
    draft.replace(graph)
    digest_draft.replace(digest_path(graph))
    for older in folder.glob(f"{NAME}-*"):
        if older.suffix in (graph.suffix, digest_path(graph).suffix) and older.stem != graph.stem:
            older.unlink(missing_ok=True)
    return graph


def ensure_graph(folder: Path = FOLDER) -> Path:
    """The graph's path; builds the graph when it is not there yet."""
    graph = graph_path(folder)
    return graph if graph.exists() and digest_path(graph).exists() else build_graph(folder)
