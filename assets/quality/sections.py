"""The sections of a delivery's page: blocks of text and tables, all counts rounded. Pure."""

from __future__ import annotations

from itertools import groupby

from assets.bundle.types import Block, Bullets, SubHeading, Table, Terms, Text
from assets.bundle.words import date_text
from assets.charts import numbers
from assets.intake.names import shown_name
from assets.quality.phrases import Phrases
from assets.quality.problems import loud_rules
from assets.quality.sparkline import sparkline
from assets.quality.types import DeliveryFacts, ItemQuality

Blocks = tuple[Block, ...]
LOOK = ("more", "less", "gone", "absent")
LEAST_TOP, EMPTY_SHARE = 20, 100
SHORT_SHA = 12


def file_blocks(facts: DeliveryFacts, phrases: Phrases) -> Blocks:
    """What came: format, encoding, marks, sheets, time, hashes, and what was odd about the file."""
    said = phrases.entry("file")
    formats, marks = phrases.entry("formats"), phrases.entry("marks")
    terms = [
        (said["name"], shown_name(facts.file_name)),
        (said["format"], f"{formats.get(facts.file_format, '')} (.{facts.file_format})".strip()),
        (said["encoding"], facts.encoding),
        (said["delimiter"], marks.get(facts.delimiter, facts.delimiter)),
        (said["decimal"], facts.decimal_mark or (said["no_decimals"] if facts.file_format == "csv" else "")),
        (said["sheets"], str(facts.sheets) if facts.sheets else ""),
        (said["received"], date_text(facts.received) if facts.received else phrases.say("counts.unknown")),
        (said["fingerprint"], facts.fingerprint),
        (said["sha"], f"{facts.sha256[:SHORT_SHA]} …"),
        (said["municipality"], phrases.areas.get(facts.sidecar_municipality, facts.sidecar_municipality)),
        (said["sidecar"], shown_name(facts.sidecar_reason)),
    ]
    terms += [(said["notes"], note) for note in facts.notes]
    return (Terms(tuple((name, text) for name, text in terms if text)),)


def recognised_blocks(facts: DeliveryFacts, phrases: Phrases) -> Blocks:
    """Which codebook and how it was chosen, how much of it the file has, and what is left over on both sides."""
    said = phrases.entry("recognised")
    terms = (
        (said["codebook"], facts.codebook),
        (said["chosen"], said["declared"] if facts.declared else said["columns"]),
        (said["share"], phrases.say("recognised.share_text", pct=facts.matched_pct)),
    )
    unknown = phrases.say("recognised.unknown", names=phrases.names(facts.unknown_columns)) if facts.unknown_columns else ""
    missing = phrases.questions(facts.missing_items)
    return (
        Terms(terms),
        Bullets((
            unknown or said["unknown_none"],
            phrases.say("recognised.missing", wave=facts.wave, names=missing)
            if missing
            else phrases.say("recognised.missing_none", wave=facts.wave),
        )),
    )  # fmt: skip


def row_blocks(facts: DeliveryFacts, phrases: Phrases) -> Blocks:
    """What became of the rows; lines that say nothing are left out."""
    said = phrases.entry("rows")
    lines = [
        ("received", facts.rows_received, True),
        ("outside", facts.rows_outside, True),
        ("superseded", facts.rows_superseded, bool(facts.rows_superseded)),
        ("stopped", facts.rows_stopped, bool(facts.rows_stopped)),
        ("kept", facts.rows_kept, facts.status != "unjudged"),
        ("duplicates", facts.duplicate_rows, facts.duplicate_rows is not None),
        ("repeated", facts.repeated_ids, facts.repeated_ids is not None),
    ]
    rows = [(said[name], phrases.count(count)) for name, count, shown in lines if shown]
    if facts.screen and facts.status in {"accepted", "partly"}:
        rows.append((said["screened"], phrases.at_least(_removed(facts), phrases.settings.least_rows)))
    table = Table("rader", said["caption"], tuple(said["columns"]), tuple(rows), frozenset({1}))
    return (table, Text(said["no_number"])) if facts.duplicate_rows is None else (table,)


def _removed(facts: DeliveryFacts) -> int:
    """Rows whose answers the screen leaves out: the most of any rule, since a row may break several."""
    return max((result.removed for result in facts.screen or ()), default=0)


def place_blocks(facts: DeliveryFacts, phrases: Phrases) -> Blocks:
    """Each municipality of the file, beside its last accepted delivery."""
    said = phrases.entry("places")
    blocks: list[Block] = []
    if facts.replaces:
        blocks.append(Text(phrases.say("places.replaces", names=phrases.names(facts.replaces))))
    if not facts.places:
        return (*blocks, Text(said["nobody"]))
    rows, changes = [], []
    for place in facts.places:
        row = [place.name, place.status, phrases.count(place.rows)]
        if place.previous_wave is None:
            row += [said["first"], "", "", str(place.items), "", ""]
        else:
            built = "" if place.same_structure is None else said["same"] if place.same_structure else said["other"]
            change = phrases.change(place.rows, place.previous_rows)
            row += [str(place.previous_wave), phrases.count(place.previous_rows), change]
            row += [str(place.items), str(place.previous_items), built]
        rows.append(tuple(row))
        for name, keys in (("gone", place.gone), ("added", place.added)):
            if keys:
                words = phrases.questions(keys)
                changes.append(phrases.say(f"places.{name}", place=place.name, names=words, wave=place.previous_wave))
    blocks.append(Table("kommuner", said["caption"], tuple(said["columns"]), tuple(rows), frozenset({2, 4, 5, 6, 7})))
    return (*blocks, Bullets(tuple(changes))) if changes else tuple(blocks)


