"""Response and coverage by type of school (huvudman), protected. Pure.

The type comes from Skolverket's register by school unit code: the type of the survey's year, else the latest known for the code.
Respondents whose school is absent or not in the register are a row of their own ("skola okänd"), never spread over the others.

Types sum to all, and a type with one or two schools is in practice those schools' number. A type is therefore hidden below the
group floor, below `min_schools` schools, and by dominance and p per cent (`primary_rules.py`), and then so many more that
neither the total of the row nor, for a municipality, the county's number gives the hidden ones: at least two are hidden, of at
least `min_schools` schools together, none of them alone with a handful of pupils, and no interval is as narrow as
`interval_width`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from assets.catalogue.active import ENROLLED_GRADE
from assets.methods.disclosure_policy import PolicyNumbers
from assets.methods.primary_rules import CONTRIBUTORS, dominated, largest_two, p_percent

SCHOOL_TYPES = ("municipal", "independent", "other", "unknown")
ALL_TYPES = "all"
COUNTY = "county"
KEYS = ("area_level", "area_code", "wave", "grade")
COLUMNS = (
    "edition",
    "area_level",
    "area_code",
    "area_name",
    "wave",
    "grade",
    "school_type",
    "enrolled",
    "enrolled_reason",
    "schools_registered",
    "schools_participating",
    "coverage_pct",
    "respondents",
    "response_pct",
    "reason",
)
OVER_100 = "over_100"
ROUND_TO = 5
SLACK = ROUND_TO // 2
"""A count that is shown to the nearest five can be this much off."""


def percent_of_enrolled(respondents: pl.Expr, enrolled: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Whole per cent of the register's pupils, and whether there are more respondents than pupils.

    More than 100 is an error signal and no number: then the value is null. When only the rounding of the respondents to the
    nearest five goes past the register's number the value is 100.
    """
    known = enrolled.is_not_null() & (enrolled > 0) & respondents.is_not_null()
    too_many = (known & (respondents - SLACK > enrolled)).fill_null(False)
    percent = pl.min_horizontal((200 * respondents + enrolled) // (2 * enrolled), pl.lit(100, pl.Int64))
    return pl.when(known & ~too_many).then(percent), too_many


def school_types(codes: pl.DataFrame, schools: pl.DataFrame) -> pl.Series:
    """The type of each respondent's school: `municipal`, `independent`, `other`, or `unknown`.

    Args:
        codes: `wave, school_code`. schools: `harmonised.schools` (`school_code, year, organiser_type`).
    """
    known = schools.select("school_code", "organiser_type", wave=pl.col("year").cast(pl.Int32))
    own = known.unique(["school_code", "wave"], keep="first", maintain_order=True).rename({"organiser_type": "own"})
    latest = (
        known.sort("school_code", "wave").group_by("school_code", maintain_order=True).agg(late=pl.col("organiser_type").last())
    )
    joined = codes.select(pl.col("wave").cast(pl.Int32), "school_code").join(
        own, on=["school_code", "wave"], how="left", maintain_order="left"
    )
    joined = joined.join(latest, on="school_code", how="left", maintain_order="left")
    return joined.select(pl.coalesce("own", "late", pl.lit("unknown")).alias("school_type")).to_series()


def _answered(persons: pl.DataFrame, schools: pl.DataFrame) -> pl.DataFrame:
    """Exact respondents (girls and boys, as everywhere) and schools per area, wave, grade and type."""
    known = persons.filter(pl.col("sex").is_in(["girl", "boy"]))
    typed = known.with_columns(school_types(known, schools))
    areas = [typed.with_columns(area_level=pl.lit(COUNTY), area_code=pl.col("municipality_code").str.slice(0, 2))]
    areas.append(typed.with_columns(area_level=pl.lit("municipality"), area_code=pl.col("municipality_code")))
    return (
        pl.concat(areas)
        .group_by(*KEYS, "school_type", "school_code")
        .agg(n=pl.len().cast(pl.Int64))
        .group_by(*KEYS, "school_type")
        .agg(pl.col("n").sum(), schools=pl.len().cast(pl.Int64), **largest_two("n"))
        .sort(*KEYS, "school_type")
    )


def _registered(schools: pl.DataFrame, municipalities: Sequence[str]) -> pl.DataFrame:
    """Skolverket's pupils and schools in grade 9 per area, year and type, with the reason when a number is absent."""
    local = schools.filter(pl.col("municipality_code").is_in(list(municipalities)))
    both = [local.with_columns(area_level=pl.lit("municipality"), area_code=pl.col("municipality_code"))]
    both.append(local.with_columns(area_level=pl.lit(COUNTY), area_code=pl.col("municipality_code").str.slice(0, 2)))
    reason = pl.col("pupils_ak9_reason")
    sums = (
        pl.concat(both)
        .group_by("area_level", "area_code", wave=pl.col("year").cast(pl.Int32), school_type=pl.col("organiser_type"))
        .agg(
            pupils=pl.col("pupils_ak9").sum(),
            masked=(reason == "masked_at_source").any(),
            missing=(reason == "missing").any(),
            reconciled=pl.col("reconciled").all(),
            schools_registered=(pl.col("pupils_ak9") > 0).sum().cast(pl.Int64),
        )
    )
    why = pl.when("masked").then(pl.lit("masked_at_source")).when("missing").then(pl.lit("missing"))
    why = why.when("reconciled").then(pl.lit("ok")).otherwise(pl.lit("not_reconciled"))
    shown = why.is_in(["ok", "not_reconciled"])
    return sums.select(
        *KEYS[:3],
        "school_type",
        "schools_registered",
        grade=pl.lit(ENROLLED_GRADE),
        enrolled=pl.when(shown).then("pupils"),
        enrolled_reason=why,
    )


@dataclass
class _Row:
    """The types of one area, wave and grade: respondents and schools, the published total, and what is hidden.

    `lone`: types that are in practice the number of their one or two largest schools.
    """

    total: int
    n: dict[str, int]
    schools: dict[str, int]
    lone: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)

    @property
    def present(self) -> list[str]:
        """Types with respondents, smallest first."""
        return sorted(self.n, key=lambda t: (self.n[t], t))

    def window(self, school_type: str, floor: int) -> tuple[int, int]:
        """Least and greatest count behind what is told of the type."""
        if school_type in self.hidden:
            return 1, self.total + SLACK
        shown = rounded(self.n[school_type])
        return max(shown - SLACK, floor), shown + SLACK

    def protect(self, numbers: PolicyNumbers) -> None:
        """Hide what must be hidden, and more until the total of the row gives nothing away."""
        if len(self.n) < 2:  # the only type is the total, which is published as such
            return
        self.hidden |= {t for t in self.n if self.n[t] < numbers.group_floor or self.schools[t] < numbers.min_schools} | self.lone
        while self.hidden and not self.safe(numbers):
            shown = [t for t in self.present if t not in self.hidden]
            if not shown:
                return
            self.hidden.add(shown[0])

    def safe(self, numbers: PolicyNumbers) -> bool:
        """Whether the hidden types can't be worked out from the total and the shown types."""
        windows = {t: self.window(t, numbers.group_floor) for t in self.n}
        return _hidden_enough(
            {t: self.n[t] for t in self.hidden},
            sum(self.schools[t] for t in self.hidden),
            (self.total - SLACK, self.total + SLACK),
            [w for t, w in windows.items() if t not in self.hidden],
            numbers,
        )


