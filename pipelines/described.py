"""What the UI says about each asset: its Swedish name, what it is, where it comes from, whether to trust it, what to do next.

Names, trust and next steps are in the catalogue (`texts/dagster_guide.yml`); where an asset comes from and how many rules look at
it is read from the definitions themselves, so that neither can be out of date.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import dagster as dg

from assets.slices import MUNICIPALITIES, WAVES, YEARS, bundles, register_years, survey_waves
from assets.texts import in_profile, ui_guide

MORE = 8
"""So many sources are named; the lineage shows all of them."""


def asset_name(key: dg.AssetKey) -> str:
    """The Swedish name of an asset; the name of its table when the guide has none."""
    return ui_guide()["names"].get("/".join(key.path[-2:]), key.path[-1])


def count_checks(checks: Sequence[dg.AssetChecksDefinition]) -> Mapping[dg.AssetKey, int]:
    """How many rules look at each asset."""
    return Counter(key.asset_key for one in checks for key in one.check_keys)


def partition_text(definition: dg.PartitionsDefinition | None) -> str:
    """How an asset is sliced, in words; empty when it isn't."""
    texts = ui_guide()["partitions"]
    if definition == survey_waves:
        return texts["vag"].format(first=WAVES[0], last=WAVES[-1])
    if definition == bundles:
        return texts["kommun_vag"].format(example=f"{MUNICIPALITIES[0]}|{WAVES[-1]}")
    if definition is not None and definition == register_years:
        return texts["year"].format(first=YEARS[0], last=YEARS[-1])
    return ""


def describe(spec: dg.AssetSpec, checks: int) -> str:
    """The whole description of an asset, as markdown.

    Args:
        spec: the asset as its layer defines it; its own description says what it is.
        checks: how many rules look at it.
    """
    guide, layer, key = ui_guide(), spec.key.path[-2], "/".join(spec.key.path[-2:])
    words, of_layer = guide["words"], guide["layers"][layer]
    sources = sorted({asset_name(dep.asset_key) for dep in spec.deps})
    shown = ", ".join(sources[:MORE]) + (f" och {len(sources) - MORE} till (se Lineage)" if len(sources) > MORE else "")
    ruled = words["one_check"] if checks == 1 else words["checks"].format(n=checks) if checks else ""
    parts = (
        f"**{asset_name(spec.key)}.** {spec.description}",
        f"**{words['comes_from']}:** {shown}." if shown else words["first"],
        f"**{words['trust']}:** {of_layer['trust']} {ruled} {words['freshness'] if shown else ''}".rstrip(),
        f"**{words['next']}:** {guide['next'].get(key, of_layer['next'])}",
        f"**{words['parts']}:** {sliced}" if (sliced := partition_text(spec.partitions_def)) else "",
    )
    return in_profile("\n\n".join(" ".join(part.split()) for part in parts if part))


def in_swedish(spec: dg.AssetSpec, counted: Mapping[dg.AssetKey, int]) -> dg.AssetSpec:
    """The asset under its Swedish group, with its whole description and its owner; `counted`: see `count_checks`.

    An asset of a layer that the guide doesn't know is left as it is; the test of the texts names it.
    """
    layer = ui_guide()["layers"].get(spec.key.path[-2])
    if layer is None:
        return spec
    told, owners = describe(spec, counted.get(spec.key, 0)), [ui_guide()["owner"]]
    about = ui_guide()["about"].get("/".join(spec.key.path[-2:]), {})
    return spec.replace_attributes(
        description=told,
        group_name=layer["group"],
        kinds=set(layer["kinds"]),
        owners=owners,
        metadata={**spec.metadata, **about},
    )
