"""Pictures that have been drawn before: the raw SVG of a chart specification, and the chart library's script, kept on disk.

A chart whose specification is the same text gives the same picture in every bundle and in every run, so it is drawn once. The
text that tells pictures apart holds the specification with its data, the version of vl-convert and that of Vega-Lite; titles,
text alternatives and ids are put in afterwards and need not be equal.

The cache may be emptied at any time. An entry that is missing, cut off or changed is made anew, and a place that can't be
written only costs time. Several processes may use it at once: entries appear whole, under the name of their content's key.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from threading import get_ident

from assets.bundle.vega import VEGA_LITE_VERSION
from assets.bundle.vega import library as make_library
from assets.charts.svg import finished_svg, raw_svg, spec_text
from assets.charts.types import ChartCard

SUFFIX, UNFINISHED = ".bild", ".ofardig"
DIGEST = hashlib.sha256().digest_size
LIMIT = 64 * 1024 * 1024
"""Bytes on disk: some ten editions of 26 municipalities, packed."""


@dataclass(frozen=True)
class PictureCache:
    """Pictures in a folder. Can be pickled, so that worker processes share it.

    Attributes:
        folder: where the entries lie; made when the first one is kept. limit: most bytes that `trim` leaves.
    """

    folder: Path
    limit: int = LIMIT

    def svg(self, card: ChartCard) -> str:
        """What `assets.charts.svg.to_svg` gives for the card, drawn only if its picture isn't held.

        Raises:
            ValueError: vl-convert refuses the specification.
        """
        spec = spec_text(card)
        return finished_svg(card, self._kept(_key("svg", spec), lambda: raw_svg(spec)))

    def held(self, card: ChartCard) -> str | None:
        """The same, or None when it would have to be drawn."""
        raw = self._read(_key("svg", spec_text(card)))
        return None if raw is None else finished_svg(card, raw)

    def library(self) -> str:
        """The chart library's script (`assets.bundle.vega.library`), made only if it isn't held."""
        return self._kept(_key("library"), make_library)

    def trim(self) -> None:
        """Remove the entries that were used longest ago until the rest fits, and what broken-off runs have left."""
        entries = []
        for path in self.folder.glob(f"*{SUFFIX}*"):
            with suppress(OSError):
                told = path.stat()
                entries.append((told.st_mtime_ns, path.name, told.st_size, path))
        total = sum(size for _, _, size, _ in entries)
        for _, _, size, path in sorted(entries):
            if total <= self.limit:
                return
            with suppress(OSError):
                path.unlink()
            total -= size

    def _kept(self, key: str, make: Callable[[], str]) -> str:
        held = self._read(key)
        if held is not None:
            return held
        made = make()
        self._write(key, made)
        return made

    def _read(self, key: str) -> str | None:
        """The entry's text; None when there is none or when it isn't what was written."""
        path = self._place(key)
        try:
            content = path.read_bytes()
            text = zlib.decompress(content[DIGEST:])
        except (OSError, zlib.error):
            return None
        if hashlib.sha256(key.encode() + text).digest() != content[:DIGEST]:
            return None
        with suppress(OSError):
            os.utime(path)
        return text.decode("utf-8")

    def _write(self, key: str, text: str) -> None:
        place, content = self._place(key), text.encode("utf-8")
        working = place.with_name(f"{place.name}{UNFINISHED}-{os.getpid()}-{get_ident()}")
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            working.write_bytes(hashlib.sha256(key.encode() + content).digest() + zlib.compress(content, 6))
            os.replace(working, place)

    def _place(self, key: str) -> Path:
        return self.folder / f"{key}{SUFFIX}"


def draw_missing(cards: Iterable[ChartCard], cache: PictureCache, draw: Callable[[list[ChartCard]], list[str]]) -> list[str]:
    """SVG texts of the cards in order; only those that the cache doesn't hold are given to `draw`."""
    held = [(card, cache.held(card)) for card in cards]
    drawn = iter(draw(missing) if (missing := [card for card, svg in held if svg is None]) else ())
    return [next(drawn) if svg is None else svg for _, svg in held]


def _key(kind: str, text: str = "") -> str:
    """Name of an entry: all that decides its content."""
    told = "\n".join((kind, _drawn_by(), VEGA_LITE_VERSION, text))
    return hashlib.sha256(told.encode("utf-8")).hexdigest()


@lru_cache(maxsize=1)
def _drawn_by() -> str:
    return version("vl-convert-python")