def _hidden_enough(
    hidden: Mapping[str, int],
    schools: int,
    total: tuple[int, int],
    shown: Sequence[tuple[int, int]],
    numbers: PolicyNumbers,
) -> bool:
    """Whether hidden counts stay hidden behind their total and the shown parts of it."""
    if len(hidden) < 2 or schools < numbers.min_schools:
        return False
    together = sum(hidden.values())
    if any(together - n < numbers.group_floor for n in hidden.values()):
        return False
    most = total[1] - sum(low for low, _ in shown) - (len(hidden) - 1)
    return most - 1 > numbers.interval_width


def rounded(count: int) -> int:
    """To the nearest five."""
    return (count + SLACK) // ROUND_TO * ROUND_TO


def _patterns(
    answered: pl.DataFrame, totals: pl.DataFrame, numbers: PolicyNumbers, wider: pl.DataFrame | None
) -> dict[tuple[object, ...], _Row]:
    """Rows whose total is published, with their hidden types; what a wider edition hides starts out hidden."""
    published = {tuple(r[k] for k in KEYS): r["respondents"] for r in totals.iter_rows(named=True)}
    rows: dict[tuple[object, ...], _Row] = {}
    n, largest, second = (answered[name].to_numpy() for name in ("n", *CONTRIBUTORS))
    lone = dominated(n, largest, numbers.dominance) | p_percent(n, largest, second, numbers.p_percent)
    for r in answered.with_columns(lone=pl.Series(lone, dtype=pl.Boolean)).iter_rows(named=True):
        key = tuple(r[k] for k in KEYS)
        if published.get(key) is not None:
            row = rows.setdefault(key, _Row(int(published[key]), {}, {}))
            row.n[r["school_type"]], row.schools[r["school_type"]] = r["n"], r["schools"]
            row.lone |= {r["school_type"]} if r["lone"] else set()
    for *key, school_type in _hidden_in(wider):
        row = rows.get(tuple(key))
        if row is not None and school_type in row.n:
            row.hidden.add(school_type)
    for row in rows.values():
        row.protect(numbers)
    _protect_columns(rows, answered, numbers)
    return rows


