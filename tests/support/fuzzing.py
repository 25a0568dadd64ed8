"""How much of what nobody thought of a test tries, and what several tests make it of.

`python -m benchmarks.fuzz` has the same tests try more of it, with seeds of its own, and keeps what failed.
"""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase

EXAMPLES = "IMS_FUZZ_EXAMPLES"  # so many for each test, if it is set
KEPT = Path("var/fuzz")

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)  # that JSON can say
VISIBLE = st.characters(min_codepoint=33, max_codepoint=126)


def tries(examples: int, *, same: bool = False) -> settings:
    """So many examples, always the `same` ones where that is asked for; more, other and kept ones in a longer run."""
    if more := os.environ.get(EXAMPLES):
        kept = DirectoryBasedExampleDatabase(KEPT)
        return settings(
            max_examples=int(more),
            deadline=None,
            database=kept,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        )
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=same,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
