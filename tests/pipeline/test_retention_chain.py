"""After `did gallra` and a run everything up to the validated answers is as if the delivery had never come."""

from __future__ import annotations

import polars as pl

from assets.hygiene import purged
from assets.hygiene.deliveries import all_deliveries, by_place
from assets.hygiene.purge import carry_out, order
from assets.slices import WAVES, range_tags
from pipelines import chain
from pipelines.warehouse import TableName

LATEST = WAVES[-1]
SALEM = "0128"
TABLES = [TableName("harmonised", name) for name in ("survey_responses", "item_profile", "screen_counts", "delivery_gaps")]
TABLES += [TableName("validated", "survey_responses")]


def test_a_purged_delivery_might_never_have_come(copy_of_demo, small_demo, run_job):
    paths, warehouse = copy_of_demo.paths, copy_of_demo.warehouse
    (gone,) = by_place(all_deliveries(paths), SALEM, LATEST)
    record = carry_out(paths, copy_of_demo.root, order([gone], "Test"))
    assert record.found_in == ()
    assert record.rows["raw.survey_responses"] == record.rows["indices.person_scores"] == gone.rows
    assert LATEST in chain.stale(paths, "surveys", WAVES), "the next run knows that there is something to do"
    assert run_job(copy_of_demo.root, "ingest_surveys", range_tags(str(LATEST), str(LATEST))).success
    for name in TABLES:
        before = small_demo.warehouse.read(name)
        without = before.filter(pl.col("delivery_id") != gone.delivery_id)
        assert before.height > without.height, str(name)
        order_of = [c for c in ("wave", "municipality_code", "respondent_key", *without.columns) if c in without.columns]
        keys = list(dict.fromkeys(order_of))
        assert warehouse.read(name).sort(keys).equals(without.sort(keys)), str(name)
    assert warehouse.mentions([gone.sha256, gone.delivery_id]) == []
    assert purged.hashes(copy_of_demo.root) == {gone.sha256}
