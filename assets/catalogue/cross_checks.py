"""What the catalogue's files must agree on with each other. Pure: every problem is a Swedish sentence added to a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assets.catalogue import models as m
from assets.catalogue.indicator_models import problems_with_items
from assets.catalogue.report_models import Tile, problems_with_groups, problems_with_series
from assets.catalogue.screening_models import problems_with_screening

if TYPE_CHECKING:
    from assets.catalogue.load import Catalogue
    from assets.methods.disclosure_policy import DisclosurePolicy

COMPARISON_GROUPS = "areas/comparison_groups.yml"
TILES = "areas/tile_grid.csv"
BOUNDARIES = "areas/municipalities.geojson"


def _language_problems(c: Catalogue) -> list[str]:
    same = c.indicator_file.language == c.profile.language
    return [] if same else [f"indicators/{c.survey.id}.yml: language är inte profilens ({c.profile.language})"]


def cross_check(c: Catalogue, problems: list[str]) -> None:
    """Add what one file says of another that isn't so."""
    items = c.survey.by_key
    scores: dict[str, dict[int, int]] = {}
    for index in c.indices:
        for part in index.items:
            if part.item not in items:
                problems.append(f"indices.yml: {index.key} använder frågan {part.item} som inte finns i {c.survey.id}")
                continue
            if set(part.scores) != set(c.survey.answers(part.item)):
                problems.append(f"indices.yml: {index.key}/{part.item} poängsätter inte exakt svarskoderna i enkäten")
            if scores.setdefault(part.item, part.scores) != part.scores:
                problems.append(f"indices.yml: {part.item} har olika poäng i olika index")
        used = [items[part.item] for part in index.items if part.item in items]
        if c.index_file.model == "mean_score" and (len({i.scale for i in used}) > 1 or len({i.section for i in used}) > 1):
            problems.append(f"indices.yml: frågorna i {index.key} har inte samma skala och område")
    for book in c.codebooks:
        unknown = sorted(set(book.items.values()) - set(items))
        problems.extend(f"codebooks/{book.id}.yml: okänd fråga {key}" for key in unknown)
        measures = {measure.key for measure in c.survey.measures}
        problems.extend(f"codebooks/{book.id}.yml: okänt mått {key}" for key in sorted(set(book.measures.values()) - measures))
        for item, variants in book.label_variants.items():
            wrong = [code for code in variants.values() if item in items and code not in c.survey.answers(item)]
            problems.extend(f"codebooks/{book.id}.yml: {item} har ingen svarskod {code}" for code in wrong)
    for cutoffs in c.cutoff_file.sets:
        if set(cutoffs.cuts) != set(c.index_file.keys):
            problems.append(f"cutoffs.yml: {cutoffs.id} täcker inte exakt indexen i indices.yml")
    if c.cutoff_file.default not in {s.id for s in c.cutoff_file.sets}:
        problems.append("cutoffs.yml: default pekar på en gränsuppsättning som inte finns")
    problems += _unknown_reference(c)
    for entry in c.breaks:
        unknown = sorted(set(entry.items) - set(items) - m.BACKGROUND_QUESTIONS)
        problems.extend(f"breaks.yml: {entry.year}: okänd fråga {key}" for key in unknown)
    problems += [f"indicators/{c.survey.id}.yml: {text}" for text in problems_with_items(c.indicator_file, c.survey)]
    problems += _language_problems(c)
    problems += [f"screening.yml: {text}" for text in problems_with_screening(c.screening, c.survey, set(c.indicator_file.by_id))]
    problems += [f"report_series.yml: {text}" for text in problems_with_series(c.report_series, c.indicator_file)]
    problems += [
        f"{COMPARISON_GROUPS}: {text}" for text in problems_with_groups(c.comparison_groups, set(c.municipality_by_code))
    ]
    known = {d.district_code for d in c.districts}
    problems.extend(f"areas/district_names.csv: okänd kod {v}" for v in c.district_names.values() if v and v not in known)


def _unknown_reference(c: Catalogue) -> list[str]:
    chosen = [(one.id, one.reference) for one in c.cutoff_file.alternatives]
    return [
        f"cutoffs.yml: {rule}: okänd kommun eller årskurs {key}"
        for rule, who in chosen
        for key in sorted({*who.municipalities} - {*c.municipality_by_code} | {*who.grades} - {*c.profile.grade_keys})
    ]


