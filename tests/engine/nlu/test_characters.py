"""Character n-grams counted for a few texts are those that scikit-learn learned from thousands."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from nlu.characters import SIZES, Characters

LEARNED = ["will i be sore", "how long does it take", "Does it hurt?", "a b", "i i i", "naïve  café", ""]


@pytest.fixture(scope="module")
def both() -> tuple[TfidfVectorizer, Characters]:
    learned = TfidfVectorizer(analyzer="char_wb", ngram_range=(SIZES[0], SIZES[-1]), sublinear_tf=True)
    learned.fit(LEARNED)
    return learned, Characters([str(term) for term in learned.get_feature_names_out()], learned.idf_)


@pytest.mark.parametrize("asked", [LEARNED, ["Will  it\ttake long, or hurt hurt hurt?"], ["i"], ["xyz", "sore"], [""]])
def test_they_are_weighed_as_they_were_learned(both: tuple[TfidfVectorizer, Characters], asked: list[str]) -> None:
    learned, characters = both
    assert np.allclose(characters(asked).toarray(), learned.transform(asked).toarray(), atol=1e-6)
