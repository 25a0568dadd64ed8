"""Where the learned net's files stand."""

from pathlib import Path

from encoder.store import Kind

DELTA = Path(__file__).with_name("delta.npz")  # the change of the encoder, as `danger.tune` wrote it
TUNED = DELTA.with_suffix(".json")  # what it was made from
HEADS = Path(__file__).with_name("heads.npz")  # tuned with it, or learned again later by `python -m danger.relearn`
LEARNED = HEADS.with_suffix(".json")  # which examples they learned from
DANGER = Kind("danger", DELTA, ("vector",))
