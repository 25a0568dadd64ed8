"""Names of what can be asked: `faq/soreness` is a topic, `faq/soreness.how_long` a specific question within it."""


def topic_of(label: str) -> str:
    """The label of the topic that a question belongs to; any other label as it is."""
    group, slash, name = label.partition("/")
    return f"{group}{slash}{name.partition('.')[0]}"


def answer_of(label: str) -> str | None:
    """The name of the specific question within its topic; None for a topic or any other label."""
    return label.partition("/")[2].partition(".")[2] or None
