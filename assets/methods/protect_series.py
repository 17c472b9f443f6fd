"""From counts and estimates of single-question series and 0-100 scales to the rows that may be published. Pure.

Shares are whole per cent, means of scales whole points of 100; differences are formed from the published numbers (docs/adr/0010).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from assets.catalogue.indicator_models import IndicatorFile
from assets.catalogue.models import Survey
from assets.methods.disclosure_blocks import GROUP_KEYS, SEXES
from assets.methods.disclosure_policy import DisclosurePolicy, PolicyNumbers
from assets.methods.disclosure_rounding import half_away, nearest, share_percent
from assets.methods.disclosure_series import suppress_series
from assets.methods.disclosure_series_state import KEYS, Limits, Pattern, Series, build_series
from assets.methods.disclosure_state import RULES
from assets.methods.edition_patterns import Outer, groups_in
from assets.methods.errors import PipelineError
from assets.methods.estimate import WEIGHTED_METHOD
from assets.methods.indicator_links import families, links
from assets.methods.interval_limits import kept_apart, leaves_out
from assets.methods.kept_series import kept_arrays
from assets.methods.primary_rules import CONTRIBUTORS
from assets.methods.series_estimates import MEASURES

UNITS = {"share": ("percent", "points"), "mean": ("scale_0_100", "scale_0_100")}
LEVELS = ("share", "mean")
SCALE_BASE = {
    "sv": "elever som besvarat minst {} av {} frågor",
    "en": "students who answered at least {} of {} questions",
}
RESULT_COLUMNS = (
    "edition", *GROUP_KEYS, "sex", "indicator", "measure", "value", "low", "high", "n", "reason", "unit", "base", "method",
    "interval_method", "confidence_level", "verdict",
)  # fmt: skip
LOG_COLUMNS = ("edition", *GROUP_KEYS, "sex", "indicator", "cell", "kind", "rule")
RESULT_SCHEMA = {name: pl.String for name in RESULT_COLUMNS} | {
    "wave": pl.Int32, "n": pl.Int64, **dict.fromkeys(("value", "low", "high", "confidence_level"), pl.Float64)
}  # fmt: skip
_SHOWN_ONLY = ("value", "low", "high", "n", "method", "interval_method", "confidence_level", "verdict")
_ORDER = [name for names in MEASURES.values() for name in names]
_PLACE = list(GROUP_KEYS)


@dataclass(frozen=True)
class SeriesRelease:
    """What may be published.

    Attributes:
        results: rows of `release.indicator_results` without area_name; see the contracts.
        log: rows of `release.indicator_suppression_log`, one per hidden row.
        pattern: what is hidden, for an edition that is to lie within this one; None without series.
    """

    results: pl.DataFrame
    log: pl.DataFrame
    pattern: Outer | None = None


def protect_series(
    counts: pl.DataFrame,
    means: pl.DataFrame,
    estimates: pl.DataFrame,
    file: IndicatorFile,
    survey: Survey,
    policy: DisclosurePolicy,
    edition: str,
    hidden_respondents: pl.DataFrame,
    within: Outer | None = None,
    kept: pl.DataFrame | None = None,
) -> SeriesRelease:
    """Results that reveal no small count, and the log of what is hidden.

    Args:
        counts: `indices.indicator_counts`. means: `indices.scale_means`.
        estimates: `indices.indicator_estimates` and `indices.scale_estimates` together, with a Boolean `is_clear` on rows of
            differences.
        hidden_respondents: see `suppress_series`.
        within: the pattern of the edition that this one lies within: what is hidden there is hidden here.
        kept: from `kept_series.on_rows`: rows that an earlier release about the same pupils hid.

    Raises:
        PipelineError: the tables do not hold together, the edition is unknown, or it has an area that `within` lacks.
    """
    numbers = policy.numbers(edition) if within is None else policy.numbers(edition).on_steps()
    kinds = series_kinds(file)
    if counts.is_empty():
        return SeriesRelease(
            pl.DataFrame(schema=RESULT_SCHEMA),
            pl.DataFrame(schema={name: RESULT_SCHEMA.get(name, pl.String) for name in LOG_COLUMNS}),
        )
    series = build_series(_pupils(counts, means, estimates), list(kinds))
    linked = links(file.indicators, survey)
    limits = Limits.of(series, _sensitive(file, linked.families), numbers)
    groups = [names for names in families(file.indices) if len(names) > 1]
    outer = groups_in(within, series.groups, series.keys)
    before = kept_arrays(kept, series)
    pattern = suppress_series(series, limits, linked, groups, numbers, file.most_not_asked_pct, hidden_respondents, outer, before)
    base = series_bases(file)
    cells = _cells(series, pattern, limits, numbers, kinds)
    rows = _rows(cells, _evidence(estimates, cells), edition, base)
    pattern_told = Outer(series.groups, tuple(series.keys), (pattern.hidden, pattern.quiet, pattern.no_count))
    return SeriesRelease(rows.select(RESULT_COLUMNS), _log(rows, policy), pattern_told)


def series_kinds(file: IndicatorFile) -> dict[str, str]:
    """Series -> `share` or `mean`, in the catalogue's order."""
    return {i.id: "share" for i in file.indicators} | {i.id: "mean" for i in file.indices}


