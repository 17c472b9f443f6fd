"""Asset keys of the active profile: `layer/table` in the base, `<profile>/layer/table` in another.

The modules of the layers name their assets `[layer, table]`; `of_profile` puts the profile's id in front when the definitions are
built, so that the code locations of two profiles have no key in common. What is named while a run goes on uses `asset_key`.
"""

from collections.abc import Sequence

import dagster as dg

from assets.catalogue.active import MEASUREMENT_MODEL, PROFILE
from assets.catalogue.load import load_catalogue

PREFIX = () if PROFILE.is_base else (PROFILE.id,)
LAYERS = ("inbox", "raw", "harmonised", "validated", "indices", "release", "reports")
OF_REGISTERS = (
    *("register_files", "register_rows", "register_values", "register_revisions", "schools", "school_indicators"),
    *("weighted_estimates", "weight_cells", "weighted_comparison"),
)
"""Tables that only a profile with registers has."""
OF_INDICES = (
    *("indices/person_scores", "indices/area_counts", "indices/area_estimates", "indices/screen_sensitivity"),
    *("release/index_results", "release/suppression_log", "release/response_rates", "release/response_by_school_type"),
    *("release/delivery_quality", "release/provenance", "release/screen_sensitivity", "release/earlier_releases"),
    *("release/model_estimates", "release/rank_sets", "release/funnel", "reports/county_comparison"),
    *("reports/county_bundle", "reports/workshop_kit"),
    *("indices/weighted_estimates", "indices/weight_cells", "release/weighted_comparison"),
)
"""Tables that only a profile with indices has: the release's are made together, from scores and registers."""
OF_SCALES = ("indices/scale_means", "indices/scale_estimates")
"""Tables that only a profile with 0-100 scales of its own has."""
HAS_INDICES, HAS_SCALES = bool(load_catalogue().indices), bool(load_catalogue().indicator_file.indices)
OF_MEASUREMENT = ("psychometrics", "index_anatomy")
"""Tables that only a profile whose indices have a measurement model (partial credit) has."""
OF_FACTORS = (*("accumulated_counts", "accumulated_estimates", "accumulated_results", "accumulated_suppression_log"),)
"""Tables that only a profile that names factors to be counted together has (`factors.yml`)."""
OF_ALTERNATIVES = ("cutoff_alternatives", "cutoff_counts", "cutoff_sensitivity")
"""Tables that only a profile that names alternatives to its cut-offs has (`cutoffs.yml`)."""
OF_FORMS = (
    *("form_files", "form_answers", "activity_answers", "readiness_ratings", "decisions"),
    *("activity_status", "activity_coverage", "readiness", "readiness_statements", "factor_overview", "priority_order"),
    "use_of_results",
)
"""Tables of the forms about activities, preconditions and decisions, and of the join, which only the base has."""
OF_BUNDLES = ("audit", "repairs", "utility", "utility_rules", "utility_steps", "disclosure_report")
"""Tables that only a profile whose results are published in bundles has, which is the base."""
HAS_PAIRS = HAS_INDICES and bool(load_catalogue().factors.pairs)
HAS_ALTERNATIVES = HAS_INDICES and bool(load_catalogue().cutoff_file.alternatives)
HAS_FACTORS = HAS_INDICES and bool(load_catalogue().factors.accumulated)

Asset = dg.AssetsDefinition | dg.AssetSpec


def asset_key(layer: str, table: str) -> dg.AssetKey:
    """The key of a table in the active profile."""
    return dg.AssetKey([*PREFIX, layer, table])


def reached(layer: str, table: str) -> bool:
    """Whether the active profile's chain has this table."""
    # the quality room lies beside the chain, and what is published is made of reports
    made_of = {"quality": "validated", "published": "reports"}.get(layer, layer)
    name = f"{layer}/{table}"
    within = LAYERS.index(made_of) <= LAYERS.index(PROFILE.reach)
    lacking = (not HAS_INDICES and name in OF_INDICES) or (not HAS_SCALES and name in OF_SCALES)
    measured = MEASUREMENT_MODEL or table not in OF_MEASUREMENT
    lacking = lacking or (not HAS_FACTORS and table in OF_FACTORS)
    lacking = lacking or (not HAS_PAIRS and table == "associations")
    lacking = lacking or (not HAS_ALTERNATIVES and table in OF_ALTERNATIVES)
    lacking = lacking or (not PROFILE.is_base and table in (*OF_FORMS, *OF_BUNDLES))
    return within and measured and not lacking and (PROFILE.registers or table not in OF_REGISTERS)


def only_reached(*names: str) -> list[list[str]]:
    """Of tables named `layer/table`, those that the active profile has, as dependencies of an asset."""
    return [name.split("/") for name in names if reached(*name.split("/"))]


def of_profile(assets: Sequence[Asset]) -> list[Asset]:
    """The assets that the active profile reaches, under its keys."""
    kept = [asset for asset in assets if all(reached(*key.path) for key in _keys(asset))]
    replacements = {key: asset_key(*key.path) for asset in assets for key in _keys(asset)} if PREFIX else {}
    return [_renamed(asset, replacements) for asset in kept]


def _keys(asset: Asset) -> list[dg.AssetKey]:
    return [asset.key] if isinstance(asset, dg.AssetSpec) else sorted(asset.keys)


def _renamed(asset: Asset, replacements: dict[dg.AssetKey, dg.AssetKey]) -> Asset:
    if not replacements:
        return asset
    if isinstance(asset, dg.AssetSpec):
        return asset.replace_attributes(key=replacements[asset.key])
    return asset.with_attributes(asset_key_replacements=replacements)
