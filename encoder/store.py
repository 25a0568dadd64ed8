"""Where the built graphs are kept, and building one when it is not there."""

import os
from dataclasses import dataclass
from pathlib import Path

from encoder import errors
from encoder.delta import ASKED, DELTA, delta_digest
from encoder.weights import TOKENIZER, TOKENIZER_SHA256, checked, checked_weights, packaged, sha256

LAYOUT = 4  # counts up when encoder/graph.py changes, so that an older graph is not taken for the new one
FOLDER = Path(__file__).resolve().parents[1] / "var" / "encoder"


@dataclass(frozen=True)
class Kind:
    """One encoder: what its files are called, and what was tuned; `asked` where its graph gives all OUTPUTS."""

    name: str
    delta: Path
    asked: Path | None = None

    @property
    def tuning(self) -> str:
        """Digits that change with what was tuned."""
        return "-".join(delta_digest(file)[:8] for file in (self.delta, self.asked) if file)


TOPICS = Kind("all-minilm-l6-v2", DELTA, ASKED)


def graph_path(folder: Path = FOLDER, kind: Kind = TOPICS) -> Path:
    """Where the built graph is kept; the name changes with the tuning, so that an older graph is not taken for it."""
    return folder / f"{kind.name}-{LAYOUT}-{kind.tuning}.onnx"


def digest_path(graph: Path) -> Path:
    """The file beside the graph that holds its sha256."""
    return graph.with_suffix(".sha256")


def build_graph(folder: Path = FOLDER, kind: Kind = TOPICS) -> Path:
    """Check the weights, write the graph and its digest, and return the graph's path.

    Each file appears under its name only when it is complete, so that two builds at once do no harm. A graph of an
    older layout or tuning goes.
    """
    import onnx  # only the build needs it

    from encoder.graph import build, in_bytes

    weights = checked_weights()
    folder.mkdir(parents=True, exist_ok=True)
    graph = graph_path(folder, kind)
    draft = graph.with_suffix(f".{os.getpid()}.draft")
    onnx.save(in_bytes(build(weights, kind.delta, kind.asked)), str(draft))
    digest_draft = draft.with_suffix(".digest")
    digest_draft.write_text(sha256(draft) + "\n", encoding="ascii")
    draft.replace(graph)
    digest_draft.replace(digest_path(graph))
    _keep_tokenizer(folder)
    for older in folder.glob(f"{kind.name}-*"):
        if older.suffix in (graph.suffix, digest_path(graph).suffix) and older.stem != graph.stem:
            older.unlink(missing_ok=True)
    return graph


def ensure_graph(folder: Path = FOLDER, kind: Kind = TOPICS) -> Path:
    """The graph's path; builds the graph when it is not there yet."""
    graph = graph_path(folder, kind)
    kept = graph.exists() and digest_path(graph).exists() and (folder / TOKENIZER).exists()
    return graph if kept else build_graph(folder, kind)


def undamaged(graph: Path) -> Path:
    """The graph's path, after its sha256 was compared with the one written at its build; else EncoderError."""
    if not graph.exists() or not digest_path(graph).exists():
        raise errors.EncoderError(errors.GRAPH_MISSING.format(path=graph))
    if sha256(graph) != digest_path(graph).read_text(encoding="ascii").strip():
        raise errors.EncoderError(errors.GRAPH_DAMAGED.format(path=graph))
    return graph


def tokenizer_path(folder: Path = FOLDER) -> Path:
    """The tokenizer beside the graphs, for an environment without the package of the weights; EncoderError if it is
    not the reviewed one."""
    if not (folder / TOKENIZER).exists():
        raise errors.EncoderError(errors.GRAPH_MISSING.format(path=folder / TOKENIZER))
    return checked(folder / TOKENIZER, TOKENIZER_SHA256)


def _keep_tokenizer(folder: Path) -> None:
    draft = folder / f"{TOKENIZER}.{os.getpid()}.draft"
    draft.write_bytes(checked(packaged(TOKENIZER), TOKENIZER_SHA256).read_bytes())
    draft.replace(folder / TOKENIZER)
