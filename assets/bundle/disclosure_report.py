"""The steward's disclosure report: what is hidden, by which rules, what it costs, and whether it held. In no bundle. Pure.

Made of the release alone. Municipalities stand in alphabetical order; a city's districts together, after the city.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from assets.bundle.disclosure_places import FAMILIES, Place, families_of, place_name, places, total
from assets.bundle.html_county import render_comparison
from assets.bundle.types import Block, Bullets, Notice, ReportMeta, Section, Table, Text
from assets.bundle.words import date_text, say
from assets.charts import numbers
from assets.methods.disclosure_numbers import WAIVABLE
from assets.methods.disclosure_policy import NUMBERS, DisclosurePolicy
from assets.methods.edition_differences import COARSER, HIDDEN, RECOMPUTED
from assets.methods.editions import in_order
from assets.methods.policy_steps import LOOSER, TIGHTER, stepped_numbers
from assets.methods.release_utility import SAME

PAGE = "rojanderapport.html"
WIDE = "wide"
REPAIR = "repair"
"""The rule of cells that are hidden because an audit asked for it."""


@dataclass(frozen=True)
class Disclosed:
    """Tables of the release, all waves, and the policy. A table that isn't there is an empty frame.

    `utility`, `rules`, `steps`: `release.utility`, `utility_rules`, `utility_steps`. `audit`, `earlier`, `differences`:
    `release.audit`, `earlier_releases`, `edition_differences`.
    """

    utility: pl.DataFrame
    rules: pl.DataFrame
    steps: pl.DataFrame
    audit: pl.DataFrame
    earlier: pl.DataFrame
    differences: pl.DataFrame
    policy: DisclosurePolicy


def disclosure_page(told: Disclosed, meta: ReportMeta, wave: int) -> str:
    """The page as HTML; `""` when nothing is released for the wave."""
    if not _at(told.utility, wave).height:
        return ""
    sections = disclosure_sections(told, meta, wave)
    return render_comparison(sections, {}, meta, wave=wave, back_to="lansoversikt.html", key="disclosure_report")


def disclosure_sections(told: Disclosed, meta: ReportMeta, wave: int) -> tuple[Section, ...]:
    """Summary, per municipality, per family, rules, steps, audit, earlier releases, differences and the policy."""
    texts: Mapping[str, Any] = meta.texts["disclosure_report"]
    cells = _at(told.utility, wave)
    editions = in_order(cells["edition"].unique().to_list())
    found = {
        "summary": _summary(told, meta, wave, editions),
        "places": tuple(_place_table(cells, meta, wave, edition) for edition in editions),
        "hidden": (_family_table(cells, meta, wave, editions),),
        "rules": _rule_blocks(_at(told.rules, wave), meta, wave, editions),
        "steps": _step_blocks(told, meta, wave, editions),
        "audit": (
            *_audit_blocks(_at(told.audit, wave), meta, wave),
            *(Text(line) for line in (*repaired_told(told, meta, wave), *noise_told(told, meta))),
        ),
        "earlier": _earlier_blocks(told.earlier, meta),
        "differences": _difference_blocks(_at(told.differences, wave), meta, wave),
        "policy": _policy_blocks(told.policy, meta),
    }
    return tuple(Section(f"roj-{name}", texts[name]["title"], tuple(blocks)) for name, blocks in found.items())


def _at(frame: pl.DataFrame, wave: int) -> pl.DataFrame:
    return frame.filter(wave=wave) if frame.width else frame


def _say(meta: ReportMeta, path: str, **values: object) -> str:
    return say(meta.texts, f"disclosure_report.{path}", **values)


def _edition(meta: ReportMeta, edition: str) -> str:
    return str(meta.texts["disclosure_report"]["editions"].get(edition, edition))


def _summary(told: Disclosed, meta: ReportMeta, wave: int, editions: Sequence[str]) -> tuple[Block, ...]:
    points = []
    for edition in editions:
        whole, name = total(_at(told.utility, wave), edition), _edition(meta, edition)
        counts = {"shown": numbers.thousands(whole.shown), "cells": numbers.thousands(whole.cells)}
        points.append(_say(meta, "summary.edition", edition=name, pct=whole.shown_pct, headline=whole.headline_told, **counts))
        points.append(_say(meta, "summary.lost", edition=name, pct=whole.lost_pct))
    differing = _at(told.differences, wave).height
    if differing:
        points.append(_say(meta, "summary.differences", count=numbers.thousands(differing)))
    points += [_audit_told(_at(told.audit, wave), meta), *repaired_told(told, meta, wave), _earlier_told(told.earlier, meta)]
    points += [*noise_told(told, meta), _waivers(told.policy, meta)[0], _say(meta, "summary.order")]
    mark: list[Block] = [Notice(meta.other_limits)] if meta.other_limits else []
    if meta.charts.synthetic:
        mark.append(Notice(meta.texts["county"]["synthetic"], "synthetic", meta.texts["common"]["synthetic_short"]))
    return (*mark, Bullets(tuple(points)))


def _place_table(cells: pl.DataFrame, meta: ReportMeta, wave: int, edition: str) -> Table:
    texts = meta.texts["disclosure_report"]["places"]
    found = [*places(cells, edition, meta.area_names), total(cells, edition)]
    rows = tuple((place_name(one, meta), *_counts(one)) for one in found)
    caption = _say(meta, "places.caption", edition=_edition(meta, edition), wave=wave)
    return Table(f"kommuner-{edition}", caption, tuple(texts["columns"]), rows, frozenset(range(1, 8)), note=texts["note"])


def _counts(one: Place) -> tuple[str, ...]:
    counts = (one.cells, one.shown, one.primary, one.secondary)
    return (*(numbers.thousands(count) for count in counts), one.hidden_pct, one.headline_told, one.lost_pct)


def _family_table(cells: pl.DataFrame, meta: ReportMeta, wave: int, editions: Sequence[str]) -> Table:
    """Hidden of all cells per place, family and edition."""
    texts = meta.texts["disclosure_report"]
    pairs = [(family, edition) for edition in editions for family in FAMILIES]
    found = {pair: families_of(cells, *pair) for pair in pairs}
    rows = []
    for one in places(cells, editions[0], meta.area_names):
        told = [found[pair].get((one.level, one.code)) for pair in pairs]
        rows.append((place_name(one, meta), *(_of(each, meta) for each in told)))
    named = (_say(meta, "hidden.column", family=texts["families"][f], edition=e) for f, e in pairs)
    columns = (texts["hidden"]["area"], *(numbers.upper_first(name) for name in named))
    caption = _say(meta, "hidden.caption", wave=wave)
    return Table("familjer", caption, columns, tuple(rows), frozenset(range(1, len(columns))))


def _of(counted: tuple[int, int] | None, meta: ReportMeta) -> str:
    """`33 av 448`; nothing where the edition has no such rows."""
    if counted is None:
        return ""
    cells, shown = counted
    return _say(meta, "hidden.cell", hidden=numbers.thousands(cells - shown), cells=numbers.thousands(cells))


def _rule_blocks(rules: pl.DataFrame, meta: ReportMeta, wave: int, editions: Sequence[str]) -> tuple[Block, ...]:
    texts = meta.texts["disclosure_report"]["rules"]
    of_places = rules.filter(area_level="municipality")
    sums = {(kind, rule, edition): n for kind, rule, edition, n in _summed(of_places, "kind", "rule", "edition")}
    names = sorted({key[:2] for key in sums}, key=lambda key: (-max(sums.get((*key, e), 0) for e in editions), key))
    rows = tuple(
        (numbers.upper_first(short_rule(meta, rule)), texts["kinds"].get(kind, kind),
         *(numbers.thousands(sums.get((kind, rule, edition), 0)) for edition in editions))
        for kind, rule in names
    )  # fmt: skip
    columns = tuple(texts["columns"][: 2 + len(editions)])
    whole = Table("regler-alla", _say(meta, "rules.caption", wave=wave), columns, rows, frozenset({2, 3}))
    return (whole, *(_area_rules(of_places, meta, wave, edition) for edition in editions))


def _summed(frame: pl.DataFrame, *by: str) -> list[tuple[Any, ...]]:
    return frame.group_by(by).agg(pl.col("cells").sum()).sort(by).rows()


def _area_rules(rules: pl.DataFrame, meta: ReportMeta, wave: int, edition: str) -> Table:
    by_area: dict[str, list[tuple[int, str]]] = {}
    for area, rule, count in _summed(rules.filter(edition=edition), "area_code", "rule"):
        by_area.setdefault(area, []).append((count, rule))
    names = sorted(by_area, key=lambda code: numbers.swedish(meta.area_names.get(code, code)))
    rows = tuple((meta.area_names.get(code, code), rule_list(by_area[code], meta)) for code in names)
    caption = _say(meta, "rules.area_caption", edition=_edition(meta, edition), wave=wave)
    return Table(f"regler-{edition}", caption, tuple(meta.texts["disclosure_report"]["rules"]["area_columns"]), rows)


def rule_list(counted: Sequence[tuple[int, str]], meta: ReportMeta) -> str:
    """`känslig fråga delas inte på kön (490), för få elever (22)`, the most cells first."""
    ordered = sorted(counted, key=lambda pair: (-pair[0], pair[1]))
    return ", ".join(f"{short_rule(meta, rule)} ({numbers.thousands(count)})" for count, rule in ordered)


def short_rule(meta: ReportMeta, rule: str) -> str:
    """A rule in a few words; its id when there are none."""
    return str(meta.texts["disclosure_report"]["rules"]["short"].get(rule, rule))


def _step_blocks(told: Disclosed, meta: ReportMeta, wave: int, editions: Sequence[str]) -> tuple[Block, ...]:
    texts = meta.texts["disclosure_report"]["steps"]
    steps = _at(told.steps, wave)
    if not steps.height:
        latest = told.steps["wave"].max() if told.steps.height else ""
        return (Text(_say(meta, "steps.none", wave=latest)),)
    blocks: list[Block] = [Text(texts["intro"])]
    if told.policy.cell_key.active:
        blocks.append(Text(texts["noise"]))
    for edition in editions:
        rows = tuple(
            (place_name(one, meta), numbers.thousands(one.cells), numbers.thousands(one.by_step[SAME]),
             *(step_change(one, step) for step in (LOOSER, TIGHTER)))
            for one in (*places(steps, edition, meta.area_names), total(steps, edition))
        )  # fmt: skip
        caption = _say(meta, "steps.caption", edition=_edition(meta, edition), wave=wave)
        blocks.append(Table(f"steg-{edition}", caption, tuple(texts["columns"]), rows, frozenset(range(1, 5))))
    return (*blocks, *(_step_values(told.policy, meta, edition) for edition in editions))


def step_change(one: Place, step: str) -> str:
    """`+20` or `−74` cells shown, as against now; `0` when nothing changes."""
    change = one.by_step.get(step, 0) - one.by_step.get(SAME, 0)
    sign = "+" if change > 0 else "\N{MINUS SIGN}" if change < 0 else ""
    return f"{sign}{numbers.thousands(abs(change))}"


def _step_values(policy: DisclosurePolicy, meta: ReportMeta, edition: str) -> Table:
    values = [stepped_numbers(policy, LOOSER, edition), policy.numbers(edition), stepped_numbers(policy, TIGHTER, edition)]
    rows = tuple(
        (policy.rule(name).told(getattr(values[1], name)), *(str(getattr(one, name)) for one in values)) for name in WAIVABLE
    )
    caption = _say(meta, "steps.values_caption", edition=_edition(meta, edition))
    columns = tuple(meta.texts["disclosure_report"]["steps"]["values_columns"])
    return Table(f"steg-varden-{edition}", caption, columns, rows, frozenset({1, 2, 3}))


def _audit_told(audit: pl.DataFrame, meta: ReportMeta) -> str:
    if not audit.height:
        return _say(meta, "audit.none")
    bad = audit.filter(pl.col("verdict") != WIDE).height
    return _say(meta, f"audit.{'failed' if bad else 'passed'}", cells=numbers.thousands(audit.height), bad=numbers.thousands(bad))


def _audit_blocks(audit: pl.DataFrame, meta: ReportMeta, wave: int) -> tuple[Block, ...]:
    told: tuple[Block, ...] = (Text(_audit_told(audit, meta)),)
    if not audit.height:
        return told
    texts = meta.texts["disclosure_report"]
    kind = pl.col("attack").str.split(":").list.first()
    by = ("_kind", "edition", "table_name")
    found = audit.with_columns(_kind=kind).group_by(by).agg(pl.len().alias("n"), (pl.col("verdict") == WIDE).sum().alias("wide"))
    rows = tuple(
        (numbers.upper_first(texts["audit"]["attacks"].get(attack, attack)), edition, texts["tables"].get(name, name),
         numbers.thousands(n), numbers.thousands(wide))
        for attack, edition, name, n, wide in found.sort(by).iter_rows()
    )  # fmt: skip
    caption = _say(meta, "audit.caption", wave=wave)
    return (*told, Table("granskning", caption, tuple(texts["audit"]["columns"]), rows, frozenset({3, 4})))


def repaired_told(told: Disclosed, meta: ReportMeta, wave: int) -> tuple[str, ...]:
    """How many cells of all areas an audit's repair has had hidden, in a sentence; none when there was no repair."""
    rules = _at(told.rules, wave)
    sums = {edition: n for rule, edition, n in _summed(rules, "rule", "edition") if rule == REPAIR} if rules.height else {}
    if not sums:
        return ()
    counts = [
        _say(meta, "audit.repaired_edition", edition=edition, cells=numbers.thousands(sums[edition]))
        for edition in in_order(list(sums))
    ]
    return (_say(meta, "audit.repaired", cells=numbers.thousands(sum(sums.values())), editions=", ".join(counts)),)