def item_blocks(facts: DeliveryFacts, phrases: Phrases) -> Blocks:
    """Questions to look at first, then all of them by arena."""
    if not facts.items:
        return (Text(phrases.say("items.elsewhere" if facts.status == "replaced" else "items.none")),)
    if all(item.unanswered is None for item in facts.items):
        return (Text(phrases.say("items.too_few", floor=phrases.settings.least_rows)),)
    top = scale_top(facts)
    intro = phrases.say("items.intro", top=phrases.share(top), waves=phrases.settings.waves_shown)
    flagged = [item for item in facts.items if item.state in LOOK]
    blocks: list[Block] = [Text(intro), SubHeading("fragor-titta", phrases.say("items.flagged"))]
    if flagged:
        blocks.append(_item_table("fragor-titta-tabell", phrases.say("items.flagged_caption"), flagged, top, phrases))
    else:
        blocks.append(Text(phrases.say("items.flagged_none")))
    for arena, items in groupby(sorted(facts.items, key=lambda i: _arena_order(i.arena, phrases)), key=lambda i: i.arena):
        name = phrases.say(f"items.arenas.{arena}")
        caption = phrases.say("items.caption", arena=name)
        blocks += [SubHeading(f"fragor-{arena}", name), _item_table(f"fragor-{arena}-tabell", caption, list(items), top, phrases)]
    return tuple(blocks)


def _arena_order(arena: str, phrases: Phrases) -> int:
    return list(phrases.entry("items.arenas")).index(arena)


def scale_top(facts: DeliveryFacts) -> int:
    """Upper edge of the page's lines: the next ten above the largest share, at least 20 per cent.

    Columns without any answer are left out, or one of them would press all other lines flat.
    """
    shares = [value for item in facts.items for _, value in item.history if value is not None and value < EMPTY_SHARE]
    return max(LEAST_TOP, -(-max(shares, default=0) // 10) * 10)


def _item_table(table_id: str, caption: str, items: list[ItemQuality], top: int, phrases: Phrases) -> Table:
    rows = tuple(_item_row(item, top, phrases) for item in items)
    return Table(table_id, caption, tuple(phrases.entry("items.columns")), rows, frozenset({1, 2, 5, 6}))


def _item_row(item: ItemQuality, top: int, phrases: Phrases) -> tuple[str, ...]:
    words = [
        phrases.say("items.spark_point", wave=wave, pct=phrases.share(value) or phrases.say("items.spark_gap"))
        for wave, value in item.history
    ]
    alternative = phrases.say("items.spark", points=", ".join(words))
    drawn = any(value is not None for _, value in item.history)
    return (
        phrases.question(item.item),
        phrases.share(item.unanswered),
        "" if item.change is None else numbers.signed(item.change),
        sparkline(item.history, top, alternative, flagged=item.state in {"more", "less"}) if drawn else "",
        phrases.say(f"items.states.{item.state}"),
        phrases.share(item.dont_know),
        phrases.share(item.routed),
    )


def screen_blocks(facts: DeliveryFacts, phrases: Phrases) -> Blocks:
    """What the plausibility screen found, both grades together, or that it hasn't been computed.

    Numbers under the floor are one phrase, zero too: among few pupils it would tell what somebody has or hasn't done.
    """
    said = phrases.entry("screen")
    if facts.screen is None:
        return (Text(said["absent"]),)
    if not facts.screen:
        return (Text(said["empty"]),)
    least = phrases.settings.least_rows
    name = {r.rule: phrases.screen.get(r.rule, said["totals"].get(r.rule, r.rule)) for r in facts.screen}
    tried = sorted((r for r in facts.screen if r.screened), key=lambda r: (r.rule in said["totals"], name[r.rule]))
    rows = tuple((name[r.rule], *(phrases.at_least(n, least) for n in (r.screened, r.flagged, r.removed))) for r in tried)
    blocks: list[Block] = [Table("granskning", said["caption"], tuple(said["columns"]), rows, frozenset({1, 2, 3}))]
    untried = sorted(name[r.rule] for r in facts.screen if not r.screened)
    if untried:
        blocks.append(Text(phrases.say("screen.untried", names="; ".join(untried))))
    return tuple(blocks)


def rule_blocks(facts: DeliveryFacts, phrases: Phrases) -> Blocks:
    """How many rules were tried and which didn't hold."""
    if facts.rules is None:
        if not facts.rules_tried:
            return (Text(phrases.say("rules.nothing")),)
        counts = {"tried": facts.rules_tried, "critical": facts.critical_broken, "warnings": facts.warnings_broken}
        return (Text(phrases.say("rules.fallback", **counts)),)
    if not facts.rules:
        return (Text(phrases.say("rules.nothing")),)
    states = [rule.status for rule in facts.rules]
    tried = len(states) - states.count("not_evaluated")
    held, left = states.count("holds"), states.count("not_evaluated")
    counts = Text(phrases.say("rules.counts", tried=tried, held=held, left=left))
    broken = loud_rules(facts)
    if not broken:
        return (counts,)
    severity, outcome = phrases.entry("rules.severity"), phrases.entry("rules.outcome")
    rows = tuple(
        (
            r.said.text,
            severity.get(r.severity, r.severity),
            outcome.get(r.status, r.status),
            phrases.names([key for key in r.columns if phrases.knows(key)]),
        )
        for r in broken
    )
    return (counts, Table("regler", phrases.say("rules.caption"), tuple(phrases.entry("rules.columns")), rows))


def reading_blocks(facts: DeliveryFacts, phrases: Phrases) -> Blocks:
    """How to read the page."""
    points = phrases.settings.drift_points
    return (Terms(tuple((name, text.format(points=points)) for name, text in phrases.entry("reading.items"))),)
