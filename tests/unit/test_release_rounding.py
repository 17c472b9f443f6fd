"""Coarser numbers now don't make earlier ones coarser: each release is compared as it was rounded, and noise isn't taken off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

import polars as pl

from assets import release_audited
from assets.catalogue.load import load_catalogue
from assets.methods.cell_key_policy import LINKED
from assets.methods.disclosure import DisclosurePolicy, load_policy
from assets.release_register.cells import as_tables
from assets.release_register.chain import Chain, head_of, head_text, line_of, link, verify
from assets.release_register.draws import noise_taken_off
from assets.release_register.history import history
from assets.release_register.inputs import release_inputs, with_state
from assets.release_register.rules import conflict_rules
from assets.release_register.types import Inputs
from assets.release_register.windows import FAMILIES, windows
from assets.release_register.words import conflict_rows
from assets.texts import register_texts
from pipelines.warehouse import Warehouse
from tests.support.release_pairs import CORRECTED, FIRST, POLICY, Value, conflicts, entered, index_cells


def with_numbers(**values: int) -> DisclosurePolicy:
    """The shipped policy with other numbers."""
    content = load_catalogue().disclosure
    return load_policy(
        {**content, "rules": [{**rule, "value": values.get(rule["id"], rule["value"])} for rule in content["rules"]]}
    )


def numbers(policy: DisclosurePolicy) -> Mapping[str, Mapping[str, int]]:
    return {edition: asdict(policy.numbers(edition)) for edition in policy.editions}


COARSE = with_numbers(count_step=10, share_step=5)
FINE, LATER = replace(FIRST, numbers=numbers(POLICY)), replace(CORRECTED, numbers=numbers(COARSE))
RULES = conflict_rules(COARSE, ["narkotika"], earlier=[FINE.numbers])


def release(n: int, *shares: float) -> pl.DataFrame:
    bands: list[Value] = [("all", f"share_band{band}", share, n) for band, share in enumerate(shares, 1)]
    return index_cells([*bands, ("all", "n_scored", float(n), n)])


def test_rounding_more_coarsely_is_no_remedy_where_the_earlier_numbers_already_tell():
    """80 pupils, 62, 26 and 12 per cent; then coarsely 60, 20 and 20 per cent with a few other answers."""
    before, now = release(80, 62.0, 26.0, 12.0), release(80, 60.0, 20.0, 20.0)
    assert conflicts(before, now, LATER, FINE, RULES).height == 2
    both_coarse = replace(FIRST, numbers=numbers(COARSE))
    assert conflicts(before, now, LATER, both_coarse, RULES).is_empty(), "had they been as coarse from the beginning"


def test_a_line_that_does_not_say_how_it_is_rounded_is_read_as_the_first_policy():
    before, now = release(80, 62.0, 26.0, 12.0), release(80, 60.0, 20.0, 20.0)
    assert conflicts(before, now, LATER, FIRST, RULES).height == 2
    told = windows(history([entered(before, FIRST)[0]], lambda _: before), FAMILIES[0], RULES[0]).told.number[0, 2]
    assert told.tolist() == [78, 82]


def test_floors_are_the_lowest_and_few_the_most_of_all_releases():
    strict = with_numbers(group_floor=20, group_floor_sensitive=30, cell_floor=8, cell_floor_sensitive=12, district_floor=40)
    inner = conflict_rules(strict, (), earlier=[numbers(POLICY)])[0]
    assert (inner.group_floor, inner.cell_floor, inner.shown_district, inner.district_floor) == ((10, 20), (5, 10), 30, 40)
    assert inner.few_below == (30, 40)
    assert conflict_rules(POLICY, ())[0].few_below == (20, 30)


def test_the_register_keeps_how_numbers_are_rounded_and_reads_lines_that_lack_it():
    old, new = entered(release(80, 62.0, 26.0, 12.0), FIRST)[0], entered(release(80, 60.0, 20.0, 20.0), FINE, 2)[0].new
    both = (old, link(new, "2", head_of((old,))))
    lines = b"".join(line_of(one) for one in both)
    assert b'"numbers"' not in line_of(old)
    assert verify(lines, head_text(head_of(both))).entries == both


def test_the_inputs_say_the_policys_numbers_and_noise():
    content = load_catalogue().disclosure
    noisy = load_policy({**content, "cell_key": {**content["cell_key"], "tables": ["index_results", "accumulated_results"]}})
    made = release_inputs(pl.DataFrame(), "01", {}, "limits", "defs", noisy)
    assert made.numbers["publik"]["cell_floor"] == 10
    assert made.noise == {"index_results": 5, "accumulated_results": 5}


def test_what_went_out_with_noise_is_not_shown_without():
    cells = release(80, 62.0, 26.0, 12.0)
    noisy: Inputs = replace(FINE, noise={"index_results": 5})
    earlier = history([entered(cells, noisy)[0]], lambda _: cells)
    found = noise_taken_off(earlier, with_state(cells, FINE))
    sentence = conflict_rows(found, register_texts(), {"0127": "Botkyrka"})["sentence"].to_list()
    assert len(sentence) == 1
    assert "Botkyrka 2024 är utgivna med brus i 2024-1" in sentence[0]
    assert noise_taken_off(earlier, with_state(cells, noisy)).is_empty()


def test_new_noise_alone_is_no_reason_to_attack_the_exact_numbers_beside_it(monkeypatch, tmp_path):
    """The same single questions tell nothing anew, though the index numbers of the municipality have all moved."""
    shipped = load_catalogue()
    cell_key = {**shipped.disclosure["cell_key"], "tables": list(LINKED)}
    noisy = replace(shipped, disclosure={**shipped.disclosure, "cell_key": cell_key})

    def released(index: float, question: float) -> pl.DataFrame:
        asked = index_cells([("all", "share", question, 80)], key="dik1").with_columns(table_name=pl.lit("indicator_results"))
        return pl.concat([release(80, index, 26.0, 12.0), asked])

    before = released(62.0, 30.0)
    monkeypatch.setattr(release_audited, "read_register", lambda root: Chain((entered(before, FINE)[0],)))
    monkeypatch.setattr(release_audited, "read_cells", lambda root, digest: before)
    monkeypatch.setattr(release_audited, "current_inputs", lambda warehouse, catalogue: LATER)
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    assert not release_audited.earlier_attacked(warehouse, noisy, as_tables(released(58.0, 30.0)))
    assert len(release_audited.earlier_attacked(warehouse, noisy, as_tables(released(58.0, 31.0)))) == 1
    assert len(release_audited.earlier_attacked(warehouse, shipped, as_tables(released(58.0, 30.0)))) == 1
