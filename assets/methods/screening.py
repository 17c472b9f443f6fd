"""Plausibility screen: signs of an unserious questionnaire per respondent, and who is left out by the written rule. Pure.

Measures: share without an answer, longest run of identical answers ("long string", Johnson, 2005), spread within the respondent
("intra-individual response variability", Dunn et al., 2018), claims that can't be true and answers that exclude each other
(Meade & Craig, 2012; Cornell et al., 2012). Null everywhere means not tried: the questions were not put to the respondent.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from assets.catalogue.indicator_models import AtLeast, Rule
from assets.catalogue.models import Survey
from assets.catalogue.screening_models import (
    Case,
    LongString,
    MissingShare,
    NoSpread,
    OutOfRange,
    ScreeningFile,
    ScreenRule,
    Statements,
    TooFast,
)

ROUTED, NO_ANSWER = 996, 999
MISSING = (996, 998, 999)
COUNT_KEYS = ("delivery_id", "wave", "municipality_code", "grade")
ANY, REMOVED = "any", "removed"
"""Rows of `screen_counts` that are no rule: at least one flag, and left out."""


def share_missing(frame: pl.DataFrame, items: Sequence[str], absent: Sequence[int] = (), routed: int | None = None) -> pl.Series:
    """Share of the items without an answer, 0..1 per row; null where none of them was put to the respondent.

    Args:
        absent: codes that are no answer. routed: the code of an item that was not to be answered; it is left out of the base.
            Without `routed` a null is a missing answer, with it a null is a question that was not asked.
    """
    codes = [pl.col(item) for item in items]
    if routed is None:
        missing = pl.sum_horizontal((c.is_null() | c.is_in(list(absent))).cast(pl.Int32) for c in codes)
        return frame.select(share=missing / len(items)).to_series()
    missing = pl.sum_horizontal(c.is_in(list(absent)).fill_null(False).cast(pl.Int32) for c in codes)
    asked = pl.sum_horizontal((c != routed).fill_null(False).cast(pl.Int32) for c in codes)
    return frame.select(share=pl.when(asked > 0).then(missing / asked)).to_series()


def longest_run(frame: pl.DataFrame, items: Sequence[str], absent: Sequence[int] = ()) -> pl.Series:
    """Length of the longest run of identical answers over the items in order; a missing answer (null or `absent`) ends a run."""
    longest = np.zeros(frame.height, dtype=np.int32)
    run = np.zeros(frame.height, dtype=np.int32)
    before: np.ndarray | None = None
    for item in items:
        column = frame[item].cast(pl.Int64)
        here = column.fill_null(0).to_numpy()
        answered = ~(column.is_null() | column.is_in(list(absent)).fill_null(False)).to_numpy()
        same = (here == before) if before is not None else np.zeros(frame.height, dtype=bool)
        run = np.where(answered, np.where(same & (run > 0), run + 1, 1), 0).astype(np.int32)
        longest = np.maximum(longest, run)
        before = here
    return pl.Series("longest_run", longest)


def within_sd(frame: pl.DataFrame, items: Sequence[str], absent: Sequence[int] = ()) -> pl.DataFrame:
    """Standard deviation (n - 1) of each respondent's answers, and how many there are: `sd` (null below 2 answers), `answers`."""
    kept = frame.select(pl.when(~pl.col(i).is_in(list(absent))).then(pl.col(i)).cast(pl.Int64).alias(i) for i in items)
    total = pl.sum_horizontal(items)
    squares = pl.sum_horizontal(pl.col(i) ** 2 for i in items)
    n = pl.sum_horizontal(pl.col(i).is_not_null().cast(pl.Int64) for i in items)
    # Whole numbers up to the last step: n * sum of squares - square of the sum is exactly 0 when all answers are the same.
    sd = ((n * squares - total**2) / (n * (n - 1))).sqrt()
    return kept.select(sd=pl.when(n >= 2).then(sd), answers=n)


def screen(frame: pl.DataFrame, file: ScreeningFile, survey: Survey) -> pl.DataFrame:
    """Flags per respondent.

    Args:
        frame: harmonised rows (`delivery_id, wave, grade`, one column of 2024 codes per question). A column that a rule needs
            and that is absent or null was not asked.
        file: the rules. survey: the questions.

    Returns:
        Rows as in `frame`: per rule a Boolean `<rule id>` (true flagged, false tried and not flagged, null not tried),
        `n_flags` (Int8) and `removed` (Boolean: as many flags as the removal rule says, whether removal is in use or not).
    """
    absent = sorted({item for rule in file.rules for item in rule.used if item not in frame.columns})
    codes = frame.with_columns(pl.lit(None, pl.Int16).alias(item) for item in absent)
    none = pl.repeat(0, frame.height, dtype=pl.Int8, eager=True).alias("n_flags")  # so that no rules is no special case
    flags = pl.DataFrame([*(_flag(codes, rule, survey).alias(rule.id) for rule in file.rules), none])
    counted = [pl.col(rule.id).fill_null(False).cast(pl.Int8) for rule in file.rules]
    flags = flags.with_columns(n_flags=pl.sum_horizontal("n_flags", *counted).cast(pl.Int8))
    return flags.with_columns(removed=pl.col("n_flags") >= file.removal.remove_at)


