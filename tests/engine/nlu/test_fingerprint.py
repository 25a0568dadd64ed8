"""Training uses nothing again that was made from other lexicons or by other code."""

from pathlib import Path
from typing import Any

import pytest
from rasa.engine.graph import GraphComponent

from nlu import fingerprint
from nlu.message_reader import MessageReader
from nlu.topic_matcher import TopicMatcher
from nlu.variants import ExampleVariants


@pytest.mark.parametrize(
    ("component", "config", "file"),
    [
        (MessageReader, {"spelling": "spelling.yml", "subject": "subject.yml"}, "spelling.yml"),
        (MessageReader, {"spelling": "spelling.yml", "subject": "subject.yml"}, "subject.yml"),
        (ExampleVariants, {"same_thing": "same_thing.yml"}, "same_thing.yml"),
    ],
)
def test_a_changed_lexicon_is_trained_with(
    component: type[GraphComponent], config: dict[str, Any], file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(file).parent.mkdir(exist_ok=True)
    found = [component.fingerprint_addon(config)]
    for words in ("one: 1", "one: 2", "one: 1"):
        Path(file).write_text(words, encoding="utf-8")
        found.append(component.fingerprint_addon(config))
    missing, first, changed, as_before = found
    assert first == as_before
    assert len({missing, first, changed}) == 3


def test_what_a_changed_module_made_is_not_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "ranker.py"
    monkeypatch.setattr(fingerprint, "CODE", (tmp_path,))
    found = []
    for words in ("x = 1", "x = 2"):
        module.write_text(words, encoding="utf-8")
        found.append(TopicMatcher.fingerprint_addon({}))
    assert found[0] != found[1]