def series_bases(file: IndicatorFile) -> dict[str, str]:
    """Series -> its denominator in the file's language."""
    scales = {i.id: SCALE_BASE[file.language].format(i.minimum_answered, len(i.items)) for i in file.indices}
    return {i.id: i.base_text for i in file.indicators} | scales


def series_shape(file: IndicatorFile, *, county: bool = True) -> pl.DataFrame:
    """`sex, indicator, measure, unit, base` of every row that a municipality has per wave and grade.

    Args:
        county: whether there is one, so that there are differences to it.
    """
    base = series_bases(file)
    rows = [
        (sex, key, measure, UNITS[kind][place > 0], base[key])
        for key, kind in series_kinds(file).items()
        for place, measure in enumerate(MEASURES[kind])
        if county or place != 1
        for sex in (("all",) if place == 2 else SEXES)
    ]
    return pl.DataFrame(rows, schema=["sex", "indicator", "measure", "unit", "base"], orient="row")


def _sensitive(file: IndicatorFile, linked: Sequence[Sequence[str]]) -> np.ndarray:
    """One flag per series; a family of linked indicators is as sensitive as its most sensitive member."""
    flags = {one.id: one.sensitive for one in (*file.indicators, *file.indices)}
    for names in linked:
        flags |= dict.fromkeys(names, any(flags[name] for name in names))
    return np.array(list(flags.values()), dtype=bool)


def _pupils(counts: pl.DataFrame, means: pl.DataFrame, estimates: pl.DataFrame) -> pl.DataFrame:
    """The two tables of counts in one form, with the sums of weights; see `build_series`."""
    whole = ["n_respondents", "n_valid", "n_not_asked", "n_schools", *CONTRIBUTORS]
    yes = pl.col("n_valid") * pl.col("mean").fill_null(0.0) / 100
    shares = counts.select(*KEYS, *whole, pl.col("n_yes").cast(pl.Float64))
    scales = means.rename({"index_id": "indicator"}).select(*KEYS, *whole, yes.alias("n_yes"))
    own = estimates.filter(pl.col("measure").is_in(LEVELS)).select(
        *KEYS,
        "n",
        "sum_w",
        "method",
        part=pl.when(pl.col("measure") == "mean").then(pl.col("estimate") / 100).otherwise("estimate"),
    )
    joined = pl.concat([shares, scales]).join(own, on=list(KEYS), how="left", maintain_order="left")
    off = joined.filter(pl.col("n").ne_missing(pl.col("n_valid"))).height
    if off or own.height != joined.height:
        raise PipelineError(
            code="inconsistent_estimates",
            where="Tabellerna indices.indicator_estimates och indices.scale_estimates",
            expected="en skattning för varje rad med antal",
            got=f"{off} rader som inte stämmer och {own.height} skattningar för {joined.height} rader",
            hint="Räkna om indexen innan något publiceras.",
        )
    weighted = pl.col("method") == WEIGHTED_METHOD
    return joined.with_columns(
        sum_w=pl.when(weighted).then("sum_w").otherwise(pl.col("n_valid").cast(pl.Float64)),
        sum_w_yes=pl.when(weighted).then(pl.col("sum_w") * pl.col("part").fill_null(0.0)).otherwise("n_yes"),
    )


