"""A logo that an owner uploads, as it is kept: known by its content, small, and with nothing in it that runs."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from gateway.files import write_whole
from gateway.studio.errors import StudioError
from knowledge.logo import FILES, MOST_BYTES, UnsafeLogo, safe_svg

MOST_SENT = 900_000  # bytes of a file that is uploaded
LEAST, MOST = 32, 6000  # pixels of a side
KEPT = 256  # pixels of the longer side, as it is kept
FORMATS = ("PNG", "JPEG")


def made_safe(content: bytes) -> tuple[str, bytes]:
    """The name of the file in data/, and what it holds; StudioError if this is no logo."""
    if not content:
        raise StudioError("No file was chosen.", "choose a PNG, JPEG or SVG file.")
    if len(content) > MOST_SENT:
        raise StudioError("This file is too big.", f"send one of at most {MOST_SENT // 1000} KB.")
    found = _drawn(content) if b"<svg" in content[:4000] else _painted(content)
    if len(found[1]) > MOST_BYTES:
        raise StudioError("This drawing is too big.", "save it with fewer details, or as a PNG.")
    return found


def _drawn(content: bytes) -> tuple[str, bytes]:
    try:
        return "logo.svg", safe_svg(content)
    except UnsafeLogo as why:
        raise StudioError(f"This logo cannot be used: {why}.", "save it as a PNG and upload that.") from why


def _painted(content: bytes) -> tuple[str, bytes]:
    """Drawn anew from its pixels alone, so that nothing else that stood in the file is kept."""
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as picture:
            if not all(LEAST <= side <= MOST for side in picture.size):
                raise StudioError(
                    f"The picture has {picture.width} x {picture.height} pixels.",
                    f"send one whose sides have {LEAST} to {MOST} pixels.",
                )
            picture.draft("RGB", (KEPT, KEPT))
            small = picture.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise StudioError("This is not a PNG, JPEG or SVG picture.", "save your logo as one of these.") from error
    small.thumbnail((KEPT, KEPT))
    clean = Image.new("RGBA", small.size)
    clean.paste(small)
    written = BytesIO()
    clean.save(written, "PNG", optimize=True)
    return "logo.png", written.getvalue()


def put(data: Path, logo: tuple[str, bytes] | None) -> None:
    """Keep this logo in data/, or none; what was there before goes."""
    name = ""
    try:
        if logo:
            name, content = logo
            write_whole(data / name, content)
        for other in FILES:
            if other != name:
                (data / other).unlink(missing_ok=True)
    except OSError as error:
        raise StudioError(f"The logo could not be saved ({error.strerror}).", "make room on the disk.") from error


def kept(data: Path) -> Mapping[str, bytes]:
    """The files of the logo in data/, by name."""
    return {name: (data / name).read_bytes() for name in FILES if (data / name).is_file()}
