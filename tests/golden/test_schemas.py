"""The JSON Schemas beside the catalogue: those of the models, and held by every file of their kind.

Update after a wanted change of a model: `python -m assets.catalogue.schemas` (or this file with `DID_UPDATE_GOLDEN=1`).
Then read the diff.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest
import yaml

from assets.catalogue import schemas


@pytest.fixture(scope="module", autouse=True)
def _update():
    """Write the schemas anew when asked to."""
    if os.environ.get("DID_UPDATE_GOLDEN") == "1":
        schemas.write_schemas()


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_stored_schemas_are_those_of_the_models(kind):
    path = schemas.FOLDER / f"{kind}.schema.json"
    assert path.is_file(), "skapa den med python -m assets.catalogue.schemas"
    stored = json.loads(path.read_text(encoding="utf-8"))
    assert stored == json.loads(schemas.schema_text(kind)), "modellen har ändrats; kör python -m assets.catalogue.schemas"


def test_no_schema_is_left_over():
    assert {p.name for p in schemas.FOLDER.iterdir()} == {f"{kind}.schema.json" for kind in schemas.KINDS}


def content(path: Path) -> object:
    """A YAML file as JSON has it: text keys, dates as text."""
    return json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=str))


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_files_of_each_kind_hold_their_schema_and_a_misspelt_key_does_not(kind):
    schema = json.loads((schemas.FOLDER / f"{kind}.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    files = schemas.files_of(kind)
    if kind == "register_import":  # mappings lie beside the files they describe; the catalogue ships none of its own yet
        files = [*files, *sorted((Path(__file__).parents[1] / "data" / "table_import").glob("*.yml"))]
    assert files
    for path in files:
        assert [e.message for e in validator.iter_errors(content(path))] == [], path.name
        assert list(validator.iter_errors(content(path) | {"felstavad": 1})), f"{path.name}: unknown keys must be errors"


def test_all_are_written_as_they_are_stored(tmp_path):
    written = schemas.write_schemas(tmp_path / "schemas")
    assert [p.read_text(encoding="utf-8") for p in written] == [schemas.schema_text(kind) for kind in schemas.KINDS]