def _cells(series: Series, pattern: Pattern, limits: Limits, numbers: PolicyNumbers, kinds: Mapping[str, str]) -> pl.DataFrame:
    """One row per group, series and sex: what is shown and why not, and the share rounded from the counts."""
    shape = series.valid.shape
    group, one, sex = (axis.ravel() for axis in np.indices(shape))
    # as in the index tables: on which side of the districts' own floor a hidden number lies stays unsaid
    few = (series.valid < limits.count[None, :, None]) & ~pattern.quiet
    counted = np.broadcast_to(np.array([kinds[key] == "share" for key in series.keys])[None, :, None], shape)
    share = np.where(counted, share_percent(np.rint(series.yes[0]).astype(np.int64), series.valid, numbers.share_step), -1)
    shown_n = np.where(pattern.no_count, -1, nearest(series.valid, numbers.count_step))
    return series.groups[group].with_columns(
        pl.Series("sex", [SEXES[s] for s in sex], dtype=pl.String),
        pl.Series("indicator", [series.keys[k] for k in one], dtype=pl.String),
        pl.Series("kind", [kinds[series.keys[k]] for k in one], dtype=pl.String),
        pl.Series("rule", pattern.hidden.ravel().astype(np.int64)),
        pl.Series("not_asked", pattern.not_asked.ravel()),
        pl.Series("few", few.ravel()),
        pl.Series("counted", share.ravel().astype(np.float64)),
        pl.Series("n", shown_n.ravel().astype(np.int64)),
    )