def _flag(codes: pl.DataFrame, rule: ScreenRule, survey: Survey) -> pl.Series:
    if isinstance(rule, MissingShare):
        # Boxes where several may be ticked: an empty box is no missing answer.
        items = rule.items or tuple(i.key for i in survey.items if i.multi is None and i.key in codes.columns)
        return share_missing(codes, items, (NO_ANSWER,), ROUTED) >= rule.at_least
    if isinstance(rule, TooFast):
        return codes.select(_too_fast(rule)).to_series()
    if isinstance(rule, Statements):
        return codes.select(_any([_case(case) for case in rule.cases])).to_series()
    if isinstance(rule, OutOfRange):
        return codes.select(_any([_outside(item, rule) for item in rule.items])).to_series()
    asked = codes.select(_asked(rule.items)).to_series()
    flagged = _same_answers(codes, rule)
    return pl.select(pl.when(asked).then(flagged)).to_series()


def _same_answers(codes: pl.DataFrame, rule: LongString | NoSpread) -> pl.Series:
    if isinstance(rule, LongString):
        return longest_run(codes, rule.items, MISSING) >= rule.needed_length
    spread = within_sd(codes, rule.items, MISSING)
    return ((spread["sd"] == 0) & (spread["answers"] >= rule.answered_at_least)).fill_null(False)


def _asked(items: Sequence[str]) -> pl.Expr:
    return pl.all_horizontal(pl.col(item).is_not_null() for item in items)


def _any(tried: Sequence[pl.Expr]) -> pl.Expr:
    """True when any is true, null when none could be tried."""
    known = [t.fill_null(False) for t in tried]
    return pl.when(pl.any_horizontal(t.is_not_null() for t in tried)).then(pl.any_horizontal(known))


def _case(case: Case) -> pl.Expr:
    needed = [item for item in case.items if item not in case.may_lack]
    return pl.when(_asked(needed)).then(pl.all_horizontal(_true(rule, case.may_lack) for rule in case.all_true))


def _true(rule: Rule, may_lack: Sequence[str]) -> pl.Expr:
    """Whether a statement holds for certain; what is missing never makes it true."""
    holds = {item: _holds(item, wanted) for item, wanted in rule.conditions.items()}
    if rule.all_of:
        return pl.all_horizontal((h | pl.col(i).is_null()) if i in may_lack else h for i, h in holds.items())
    return pl.sum_horizontal(h.cast(pl.Int16) for h in holds.values()) >= rule.needed


def _holds(item: str, wanted: tuple[int, ...] | AtLeast) -> pl.Expr:
    code = pl.col(item)
    true = (code >= wanted.minimum) & ~code.is_in(list(MISSING)) if isinstance(wanted, AtLeast) else code.is_in(list(wanted))
    return true.fill_null(False)


def _outside(item: str, rule: OutOfRange) -> pl.Expr:
    number = pl.col(item)
    outside = pl.lit(False)
    if rule.below is not None:
        outside = outside | (number < rule.below)
    if rule.above is not None:
        outside = outside | (number > rule.above)
    if rule.limit_item:
        most = pl.col(rule.limit_item).replace_strict(rule.limits, default=None, return_dtype=pl.Int64)
        outside = outside | (number > most).fill_null(False)
    answered = ~number.is_in(list(MISSING)) if rule.above is None else pl.lit(True)
    return pl.when(number.is_not_null()).then(outside & answered)


def _too_fast(rule: TooFast) -> pl.Expr:
    """Median within delivery, wave and grade: schools give different time, but a delivery is one mode of collection."""
    seconds = pl.col(rule.column)
    return seconds < rule.share_of_median * seconds.median().over("delivery_id", "wave", "grade")


def screen_counts(frame: pl.DataFrame, flags: pl.DataFrame, file: ScreeningFile) -> pl.DataFrame:
    """`harmonised.screen_counts`: how many are tried, flagged and left out, per delivery, wave, municipality, grade and flag.

    Args:
        frame: the rows that were screened. flags: from `screen`, rows as in `frame`.

    Returns:
        `delivery_id, wave, municipality_code, grade, flag, n_screened` (the rule could be tried), `n_flagged, n_removed` (Int64),
        sorted. `flag` is a rule's id, `any` (at least one flag) or `removed` (left out by the removal rule).
    """
    both = pl.concat([frame.select(COUNT_KEYS), flags], how="horizontal").with_columns(
        (pl.col("n_flags") > 0).alias(ANY), pl.col("removed").alias(REMOVED)
    )
    names = [*(rule.id for rule in file.rules), ANY, REMOVED]
    sums = [e.cast(pl.Int64).alias(f"{n}:{w}") for n in names for w, e in _counted(n).items()]
    wide = both.group_by(COUNT_KEYS).agg(sums)
    rows = [wide.select(*COUNT_KEYS, pl.lit(n).alias("flag"), *(pl.col(f"{n}:{w}").alias(w) for w in _counted(n))) for n in names]
    return pl.concat(rows).sort(*COUNT_KEYS, "flag")


def _counted(name: str) -> dict[str, pl.Expr]:
    flag = pl.col(name)
    return {"n_screened": flag.is_not_null().sum(), "n_flagged": flag.sum(), "n_removed": (flag & pl.col("removed")).sum()}


def without_removed(answers: pl.DataFrame, items: Sequence[str], *, active: bool) -> pl.DataFrame:
    """Turn the answers of screened-out respondents into "no answer", so that they are respondents without a usable answer.

    They stay as rows: they did answer, so every number of respondents is the same with and without the screen, and no
    difference between two tables tells how many were left out. A question that was not asked stays null.

    Args:
        answers: `validated.survey_responses`. items: the question columns. active: false keeps all answers.
    """
    if not active or "screened_out" not in answers.columns:
        return answers
    out = pl.col("screened_out").fill_null(False)
    here = [item for item in items if item in answers.columns]
    return answers.with_columns(
        pl.when(out & pl.col(item).is_not_null()).then(pl.lit(NO_ANSWER, pl.Int16)).otherwise(pl.col(item)).alias(item)
        for item in here
    )
