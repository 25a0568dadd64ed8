"""The assistant's own sentences."""

from __future__ import annotations

import pytest

from tests.knowledge.conftest import Data


def test_a_sentence_is_filled_with_the_clinic_and_with_what_is_given(data: Data) -> None:
    knowledge = data.load()

    assert knowledge.wording("unknown_booking_link") == "the front desk, 250-555-0100"
    assert knowledge.wording("wait", seconds=5) == "Wait 5 seconds."


def test_a_sentence_without_its_value_is_an_error(data: Data) -> None:
    with pytest.raises(KeyError, match="seconds"):
        data.load().wording("wait")


def test_a_sentence_that_does_not_exist_is_an_error(data: Data) -> None:
    with pytest.raises(KeyError, match="farewell"):
        data.load().wording("farewell")


def test_what_is_given_is_not_filled_again(data: Data) -> None:
    assert data.load().wording("wait", seconds="{clinic_phone}") == "Wait {clinic_phone} seconds."
