"""What `rasa data validate` looks at, since `ims train` leaves it out for speed."""

import warnings
from pathlib import Path

import pytest

from nlu.quiet import quiet

quiet()

from rasa.cli.utils import validate_files  # noqa: E402  (Rasa is quieter when it is told before its import)
from rasa.shared.importers.importer import TrainingDataImporter  # noqa: E402


def validate(*files: str) -> None:
    validate_files(False, None, TrainingDataImporter.load_from_config("config.yml", "domain.yml", list(files)))


def test_rasa_finds_nothing_wrong_with_the_data() -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        validate("data")
    assert not [each for each in said if "was found labeled with multiple" in str(each.message)]


def test_it_would_find_a_rule_with_an_action_that_does_not_exist(tmp_path: Path) -> None:
    rule = "- rule: no such thing\n  steps:\n  - intent: thanks\n  - action: action_that_nobody_wrote\n"
    (tmp_path / "rules.yml").write_text(f'version: "3.1"\nrules:\n{rule}', encoding="utf-8")
    with pytest.raises(SystemExit):
        validate("data", str(tmp_path))