def _hidden_in(table: pl.DataFrame | None) -> list[tuple[object, ...]]:
    """Area, wave, grade and type of the respondents that a finished table hides."""
    if table is None:
        return []
    own = table.filter(pl.col("respondents").is_null(), pl.col("school_type") != ALL_TYPES)
    return own.select(*KEYS, "school_type").rows()


def _protect_columns(rows: Mapping[tuple[object, ...], _Row], answered: pl.DataFrame, numbers: PolicyNumbers) -> None:
    """Hide a type for the county when its municipalities' numbers could be worked out from it."""
    own = answered.filter(pl.col("area_level") != COUNTY)
    for (level, code, wave, grade), county in rows.items():
        if level != COUNTY or len(county.n) < 2:
            continue
        for school_type in SCHOOL_TYPES:
            if school_type not in county.n or school_type in county.hidden:
                continue
            here = own.filter(wave=wave, grade=grade, school_type=school_type).filter(pl.col("area_code").str.starts_with(code))
            if not _column_safe(here, rows, county, school_type, numbers):
                county.hidden.add(school_type)
        while county.hidden and not county.safe(numbers):
            shown = [t for t in county.present if t not in county.hidden]
            if not shown:
                break
            county.hidden.add(shown[0])


def _column_safe(
    here: pl.DataFrame, rows: Mapping[tuple[object, ...], _Row], county: _Row, school_type: str, numbers: PolicyNumbers
) -> bool:
    hidden, schools, shown = {}, 0, []
    for r in here.iter_rows(named=True):
        row = rows.get(tuple(r[k] for k in KEYS))
        if row is None or school_type in row.hidden:
            hidden[r["area_code"]] = r["n"]
            schools += r["schools"]
        else:
            shown.append(row.window(school_type, numbers.group_floor))
    total = rounded(county.n[school_type])
    return not hidden or _hidden_enough(hidden, schools, (total - SLACK, total + SLACK), shown, numbers)


