"""One hash over everything that a trained model depends on, so that training is repeated only when it has to be."""

from __future__ import annotations

import hashlib
from pathlib import Path

# Read by the gateway or by the check alone. A file that is not listed counts: training once too often is harmless.
NOT_TRAINED = frozenset(
    {
        "claims.yml",
        "clinic.yml",
        "costs.yml",
        "coverage.yml",
        "education.yml",
        "screening.yml",
        "groups.yml",
        "pictures.yml",
        "sources.yml",
        "standards.yml",
        "studio.yml",
        "talk.yml",
        "wording.yml",
        "clinic_answers.yml",
        "clinic_fields.yml",
        "lexicon/asked.yml",
        "lexicon/overclaims.yml",
        "lexicon/personal.yml",
        "lexicon/syllables.yml",
    }
)


def data_hash(data: Path) -> str:
    """The sha256 over the names and contents of ``data`` and of ``config.yml`` and ``domain.yml`` beside it."""
    files = {path.relative_to(data).as_posix(): path for path in data.rglob("*.yml") if path.is_file()}
    trained = {
        f"data/{name}": path
        for name, path in files.items()
        if name not in NOT_TRAINED and not name.startswith(("interface/", "regressions/", "things/", "translations/"))
    }
    beside = {name: data.resolve().parent / name for name in ("config.yml", "domain.yml")}
    trained.update({name: path for name, path in beside.items() if path.is_file()})
    digest = hashlib.sha256()
    for name in sorted(trained):
        content = trained[name].read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
