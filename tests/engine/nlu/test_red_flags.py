"""The red-flag net in Rasa's pipeline: it reads what no gateway has read before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

import pytest
from rasa.shared.nlu.constants import INTENT, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu.red_flags import JUDGED, RedFlagNet
from safety import Finding


class Alarmed:
    """A net that finds danger in everything, and counts."""

    fault = None

    def __init__(self) -> None:
        self.read = 0

    def check(self, text: str, previous: Optional[Finding] = None, before: Sequence[str] = ()) -> Finding:  # noqa: UP045
        self.read += 1
        return Finding("emergency", "E01", ("E01",), "Call {emergency} now.")


@pytest.mark.parametrize("metadata", [None, {}, {JUDGED: False}, {"judge": True}])
def test_a_message_that_no_gateway_has_judged_is_read(metadata: Any) -> None:
    (message,) = RedFlagNet(Alarmed()).process([Message({TEXT: "no air in me", METADATA: metadata})])
    assert message.get(INTENT)["name"] == "red_flag"


def test_what_the_gateway_found_nothing_in_is_not_read_again() -> None:
    net = Alarmed()
    (message,) = RedFlagNet(net).process([Message({TEXT: "how much is it", METADATA: {JUDGED: True}})])
    assert message.get(INTENT) is None and net.read == 0
