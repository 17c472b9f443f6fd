"""The steward's disclosure report, the bundle's few words on it, and `did rojande`."""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl
import pytest

from assets.bundle.disclosure_places import places, share_told, total
from assets.bundle.disclosure_report import disclosure_page, disclosure_sections, rule_list
from assets.bundle.frames import guard_frames
from assets.bundle.types import Bullets, Table, Text
from assets.bundle.utility_words import utility_blocks
from assets.bundle.words import Context
from assets.methods.cell_key_policy import LINKED
from assets.methods.errors import PipelineError
from pipelines import disclosure
from tests.support.disclosed_sample import WAVE, disclosed_sample
from tests.support.sample_bundle import sample_bundle_frames, sample_report_meta

META = sample_report_meta()
TOLD = disclosed_sample()
FRAMES, SCOPE = sample_bundle_frames()
STEPS = pl.DataFrame(
    [{"edition": "intern", "wave": 2024, "step": s, "pct": p} for s, p in (("looser", 61), ("same", 56), ("tighter", 50))]
)


def blocks(told=TOLD, section="summary"):
    return next(one for one in disclosure_sections(told, META, WAVE) if one.id == f"roj-{section}").blocks


def number(text: str) -> int:
    return int(text.replace("\u00a0", "").replace("\N{MINUS SIGN}", "-"))


def test_the_page_has_every_section_and_every_municipality_once_per_table():
    page = disclosure_page(TOLD, META, WAVE)
    for name in ("summary", "places", "hidden", "rules", "steps", "audit", "earlier", "differences", "policy"):
        assert f'id="roj-{name}"' in page
    assert 'href="lansoversikt.html"' in page
    assert "../../kvalitet/index.html" in page
    assert disclosure_page(TOLD, META, 2016) == ""
    table = next(block for block in blocks(section="places") if block.id == "kommuner-intern")
    assert len({row[0] for row in table.rows}) == len(table.rows) == 9


def test_each_row_adds_up_and_the_last_is_the_sum_of_the_municipalities():
    for table in blocks(section="places"):
        rows = [tuple(number(text) for text in row[1:5]) for row in table.rows]
        assert all(cells == shown + primary + secondary for cells, shown, primary, secondary in rows)
        own = [row for row, told in zip(rows, table.rows, strict=True) if "län" not in told[0] and "stadsdelar" not in told[0]]
        assert tuple(map(sum, zip(*own[:-1], strict=True))) == own[-1]


def test_no_release_is_judged_as_safe_before_it_is_audited():
    said = blocks()[-1].items
    assert any("inte granskad" in line for line in said)
    keys = {"wave": WAVE, "edition": "intern", "table_name": "index_results", "attack": "linked"}
    safe = pl.DataFrame([keys | {"verdict": "wide"}] * 3)
    assert "Alla har ett intervall" in blocks(disclosed_sample(audit=safe), "audit")[0].text
    bad = pl.concat([safe, pl.DataFrame([keys | {"verdict": "narrow", "attack": "earlier:abc"}])])
    told, table = blocks(disclosed_sample(audit=bad), "audit")
    assert "inget får ges ut" in told.text
    assert [row[3:] for row in table.rows] == [("1", "0"), ("3", "3")]


def test_what_a_repair_has_hidden_is_told_in_every_place_and_nothing_without_one():
    assert not [line for line in blocks()[-1].items if line.startswith("Reparation")]
    row = {name: None for name in TOLD.rules.columns} | {"wave": WAVE, "kind": "secondary", "rule": "repair", "cells": 12}
    rows = pl.DataFrame([row | {"edition": "intern"}, row | {"edition": "publik", "cells": 1300}], schema=TOLD.rules.schema)
    told = replace(TOLD, rules=pl.concat([TOLD.rules, rows]))
    expected = "Reparation: 1\u00a0312 tal är dolda därför att granskningen annars hade kunnat ringa in andra "
    expected += "(intern 12, publik 1\u00a0300)."
    assert expected in blocks(told)[-1].items
    assert Text(expected) in blocks(told, "audit")


def test_noise_is_told_where_numbers_are_judged_and_never_when_it_is_off():
    noise = TOLD.policy.cell_key.model_copy(update={"tables": LINKED, "max_noise": 4})
    noisy = replace(TOLD, policy=TOLD.policy.model_copy(update={"cell_key": noise}))
    assert any("högst 4 elever" in line for line in blocks(noisy)[-1].items)
    assert any("högst 4 elever" in block.text for block in blocks(noisy, "audit") if isinstance(block, Text))
    assert any("utan brus" in block.text for block in blocks(noisy, "steps") if isinstance(block, Text))
    assert "rus med cellnyckel" not in disclosure_page(TOLD, META, WAVE)
    assert "utan brus" not in disclosure_page(TOLD, META, WAVE)


