"""Put the pages on disk: each file appears whole, and pages of deliveries that are no longer there are taken away."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from assets.methods.errors import PipelineError
from assets.whole_files import put_text
from assets.write_faults import not_written

INDEX = "index.html"
_PAGE = re.compile(r"^[A-Za-z0-9_-]+_[0-9a-f]{8}\.html$")


def write_pages(folder: Path, pages: Mapping[str, str], waves: Iterable[int], kept: Collection[str] = ()) -> frozenset[str]:
    """Write `<wave>/<page>` files, and remove pages of the given waves that are neither among them nor kept.

    Args:
        pages: path relative to `folder` -> HTML.
        kept: paths of those that lie there and stay as they are.

    Returns:
        Paths of all pages that lie in the folder afterwards, relative to it.

    Raises:
        PipelineError: `write_quality` when the place can't be written.
    """
    try:
        for name, text in pages.items():
            put_text(folder / name, text)
        for wave in waves:
            for path in sorted((folder / str(wave)).glob("*.html")):
                if _PAGE.match(path.name) and f"{wave}/{path.name}" not in {*pages, *kept}:
                    path.unlink()
    except OSError as error:
        raise _not_written(error) from error
    return frozenset(path.relative_to(folder).as_posix() for path in folder.glob("*/*.html"))


def write_index(folder: Path, text: str) -> Path:
    """Write `index.html` and say where it lies.

    Raises:
        PipelineError: `write_quality`.
    """
    try:
        put_text(folder / INDEX, text)
    except OSError as error:
        raise _not_written(error) from error
    return folder / INDEX


def _not_written(error: OSError) -> PipelineError:
    hint = "Stäng filer som är öppna i mappen kvalitet och kör igen."
    return not_written("write_quality", "Kvalitetssidorna", error, hint)
