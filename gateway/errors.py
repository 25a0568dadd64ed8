"""Errors as they may be told and logged: never with words that could quote a patient."""

from __future__ import annotations

import traceback

# What reading something raises that has another shape than was promised: a damaged file, a strange reply.
WRONG_SHAPE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)


def describe(error: BaseException) -> str:
    """An error without its message, which may quote the patient: its kind and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    place = f" at {ours[-1].filename.rpartition('/')[2]}:{ours[-1].lineno}" if ours else ""
    return f"{type(error).__name__}{place}"
