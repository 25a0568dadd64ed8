"""Names of what can be asked: `faq/soreness` is a topic, `faq/soreness.how_long` a specific question within it.

And which of the examples the tuning leaves out.
"""

import hashlib

LEFT_OUT = 5  # one example in so many


def topic_of(label: str) -> str:
    """The label of the topic that a question belongs to; any other label as it is."""
    group, slash, name = label.partition("/")
    return f"{group}{slash}{name.partition('.')[0]}"


def answer_of(label: str) -> str | None:
    """The name of the specific question within its topic; None for a topic or any other label."""
    return label.partition("/")[2].partition(".")[2] or None


def left_out(text: str) -> bool:
    """Whether an example is one of the fifth that the encoder never sees when it is tuned, the same fifth always.

    What was tuned on scores better than any new question will: how sure a score is has to be learned from the others.
    """
    return hashlib.sha256(text.strip().encode()).digest()[0] % LEFT_OUT == 0
