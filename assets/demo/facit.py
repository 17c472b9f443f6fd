"""The facilitator's answer key: what is true beside what was published, and whether the interval caught it. Pure.

The true share is the share of all enrolled pupils, also of those who didn't answer, that complete and serious answers would put
in the focus band (`assets.demo.truth`). Shares are compared as published, in whole per cent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import polars as pl

from assets.catalogue.load import Catalogue
from assets.catalogue.models import Index
from assets.charts import numbers
from assets.charts.theme import BLUE, INK, ORANGE

KEYS = ["wave", "grade", "sex", "index_key"]
SEXES = ("all", "girl", "boy")
TREND = "parenting"
"""The factor whose development is planted."""
NOMINAL = 0.95
WIDTH, HEIGHT = 180, 22
STYLE = (
    "body{font:17px/1.5 'Liberation Sans',Arial,sans-serif;max-width:62rem;margin:1.5rem auto;padding:0 1rem;color:#1a1a1a}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem}th,td{text-align:left;padding:.25rem .6rem;"
    "border-bottom:1px solid #ccc}td{white-space:nowrap}caption{text-align:left}"
    ".warn{border:2px solid #b45309;padding:.6rem;font-weight:bold}.no{font-weight:bold}"
)


@dataclass(frozen=True)
class Row:
    """One published share with its truth; per cent. Without `value` it is hidden."""

    wave: int
    grade: str
    sex: str
    index_key: str
    truth: int
    county: int
    value: int | None
    low: int | None
    high: int | None

    @property
    def caught(self) -> bool | None:
        """Whether the interval holds the truth; None when there is no interval."""
        return None if self.low is None or self.high is None else self.low <= self.truth <= self.high


def facit_rows(released: pl.DataFrame, cells: pl.DataFrame, catalogue: Catalogue, code: str) -> list[Row]:
    """All focus shares of the municipality with their truth, by wave, grade, sex and index.

    Args:
        released: `release.index_results`. cells: `assets.demo.truth.Truth.cells`. code: the municipality.
    """
    measures = pl.DataFrame([(i.key, _measure(i)) for i in catalogue.indices], schema=["index_key", "measure"], orient="row")
    mine = released.filter(area_code=code).join(measures, on=["index_key", "measure"], how="semi")
    published = mine.select(*KEYS, "value", "low", "high").with_columns(pl.col("wave").cast(pl.Int32))
    share = (100 * pl.col("share_focus_enrolled")).round(0).cast(pl.Int64)
    true = cells.filter(area_code=code).select(*KEYS, share.alias("truth"))
    county = cells.filter(area_level="county").select(*KEYS, share.alias("county"))
    joined = true.join(county, on=KEYS, how="left").join(published, on=KEYS, how="left").unique(KEYS)
    whole = [pl.col(name).round(0).cast(pl.Int64) for name in ("value", "low", "high")]
    order = {key: place for place, key in enumerate(catalogue.index_file.keys)}
    rows = [Row(**row) for row in joined.with_columns(whole).iter_rows(named=True)]
    return sorted(rows, key=lambda r: (r.wave, r.grade, SEXES.index(r.sex), order[r.index_key]))


def facit_page(released: pl.DataFrame, cells: pl.DataFrame, catalogue: Catalogue, given: Mapping[str, Any]) -> str:
    """The answer key as one HTML page without links to anything. `given`: `training.yml`."""
    code, words = given["municipality"], given["facit"]
    rows = facit_rows(released, cells, catalogue, code)
    wave = max(row.wave for row in rows)
    now = [row for row in rows if row.wave == wave]
    trend = sorted((r for r in rows if r.index_key == TREND and r.sex == "all"), key=lambda r: (r.grade, r.wave))
    where = {"area": catalogue.municipality_by_code[code].name, "wave": wave}
    planted = "".join(f"<li>{escape(one['text_sv'])}</li>" for one in given["planted"])
    questions = "".join(f"<li>{escape(text)}</li>" for text in words["ask"])
    title = escape(words["title"].format(**where))
    write = _Tables(catalogue, words)
    return (
        '<!DOCTYPE html>\n<html lang="sv"><head><meta charset="utf-8">'
        f"<title>{title}</title><style>{STYLE}</style></head><body>\n"
        f'<h1>{title}</h1>\n<p class="warn">{escape(words["warning"])}</p>\n<p>{escape(words["intro"])}</p>\n'
        f"<p><strong>{escape(summary(now, words, wave))}</strong></p>\n"
        f"<h2>{escape(words['planted'])}</h2>\n<ul>{planted}</ul>\n"
        f"<h2>{escape(words['nothing'])}</h2>\n<p>{escape(given['nothing_sv'])}</p>\n"
        f"<h2>{escape(words['trend'])}</h2>\n{write.table(trend, 'wave')}\n"
        f"<h2>{escape(words['every'].format(**where))}</h2>\n{write.table(now, 'sex')}\n"
        f"<h2>{escape(words['ask_title'])}</h2>\n<ul>{questions}</ul>\n</body></html>\n"
    )


def summary(rows: Iterable[Row], words: Mapping[str, Any], wave: int) -> str:
    """How many intervals caught the truth, and how many one expects."""
    found = [row.caught for row in rows if row.caught is not None]
    if not found:
        return str(words["summary_none"]).format(wave=wave)
    expected = round(NOMINAL * len(found))
    return str(words["summary"]).format(caught=sum(found), all=len(found), expected=expected)


class _Tables:
    def __init__(self, catalogue: Catalogue, words: Mapping[str, Any]) -> None:
        self.words = words
        self.grades = {grade.key: grade.label_sv for grade in catalogue.profile.grades}
        self.labels = {index.key: index.label_sv for index in catalogue.indices}

    def table(self, rows: list[Row], by: str) -> str:
        """A table with a picture per row. `by`: the column that tells the rows apart besides factor and grade."""
        keys = ["factor", "grade", by, "picture", "value", "interval", "truth", "county", "caught"]
        head = "".join(f'<th scope="col">{escape(self.words["columns"][key])}</th>' for key in keys)
        ends = [end for row in rows for end in (row.truth, row.value or 0, row.high or 0)]
        top = max([10, *ends])
        body = "\n".join(self.row(row, by, top) for row in rows)
        caption = escape(self.words["caption"])
        return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"

    def row(self, row: Row, by: str, top: int) -> str:
        """One row; a hidden share says that it is."""
        hidden = self.words["hidden"]
        value = numbers.percent(row.value) if row.value is not None else hidden
        interval = numbers.percent_interval(row.low, row.high) if row.low is not None and row.high is not None else hidden
        caught = "" if row.caught is None else self.words["caught"]["yes" if row.caught else "no"]
        told = self.words["alt"].format(truth=numbers.percent(row.truth), value=value, interval=interval)
        aside = self.words["sexes"][row.sex] if by == "sex" else str(row.wave)
        cells = [self.labels[row.index_key], self.grades[row.grade], aside]
        plain = "".join(f"<td>{escape(text)}</td>" for text in cells)
        after = "".join(f"<td>{text}</td>" for text in (value, interval, numbers.percent(row.truth), numbers.percent(row.county)))
        look = ' class="no"' if row.caught is False else ""
        return f"<tr>{plain}<td>{_picture(row, top, told)}</td>{after}<td{look}>{caught}</td></tr>"


def _picture(row: Row, top: int, told: str) -> str:
    """The interval as a line, the published value as a dot and the truth as a ring, from 0 to `top` per cent."""

    def x(value: int) -> float:
        return round(8 + (WIDTH - 16) * value / top, 1)

    middle = HEIGHT / 2
    drawn = [f'<line x1="8" y1="{HEIGHT - 2}" x2="{WIDTH - 8}" y2="{HEIGHT - 2}" stroke="#ccc"/>']
    if row.low is not None and row.high is not None:
        drawn.append(f'<line x1="{x(row.low)}" y1="{middle}" x2="{x(row.high)}" y2="{middle}" stroke="{INK}" stroke-width="2"/>')
    if row.value is not None:
        drawn.append(f'<circle cx="{x(row.value)}" cy="{middle}" r="4" fill="{BLUE}"/>')
    drawn.append(f'<circle cx="{x(row.truth)}" cy="{middle}" r="7" fill="none" stroke="{ORANGE}" stroke-width="2.5"/>')
    return f'<svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{escape(told)}">{"".join(drawn)}</svg>'


def _measure(index: Index) -> str:
    return "share_band3" if index.kind == "risk" else "share_band1"
