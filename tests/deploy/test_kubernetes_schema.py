"""The manifests fit the schema of Kubernetes, the strict one, in which a misspelt field is an error."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, ValidationError

from tests.deploy.test_several_nodes import MANIFESTS

SCHEMA: Any = json.loads(Path("tests/deploy/vendor/kubernetes-1.37.json").read_text("utf-8"))


def validate(manifest: Any) -> None:
    kind = {"$ref": f"#/definitions/{manifest['kind']}"}
    Draft7Validator({**kind, "definitions": SCHEMA["definitions"]}).validate(manifest)


@pytest.mark.parametrize("kind", MANIFESTS)
def test_each_manifest_fits_the_schema(kind: str) -> None:
    validate(MANIFESTS[kind])


def test_a_misspelt_field_or_a_wrong_type_is_found() -> None:
    for path, value in ((["spec", "replica"], 3), (["spec", "replicas"], "three"), (["spec", "selector"], "app")):
        broken = copy.deepcopy(MANIFESTS["Deployment"])
        broken[path[0]][path[1]] = value
        with pytest.raises(ValidationError):
            validate(broken)