def noise_told(told: Disclosed, meta: ReportMeta) -> tuple[str, ...]:
    """What stands in place of hidden cells while the policy has noise by cell key, in a sentence; none when it is off."""
    noise = told.policy.cell_key
    return (_say(meta, "noise", most=noise.max_noise),) if noise.active else ()


def _conflicts(earlier: pl.DataFrame) -> list[str]:
    return earlier.drop_nulls("kind")["sentence"].unique(maintain_order=True).to_list() if earlier.width else []


def _earlier_told(earlier: pl.DataFrame, meta: ReportMeta) -> str:
    conflicts = _conflicts(earlier)
    if conflicts:
        return _say(meta, "earlier.conflicts", count=len(conflicts))
    entries = earlier.filter(pl.col("kind").is_null()).height if earlier.width else 0
    return _say(meta, "earlier.whole", count=entries) if entries else _say(meta, "earlier.none")


def _earlier_blocks(earlier: pl.DataFrame, meta: ReportMeta) -> tuple[Block, ...]:
    conflicts = _conflicts(earlier)
    listed = (Bullets(tuple(conflicts), "attention"),) if conflicts else ()
    return (Text(_earlier_told(earlier, meta)), *listed)


def _difference_blocks(differences: pl.DataFrame, meta: ReportMeta, wave: int) -> tuple[Block, ...]:
    texts = meta.texts["disclosure_report"]
    if not differences.height:
        return (Text(texts["differences"]["none"]),)
    sums = {(name, state): n for name, state, n in differences.group_by("table_name", "publik").len().iter_rows()}
    known = [*texts["tables"], *sorted({name for name, _ in sums} - set(texts["tables"]))]
    rows = tuple(
        (texts["tables"].get(name, name), *(numbers.thousands(sums.get((name, s), 0)) for s in (HIDDEN, COARSER, RECOMPUTED)))
        for name in known
        if any((name, state) in sums for state in (HIDDEN, COARSER, RECOMPUTED))
    )
    caption, columns = _say(meta, "differences.caption", wave=wave), tuple(texts["differences"]["columns"])
    return (Table("skillnader", caption, columns, rows, frozenset({1, 2, 3}), note=texts["differences"]["note"]),)


