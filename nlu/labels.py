"""Names of what can be asked: `faq/soreness` is a topic, `faq/soreness.how_long` a specific question within it."""


def topic_of(label: str) -> str:
    """The label of the topic that a question belongs to; any other label as it is."""
    group, slash, name = label.partition("/")
    return f"{group}{slash}{name.partition('.')[0]}"
