"""The catalogue as a graph: question -> index, indicator or scale -> chart, sentence, section and page. Pure.

Every edge is read from a definition, so that a new indicator, group of questions or factor is in the graph by being defined. Only
the charts that are drawn of every index stand here by name; `tests/pipeline/test_overview_chain.py` compares them with those
of real bundles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from assets.catalogue.load import Catalogue

OVERVIEW, COUNTS, ASSOCIATIONS = "oversikt", "samlade", "samband"
SMALL, DISTRICTS, ACTION = "sma-grupper", "stadsdelar", "atgard"
OF_EVERY_INDEX = ("faktorprofil", "skillnadsdiagram", "konsskillnad")
"""Charts with all indices in one picture, without their grade."""
OF_ONE_INDEX = ("trend", "svarsfordelning")
"""Charts of one index, in a municipality's bundle and in the county's."""
OF_THE_COUNTY = ("tratt", "platsintervall", "rutkarta", "granskarta")
"""Charts of one index that only the county's bundle and comparison have."""
ANATOMY = "indexanatomi"
PRIORITY = "prioriteringsfalt"
OF_A_DELIVERY = ("bortfall", "kvalitetsremsa")
"""Charts of who has answered and of what came: no question leads to them, but every delivery does."""
PAGES = ("faktorer", "prioritering")
"""Pages of `6_atgard` that are made of the indices."""


class Node(NamedTuple):
    """Something that rests on answers. `kind`: of `KINDS`. `key`: its id in the catalogue, or of a chart without its grade."""

    kind: str
    key: str


KINDS = ("question", "index", "indicator", "scale", "count", "association", "chart", "sentence", "section", "page")
"""In the order in which they are told."""
Graph = Mapping[Node, tuple[Node, ...]]


def definition_graph(catalogue: Catalogue, wave: int | None = None) -> Graph:
    """What rests on what, one step at a time; what has nothing below it is a key too.

    Args:
        wave: only what is asked and counted in that wave; everything when None.
    """
    edges: dict[Node, dict[Node, None]] = {}
    for above, below in _edges(catalogue, wave):
        edges.setdefault(above, {})[below] = None
        edges.setdefault(below, {})
    for item in catalogue.survey.items:
        if wave is None or item.asked_in(wave):
            edges.setdefault(Node("question", item.key), {})
    return {node: tuple(found) for node, found in edges.items()}


def reached(graph: Graph, starts: Iterable[Node]) -> frozenset[Node]:
    """The starts that the graph has, and all that rests on them."""
    found: set[Node] = set()
    waiting = [node for node in starts if node in graph]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(graph[node])
    return frozenset(found)


def _edges(catalogue: Catalogue, wave: int | None) -> Iterator[tuple[Node, Node]]:
    asked = {item.key for item in catalogue.survey.items if wave is None or item.asked_in(wave)}
    series = dict(_series(catalogue, wave))
    for node, items in series.items():
        yield from ((Node("question", item), node) for item in items if item in asked)
    alive = {node.key: node for node in series}
    yield from _of_indices(catalogue)
    yield from _of_factors(catalogue, alive)
    yield from _of_questions(catalogue, alive)


def _series(catalogue: Catalogue, wave: int | None) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """Every series that is counted in the wave, with its questions."""
    for index in catalogue.indices:
        yield Node("index", index.key), tuple(part.item for part in index.items)
    for one in catalogue.indicator_file.indicators:
        if wave is None or (one.first_wave or wave) <= wave <= (one.last_wave or wave):
            yield Node("indicator", one.id), one.items
    for scale in catalogue.indicator_file.indices:
        yield Node("scale", scale.id), tuple(part.item for part in scale.items)


def _of_indices(catalogue: Catalogue) -> Iterator[tuple[Node, Node]]:
    charts = [*OF_ONE_INDEX, *OF_THE_COUNTY]
    if catalogue.index_file.model == "pcm":
        charts.append(ANATOMY)
    for index in catalogue.indices:
        node = Node("index", index.key)
        yield from ((node, Node("chart", name)) for name in OF_EVERY_INDEX)
        yield from ((node, Node("chart", f"{name}_{index.key}")) for name in charts)
        yield from ((node, Node("section", name)) for name in (OVERVIEW, index.arena, SMALL, ACTION))
        yield node, Node("sentence", index.key)
        if catalogue.profile.is_base:  # the forms of the second pillar, and all that is set beside them, belong to the base
            yield node, Node("chart", PRIORITY)
            yield from ((node, Node("page", name)) for name in PAGES)
        if catalogue.districts:
            yield node, Node("section", DISTRICTS)


def _of_factors(catalogue: Catalogue, alive: Mapping[str, Node]) -> Iterator[tuple[Node, Node]]:
    for group in catalogue.factors.accumulated:
        node = Node("count", group.key)
        yield from ((Node("index", key), node) for key in group.indices)
        yield node, Node("section", COUNTS)
        yield node, Node("chart", "samlade")
    for pair in catalogue.factors.pairs:
        node = Node("association", f"{pair.factor}/{pair.outcome}")
        yield from ((alive[key], node) for key in (pair.factor, pair.outcome) if key in alive)
        yield node, Node("section", ASSOCIATIONS)


def _of_questions(catalogue: Catalogue, alive: Mapping[str, Node]) -> Iterator[tuple[Node, Node]]:
    """Single questions and scales: where the report shows them, and those that sentences may lead with."""
    for part in catalogue.report_series.sections:
        for group in part.groups:
            for key in (key for key in group.series if key in alive):
                yield alive[key], Node("section", part.section)
            drawn = Node("chart", f"fragor_{group.id.replace('-', '_')}")
            yield from ((alive[key], drawn) for key in group.chart if key in alive)
        yield from ((alive[key], Node("chart", f"serier_{part.section}")) for key in part.over_waves if key in alive)
    yield from ((alive[key], Node("section", DISTRICTS)) for key in catalogue.report_series.districts if key in alive)
    for key in (key for key in catalogue.findings.questions if key in alive):
        yield alive[key], Node("sentence", key)
        yield alive[key], Node("section", OVERVIEW)
