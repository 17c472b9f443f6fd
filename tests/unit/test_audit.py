"""The independent audit passes what is protected, and stops what is not: one table, linked tables, editions, earlier releases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import yaml

from assets.audit import AuditReport, AuditRules, EarlierRelease, EditionRules, audit
from assets.audit.tasks import earlier_tasks, run_task, tasks, telling
from assets.audit.types import CountRule
from assets.audit.world import rows_of
from assets.catalogue.load import load_catalogue
from assets.methods.disclosure import load_policy, protect
from assets.methods.errors import PipelineError
from assets.release_audit import audit_rules, require_passed
from tests.support.disclosure_population import estimates, population

DISCLOSURE = yaml.safe_load((Path(__file__).parents[2] / "assets/catalogue/disclosure.yml").read_text(encoding="utf-8"))
POLICY = load_policy({**DISCLOSURE, "whole_numbers": False})  # what is planted here is planted beside shown numbers
NUMBERS = EditionRules(10, 20, 30, 10, 5, 1, 4, 9)
RULES = AuditRules({"intern": NUMBERS}, "intern")
COUNTS = population(3, [40, 120, 150, 300])


def release(counts: pl.DataFrame = COUNTS) -> pl.DataFrame:
    return protect(counts, estimates(counts), POLICY, "intern").results


RESULTS = release()


def narrow(report: AuditReport) -> pl.DataFrame:
    return report.cells.filter(pl.col("verdict") == "narrow")


def with_true_share(results: pl.DataFrame, cells: pl.Expr) -> pl.DataFrame:
    """The release with the true rounded shares of some hidden bands shown after all."""
    names = {"band1": "share_band1", "band2": "share_band2", "band3": "share_band3"}
    place = ["area_level", "area_code", "wave", "grade", "sex", "index_key"]
    wide = COUNTS.rename(names).select(*place, "n_scored", *names.values())
    shares = wide.unpivot(list(names.values()), index=[*place, "n_scored"], variable_name="measure", value_name="count")
    shares = shares.select(*place, "measure", true=(100 * pl.col("count") / pl.col("n_scored") + 0.5).floor())
    joined = results.join(shares, on=[*place, "measure"], how="left", maintain_order="left")
    open_now = cells & (pl.col("reason") == "suppressed") & pl.col("true").is_not_null()
    return joined.with_columns(
        value=pl.when(open_now).then("true").otherwise("value"), reason=pl.when(open_now).then(pl.lit("ok")).otherwise("reason")
    ).drop("true")


def test_a_protected_release_passes_and_every_hidden_number_was_attacked() -> None:
    report = audit({"index_results": RESULTS}, RULES)
    counted = pl.col("measure").is_in(["n_respondents", "n_scored"]) | pl.col("measure").str.starts_with("share_")
    hidden = RESULTS.filter(counted & pl.col("reason").is_in(["too_few", "suppressed"]))
    assert report.passed
    assert report.cells.filter(attack="single").height == hidden.height > 20
    assert (report.cells["width"] > 4).all()
    assert report.conflicts.is_empty()
    require_passed(report)


def test_a_single_gap_in_a_line_stops_the_release_and_no_value_is_told() -> None:
    naive = with_true_share(RESULTS, pl.col("measure") != "share_band3")
    report = audit({"index_results": naive}, RULES)
    assert not report.passed
    assert set(narrow(report)["measure"]) == {"share_band3"}
    with pytest.raises(PipelineError, match="index_results") as stopped:
        require_passed(report)
    assert stopped.value.code == "release_not_safe"
    assert str(narrow(report).height) in str(stopped.value)


def test_a_hidden_county_is_no_secret_while_all_its_municipalities_are_shown() -> None:
    """Its number is bounded as narrowly as their rounding lets it; with one of them hidden too, that has to be wide."""
    asked, county = AuditRules({"intern": replace(NUMBERS, width=90)}, "intern"), pl.col("area_level") == "county"
    mine = (pl.col("index_key") == "wellbeing") & (pl.col("measure") == "n_respondents")
    one = pl.col("area_code") == "0123"

    def county_row(hidden: pl.Expr) -> dict[str, object]:
        gap = RESULTS.with_columns(reason=pl.when(mine & hidden).then(pl.lit("suppressed")).otherwise("reason"))
        gap = gap.with_columns(value=pl.when(mine & hidden).then(None).otherwise("value"))
        named = (pl.col("key") == "wellbeing") & (pl.col("measure") == "n_respondents") & (pl.col("sex") == "all")
        return audit({"index_results": gap}, asked).cells.filter(county & named).row(0, named=True)

    told, closed = county_row(county), county_row(county | one)
    assert (told["required"], told["verdict"]) == (0, "wide")
    assert told["width"] < 90
    assert (closed["required"], closed["verdict"]) == (90, "narrow")


def test_a_number_of_scored_left_on_a_shown_row_is_read() -> None:
    """The column `n` stands on every row; a hidden number must not be left there."""
    place = (pl.col("area_code") == "0121") & (pl.col("sex") == "all") & (pl.col("index_key") == "wellbeing")
    hidden = RESULTS.with_columns(
        reason=pl.when(place & (pl.col("measure") == "n_scored")).then(pl.lit("suppressed")).otherwise("reason")
    )
    report = audit({"index_results": hidden.with_columns(n=pl.when(place).then(115).otherwise("n"))}, RULES)
    assert not report.passed


def test_what_publik_shows_and_intern_hides_stops_the_release() -> None:
    rules = AuditRules({"intern": NUMBERS, "publik": NUMBERS}, "intern")
    both = pl.concat([RESULTS, RESULTS.with_columns(edition=pl.lit("publik"))])
    assert audit({"index_results": both}, rules).passed
    leaky = with_true_share(RESULTS, pl.col("measure") == "share_band1").with_columns(edition=pl.lit("publik"))
    report = audit({"index_results": pl.concat([RESULTS, leaky])}, rules)
    assert "editions" in set(narrow(report)["attack"])


def test_a_derived_number_of_a_hidden_cell_stops_the_release() -> None:
    first = RESULTS.filter((pl.col("measure") == "mean") & (pl.col("reason") == "suppressed")).row(0, named=True)
    mine = pl.all_horizontal(pl.col(n) == first[n] for n in ("area_code", "sex", "index_key", "measure"))
    shown = RESULTS.with_columns(reason=pl.when(mine).then(pl.lit("ok")).otherwise("reason"))
    found = narrow(audit({"index_results": shown}, RULES))
    assert found.height > 0
    assert set(found["area_code"]) == {first["area_code"]}


def test_a_number_in_a_table_of_its_own_names_that_table() -> None:
    hidden = RESULTS.filter(pl.col("measure") == "share_band1", pl.col("reason") == "suppressed").head(1)
    ranks = hidden.with_columns(reason=pl.lit("ok"))
    report = audit({"index_results": RESULTS, "rank_sets": ranks}, RULES)
    assert narrow(report)["attack"].to_list() == ["derived:rank_sets"]
    assert report.conflicts["tables"].to_list() == ["index_results, rank_sets"]
    with pytest.raises(PipelineError, match="först i tabellen rank_sets, som visar ett tal räknat ur ett dolt i index_results"):
        require_passed(report)


def series(codes: dict[str, tuple[int, float | None]]) -> pl.DataFrame:
    """Shares of one question per area, all answers from girls and boys alike: number of answers and share, None when hidden."""
    rows = []
    for code, (n, share) in codes.items():
        level = "county" if len(code) == 2 else "municipality"
        for sex, pupils in (("all", n), ("girl", n // 2), ("boy", n // 2)):
            reason = "suppressed" if share is None else "ok"
            rows.append(("intern", level, code, 2024, "ak9", sex, "bullied", "share", share, None, None, pupils, reason, "", ""))
    names = ["edition", "area_level", "area_code", "wave", "grade", "sex", "indicator", "measure", "value", "low", "high", "n"]
    schema = [*names, "reason", "method", "interval_method"]
    types = {"wave": pl.Int32, "n": pl.Int64, "value": pl.Float64, "low": pl.Float64, "high": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").cast(types)


def test_the_county_less_the_other_municipalities_is_found() -> None:
    alone = series({"01": (200, 20.0), "0120": (100, 30.0), "0121": (100, None)})
    report = audit({"indicator_results": alone}, RULES)
    assert set(narrow(report)["area_code"]) == {"0121"}
    two = series({"01": (400, 20.0), "0120": (100, None), "0121": (100, None), "0122": (200, 20.0)})
    assert audit({"indicator_results": two}, RULES).passed


def test_a_part_of_a_small_shown_answer_is_known() -> None:
    """Whoever is bullied daily is bullied: a hidden part of a shown share can be no larger."""
    whole = series({"0120": (60, 5.0)})
    part = series({"0120": (60, None)}).with_columns(indicator=pl.lit("bullied_daily"))
    table = {"indicator_results": pl.concat([whole, part])}
    assert audit(table, RULES).passed
    linked = audit(table, replace(RULES, nested=(("bullied_daily", "bullied", False),)))
    assert set(narrow(linked)["key"]) == {"bullied_daily"}


def test_tables_that_contradict_each_other_stop_the_release() -> None:
    wrong = series({"01": (500, 20.0), "0120": (100, 30.0), "0121": (100, None)})
    report = audit({"indicator_results": wrong}, RULES)
    assert not report.passed
    assert set(report.cells["verdict"]) == {"contradiction"}
    assert report.cells["low"].null_count() == report.cells.height


def test_a_few_late_pupils_are_found_by_subtraction_and_many_are_not() -> None:
    before = EarlierRelease("2024-1", "2024-06-01", {"indicator_results": series({"0120": (200, 20.0)})})
    few = audit({"indicator_results": series({"0120": (200, 21.0)})}, RULES, [before])
    assert set(narrow(few)["attack"]) == {"earlier:2024-1"}
    assert set(narrow(few)["measure"]) == {"late:share"}
    many = audit({"indicator_results": series({"0120": (400, 21.0)})}, RULES, [before])
    assert many.passed


def test_a_cell_shown_before_must_not_be_hidden_now_for_the_same_pupils() -> None:
    old = {"indicator_results": series({"0120": (60, 20.0)})}
    new = {"indicator_results": series({"0120": (60, None)})}
    same = frozenset({("0120", 2024)})
    assert audit(new, RULES).passed
    report = audit(new, RULES, [EarlierRelease("2024-1", "2024-06-01", old, same)])
    assert not report.passed
    assert report.conflicts["tables"].str.contains("2024-1").any()


def test_an_earlier_release_is_attacked_as_it_was_rounded() -> None:
    """The rules of now may round more coarsely; whoever kept the earlier numbers has them as they were."""
    old, new = ({"indicator_results": series({"0120": (100, share)})} for share in (20.0, None))
    same, coarse = frozenset({("0120", 2024)}), replace(RULES, editions={"intern": replace(NUMBERS, count_step=10, share_step=5)})
    before = EarlierRelease("2024-1", "2024-06-01", old, same)
    assert audit(new, coarse, [before]).passed
    assert not audit(new, coarse, [replace(before, editions={"intern": NUMBERS})]).passed


def test_the_rules_of_the_catalogue_are_plain_numbers() -> None:
    rules = audit_rules(load_catalogue())
    assert rules.editions[rules.innermost].width == 4
    assert {count.key for count in rules.counts} == {"risk", "protection"}
    assert rules.nested
    assert rules.sensitive == rules.never_split


def test_a_reason_in_the_public_edition_speaks_of_the_internal_floor() -> None:
    """What publik hides by its own higher floor is `suppressed` there, so that the reason tells no more than intern's."""
    shown = {"0120": (24, 20.0), "0121": (100, None), "0122": (100, None), "0123": (100, None)}
    hidden = {**shown, "0120": (24, None)}
    public = series(hidden).with_columns(edition=pl.lit("publik"), n=pl.lit(None, pl.Int64))
    rules = AuditRules({"intern": NUMBERS, "publik": replace(NUMBERS, floor=30, respondents_floor=30)}, "intern")
    report = audit({"indicator_results": pl.concat([series(shown), public])}, rules)
    assert report.cells.height > 0
    assert report.passed


