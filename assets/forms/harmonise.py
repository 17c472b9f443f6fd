"""From the raw rows of forms to answers about activities, ratings of preconditions, and decisions. Pure."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass

import polars as pl

from assets.forms.layout import NAME_FIELD

ACTIVITY_SCHEMA = {
    "form_id": pl.String, "municipality_code": pl.String, "round": pl.String, "answered_on": pl.Date, "role": pl.String,
    "activity_id": pl.String, "field": pl.String, "value": pl.String,
}  # fmt: skip
RATING_SCHEMA = {
    "form_id": pl.String, "municipality_code": pl.String, "round": pl.String, "role": pl.String, "condition": pl.String,
    "statement": pl.String, "level": pl.Int8,
}  # fmt: skip
DECISION_TEXTS = ("factor", "priority", "reason", "owner", "first_step", "follow_up_indicator", "follow_up_grade")
EARLIER = ("earlier_decision_id", "earlier_status")
DECISION_SCHEMA = {
    "form_id": pl.String, "municipality_code": pl.String, "round": pl.String, "wave": pl.Int32, "workshop_on": pl.Date,
    "participants": pl.Int32, "decision_id": pl.String, **dict.fromkeys(DECISION_TEXTS, pl.String), "follow_up_on": pl.Date,
    **dict.fromkeys(EARLIER, pl.String),
}  # fmt: skip
OWN = "own:"
_FREE = re.compile(r"^(.+)\+(\d+)$")
_NEWEST = ("answered_on", "received_ns", "form_id")


@dataclass(frozen=True)
class Standing:
    """The files that count, and sentences about those that newer ones have replaced."""

    files: pl.DataFrame
    notes: tuple[str, ...]


def standing(files: pl.DataFrame, kind: str, answers: pl.DataFrame | None = None) -> Standing:
    """Of several files about the same thing the newest.

    The same thing: for activities municipality, round and role; for decisions municipality, round and day of the workshop. Every
    file about preconditions stands: each is a rater of its own. With `answers` (`raw.form_answers`) those that can't be told
    apart are pointed out.
    """
    own = files.filter(pl.col("kind") == kind)
    if kind == "readiness":
        return Standing(own.sort("form_id"), () if answers is None else _alike(own, answers))
    same = ["municipality_code", "round", "role" if kind == "activities" else "answered_on"]
    ranked = own.sort(*same, *_NEWEST)
    newest = ranked.unique(same, keep="last", maintain_order=True)
    gone = ranked.join(newest.select(*same, newer="source_file", stands="form_id"), on=same, how="left", maintain_order="left")
    gone = gone.filter(pl.col("form_id") != pl.col("stands")).sort("source_file", "form_id")
    return Standing(newest, tuple(f"{a}: ersatt av {b}." for a, b in gone.select("source_file", "newer").iter_rows()))


def _alike(files: pl.DataFrame, answers: pl.DataFrame) -> tuple[str, ...]:
    """Sentences on raters of a municipality, round, role and day with the same answers: two persons, or one who sent twice."""
    cells = answers.filter(pl.col("kind") == "readiness").sort("form_id", "section", "item_id", "field")
    said = cells.group_by("form_id", maintain_order=True).agg(
        pl.concat_str("section", "item_id", "field", "value", separator="\x1f").str.join("\x1e").alias("said")
    )
    same = ["municipality_code", "round", "role", "answered_on", "said"]
    groups = files.join(said, on="form_id", how="inner").sort("source_file", "form_id").group_by(same, maintain_order=True)
    names = groups.agg("source_file").filter(pl.col("source_file").list.len() > 1)["source_file"].to_list()
    return tuple(
        f"{', '.join(found[:-1])} och {found[-1]}: samma roll, dag och svar. Kommer de från samma person ska den ena tas bort, "
        "annars räknas hen två gånger."
        for found in sorted(names)
    )


def activity_answers(files: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """`harmonised.activity_answers`.

    Args:
        files, answers: `raw.form_files`, `raw.form_answers`, of all kinds.
    """
    joined = _joined(standing(files, "activities").files, answers)
    free = pl.col("item_id").str.contains(_FREE.pattern)
    names = joined.filter(free & (pl.col("field") == NAME_FIELD)).select(
        "form_id", "section", "item_id", own=pl.lit(OWN) + pl.col("value").map_elements(slug, return_dtype=pl.String)
    )
    named = joined.join(names, on=["form_id", "section", "item_id"], how="left", maintain_order="left")
    unnamed = pl.lit(OWN) + pl.col("item_id").str.replace("+", "-", literal=True)
    activity = pl.when(free).then(pl.coalesce("own", unnamed)).otherwise("item_id")
    once = ["form_id", "activity_id", "field"]
    rows = named.with_columns(activity_id=activity).sort(*once, "section", "item_id").unique(once, keep="first")
    return rows.select(pl.col(name).cast(kind) for name, kind in ACTIVITY_SCHEMA.items()).sort(
        "municipality_code", "round", "role", "activity_id", "field"
    )


def readiness_ratings(files: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """`harmonised.readiness_ratings`: `level` is null where the rater doesn't know. See `activity_answers` for the arguments."""
    joined = _joined(standing(files, "readiness").files, answers).filter(pl.col("field") == "level")
    rows = joined.with_columns(condition="section", statement="item_id", level=pl.col("value").cast(pl.Int8, strict=False))
    return rows.select(pl.col(name).cast(kind) for name, kind in RATING_SCHEMA.items()).sort(
        "municipality_code", "round", "form_id", "condition", "statement"
    )


