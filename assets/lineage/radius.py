"""The blast radius: what a failed check or a file that isn't used touches, and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assets.lineage.definitions import DISTRICTS, KINDS, OF_A_DELIVERY, Graph, Node, definition_graph, reached

if TYPE_CHECKING:
    from assets.catalogue.load import Catalogue
    from assets.release_register.types import Entry

DISTRICT = "district_code"
"""The one background column that touches only a part of a delivery's numbers: those of city districts."""


@dataclass(frozen=True, order=True)
class Release:
    """A publication that was built on a municipality's answers. `same_file`: on the very file that is asked about."""

    published_on: str
    bundle: str
    same_file: bool


@dataclass(frozen=True)
class Radius:
    """What is touched.

    Attributes:
        nodes: kind of node (`KINDS`) -> keys, sorted. Empty when no answers are touched.
        whole: every question of the wave is touched, so the keys needn't be told one by one.
        places: (area code, wave), sorted.
        districts: only the numbers of city districts are.
        county: the county's own numbers, and with them what every other municipality is compared with.
        later: later waves whose developments are compared with these.
        screened: plausibility rules that use the questions and can leave whole answers out.
        releases: earlier publications.
    """

    nodes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    whole: bool = False
    places: tuple[tuple[str, int], ...] = ()
    districts: bool = False
    county: bool = False
    later: tuple[int, ...] = ()
    screened: tuple[str, ...] = ()
    releases: tuple[Release, ...] = ()

    def of(self, kind: str) -> tuple[str, ...]:
        """Keys of a kind."""
        return self.nodes.get(kind, ())


def radius(
    catalogue: Catalogue,
    columns: Collection[str] | None,
    places: Collection[tuple[str, int]],
    entries: Sequence[Entry] = (),
    sha256: str = "",
) -> Radius:
    """What columns of a delivery touch.

    Args:
        columns: questions or background columns of the delivery; None or none: all of it.
        places: (municipality code, wave) that the delivery is about; nobody knows when none.
        entries: the release register. sha256: of the delivery's file.
    """
    items = {column for column in columns or () if column in catalogue.survey.by_key}
    districts = bool(columns) and set(columns) == {DISTRICT}
    whole = not columns or (items != set(columns) and not districts)
    found: set[Node] = set()
    for wave in sorted({wave for _, wave in places}) or [None]:
        found |= _of_wave(definition_graph(catalogue, wave), None if whole else items)
    if whole:
        found |= {Node("chart", name) for name in OF_A_DELIVERY}
    if districts:
        found = {Node("section", DISTRICTS)}
    return Radius(
        nodes={kind: tuple(sorted(node.key for node in found if node.kind == kind)) for kind in KINDS},
        whole=whole,
        places=tuple(sorted(places)),
        districts=districts,
        county=bool(places) and catalogue.profile.county is not None and not districts,
        later=_later(catalogue.calendar.survey_waves, places),
        screened=() if whole else _screened(catalogue, items),
        releases=built_on(entries, places, catalogue.profile.county.code if catalogue.profile.county else "", sha256),
    )


def _of_wave(graph: Graph, items: Collection[str] | None) -> frozenset[Node]:
    questions = [node for node in graph if node.kind == "question" and (items is None or node.key in items)]
    return reached(graph, questions)


def _later(waves: Iterable[int], places: Collection[tuple[str, int]]) -> tuple[int, ...]:
    last = max((wave for _, wave in places), default=None)
    return tuple(wave for wave in sorted(waves) if last is not None and wave > last)


def _screened(catalogue: Catalogue, items: Collection[str]) -> tuple[str, ...]:
    """Plausibility rules that name one of the questions."""
    return tuple(rule.id for rule in catalogue.screening.rules if set(rule.used) & set(items))


def built_on(entries: Sequence[Entry], places: Collection[tuple[str, int]], county: str, sha256: str = "") -> tuple[Release, ...]:
    """Publications about a municipality (or its county) that were made when the municipality's answers of the wave were in them.

    Another municipality's publication shows none of its numbers; that it was compared with the county is told by `Radius.county`.
    """
    found = set()
    for entry in entries:
        delivered = entry.new.inputs.deliveries
        for area, wave in places:
            key = f"{area}|{wave}"
            if key in delivered and wave <= entry.new.wave and entry.new.area_code in (area, county):
                found.add(Release(entry.new.published_on, entry.new.bundle, bool(sha256) and delivered[key] == sha256))
    return tuple(sorted(found))