def test_conflicts_and_differences_are_told():
    earlier = pl.DataFrame([{"kind": None, "sentence": None}, {"kind": "together", "sentence": "Två tabeller krockar."}])
    told = disclosed_sample(earlier=earlier)
    assert blocks(told, "earlier")[1] == Bullets(("Två tabeller krockar.",), "attention")
    row = {"wave": WAVE, "table_name": "trends", "publik": "hidden"}
    (table,) = blocks(disclosed_sample(differences=pl.DataFrame([row, row | {"publik": "coarser"}])), "differences")
    assert table.rows == (("Utveckling", "1", "1", "0"),)


def test_steps_are_told_as_changes():
    table = next(block for block in blocks(section="steps") if isinstance(block, Table) and block.id == "steg-intern")
    assert all(row[3:] == ("+3", "\N{MINUS SIGN}4") for row in table.rows[:-1])
    assert "bara räknade" in blocks(replace(TOLD, steps=pl.DataFrame()), "steps")[0].text


def test_shares_are_never_said_to_be_none_or_all_unless_they_are():
    assert [share_told(*pair) for pair in ((0, 900), (1, 900), (899, 900), (900, 900), (0, 0))] == [
        "0\u00a0%", "under 1\u00a0%", "över 99\u00a0%", "100\u00a0%", ""
    ]  # fmt: skip


def test_rules_are_named_with_the_most_cells_first():
    assert rule_list([(2, "group_floor"), (30, "derived")], META) == "räknas ur ett dolt tal (30), för få elever (2)"


def test_the_bundle_tells_what_can_be_counted_in_its_own_tables_and_no_rule():
    told = utility_blocks(Context(replace(FRAMES, policy_steps=STEPS), SCOPE, META))
    table = next(block for block in told if isinstance(block, Table))
    own = FRAMES.index_results.filter(wave=SCOPE.wave, area_code=SCOPE.area_code)
    counted = [own.filter(reason=reason).height for reason in ("ok", "too_few", "suppressed")]
    assert [number(text) for text in table.rows[0][1:]] == [sum(counted), *counted]
    assert told[-1] == Text(
        "Av alla kommuners index och frågor visas 56 procent. Med gränserna ett steg lösare hade det varit 61 procent, "
        "och ett steg stramare 50 procent."
    )
    assert told[:-1] == utility_blocks(Context(replace(FRAMES, policy_steps=STEPS), SCOPE, replace(META, noise=5)))
    short = META.texts["disclosure_report"]["rules"]["short"]
    assert not any(str(name) in cell for name in short.values() for row in table.rows for cell in row)


def test_a_bundle_refuses_steps_of_an_area_or_of_another_edition():
    for wrong in (STEPS.with_columns(area_code=pl.lit("0127")), STEPS.with_columns(edition=pl.lit("publik"))):
        with pytest.raises(PipelineError, match="policy_steps"):
            guard_frames(replace(FRAMES, policy_steps=wrong), SCOPE, META.charts.indices)
    guard_frames(replace(FRAMES, policy_steps=STEPS), SCOPE, META.charts.indices)


def test_places_are_in_order_with_districts_after_their_city():
    found = places(TOLD.utility, "intern", META.area_names)
    assert found[0].level == "county"
    at = [one.code for one in found].index("0180")
    assert [one.level for one in found[at : at + 2]] == ["municipality", "district"]
    assert total(TOLD.utility, "publik").cells > 0
    assert not [one for one in places(TOLD.utility, "publik", META.area_names) if not one.cells]


def test_the_command_tells_a_municipality_in_both_editions(monkeypatch, tmp_path):
    monkeypatch.setattr(disclosure, "disclosed", lambda reader, catalogue: TOLD)
    lines = disclosure.disclosure_lines(tmp_path, None, {"0123"})
    assert re.match(r"Röjandekontrollen 2024", lines[0])
    assert [line.split(",")[1].split(":")[0].strip() for line in lines[1::2]] == ["intern", "publik"]
    assert all("Ett steg lösare +3, ett steg stramare" in line for line in lines[2::2])
    assert len(disclosure.disclosure_lines(tmp_path, WAVE, set())) > len(lines)
    with pytest.raises(PipelineError, match="0999"):
        disclosure.disclosure_lines(tmp_path, None, {"0999"})
    nothing = replace(TOLD, utility=pl.DataFrame())
    monkeypatch.setattr(disclosure, "disclosed", lambda reader, catalogue: nothing)
    assert disclosure.disclosure_lines(tmp_path, None, set()) == [META.texts["disclosure_report"]["command"]["none"]]