def _evidence(estimates: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """The columns of the estimates that are published, in display units: per cent, points and scale points, rounded to whole.

    No interval is left without width, however narrow it is before rounding.
    """
    names = ("estimate", "low", "high")
    frame = estimates.select(
        *KEYS, "measure", *names, "method", "interval_method", "confidence_level", pl.col("is_clear").cast(pl.Boolean)
    )
    factor = np.where(frame["measure"].str.contains("share").to_numpy(), 100.0, 1.0)
    rounded = [pl.Series(n, half_away(frame[n].fill_null(np.nan).to_numpy() * factor, 0)).fill_nan(None) for n in names]
    is_level = pl.col("measure").is_in(LEVELS)
    ends = kept_apart(pl.lit(1.0), pl.when(is_level).then(0.0), pl.when(is_level).then(100.0))
    frame = frame.with_columns(rounded).with_columns(ends)
    doubled = frame.height - frame.select(*KEYS, "measure").unique().height
    orphans = frame.join(cells, on=list(KEYS), how="anti").height
    if doubled or orphans:
        raise PipelineError(
            code="inconsistent_estimates",
            where="Tabellerna indices.indicator_estimates och indices.scale_estimates",
            expected="en rad per grupp och mått, med antal",
            got=f"{orphans} rader utan antal och {doubled} dubbla",
            hint="Räkna om indexen innan något publiceras.",
        )
    return frame


def _rows(cells: pl.DataFrame, proof: pl.DataFrame, edition: str, base: Mapping[str, str]) -> pl.DataFrame:
    """All rows with values and reasons; nothing of a hidden row is left but its keys."""
    own = cells.with_columns(measure=pl.col("kind"))
    own = own.join(proof, on=[*KEYS, "measure"], how="left", maintain_order="left")
    from_counts = (pl.col("counted") >= 0) & (pl.col("method").fill_null("") != WEIGHTED_METHOD)
    own = own.with_columns(value=pl.when(from_counts).then("counted").otherwise("estimate"), unit=_unit(0))
    frame = pl.concat([own, _compared(own, proof)], how="diagonal")
    # a value that rounding took outside its interval widens it
    frame = frame.with_columns(low=pl.min_horizontal("low", "value"), high=pl.max_horizontal("high", "value")).with_columns(
        pl.when(pl.col("estimate").is_not_null() & pl.col("interval_method").is_not_null()).then(name).alias(name)
        for name in ("low", "high")
    )
    shown = (pl.col("rule") == 0) & ~pl.col("not_asked")
    reason = (
        pl.when("not_asked").then(pl.lit("not_asked"))
        .when(~shown & pl.col("few")).then(pl.lit("too_few"))
        .when(~shown).then(pl.lit("suppressed"))
        .when(pl.col("value").is_null()).then(pl.lit("missing"))
        .otherwise(pl.lit("ok"))
    )  # fmt: skip
    clear = pl.col("is_clear").fill_null(False) & (pl.col("value") != 0) & leaves_out(0)  # with the published numbers too
    sign = pl.when(pl.col("value") > 0).then(pl.lit("higher")).otherwise(pl.lit("lower"))
    difference = ~pl.col("measure").is_in(LEVELS)
    frame = frame.with_columns(
        edition=pl.lit(edition),
        reason=reason,
        base=pl.col("indicator").replace_strict(dict(base), return_dtype=pl.String),
        n=pl.when(pl.col("n") >= 0).then("n"),
        verdict=pl.when(difference).then(pl.when(clear).then(sign).otherwise(pl.lit("unclear"))),
    )
    frame = frame.with_columns(pl.when(pl.col("reason") == "ok").then(pl.col(name)).alias(name) for name in _SHOWN_ONLY)
    orders = {"measure": pl.Enum(_ORDER)}
    return frame.sort(*KEYS, pl.col("measure").cast(orders["measure"]))


def _unit(place: int) -> pl.Expr:
    return pl.col("kind").replace_strict({kind: units[place] for kind, units in UNITS.items()}, return_dtype=pl.String)


def _compared(own: pl.DataFrame, proof: pl.DataFrame) -> pl.DataFrame:
    """Rows of differences: area less county and girls less boys, hidden when either side is.

    The reason is that of the row itself, or of the other side when that is what is hidden.
    """
    place = [*_PLACE, "indicator"]
    keep = [*KEYS, "kind", "rule", "not_asked", "few", "n", "value"]
    whole = own.filter(pl.col("area_level") == "county").select(
        "wave", "grade", "sex", "indicator", _county="area_code", o_rule="rule", o_value="value", o_asked="not_asked"
    )
    areas = own.filter(pl.col("area_level") != "county").select(keep).with_columns(_county=pl.col("area_code").str.slice(0, 2))
    on = ["_county", "wave", "grade", "sex", "indicator"]
    diff = areas.join(whole, on=on, how="inner", maintain_order="left").with_columns(measure=_named("diff"))
    girls, boys = (own.filter(pl.col("sex") == sex).select(keep) for sex in ("girl", "boy"))
    other = boys.select(*place, o_rule="rule", o_value="value", o_asked="not_asked")
    whole_n = own.filter(pl.col("sex") == "all").select(*place, _n="n", _few="few")
    gap = girls.join(other, on=place).join(whole_n, on=place)
    gap = gap.with_columns(sex=pl.lit("all"), measure=_named("sex_gap"), n="_n", few="_few").select(*diff.drop("_county").columns)
    derived = RULES.index("derived")
    frame = pl.concat([diff.drop("_county"), gap]).with_columns(
        value=pl.col("value") - pl.col("o_value"),
        rule=pl.when(pl.col("rule") > 0).then("rule").when(pl.col("o_rule") > 0).then(derived).otherwise(0),
        not_asked=pl.col("not_asked") | pl.col("o_asked"),
        unit=_unit(1),
    )
    frame = frame.drop("o_value", "o_rule", "o_asked")
    joined = frame.join(proof, on=[*KEYS, "measure"], how="left")
    # a difference without an estimate (nobody in one of the groups) has no row
    return joined.filter(pl.col("method").is_not_null())


def _named(prefix: str) -> pl.Expr:
    return pl.format("{}_{}", pl.lit(prefix), "kind")


def _log(rows: pl.DataFrame, policy: DisclosurePolicy) -> pl.DataFrame:
    """One row per row hidden by disclosure control with the rule that hid it; no counts."""
    kinds = {code: policy.kind(rule) for code, rule in enumerate(RULES) if code}
    hidden = rows.filter((pl.col("rule") > 0) & ~pl.col("not_asked"))
    return hidden.with_columns(
        cell=pl.col("measure"),
        kind=pl.col("rule").replace_strict(kinds, return_dtype=pl.String),
        rule=pl.col("rule").replace_strict(dict(enumerate(RULES)), return_dtype=pl.String),
    ).select(LOG_COLUMNS)
