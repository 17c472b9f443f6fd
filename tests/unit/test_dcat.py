"""Data portals are told of the public edition only, as DCAT-AP-SE asks, and never with example addresses for real answers."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import polars as pl
import pytest

from assets.bundle.dcat import PATH, dcat_files
from assets.bundle.render import render_bundle
from assets.charts.types import ReleaseFrames, Scope
from assets.methods.errors import PipelineError
from tests.support.sample_bundle import outline, sample_bundle_frames, sample_report_meta

META = sample_report_meta()
DATASET = {"dcterms:title", "dcterms:description", "dcterms:publisher"}
RECOMMENDED = {"dcat:contactPoint", "dcat:distribution", "dcat:keyword", "dcat:theme", "dcterms:spatial", "dcterms:temporal"}
DISTRIBUTION = {"dcat:accessURL", "dcat:downloadURL", "dcterms:license", "dcterms:format", "dcterms:title", "dcat:byteSize"}


def public() -> tuple[ReleaseFrames, Scope]:
    frames, scope = sample_bundle_frames()
    named = {
        f.name: table.with_columns(edition=pl.lit("publik"))
        for f in fields(frames)
        if "edition" in (table := getattr(frames, f.name)).columns
    }
    return replace(frames, **named), replace(scope, edition="publik")


@pytest.fixture(scope="module")
def bundle() -> dict[str, bytes]:
    frames, scope = public()
    return dict(render_bundle(frames, scope, META, draw=outline).files)


def nodes(raw: bytes) -> dict[str, list[dict]]:
    graph: dict[str, list[dict]] = {}
    for node in json.loads(raw)["@graph"]:
        graph.setdefault(node["@type"], []).append(node)
    return graph


def test_the_data_set_has_what_the_profile_asks_for(bundle):
    found = nodes(bundle[PATH])
    (dataset,) = found["dcat:Dataset"]
    assert dataset.keys() >= DATASET | RECOMMENDED
    assert {t["@language"] for t in dataset["dcterms:title"]} == {"sv", "en"}
    assert "simulerade" in dataset["dcterms:description"][0]["@value"]
    ids = {node["@id"] for group in found.values() for node in group}
    assert dataset["dcterms:publisher"]["@id"] in ids
    assert dataset["dcat:contactPoint"]["@id"] in ids
    place, county = dataset["dcterms:spatial"]
    assert (place["dcterms:identifier"], county["@id"]) == ("0127", "http://data.europa.eu/nuts/code/SE110")
    assert dataset["dcterms:temporal"]["dcat:endDate"] == {"@value": "2024", "@type": "xsd:gYear"}


def test_every_table_is_a_distribution_with_its_size(bundle):
    found = nodes(bundle[PATH])
    base = "https://data.example.org/data-i-dialog/0127_botkyrka_2024_v1.0_publik/"
    sizes = {d["dcat:downloadURL"]["@id"]: int(d["dcat:byteSize"]["@value"]) for d in found["dcat:Distribution"]}
    assert sizes == {base + name: len(raw) for name, raw in bundle.items() if name.startswith("4_tabeller/")}
    for distribution in found["dcat:Distribution"]:
        assert distribution.keys() >= DISTRIBUTION
        assert distribution["dcterms:license"]["@id"].startswith("http")
    assert {d["@id"] for d in found["dcat:Distribution"]} == {d["@id"] for d in found["dcat:Dataset"][0]["dcat:distribution"]}
    assert {"text/csv"} < {d["dcterms:format"] for d in found["dcat:Distribution"]}


def test_a_place_with_an_address_of_its_own_is_named_by_it():
    frames, scope = public()
    meta = replace(META, open_data={**(META.open_data or {}), "places": {"0127": "https://sws.geonames.org/1/"}})
    (dataset,) = nodes(dcat_files({}, frames, scope, meta)[PATH])["dcat:Dataset"]
    assert dataset["dcterms:spatial"][0] == {"@id": "https://sws.geonames.org/1/"}


def test_only_the_public_edition_is_described(bundle):
    frames, scope = sample_bundle_frames()
    assert dcat_files({}, frames, scope, META) == {}
    frames, scope = public()
    assert dcat_files({}, frames, scope, replace(META, open_data=None)) == {}
    assert PATH in bundle["7_intyg/manifest-sha256.txt"].decode()


def test_real_answers_are_never_described_with_example_addresses():
    frames, scope = public()
    with pytest.raises(PipelineError) as caught:
        dcat_files({}, frames, scope, replace(META, charts=replace(META.charts, synthetic=False)))
    assert caught.value.code == "open_data"