def test_only_public_rows_that_tell_more_go_into_the_joint_attack() -> None:
    """The same numbers far above the public floor add nothing; a number near it tells that the floor is kept."""
    rules = AuditRules({"intern": NUMBERS, "publik": replace(NUMBERS, floor=20, respondents_floor=20)}, "intern")
    inner = rows_of(series({"0120": (100, 20.0), "0121": (20, 20.0), "0122": (100, None), "0123": (100, 20.0)}), "indicator")
    public = series({"0120": (100, 20.0), "0121": (20, 20.0), "0122": (100, 20.0), "0123": (100, 21.0)})
    outer = [("publik", *row[1:]) for row in rows_of(public, "indicator")]
    kept = [row for row in telling([*inner, *outer], rules) if row[0] == "publik" and row[3] == "all"]
    assert {row[2] for row in kept} == {"0121", "0122", "0123"}
    assert telling(inner, rules) == inner


def test_another_edition_is_attacked_with_the_worlds_found_for_the_innermost_one() -> None:
    """One task holds both; what the outer edition alone requires is looked for anew, and found as when it is attacked alone."""
    rules = AuditRules({"intern": NUMBERS, "publik": replace(NUMBERS, width=9, width_sensitive=14)}, "intern")
    both = {"index_results": pl.concat([RESULTS, RESULTS.with_columns(edition=pl.lit("publik"))])}
    (task,) = [task for task in tasks(both, rules) if task.family == "index"]
    assert [one.edition for one in task.outer] == ["publik"]
    together, (alone,) = run_task(task), (run_task(one) for one in task.outer)
    public = together.cells.filter(pl.col("edition") == "publik")
    shown = ["table_name", "area_code", "sex", "key", "measure", "required", "verdict", "attack"]
    assert public.select(shown).equals(alone.cells.select(shown))
    assert [effort[0] for effort in together.effort] == ["editions", "single"]


def test_an_earlier_release_is_attacked_municipality_by_municipality() -> None:
    """Numbers of factors beside the bands: each municipality meets its own earlier tables, not another's."""
    count = CountRule("risk", ("wellbeing",), True, 1, (0, 1, 2))
    rules = replace(RULES, counts=(count,))
    factors = RESULTS.filter(pl.col("index_key") == "wellbeing").rename({"index_key": "count_key"})
    factors = factors.with_columns(count_key=pl.lit("risk"))
    tables = {"index_results": RESULTS, "accumulated_results": factors}
    same = frozenset((str(code), 2024) for code in RESULTS["area_code"].unique())
    made = [task for task in earlier_tasks(tables, rules, [EarlierRelease("x", "2024-01-01", tables, same)])]
    areas = [
        tuple({row[2][:4] for rows in held.values() for row in rows} for held in (task.rows, task.before))
        for task in made
        if task.family == "counts"
    ]
    assert len(areas) > 2
    assert all(now == before for now, before in areas)
