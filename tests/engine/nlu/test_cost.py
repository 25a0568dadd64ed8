"""What the encoder has to read of a message, counted in tokens: a text that was made to be dear costs at most twice
what long prose with four questions costs.
"""

import numpy as np
import pytest
from rasa.shared.nlu.constants import METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message

from encoder import Encoder
from nlu.encoder_featurizer import PART_TOKENS, EncoderFeaturizer
from nlu.message_reader import CONTEXT, MessageReader

LONGEST = 2000  # characters that the gateway takes
STORY = "I hurt my shoulder at work about three weeks ago and my doctor said that I could try this treatment. "
ASKS = (
    "Will I be sore the next day, and for how long? Can I drive home after it? I take aspirin, is that a problem? "
    "How much is a session if my plan does not pay?"
)
DEAR = ("xqzj vwqk? what ", "what is a a a a a a a a a a a a a a? ", "what, ", "how a,", "is it aaab aaab aaab? ")


class Counting:
    """In the place of the encoder's graph: counts the tokens that it is given."""

    def __init__(self) -> None:
        self.tokens = 0
        self.longest = 0

    def run(self, names: list[str], feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        self.tokens += feed["tokens"].size
        self.longest = max(self.longest, feed["tokens"].size)
        return [np.ones((1, 384), dtype=np.float32) for _ in names]


def counted(text: str, context: str | None = "Will I be sore") -> Counting:
    """What is read of a message that may lean on the answer before."""
    session = Counting()
    config = EncoderFeaturizer.get_default_config()
    message = Message({TEXT: text, METADATA: {CONTEXT: context}})
    MessageReader.create(MessageReader.get_default_config(), None, None, None).process([message])
    EncoderFeaturizer(config, "encoder", Encoder.of(session)).process([message])
    return session


@pytest.mark.parametrize("dear", DEAR)
def test_no_text_has_more_read_than_twice_what_long_prose_has(dear: str) -> None:
    prose = (STORY * 20)[: LONGEST - len(ASKS)] + ASKS
    assert counted((dear * LONGEST)[:LONGEST]).tokens <= 2 * counted(prose).tokens


def test_of_a_long_part_both_ends_are_read() -> None:
    kept: list[list[int]] = []

    class Keeping(Counting):
        def run(self, names: list[str], feed: dict[str, np.ndarray]) -> list[np.ndarray]:
            kept.append(feed["tokens"][0].tolist())
            return super().run(names, feed)

    encoder = Encoder.of(Keeping())
    encoder.encode_all(["needle " * 100 + "sore", "needle " * 100 + "sore"], [128, PART_TOKENS])
    whole, part = kept
    half = PART_TOKENS // 2
    assert part == whole[:half] + whole[-half:]