def response_by_school_type(
    rates: pl.DataFrame,
    persons: pl.DataFrame,
    schools: pl.DataFrame,
    numbers: PolicyNumbers,
    wider: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """`release.response_by_school_type`.

    Args:
        rates: `release.response_rates`, whose numbers are the rows `all`. persons: `municipality_code, wave, grade, sex,
            school_code` of all respondents. schools: `harmonised.schools`.
        wider: this table of the edition that this one lies within.

    Returns:
        `COLUMNS`, sorted by area, wave, grade and type. Respondents to the nearest five, null with a reason when hidden (then
        the number of schools taking part is hidden too). A type has a row only where it has respondents or registered schools.
        Where some respondents' school is unknown the other types' numbers are a least number: they are `not_reconciled`, and a
        type without any known respondent is `missing`, not 0.
        `coverage_pct`: schools taking part of schools registered, whole per cent; null where either is absent, and where more
        take part than are registered.
    """
    answered = _answered(persons, schools)
    patterns = _patterns(answered, rates, numbers, wider)
    municipalities = rates.filter(pl.col("area_level") == "municipality")["area_code"].unique().to_list()
    grid = rates.select("edition", *KEYS[:2], "area_name", *KEYS[2:], total="respondents", why="reason").join(
        pl.DataFrame({"school_type": list(SCHOOL_TYPES)}), how="cross"
    )
    on = [*KEYS, "school_type"]
    frame = grid.join(answered, on=on, how="left", maintain_order="left")
    frame = frame.join(_registered(schools, municipalities), on=on, how="left", maintain_order="left")
    unsure = pl.col("n").filter(pl.col("school_type") == "unknown").sum().over(KEYS) > 0
    frame = frame.with_columns(unsure=unsure).filter((pl.col("n") > 0) | (pl.col("schools_registered") > 0))
    frame = frame.join(_hidden_frame(patterns), on=on, how="left", maintain_order="left")
    parts = [_with_per_cents(_typed(frame)).select(COLUMNS), _totals(rates)]
    return pl.concat(parts).sort(*KEYS, pl.col("school_type").cast(_ORDER))


_ORDER = pl.Enum([ALL_TYPES, *SCHOOL_TYPES])


def _hidden_frame(patterns: Mapping[tuple[object, ...], _Row]) -> pl.DataFrame:
    told = [
        (*key, t, t in row.hidden, row.total if len(row.n) == 1 else rounded(n))
        for key, row in patterns.items()
        for t, n in row.n.items()
    ]
    schema = {"area_level": pl.String, "area_code": pl.String, "wave": pl.Int32, "grade": pl.String, "school_type": pl.String}
    return pl.DataFrame(told, schema=schema | {"hidden": pl.Boolean, "shown": pl.Int64}, orient="row")


def _typed(frame: pl.DataFrame) -> pl.DataFrame:
    """Respondents, schools and the reason per type, before per cents."""
    published, nobody = pl.col("total").is_not_null(), pl.col("n").is_null()
    silent = nobody & pl.col("unsure")
    zero = pl.when(published & nobody & ~silent).then(pl.lit(0, pl.Int64))
    count = zero.when(published & ~nobody & ~pl.col("hidden")).then("shown")
    lacking = pl.when((pl.col("grade") != ENROLLED_GRADE) | (pl.col("school_type") == "unknown")).then(pl.lit("not_applicable"))
    frame = frame.with_columns(
        respondents=count, enrolled_reason=pl.coalesce("enrolled_reason", lacking.otherwise(pl.lit("missing")))
    )
    told = pl.col("respondents").is_not_null() & (pl.col("school_type") != "unknown")
    why = pl.when(~published).then("why").when(silent).then(pl.lit("missing"))
    why = why.when(pl.col("respondents").is_null()).then(pl.lit("suppressed"))
    return frame.with_columns(
        schools_participating=pl.when(told).then(pl.when(nobody).then(pl.lit(0, pl.Int64)).otherwise("schools")),
        reason=why.when(told & pl.col("unsure")).then(pl.lit("not_reconciled")).otherwise(pl.lit("ok")),
    )


def _totals(rates: pl.DataFrame) -> pl.DataFrame:
    """The rows `all`, as `release.response_rates` has them."""
    return rates.with_columns(school_type=pl.lit(ALL_TYPES), coverage_pct=_coverage()).select(COLUMNS)


def _coverage() -> pl.Expr:
    part, registered = pl.col("schools_participating"), pl.col("schools_registered")
    inside = (registered > 0) & (part <= registered)
    return pl.when(inside).then((200 * part + registered) // (2 * registered))


def _with_per_cents(frame: pl.DataFrame) -> pl.DataFrame:
    percent, too_many = percent_of_enrolled(pl.col("respondents"), pl.col("enrolled"))
    return frame.with_columns(
        response_pct=percent,
        coverage_pct=_coverage(),
        reason=pl.when(pl.col("reason") != "ok")
        .then("reason")
        .when(too_many)
        .then(pl.lit(OVER_100))
        .otherwise("enrolled_reason"),
    ).with_columns(enrolled=(pl.col("enrolled") + SLACK) // ROUND_TO * ROUND_TO)


def _reason(too_many: pl.Expr) -> pl.Expr:
    """Too many answers, an absent denominator, hidden answers; a number that is shown with its mark gives way to all of them."""
    own, register = pl.col("reason"), pl.col("enrolled_reason")
    reason = pl.when(pl.col("respondents").is_null()).then(own).when(too_many).then(pl.lit(OVER_100))
    return reason.when(pl.col("enrolled").is_null() | (own == "ok")).then(register).otherwise(own)


def over_100_places(rates: pl.DataFrame, by_type: pl.DataFrame) -> list[tuple[str, int, str, str]]:
    """Where there are more respondents than pupils in the register: (area, wave, grade, type), sorted."""
    whole = rates.filter(pl.col("reason") == OVER_100).select("area_name", "wave", "grade", school_type=pl.lit(ALL_TYPES))
    parts = by_type.filter((pl.col("reason") == OVER_100) & (pl.col("school_type") != ALL_TYPES))
    rows = pl.concat([whole, parts.select(whole.columns)]).unique().sort("area_name", "wave", "grade", "school_type")
    return list(rows.iter_rows())
