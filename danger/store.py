"""Where the learned net's files stand."""

from pathlib import Path

from encoder.store import Kind

DELTA = Path(__file__).with_name("delta.npz")  # the change of the encoder, as `danger.tune` wrote it
TUNED = DELTA.with_suffix(".json")  # what it was made from
TUNED_HEAD = Path(__file__).with_name("tuned_head.npz")  # tuned with it, and which examples both have seen
LEARNED = Path(__file__).with_name("head.npz")  # the head that learned from what they have not seen
DANGER = Kind("danger", DELTA)