def decisions(files: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """`harmonised.decisions`: the decisions, numbered in the order of workshops and rows, and rows about earlier decisions.

    A row about an earlier decision has no `decision_id` and no `factor`. The workshop's day is the form's `answered_on`, unless
    its head has a field `workshop_on`.
    """
    stand = standing(files, "decisions").files
    cells = answers.filter(pl.col("kind") == "decisions").select("form_id", "section", "item_id", "field", "value")
    by_row: dict[str, dict[tuple[str, int, str], dict[str, str]]] = {}
    for form, section, item, name, value in cells.iter_rows():
        place = _FREE.match(item)
        by_row.setdefault(form, {}).setdefault((section, int(place[2]) if place else 0, item), {})[name] = value
    rows: list[dict[str, object]] = []
    numbers: dict[tuple[str, str], int] = {}
    for file in stand.sort("municipality_code", "round", "answered_on", "form_id").iter_rows(named=True):
        head = json.loads(file["head"])
        key = (file["municipality_code"], file["round"])
        about = {"form_id": file["form_id"], "municipality_code": key[0], "round": key[1], "wave": head.get("wave"),
                 "workshop_on": head.get("workshop_on") or file["answered_on"].isoformat(),
                 "participants": head.get("participants")}  # fmt: skip
        for _, said in sorted(by_row.get(file["form_id"], {}).items()):
            made = {name: said[name] for name in (*DECISION_TEXTS, "follow_up_on") if name in said}
            told = {name: said[name] for name in EARLIER if name in said}
            if made:
                numbers[key] = numbers.get(key, 0) + 1
                rows.append(about | {"decision_id": f"{key[0]}-{key[1]}-{numbers[key]}"} | made | told)
            elif told:
                rows.append(about | told)
    texts = pl.DataFrame(rows, schema=dict.fromkeys(DECISION_SCHEMA, pl.String))
    return texts.select(_typed(name, kind) for name, kind in DECISION_SCHEMA.items())


def slug(name: str) -> str:
    """A name as an id: lower case ascii letters and digits, a dash between words (`Öppen förskola!` is `oppen-forskola`)."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "utan-namn"


def _typed(name: str, kind: pl.DataType) -> pl.Expr:
    return pl.col(name).str.to_date() if kind == pl.Date else pl.col(name).cast(kind)


def _joined(files: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    about = files.select("form_id", "municipality_code", "round", "answered_on", "role")
    cells = answers.select("form_id", "section", "item_id", "field", "value")
    return cells.join(about, on="form_id", how="inner", maintain_order="left")