def check_disclosure(c: Catalogue, policy: DisclosurePolicy, problems: list[str]) -> None:
    """Add sensitive items that the policy names and the definitions don't mark, or the other way round."""
    unknown = [key for key in policy.sensitive_indices if key not in c.index_file.keys]
    problems += [f"disclosure.yml: sensitive_indices: okänt index {key}" for key in unknown]
    named = set(policy.sensitive_indicators.get(c.survey.id, ()))
    marked = {one.id for one in (*c.indicator_file.indicators, *c.indicator_file.indices) if one.sensitive}
    listed = f"disclosure.yml: sensitive_indicators: {c.survey.id}"
    problems += [f"{listed}: {name} är inte märkt sensitive i indicators/" for name in sorted(named - marked)]
    problems += [f"{listed}: {name} saknas, fast den är märkt sensitive i indicators/" for name in sorted(marked - named)]


def check_factors(c: Catalogue, problems: list[str]) -> None:
    """Add factors and outcomes that nobody has defined."""
    for group in c.factors.accumulated:
        wrong = [key for key in group.indices if key not in c.index_file.keys or c.index(key).kind != group.kind]
        problems.extend(f"factors.yml: {group.key}: {key} är inget index av slaget {group.kind}" for key in wrong)
    known_outcomes = {i.id for i in c.indicator_file.indicators}
    wrong_outcomes = [key for key in c.factors.phrases if key not in known_outcomes]
    for pair in c.factors.pairs:
        if pair.factor not in c.index_file.keys or pair.outcome not in c.factors.phrases:
            problems.append(f"factors.yml: pairs: {pair.factor} och {pair.outcome} är inte ett index och ett utfall")
    problems.extend(f"factors.yml: outcomes: okänd indikator {key}" for key in wrong_outcomes)


def check_profile(c: Catalogue, profile_id: str, problems: list[str]) -> None:
    """Add what doesn't agree with the profile's own file."""
    profile, areas = c.profile, c.municipality_by_code
    if profile.id != profile_id:
        problems.append(f"profile.yml: id är {profile.id}, mappen heter {profile_id}")
    if profile.grade_keys != c.survey.grades:
        problems.append(f"profile.yml: grades är inte de årskurser som {c.survey.id} har ({', '.join(c.survey.grades)})")
    if c.index_file.survey != c.survey.id:
        problems.append(f"indices.yml: survey är inte {c.survey.id}")
    if profile.city and profile.city.code not in areas:
        problems.append(f"profile.yml: city {profile.city.code} finns inte i areas/municipalities.csv")
    if profile.county:
        outside = [code for code in areas if not code.startswith(profile.county.code)]
        problems += [f"areas/municipalities.csv: {code} börjar inte med länets kod {profile.county.code}" for code in outside]
    for area in c.municipalities:
        unknown = [code for code in area.contained if code not in areas or code == area.municipality_code]
        problems += [f"areas/municipalities.csv: {area.municipality_code} innehåller okänt område {code}" for code in unknown]
    for book in c.codebooks:
        if book.survey != c.survey.id:
            problems.append(f"codebooks/{book.id}.yml: survey är inte {c.survey.id}")
        lacking = [name for name in profile.design_columns if not getattr(book.columns, name)]
        problems += [f"codebooks/{book.id}.yml: columns: {name} saknar namn" for name in lacking]


def check_maps(c: Catalogue, tiles: Sequence[Tile], shapes: Sequence[str], problems: list[str]) -> None:
    """Add municipalities that the county's maps would leave out without a word, and places on the maps that are nobody's.

    Args:
        shapes: the codes that have a boundary in `areas/municipalities.geojson`.
    """
    codes = set(c.municipality_by_code)
    for name, placed in ((TILES, [tile.municipality_code for tile in tiles]), (BOUNDARIES, list(shapes))):
        missing = sorted(codes - set(placed))
        problems.extend(f"{name}: {code} saknas, fast den står i areas/municipalities.csv" for code in missing)
        problems.extend(f"{name}: okänd kommun {code}" for code in sorted(set(placed) - codes))
        problems.extend(f"{name}: {code} står två gånger" for code in sorted({one for one in placed if placed.count(one) > 1}))
    owners: dict[tuple[int, int], str] = {}
    for tile in tiles:
        owner = owners.setdefault((tile.column, tile.row), tile.municipality_code)
        if owner != tile.municipality_code:
            problems.append(f"{TILES}: {tile.municipality_code} har samma ruta som {owner}")
