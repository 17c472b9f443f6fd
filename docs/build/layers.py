"""The picture of the layers in `docs/development/architecture.md`, drawn from the asset graph itself.

python -m docs.build.layers      writes `docs/development/layers.svg`; a golden test compares it with the graph.
"""

from __future__ import annotations

import sys
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

Edge = tuple[str, str]
Layers = Mapping[str, tuple[str, ...]]
PICTURE = Path(__file__).resolve().parents[1] / "development" / "layers.svg"
ORDER = ("inbox", "raw", "harmonised", "validated", "indices", "release", "reports", "published", "quality")
HOLDS = {
    "inbox": "files as they came",
    "raw": "as delivered, by hash",
    "harmonised": "our names and codes",
    "validated": "what passed the stopping rules",
    "indices": "scores, counts, estimates: exact, never rendered",
    "release": "after disclosure control, both editions",
    "reports": "bundles, county overview, kits",
    "published": "sealed by two approvals",
    "quality": "for the steward; nothing reads it",
}
WIDTH, LEFT, BOX, LINE, GAP, LETTERS = 830, 8, 640, 18, 26, 100
STEP = 16
"""How far apart the arrows at the side are, in pixels."""


def read_graph() -> tuple[Layers, frozenset[Edge]]:
    """Layer -> its tables, and (layer, layer that reads it) of all assets of the base."""
    from pipelines.definitions import defs

    graph = defs.resolve_asset_graph()
    tables: dict[str, list[str]] = defaultdict(list)
    edges = set()
    for key in graph.get_all_asset_keys():
        tables[key.path[0]].append(key.path[-1])
        edges |= {(parent.path[0], key.path[0]) for parent in graph.get(key).parent_keys if parent.path[0] != key.path[0]}
    return {layer: tuple(sorted(tables[layer])) for layer in ORDER}, frozenset(edges)


def picture(layers: Layers, edges: Iterable[Edge]) -> str:
    """An SVG: a box per layer with its tables, arrows between neighbours, and at the side those that go past a layer."""
    parts, places, y = [], {}, LEFT
    for layer in ORDER:
        lines = textwrap.wrap(", ".join(layers[layer]), LETTERS)
        height = LINE * (len(lines) + 1) + 16
        places[layer] = (y, height)
        parts.append(f'<rect x="{LEFT}" y="{y}" width="{BOX}" height="{height}" rx="6" class="{_kind(layer)}"/>')
        head = f'<tspan class="name">{layer}</tspan>  {escape(HOLDS[layer])} ({len(layers[layer])})'
        parts.append(f'<text x="{LEFT + 12}" y="{y + 22}">{head}</text>')
        rows = (
            f'<text x="{LEFT + 12}" y="{y + 22 + LINE * n}" class="tables">{escape(t)}</text>' for n, t in enumerate(lines, 1)
        )
        parts += rows
        y += height + GAP
    parts += _arrows(places, set(edges))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" role="img">'
        "<title>The layers, their tables and which layer reads which</title>"
        "<style>text{font:14px Liberation Sans,Arial,sans-serif;fill:#222}.name{font-weight:bold;font-size:16px}"
        ".tables{font-size:13px}rect{stroke:#595959;fill:#fff}.inside{fill:#fdebd9}.safe{fill:#dcebf7}.dead{fill:#eee}"
        "path{fill:none;stroke:#222;stroke-width:1.4;marker-end:url(#tip)}</style>"
        '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
        '<polygon points="0,0 8,4 0,8" fill="#222"/></marker></defs>'
        f'<rect x="0" y="0" width="{WIDTH}" height="{y}" style="fill:#fff;stroke:none"/>' + "".join(parts) + "</svg>\n"
    )


def _kind(layer: str) -> str:
    if layer in {"raw", "harmonised", "validated", "indices"}:
        return "inside"
    return "dead" if layer == "quality" else "safe" if layer in {"release", "reports", "published"} else ""


def _arrows(places: Mapping[str, tuple[int, int]], edges: set[Edge]) -> list[str]:
    """Straight down between neighbours; around at the right past others, the longest outermost."""
    drawn, lane = [], 0
    for above, below in sorted(edges, key=lambda edge: (_length(edge), ORDER.index(edge[0]))):
        (top, height), (bottom, _) = places[above], places[below]
        if _length((above, below)) == 1:
            drawn.append(f'<path d="M {LEFT + BOX / 2:.0f} {top + height} V {bottom}"/>')
            continue
        lane += 1
        start, end = top + height - 6 - 2 * (lane % 5), bottom + 8 + 5 * (lane % 6)
        out = LEFT + BOX + lane * STEP
        drawn.append(f'<path d="M {LEFT + BOX} {start} H {out} V {end} H {LEFT + BOX + 1}"/>')
    return drawn


def _length(edge: Edge) -> int:
    return ORDER.index(edge[1]) - ORDER.index(edge[0])


if __name__ == "__main__":
    PICTURE.write_text(picture(*read_graph()), encoding="utf-8", newline="\n")
    sys.stdout.write(f"{PICTURE}\n")
