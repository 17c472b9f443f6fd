"""Asset keys of the active profile: `layer/table` in the base, `<profile>/layer/table` in another.

The modules of the layers name their assets `[layer, table]`; `of_profile` puts the profile's id in front when the definitions are
built, so that the code locations of two profiles have no key in common. What is named while a run goes on uses `asset_key`.
"""

from collections.abc import Sequence

import dagster as dg

from assets.catalogue.active import PROFILE

PREFIX = () if PROFILE.is_base else (PROFILE.id,)
LAYERS = ("inbox", "raw", "harmonised", "validated", "indices", "release", "reports")
OF_REGISTERS = ("register_files", "register_rows", "register_values", "register_revisions", "schools", "school_indicators")
"""Tables that only a profile with registers has."""

Asset = dg.AssetsDefinition | dg.AssetSpec


def asset_key(layer: str, table: str) -> dg.AssetKey:
    """The key of a table in the active profile."""
    return dg.AssetKey([*PREFIX, layer, table])


def reached(layer: str, table: str) -> bool:
    """Whether the active profile's chain has this table."""
    made_of = "validated" if layer == "quality" else layer  # the quality room lies beside the chain
    within = LAYERS.index(made_of) <= LAYERS.index(PROFILE.reach)
    return within and (PROFILE.registers or table not in OF_REGISTERS)


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
