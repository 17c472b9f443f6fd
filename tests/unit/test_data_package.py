"""The CSV tables describe themselves: types, keys, references, and every mark in the place of a number is explained."""

from __future__ import annotations

import csv
import io
import json

import jsonschema
import pytest

from tests.support.sample_bundle import sample_report_meta

META = sample_report_meta()
NAME = {"type": "string", "pattern": "^([-a-z0-9._/])+$"}
TEXT = {"type": "string", "minLength": 1}
FIELD = {
    "type": "object",
    "required": ["name", "title", "type"],
    "properties": {"name": TEXT, "title": TEXT, "type": {"enum": ["string", "integer", "number"]}},
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "required": ["fields", "missingValues"],
    "properties": {
        "fields": {"type": "array", "minItems": 1, "items": FIELD},
        "missingValues": {"const": [""]},
        "primaryKey": {"type": "array", "minItems": 1, "items": TEXT},
        "foreignKeys": {"type": "array", "items": {"type": "object", "required": ["fields", "reference"]}},
    },
    "additionalProperties": False,
}
RESOURCE = {
    "type": "object",
    "required": ["name", "title", "description", "path", "profile", "schema", "encoding", "mediatype", "format"],
    "properties": {
        "name": NAME, "title": TEXT, "description": TEXT, "schema": SCHEMA,
        "path": {"type": "string", "pattern": r"^[-a-z0-9_]+\.csv$"},
        "profile": {"const": "tabular-data-resource"}, "encoding": {"const": "utf-8"}, "mediatype": {"const": "text/csv"},
    },
}  # fmt: skip
PACKAGE = {
    "type": "object",
    "required": ["profile", "name", "title", "version", "created", "licenses", "sources", "resources"],
    "properties": {
        "profile": {"const": "tabular-data-package"}, "name": NAME, "title": TEXT,
        "created": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "licenses": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["name"]}},
        "sources": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["title"]}},
        "resources": {"type": "array", "minItems": 1, "items": RESOURCE},
    },
}  # fmt: skip
"""What the Frictionless tabular data package profile (specs.frictionlessdata.io, version 1) asks of what we write."""
KINDS = {"integer": int, "number": float, "string": str}
FORMULA = ("=", "@", "\t", "\r")
Rows = list[dict[str, str]]


@pytest.fixture(scope="module", params=["0127", "0140", "hidden"])
def tables(request, sketched) -> tuple[dict, dict[str, Rows]]:
    files = (sketched(hidden=True) if request.param == "hidden" else sketched(request.param)).files
    package = json.loads(files["4_tabeller/datapackage.json"])
    texts = {r["name"]: files[f"4_tabeller/{r['path']}"].decode("utf-8") for r in package["resources"]}
    return package, {name: list(csv.DictReader(io.StringIO(text))) for name, text in texts.items()}


def test_the_description_follows_the_profile(tables):
    package, found = tables
    jsonschema.validate(package, PACKAGE)
    broken = {**package, "resources": [{**package["resources"][0], "encoding": "latin-1"}]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, PACKAGE)
    assert found.keys() == {resource["name"] for resource in package["resources"]}


def test_fields_and_types_are_those_of_the_files(tables):
    package, found = tables
    for resource in package["resources"]:
        fields = {field["name"]: KINDS[field["type"]] for field in resource["schema"]["fields"]}
        for row in found[resource["name"]]:
            assert list(row) == list(fields)
            for name, kind in fields.items():
                assert row[name] == "" or kind(row[name]) is not None


def test_keys_are_unique(tables):
    package, found = tables
    keyed = [resource for resource in package["resources"] if "primaryKey" in resource["schema"]]
    assert {"index_results", "response_rates", "register_values", "delivery_quality", "reasons"} <= {r["name"] for r in keyed}
    for resource in keyed:
        keys = [tuple(row[column] for column in resource["schema"]["primaryKey"]) for row in found[resource["name"]]]
        assert len(set(keys)) == len(keys), resource["name"]


def test_every_reason_and_mark_is_in_the_code_list(tables):
    package, found = tables
    codes = {row["code"]: row for row in found["reasons"]}
    assert codes.keys() == META.charts.reasons.keys()
    assert all(row["text"] for row in codes.values())
    marks = {row["mark"] for row in codes.values() if row["mark"]}
    assert len(marks) == len(codes) - 1
    used = set()
    for resource in package["resources"]:
        for key in resource["schema"].get("foreignKeys", []):
            told = {row[key["fields"]] for row in found[resource["name"]]} - {""}
            assert told <= codes.keys()
            used |= told
        for row in found[resource["name"]]:
            said = {text for name, text in row.items() if name == "Märke" or name.endswith(", märke")}
            assert said - {""} <= marks, resource["name"]
    assert {"ok"} < used


def test_a_missing_value_always_has_a_reason(tables):
    _, found = tables
    for name in ("index_results", "register_values"):
        assert found[name]
        for row in found[name]:
            assert (row["value"] == "") <= (row["reason"] not in ("ok", "")), name
    for row in found["response_rates"]:
        assert row["reason"]
        assert row["enrolled"] != "" or row["enrolled_reason"] != "ok"


def test_no_text_is_read_as_a_formula(tables):
    _, found = tables
    for name, rows in found.items():
        for row in rows:
            assert not [column for column, text in row.items() if text.startswith(FORMULA)], name