def _waivers(policy: DisclosurePolicy, meta: ReportMeta) -> tuple[str, ...]:
    told = tuple(
        _say(
            meta, "policy.waiver", id=one["id"], edition=_edition(meta, edition), rule=one["rule"], value=one["value"],
            usual=one["usual_value"], until=one["valid_until"], reason=one["reason"],
        )
        for edition, records in meta.waivers.items() for one in records
    )  # fmt: skip
    return told or (_say(meta, "policy.no_waivers"),)


def _policy_blocks(policy: DisclosurePolicy, meta: ReportMeta) -> tuple[Block, ...]:
    editions = in_order(list(policy.editions))
    rows = tuple(
        (policy.rule(name).told(getattr(policy.numbers(editions[0]), name)),
         *(str(getattr(policy.numbers(edition), name)) for edition in editions))
        for name in NUMBERS
    )  # fmt: skip
    texts = meta.texts["disclosure_report"]["policy"]
    decisions = [f"{one.text_sv} ({one.by})" for _, one in sorted(policy.decisions.items())]
    return (
        Text(_say(meta, "policy.version", version=policy.version, day=date_text(policy.valid_from))),
        Bullets((*decisions, *_waivers(policy, meta))),
        Table("granser", texts["caption"], tuple(texts["columns"]), rows, frozenset({1, 2})),
    )
