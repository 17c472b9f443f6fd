"""A changed catalogue shows what was built with the old one as out of date."""

import dagster as dg
import pytest

from assets.catalogue.load import load_catalogue
from pipelines import provenance
from pipelines.definitions import build_definitions, versioned

KEY = dg.AssetKey(["raw", "a"])


@dg.multi_asset(
    specs=[dg.AssetSpec(KEY), dg.AssetSpec(["raw", "b"], deps=[["inbox", "files"]])],
    partitions_def=dg.StaticPartitionsDefinition(["2022", "2024"]),
    backfill_policy=dg.BackfillPolicy.single_run(),
    name="made",
    group_name="raw",
)
def made():
    """Two tables."""
    yield dg.MaterializeResult(asset_key=KEY)
    yield dg.MaterializeResult(asset_key=["raw", "b"])


FILES = dg.AssetSpec(["inbox", "files"], group_name="inbox")


def test_every_asset_that_is_made_here_carries_the_catalogues_hash():
    graph = build_definitions().resolve_asset_graph()
    versions = {key.path[0]: graph.get(key).code_version for key in graph.get_all_asset_keys()}
    assert versions.pop("inbox") is None, "files that people drop have no version of ours"
    assert set(versions.values()) == {load_catalogue().content_hash[:12]}
    assert len(versions) == 8


def test_versioning_changes_nothing_else():
    before, (external, after) = made, versioned([FILES, made], "f" * 64)
    assert external is FILES
    assert after.partitions_def is before.partitions_def
    assert after.backfill_policy == before.backfill_policy
    assert after.group_names_by_key == before.group_names_by_key
    assert after.asset_deps == before.asset_deps
    assert before.code_versions_by_key[KEY] is None, "the asset itself is left as it was"


@pytest.mark.parametrize(("now", "same"), [("a" * 64, True), ("b" * 64, False)])
def test_what_was_built_remembers_the_catalogue_it_was_built_with(now, same):
    with dg.DagsterInstance.ephemeral() as instance:
        assert dg.materialize(versioned([made], "a" * 64), partition_key="2024", instance=instance).success
        built = instance.get_latest_materialization_code_versions([KEY])[KEY]
    current = dg.Definitions(assets=versioned([made], now)).resolve_asset_graph().get(KEY).code_version
    assert built == "a" * 12
    assert (built == current) is same


@pytest.mark.parametrize("name", ["a.py", "page.css", "page.html", "report.typ", "font.ttf", "fonts.conf"])
def test_a_changed_template_or_font_is_a_changed_version(tmp_path, monkeypatch, name):
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    (tmp_path / "assets").mkdir()
    found = set()
    for content in (b"first", b"second"):
        (tmp_path / "assets" / name).write_bytes(content)
        provenance.code_version.cache_clear()
        found.add(provenance.code_version())
    provenance.code_version.cache_clear()
    assert len(found) == 2
